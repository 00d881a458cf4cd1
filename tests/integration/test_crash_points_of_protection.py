"""The process dies at any statement and call of a duty: nothing is bare, nothing is doubled."""

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import pytest

from app.domain.errors import JournalError
from app.domain.order import OrderRole
from app.domain.outcome import AlertStatus
from app.engine.holdings import holdings_of
from tests.fakes.broker import (
    REPLY_LOST,
    REQUEST_LOST,
    RESERVING,
    UNAVAILABLE,
    FakeBroker,
    Turn,
    fill_part,
    late,
    reject,
)
from tests.integration.test_crash_points import check_invariants, settle
from tests.integration.world import Crash, DiskFault, Fuse, World, fake

D = Decimal
Step = Callable[[World], object]


def send(**fields: object) -> Step:
    """An alert; it is sent again when it was not acknowledged."""
    return lambda world: world.send(**fields)


def price(symbol: str, value: int) -> Step:
    """A price is told, and targets are compared with it."""

    def told(world: World) -> None:
        fake(world).prices[symbol] = D(value)
        world.server.services.target_watch.run()

    return told


def fill(quantity: int) -> Step:
    """So much more of the first entry fills, and a reconciliation hears of it."""

    def done(world: World) -> None:
        (row,) = world.rows("SELECT client_order_id AS id FROM orders WHERE role = 'entry'")
        entry = fake(world).find(row["id"])
        assert entry is not None
        if entry.filled_quantity < quantity:
            fake(world).fill(row["id"], D(quantity) - entry.filled_quantity)
        world.server.services.recovery.refresh()

    return done


LEVELS: dict[str, object] = {"stop_loss": "2%", "take_profit": "4%"}
BUY = send(action="buy", symbol="AAPL", quantity=10, **LEVELS)
LIMIT = send(
    action="buy", symbol="AAPL", quantity=10, order_type="limit", limit_price=100, **LEVELS
)
SHORT = send(action="sell", symbol="AAPL", quantity=5, **LEVELS)
COIN = send(action="buy", symbol="BTCUSD", quantity=2, **LEVELS)
CLOSE = send(action="close", symbol="AAPL")
PART = send(action="close", symbol="AAPL", quantity=4)


@dataclass(frozen=True)
class Scenario:
    """What happens, what submits come to, and what is held in the end, all of it protected."""

    steps: tuple[Step, ...]
    held: dict[str, int]
    script: tuple[Turn, ...] = ()
    refused: bool = False


ALL = fill_part(D(10))
SCENARIOS = {
    "limit entry": Scenario((LIMIT,), {"AAPL": 10}, (ALL,)),
    "limit entry in parts": Scenario((LIMIT, fill(4), fill(10)), {"AAPL": 10}),
    "bracket then close": Scenario((BUY, CLOSE), {}),
    "bracket then part": Scenario((BUY, PART), {"AAPL": 6}),
    "partial bracket": Scenario((BUY,), {"AAPL": 4}, (fill_part(D(4)),)),
    "reversal": Scenario((BUY, SHORT), {"AAPL": -5}),
    "coin": Scenario((COIN,), {"BTCUSD": 2}),
    "coin at its target": Scenario((COIN, price("BTCUSD", 104)), {}),
    "stop refused once": Scenario((LIMIT,), {"AAPL": 10}, (ALL, reject())),
    "stops refused": Scenario((LIMIT,), {}, (ALL,), refused=True),
    "stop unavailable": Scenario((LIMIT,), {"AAPL": 10}, (ALL, UNAVAILABLE)),
    "reply to stop lost": Scenario((LIMIT,), {"AAPL": 10}, (ALL, REPLY_LOST)),
    "request of stop lost": Scenario((LIMIT,), {"AAPL": 10}, (ALL, REQUEST_LOST)),
    "stop late to be seen": Scenario((LIMIT,), {"AAPL": 10}, (ALL, late(1, then=REPLY_LOST))),
    "reply to close lost": Scenario((BUY, CLOSE), {}, (Turn(), REPLY_LOST)),
}


def a_world(folder: Path, scenario: Scenario) -> World:
    world = World(folder)
    world.broker = FakeBroker(
        clock=world.clock, capabilities=RESERVING, script=scenario.script, holds_legs=True
    )
    fake(world).prices = {"AAPL": D(100), "BTCUSD": D(100)}
    fake(world).refuses = {OrderRole.STOP_LOSS} if scenario.refused else set()
    return world


def play(world: World, scenario: Scenario) -> None:
    """Take each step; one that died is taken again."""
    for step in scenario.steps:
        try:
            step(world)
        except Crash:
            world.crash_and_boot()
            step(world)
        except JournalError:
            step(world)
        settle(world)
    wait(world, 5)
    world.fuse = Fuse()
    world.server.services.recovery.refresh()


def wait(world: World, seconds: int) -> None:
    """Let time pass, through crashes."""
    for _ in range(2 * seconds):
        try:
            world.run(seconds=0.5)
        except Crash:
            world.crash_and_boot()
        except (JournalError, sqlite3.OperationalError):
            continue
    settle(world)


def check(world: World, scenario: Scenario, where: str) -> None:
    check_invariants(world, where)
    held = world.broker_position()
    assert held == {name: D(units) for name, units in scenario.held.items()}, where
    (account,) = world.server.services.accounts
    for holding in holdings_of(account, world.server.services.journal):
        assert holding.protected, where
    stops: dict[str, Decimal] = {}
    for order in fake(world).working:
        assert order.legs or order.stop_price or order.limit_price, where
        if order.stop_price is not None:
            stops[order.symbol] = stops.get(order.symbol, D(0)) + order.quantity
    assert stops == {name: abs(units) for name, units in held.items()}, where
    entries = world.rows("SELECT alert_id FROM orders WHERE role = 'entry'")
    assert len(entries) == len({row["alert_id"] for row in entries}), where
    for row in world.rows("SELECT id FROM alerts"):
        status = world.record(row["id"]).status
        expected = AlertStatus.DENIED if scenario.refused else AlertStatus.SUCCESS
        assert status is expected, (where, world.record(row["id"]))


def crash_everywhere(
    folder: Path, scenario: Scenario, *, most: int | None, kind: type[Fuse] = Fuse
) -> None:
    calm = a_world(folder / "calm", scenario)
    calm.boot()
    calm.fuse = fuse = Fuse()
    play(calm, scenario)
    check(calm, scenario, "calm")
    steps = fuse.step
    for step in range(1, steps + 1, 1 if most is None else -(-steps // most)):
        world = a_world(folder / f"at{step}", scenario)
        world.boot()
        world.fuse = fuse = kind(at=step)
        play(world, scenario)
        check(world, scenario, f"step {step} of {steps}: {fuse.last}")
        world.server.database.close()


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_crash_at_any_step_leaves_nothing_bare_and_nothing_doubled(
    tmp_path: Path, name: str
) -> None:
    crash_everywhere(tmp_path, SCENARIOS[name], most=40)


@pytest.mark.parametrize("name", ["limit entry", "bracket then part", "coin at its target"])
def test_a_full_disk_at_any_statement_leaves_nothing_bare(tmp_path: Path, name: str) -> None:
    crash_everywhere(tmp_path, SCENARIOS[name], most=30, kind=DiskFault)


@pytest.mark.torture
@pytest.mark.parametrize("name", SCENARIOS)
def test_a_crash_at_every_single_step_leaves_nothing_bare(tmp_path: Path, name: str) -> None:
    crash_everywhere(tmp_path, SCENARIOS[name], most=None)
