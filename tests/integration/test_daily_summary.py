"""The day is summed up once, at its time, by one process of many, also when clocks are set."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from app.bootstrap import Server
from app.domain.times_of_day import TimeOfDay
from app.engine.daily_summary import DailySummary
from tests.fakes.broker import FakeBroker
from tests.fakes.clock import FakeClock
from tests.integration.world import World, fake

HOUR = timedelta(hours=1)
AFTERNOON = "17:00 America/New_York"


@pytest.fixture
def world(tmp_path: Path) -> World:
    """A week before the clocks of New York are set back."""
    world = World(tmp_path, clock=FakeClock(datetime(2026, 10, 26, 15, tzinfo=UTC)))
    world.boot()
    return world


def summary_of(world: World, server: Server) -> DailySummary:
    services = server.services
    time_of_day = TimeOfDay.parse(AFTERNOON, ZoneInfo)
    return DailySummary(
        time_of_day, services.journal, services.records, services.accounts, world.clock
    )


def told(world: World) -> list[Mapping[str, Any]]:
    rows = world.rows("SELECT facts FROM events WHERE kind = 'daily_summary' ORDER BY id")
    return [json.loads(row["facts"]) for row in rows]


def pass_hours(world: World, hours: int, *summaries: DailySummary) -> None:
    for _ in range(hours):
        world.clock.advance(HOUR)
        for server in world.servers:
            server.services.ownership.beat()
        for summary in summaries:
            summary.look()


def test_it_comes_once_a_day_and_covers_every_hour_over_a_change_of_clocks(world: World) -> None:
    pass_hours(world, 24 * 10, summary_of(world, world.server))
    days = told(world)
    assert len(days) == 10
    for day, next_day in pairwise(days):
        assert day["until"] == next_day["since"]
    lengths = {
        datetime.fromisoformat(day["until"]) - datetime.fromisoformat(day["since"]) for day in days
    }
    assert lengths == {24 * HOUR, 25 * HOUR}


def test_two_processes_tell_it_once(world: World) -> None:
    first, second = world.server, world.boot()
    pass_hours(world, 50, summary_of(world, first), summary_of(world, second))
    assert len(told(world)) == 2


def test_what_was_missed_while_the_server_was_down_is_in_the_next_one(world: World) -> None:
    summary = summary_of(world, world.server)
    pass_hours(world, 30, summary)
    world.clock.advance(70 * HOUR)
    summary.look()
    *_, before, after = told(world)
    assert after["since"] == before["until"]
    assert after["until"] == "2026-10-29T21:00:00+00:00"


def test_it_says_what_was_traded_realised_and_is_open_and_what_went_wrong(tmp_path: Path) -> None:
    world = World(tmp_path, clock=FakeClock(datetime(2026, 10, 26, 15, tzinfo=UTC)))
    world.broker = FakeBroker(clock=world.clock)
    world.boot()
    summary = summary_of(world, world.server)
    summary.look()
    world.send(action="buy", symbol="AAPL", quantity=10)
    fake(world).prices["AAPL"] = Decimal(112)
    world.run(5)
    world.send(action="close", symbol="AAPL")
    world.send(action="buy", symbol="MSFT", quantity=4)
    world.send(action="buy", symbol="TSLA")
    pass_hours(world, 7, summary)
    (day,) = told(world)
    assert (day["trades"], day["won"]) == (1, 1)
    assert day["realised"] == {"fake": "120"}
    assert day["open"] == ["4 MSFT on fake"]
    assert day["problems"] == {"denied": 1}
