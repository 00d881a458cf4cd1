"""100,000 mutated alerts against the real server: the long form of test_hostile_bodies."""

from pathlib import Path

import pytest

from tests.e2e.canaries import assert_no_canary
from tests.e2e.fuzz import storm
from tests.e2e.live import LiveServer

pytestmark = pytest.mark.torture


def test_a_hundred_thousand_mutated_alerts_cost_less_than_five_megabytes(tmp_path: Path) -> None:
    server = LiveServer(tmp_path)
    server.start()
    try:
        storm(server, warm_up=10_000, count=100_000, most_growth=5)
        assert_no_canary(server, pieces=False)
    finally:
        server.hang_up()
        server.kill()
