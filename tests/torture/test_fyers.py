"""Two thousand alerts at Fyers, whose tags are not unique, 1 % of each fault, 110 kills.

BUSY=6 in the environment gives a machine that does other things six times the time to recover.
"""

import os
from datetime import timedelta

import pytest

from tests.e2e.conftest import Serve
from tests.e2e.fyers_storm import FyersStorm, settings_of, simulator, skip_at_night
from tests.e2e.storm import kill_in

pytestmark = pytest.mark.torture


def test_a_hundred_kills_at_a_broker_that_knows_only_tags_leave_books_that_agree(
    serve: Serve, figures: list[str], seed: int
) -> None:
    skip_at_night(timedelta(hours=2))
    busy = float(os.environ.get("BUSY", "1"))
    with simulator(seed) as fyers:
        server = serve(LOG_LEVEL="WARNING", **settings_of(fyers))
        storm = FyersStorm(server, seed, pause=2, fyers=fyers)
        figures.append(kill_in(storm, kills=110, alerts=2_000, busy=busy))
