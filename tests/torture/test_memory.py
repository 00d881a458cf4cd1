"""50,000 alerts, three minutes or more: what the server keeps of them is on the disk."""

from pathlib import Path

import pytest

from tests.e2e.live import LiveServer
from tests.e2e.wear import trade, wear_of

pytestmark = pytest.mark.torture

WARM_UP, ALERTS = 10_000, 50_000


def test_ten_thousand_alerts_cost_less_than_a_megabyte(tmp_path: Path) -> None:
    server = LiveServer(tmp_path, {"LOG_LEVEL": "WARNING", "PAPER_CASH": "1000000000"})
    server.start()
    try:
        trade(server, 0, WARM_UP, clients=16)
        before = wear_of(server)
        trade(server, WARM_UP, WARM_UP + ALERTS)
        grown = wear_of(server).since(before)
        slope = grown.megabytes / ALERTS * 10_000
        print(f"\n{before}; after {ALERTS} alerts more by {grown}: {slope:.2f} MB per 10,000")
        assert grown.threads <= 0
        assert grown.descriptors <= 0
        assert slope < 1
    finally:
        server.hang_up()
        server.kill()
