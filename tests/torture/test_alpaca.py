"""Ten thousand alerts at Alpaca, 1 % of each fault, 110 kills: an hour.

BUSY=6 in the environment gives a machine that does other things six times the time to recover.
"""

import os

import pytest

from tests.e2e.alpaca_storm import AlpacaStorm, settings_of, simulator
from tests.e2e.conftest import Serve
from tests.e2e.storm import kill_in

pytestmark = pytest.mark.torture


def test_a_hundred_kills_among_ten_thousand_alerts_leave_books_that_agree(
    serve: Serve, figures: list[str], seed: int
) -> None:
    busy = float(os.environ.get("BUSY", "1"))
    with simulator(seed) as alpaca:
        server = serve(LOG_LEVEL="WARNING", **settings_of(alpaca))
        storm = AlpacaStorm(server, seed, pause=2, alpaca=alpaca)
        figures.append(kill_in(storm, kills=110, alerts=10_000, busy=busy))
