"""Storms at Fyers, whose tags are not unique: a hundred kills, and more alerts than it takes calls.

BUSY=6 in the environment gives a machine that does other things six times the time to recover.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

import pytest

from tests.e2e.conftest import Serve
from tests.e2e.fyers_storm import FyersStorm, settings_of, simulator, skip_at_night
from tests.e2e.storm import kill_in
from tests.simulators.fyers import Kind

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


TOO_MANY = 429


@dataclass(slots=True, kw_only=True)
class Thrifty(FyersStorm):
    """More alerts than Fyers' calls are enough for, and no other reason for it to say too many."""

    def rare(self) -> Mapping[Kind, float]:
        return {**FyersStorm.rare(self), Kind.TOO_MANY: 0}

    def bare_for(self) -> float:
        """What the last calls are kept for may have to wait for the minute to turn."""
        return 30 + FyersStorm.bare_for(self)


def test_a_storm_of_more_alerts_than_fyers_takes_calls_for_never_asks_too_often(
    serve: Serve, figures: list[str], seed: int
) -> None:
    skip_at_night(timedelta(minutes=30))
    with simulator(seed, rate_limits=True) as fyers:
        server = serve(LOG_LEVEL="WARNING", **settings_of(fyers) | {"ORDERS_PER_SECOND": "8"})
        storm = Thrifty(server, seed, pause=30, fyers=fyers)
        figures.append(kill_in(storm, kills=3, alerts=120, busy=6))
        assert fyers.owner().breaches == set()
        refused = [each for each in fyers.state.requests if each.status == TOO_MANY]
        assert refused == []
