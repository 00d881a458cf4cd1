"""Two thousand alerts leave the server as they found it: memory, descriptors and threads."""

from pathlib import Path

import pytest

from tests.e2e.live import LiveServer
from tests.e2e.wear import trade, wear_of

pytestmark = pytest.mark.torture


def test_two_thousand_alerts_leave_no_thread_no_descriptor_and_little_memory(
    tmp_path: Path,
) -> None:
    """Most of the memory is SQLite's page cache, which is still being filled: 2 MB at most."""
    server = LiveServer(tmp_path, {"LOG_LEVEL": "WARNING", "PAPER_CASH": "1000000000"})
    server.start()
    try:
        trade(server, 0, 500)
        before = wear_of(server)
        trade(server, 500, 2500)
        grown = wear_of(server).since(before)
        print(f"\n{before}; after 2,000 alerts more by {grown}")
        assert grown.threads <= 0
        assert grown.descriptors <= 0
        assert grown.megabytes < 4
    finally:
        server.hang_up()
        server.kill()
