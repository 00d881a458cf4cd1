"""The process dies at every statement and every broker call: nothing is lost, nothing doubled."""

import sqlite3
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from app.adapters.journal.rebuild import SqlLedger
from app.domain.errors import JournalError
from app.domain.session import WhenClosed
from app.domain.strategy import Strategy
from tests.fakes.broker import (
    EVERYTHING,
    REPLY_LOST,
    REQUEST_LOST,
    REST,
    UNAVAILABLE,
    FakeBroker,
    Turn,
    late,
    reject,
)
from tests.fakes.clock import FakeClock
from tests.integration.world import Crash, DiskFault, Fuse, World

TAG_ONLY = replace(EVERYTHING, unique_client_ids=False)
ENDS = "SELECT status, reason FROM alerts ORDER BY id"
STOPS = "SELECT instrument, strategy, stopped FROM stakes WHERE stopped IS NOT NULL"
Alerts = tuple[dict[str, object], ...]

ENTRY: dict[str, object] = {
    "action": "buy",
    "symbol": "AAPL",
    "quantity": 10,
    "stop_loss": "2%",
    "take_profit": "4%",
}
LIMIT = {**ENTRY, "order_type": "limit", "limit_price": 90}
SHORT = {**ENTRY, "action": "sell", "quantity": 5}
CLOSE: dict[str, object] = {"action": "close", "symbol": "AAPL"}

NAMED = {**ENTRY, "strategy": "a"}
OTHER = {**ENTRY, "quantity": 5, "strategy": "b"}

SCENARIOS: dict[str, tuple[Alerts, tuple[Turn, ...]]] = {
    "entry": ((ENTRY,), ()),
    "entry then close": ((ENTRY, CLOSE), ()),
    "reversal": ((ENTRY, SHORT), ()),
    "resting limit then close": ((LIMIT, CLOSE), ()),
    "two strategies": ((NAMED, OTHER, {**CLOSE, "strategy": "a"}), ()),
    "rejected": ((ENTRY,), (reject(), reject(), reject())),
    "unavailable at first": ((ENTRY,), (UNAVAILABLE,)),
    "reply lost": ((ENTRY,), (REPLY_LOST,)),
    "request lost": ((ENTRY,), (REQUEST_LOST,)),
    "late to be seen": ((ENTRY,), (late(1, then=REPLY_LOST),)),
    "fills late": ((ENTRY, CLOSE), (REST,)),
}


WHOLE = ("entry", "entry then close", "reversal")
"""Scenarios that are crashed at every single step in `make test` too."""


def play(world: World, alerts: Iterable[dict[str, object]]) -> None:
    """Send alerts one after the other; one that was not acknowledged is sent again."""
    for fields in alerts:
        try:
            world.send(**fields)
        except Crash:
            world.crash_and_boot()
            world.send(**fields)
        except JournalError:
            world.send(**fields)
        settle(world)


def settle(world: World) -> None:
    """Let the background work until nothing is open; it may die on the way."""
    for _ in range(120):
        if not world.rows("SELECT 1 FROM jobs WHERE state NOT IN ('done', 'failed')"):
            return
        try:
            world.run(seconds=0.5)
        except Crash:
            world.crash_and_boot()
        except (JournalError, sqlite3.OperationalError):
            continue
    raise TimeoutError("the alert does not come to an end")


def final_picture(world: World) -> object:
    """What must be equal with and without a crash."""
    return {
        "orders": [
            (order.role, order.side, order.quantity, order.filled_quantity, order.status)
            for order in world.orders()
        ],
        "journal": world.journaled_position(),
        "broker": world.broker_position(),
        "stakes": world.stakes(),
        "alerts": [tuple(row) for row in world.rows(ENDS)],
        "stopped": [tuple(row) for row in world.rows(STOPS)],
        "fills": world.count("fills"),
        "trades": [tuple(row) for row in world.rows("SELECT quantity, pnl FROM trades")],
        "placed": world.broker.orders_placed if isinstance(world.broker, FakeBroker) else None,
    }


def check_invariants(world: World, where: str = "") -> None:
    assert world.journaled_position() == world.broker_position(), where
    assert world.stakes() == world.filled(), where
    for row in world.rows("SELECT id, status FROM alerts"):
        assert world.record(row["id"]).status.final, (where, dict(row))
    assert not world.rows("SELECT * FROM jobs WHERE state NOT IN ('done', 'failed')"), where
    assert not SqlLedger(world.server.database).rebuild(), f"{where}: the ledger was not whole"


def every_crash(
    make: Callable[[str], World],
    alerts: Alerts,
    *,
    most: int | None = None,
    kind: type[Fuse] = Fuse,
    check: Callable[[World, str], None] = check_invariants,
) -> Iterable[tuple[World, str]]:
    """The world of each crash point after it has recovered, with the point's name."""
    calm = make("calm")
    calm.boot()
    calm.fuse = Fuse()
    play(calm, alerts)
    check(calm, "calm")
    picture, steps = final_picture(calm), calm.fuse.step
    assert steps > 10
    every = 1 if most is None else -(-steps // most)
    for step in range(1, steps + 1, every):
        world = make(f"at{step}")
        world.boot()
        world.fuse = fuse = kind(at=step)
        play(world, alerts)
        world.fuse = Fuse()
        yield world, f"step {step} of {steps}: {fuse.last}"
        assert final_picture(world) == picture, f"step {step} of {steps}: {fuse.last}"
        world.server.database.close()


def crash_everywhere(
    folder: Path,
    name: str,
    *,
    unique_ids: bool,
    most: int | None,
    kind: type[Fuse] = Fuse,
) -> None:
    alerts, script = SCENARIOS[name]

    def make(number: str) -> World:
        world = World(folder / number)
        world.broker = FakeBroker(
            script=script,
            clock=world.clock,
            capabilities=EVERYTHING if unique_ids else TAG_ONLY,
        )
        return world

    for world, where in every_crash(make, alerts, most=most, kind=kind):
        check_invariants(world, where)


@pytest.mark.parametrize("unique_ids", [True, False], ids=["unique ids", "tags only"])
@pytest.mark.parametrize("name", SCENARIOS)
def test_a_crash_at_any_step_changes_nothing(
    tmp_path: Path, name: str, *, unique_ids: bool
) -> None:
    crash_everywhere(tmp_path, name, unique_ids=unique_ids, most=None if name in WHOLE else 40)


@pytest.mark.parametrize("name", WHOLE)
def test_a_full_disk_at_any_statement_changes_nothing(tmp_path: Path, name: str) -> None:
    crash_everywhere(tmp_path, name, unique_ids=False, most=60, kind=DiskFault)


@pytest.mark.torture
@pytest.mark.parametrize("unique_ids", [True, False], ids=["unique ids", "tags only"])
@pytest.mark.parametrize("name", SCENARIOS)
def test_a_crash_at_every_single_step_changes_nothing(
    tmp_path: Path, name: str, *, unique_ids: bool
) -> None:
    crash_everywhere(tmp_path, name, unique_ids=unique_ids, most=None)


def test_a_crash_at_any_step_of_the_paper_broker_changes_nothing(tmp_path: Path) -> None:
    alerts = tuple({**fields, "price": 100 + n} for n, fields in enumerate((ENTRY, SHORT, CLOSE)))
    for world, where in every_crash(lambda folder: World(tmp_path / folder), alerts):
        check_invariants(world, where)
        assert world.journaled_position() == {}
        assert world.broker_position() == {}
        assert world.count("fills") == 4


def test_rule_7_a_late_exit_is_skipped_once_whatever_crashes(tmp_path: Path) -> None:
    # The second alert's price reaches the stop before the alert itself is decided.
    late, short = {**SHORT, "price": 97}, {**SHORT, "price": 96}
    alerts = ({**ENTRY, "price": 100}, late, short)
    for world, where in every_crash(lambda folder: World(tmp_path / folder), alerts, most=40):
        check_invariants(world, where)
        assert world.broker_position() == {"AAPL": Decimal(-5)}
        assert [row["reason"] for row in world.rows(ENDS)] == ["", "STOPPED_OUT", ""]


BEFORE_THE_OPEN = datetime(2026, 11, 23, 14, 29, 50, tzinfo=UTC)
"""A Monday, ten seconds before New York opens."""


def before_the_open(folder: Path, held: int) -> World:
    """A world that queues entries, and holds so many shares."""
    world = World(folder, clock=FakeClock(BEFORE_THE_OPEN), settings={"SESSION_POLICY": "regular"})
    world.broker = FakeBroker(clock=world.clock, capabilities=TAG_ONLY)
    world.boot()
    if held:
        world.own("AAPL", held)
    row = Strategy(symbol="AAPL", when_closed=WhenClosed.QUEUE)
    world.server.services.playbook.put(row)
    world.server.database.close()
    return world


@pytest.mark.parametrize(
    ("alert", "held", "after"),
    [(ENTRY, 0, 10), (CLOSE, 10, 0), (SHORT, 10, -5)],
    ids=["entry", "exit", "reversal"],
)
def test_rule_26_a_crash_at_any_step_of_the_queue_changes_nothing(
    tmp_path: Path, alert: dict[str, object], held: int, after: int
) -> None:
    worlds = every_crash(
        lambda folder: before_the_open(tmp_path / folder, held),
        (alert,),
        check=lambda world, where: check_queue(world, after, where),
    )
    for world, where in worlds:
        check_queue(world, after, where)


def check_queue(world: World, after: int, where: str = "") -> None:
    expected = {"AAPL": Decimal(after)} if after else {}
    assert world.broker_position() == expected, where
    assert not world.rows("SELECT * FROM jobs WHERE state NOT IN ('done', 'failed')"), where
    (alert,) = world.rows("SELECT id, status FROM alerts")
    assert alert["status"] == "success", where
    assert world.events(alert["id"]).count("queued") == 1, where


def test_quantities_are_the_same_after_a_crash(tmp_path: Path) -> None:
    world = World(tmp_path / "one")
    world.boot()
    play(world, ({**ENTRY, "price": 100},))
    assert world.journaled_position() == {"AAPL": Decimal(10)}
