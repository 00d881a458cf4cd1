"""The purge: what ended long ago is forgotten, money never is, and nobody waits for it."""

from datetime import timedelta
from pathlib import Path

import pytest

from app.adapters.journal import purge
from app.adapters.journal.purge import Purge
from app.domain.errors import JournalError
from tests.fakes.clock import FakeClock
from tests.integration.world import World

BUY: dict[str, object] = {"action": "buy", "symbol": "AAPL", "quantity": 10, "price": 100}
CLOSE: dict[str, object] = {"action": "close", "symbol": "AAPL", "price": 110}
FORGOTTEN = ("alerts", "jobs", "steps", "events")
KEPT = ("orders", "fills", "paper_orders", "paper_fills")
YEAR = timedelta(days=400)


@pytest.fixture
def world(tmp_path: Path, clock: FakeClock) -> World:
    world = World(tmp_path, clock=clock)
    world.boot()
    return world


def purge_of(world: World, retention: timedelta | None = YEAR) -> Purge:
    return Purge(world.server.database, world.clock, retention)


def counts(world: World, tables: tuple[str, ...]) -> list[int]:
    return [world.count(table) for table in tables]


def forget_all(world: World, retention: timedelta | None = YEAR) -> int:
    """Take step after step until there is nothing more; how many steps."""
    steps, purge = 1, purge_of(world, retention)
    while purge.step():
        steps += 1
    return steps


def test_what_ended_long_ago_is_forgotten_and_records_of_money_stay(world: World) -> None:
    world.send(**BUY, stop_loss="5%")
    world.send(**CLOSE)
    world.send(action="", symbol="AAPL")  # it names no side, so it never had a job
    kept = counts(world, KEPT)
    world.clock.advance(YEAR + timedelta(minutes=1))
    forget_all(world)
    assert counts(world, FORGOTTEN) == [0, 0, 0, 0]
    assert counts(world, KEPT) == kept
    assert min(kept) > 0


def test_what_is_younger_stays(world: World) -> None:
    world.send(**BUY)
    world.send(**CLOSE)
    before = counts(world, FORGOTTEN)
    world.clock.advance(YEAR - timedelta(minutes=1))
    forget_all(world)
    assert counts(world, FORGOTTEN) == before


def test_the_alert_of_an_order_that_still_rests_stays_however_old(world: World) -> None:
    """Its job and its decision are looked at when the order fills."""
    held = world.send(**BUY, stop_loss="5%")
    world.send(**BUY | {"symbol": "NVDA"})
    world.clock.advance(2 * YEAR)
    forget_all(world)
    assert [row["id"] for row in world.rows("SELECT id FROM alerts")] == [held.alert_id]
    assert counts(world, ("jobs",)) == [1]
    assert world.count("steps") > 0


def test_an_alert_in_work_stays_however_old(world: World) -> None:
    for account in world.server.services.accounts:
        account.reconciled.clear()
    waiting = world.send(**BUY)
    world.clock.advance(2 * YEAR)
    forget_all(world)
    assert [row["id"] for row in world.rows("SELECT id FROM alerts")] == [waiting.alert_id]


def test_without_a_retention_only_keys_of_repeats_are_forgotten(world: World) -> None:
    world.send(**BUY)
    before = counts(world, FORGOTTEN)
    world.clock.advance(10 * YEAR)
    forget_all(world, None)
    assert counts(world, FORGOTTEN) == before
    assert world.count("dedupe") == 0


def test_a_key_of_repeats_stays_a_day_after_it_ran_out(world: World) -> None:
    """A clock may be set back; the key would count again."""
    world.send(**BUY, id="20261120153000")
    world.clock.advance(timedelta(days=7 + 1) - timedelta(minutes=1))
    forget_all(world, None)
    assert world.count("dedupe") == 1
    world.clock.advance(timedelta(minutes=2))
    forget_all(world, None)
    assert world.count("dedupe") == 0


def test_it_takes_a_few_rows_at_a_time(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(purge, "FEW", 2)
    for number in range(5):
        world.send(**BUY | {"symbol": f"S{number}"})
        world.clock.advance(0.1)
    world.clock.advance(YEAR + timedelta(minutes=1))
    purge_of(world).step()
    assert counts(world, ("alerts", "jobs")) == [3, 3]
    assert forget_all(world) > 2
    assert counts(world, FORGOTTEN) == [0, 0, 0, 0]


def test_it_begins_a_minute_after_the_start_and_rests_for_an_hour(world: World) -> None:
    world.send(**BUY)
    world.clock.advance(YEAR + timedelta(minutes=1))
    purge = purge_of(world)
    purge.run()
    assert world.count("alerts") == 1
    for _ in range(10):
        world.clock.advance(60)
        purge.run()
    assert world.count("alerts") == 0
    world.send(**BUY)
    world.clock.jump(YEAR + timedelta(minutes=1))
    purge.run()
    assert world.count("alerts") == 1
    world.clock.advance(3600)
    purge.run()
    assert world.count("alerts") == 0


def test_after_a_fault_it_waits_a_minute(world: World) -> None:
    purge = purge_of(world)
    world.clock.advance(60)
    world.server.database.close()
    with pytest.raises(JournalError):
        purge.run()
    purge.run()  # too early to fail again
    world.clock.advance(60)
    with pytest.raises(JournalError):
        purge.run()


def test_the_server_s_second_loop_backs_up_and_purges(world: World) -> None:
    world.send(**BUY)
    world.clock.advance(YEAR + timedelta(minutes=1))
    world.server.chores.turn(0)
    (backup,) = world.server.backups.all()
    assert backup.at == world.clock.now()
    assert world.count("alerts") == 0
