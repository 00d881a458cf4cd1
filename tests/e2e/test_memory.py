"""Two thousand alerts leave the server as they found it: memory, descriptors and threads."""

from pathlib import Path

import pytest

from tests.e2e.live import LiveServer
from tests.e2e.wear import trade, wear_of

pytestmark = pytest.mark.e2e


def test_two_thousand_alerts_leave_no_thread_no_descriptor_and_little_memory(
    tmp_path: Path,
) -> None:
    """Most of the memory is SQLite's page cache and the threads' own, which are still being filled.

    The long form in tests/torture looks at what comes after that.
    """
    server = LiveServer(tmp_path, {"LOG_LEVEL": "WARNING", "PAPER_CASH": "1000000000"})
    server.start()
    try:
        trade(server, 0, 500, clients=12)
        before = wear_of(server)
        trade(server, 500, 2500)
        grown = wear_of(server).since(before)
        print(f"\n{before}; after 2,000 alerts more by {grown}")
        assert grown.threads <= 0
        assert grown.descriptors <= 0
        assert grown.megabytes < 6
    finally:
        server.hang_up()
        server.kill()
