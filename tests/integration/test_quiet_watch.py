"""An alert that came regularly and comes no more is told of once, in its own market's hours."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from app.bootstrap import Server
from app.engine.quiet_watch import QuietWatch
from tests.fakes.clock import FakeClock
from tests.integration.world import World

MONDAY = datetime(2026, 10, 5, 13, 30, tzinfo=UTC)
"""The open of New York."""
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
STOCK = {"action": "buy", "exchange": "NASDAQ", "symbol": "AAPL", "quantity": 1, "timeframe": "15"}
CRYPTO = {"action": "buy", "symbol": "BTCUSD", "quantity": 1, "timeframe": "60"}


@pytest.fixture
def world(tmp_path: Path) -> World:
    world = World(tmp_path, clock=FakeClock(MONDAY))
    world.boot()
    return world


def watch(world: World, server: Server | None = None) -> QuietWatch:
    services = (server or world.server).services
    return QuietWatch(services.journal, services.sessions, world.clock)


def until(world: World, moment: datetime, watcher: QuietWatch) -> None:
    """Let time pass, with a look each ten minutes."""
    while world.clock.now() < moment:
        world.clock.advance(10 * MINUTE)
        world.server.services.ownership.beat()
        watcher.look()


def trade_days(world: World, watcher: QuietWatch, days: int, **alert: object) -> None:
    """An alert each half hour of the regular session, Monday to Friday."""
    for day in range(days):
        opens = MONDAY + day * DAY
        until(world, opens, watcher)
        if opens.weekday() >= 5:
            continue
        for _ in range(12):
            until(world, world.clock.now() + 30 * MINUTE, watcher)
            world.send(**alert)


def told(world: World) -> list[tuple[str, str]]:
    query = "SELECT symbol, facts FROM events WHERE kind = 'went_quiet' ORDER BY id"
    return [(row["symbol"], row["facts"]) for row in world.rows(query)]


def test_nights_and_weekends_are_not_quiet(world: World) -> None:
    watcher = watch(world)
    trade_days(world, watcher, 15, **STOCK)
    assert watcher.learned
    assert not told(world)


def test_silence_in_market_hours_is_told_once(world: World) -> None:
    watcher = watch(world)
    trade_days(world, watcher, 5, **STOCK)
    until(world, MONDAY + 7 * DAY + 60 * MINUTE, watcher)
    assert not told(world)
    until(world, MONDAY + 10 * DAY, watcher)
    ((symbol, facts),) = told(world)
    assert symbol == "AAPL"
    assert '"timeframe":"15m"' in facts


def test_another_process_and_a_new_start_do_not_tell_it_again(world: World) -> None:
    watcher = watch(world)
    trade_days(world, watcher, 5, **STOCK)
    until(world, MONDAY + 8 * DAY, watcher)
    again = watch(world, world.boot())
    until(world, MONDAY + 9 * DAY, again)
    assert len(told(world)) == 1


def test_it_is_told_again_when_it_came_back_and_went(world: World) -> None:
    watcher = watch(world)
    trade_days(world, watcher, 5, **STOCK)
    until(world, MONDAY + 8 * DAY, watcher)
    world.send(**STOCK)
    until(world, MONDAY + 12 * DAY, watcher)
    assert len(told(world)) == 2


def test_crypto_is_quiet_on_a_sunday_too(world: World) -> None:
    watcher = watch(world)
    for _ in range(24 * 5):
        until(world, world.clock.now() + 60 * MINUTE, watcher)
        world.send(**CRYPTO)
    assert world.clock.now().weekday() == 5
    until(world, world.clock.now() + DAY, watcher)
    assert [symbol for symbol, _ in told(world)] == ["BTCUSD"]


def test_the_journal_of_before_the_start_counts(world: World) -> None:
    trade_days(world, watch(world), 5, **STOCK)
    fresh = watch(world)
    for _ in range(10):
        world.clock.advance(MINUTE)
        fresh.look()
    ((_, cadence),) = fresh.learned.items()
    assert cadence.alerts == 60
