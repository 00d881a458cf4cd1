"""kill -9 and faults at Alpaca: nothing is lost or doubled, the books agree, nothing stays bare."""

import pytest

from tests.e2e.alpaca_storm import AlpacaStorm, settings_of, simulator
from tests.e2e.conftest import Serve
from tests.e2e.storm import kill_in

pytestmark = pytest.mark.e2e

BUSY = 6
"""A machine that does other things is given so many times the time."""


def test_three_kills_in_a_storm_of_faults_leave_books_that_agree(serve: Serve, seed: int) -> None:
    with simulator(seed) as alpaca:
        server = serve(LOG_LEVEL="WARNING", **settings_of(alpaca))
        print(kill_in(AlpacaStorm(server, seed, alpaca=alpaca), kills=3, busy=BUSY))
