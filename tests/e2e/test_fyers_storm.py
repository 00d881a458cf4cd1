"""kill -9 and faults at Fyers: nothing is lost or doubled, the books agree, nothing stays bare."""

from datetime import timedelta

import pytest

from tests.e2e.conftest import Serve
from tests.e2e.fyers_storm import FyersStorm, settings_of, simulator, skip_at_night
from tests.e2e.storm import kill_in

pytestmark = pytest.mark.e2e

BUSY = 6
"""A machine that does other things is given so many times the time."""


def test_three_kills_in_a_storm_of_faults_leave_books_that_agree(serve: Serve, seed: int) -> None:
    skip_at_night(timedelta(minutes=10))
    with simulator(seed) as fyers:
        server = serve(LOG_LEVEL="WARNING", **settings_of(fyers))
        print(kill_in(FyersStorm(server, seed, fyers=fyers), kills=3, busy=BUSY))
