"""Flatten through the whole engine: trading-rules 17, 22 and 25, repeats, and crashes."""

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from app.domain.errors import BrokerUnavailable
from app.domain.instrument import Ticker
from app.domain.order import OrderRole, OrderStatus
from app.domain.outcome import AlertStatus
from app.engine.flatten import Findings, Flatten
from app.engine.intake import Receipt
from tests.fakes.broker import EVERYTHING, REPLY_LOST, REST, UNAVAILABLE, FakeBroker, late
from tests.integration.test_crash_points import check_invariants, settle
from tests.integration.world import Crash, Fuse, World, fake

ENTRY: dict[str, object] = {"action": "buy", "symbol": "AAPL", "quantity": 10, "strategy": "a"}
LIMIT = {**ENTRY, "order_type": "limit", "limit_price": 90}


def desk(world: World) -> Flatten:
    services = world.server.services
    return Flatten(services.journal, services.records, services.intake)


def look(world: World, symbol: str | None = None) -> Findings:
    accounts = list(world.server.services.accounts)
    return desk(world).look(accounts, Ticker.parse(symbol) if symbol else None)


def flatten(world: World, symbol: str | None = None) -> list[Receipt]:
    told = desk(world).close(look(world, symbol), request_id="test")
    return [receipt for _, receipt in told]


def shown(findings: Findings) -> list[tuple[str, str, Decimal, int]]:
    return [
        (target.symbol, target.strategy, target.quantity, len(target.entries))
        for target in findings.targets
    ]


def test_it_lists_what_each_strategy_holds_and_what_rests(world: World) -> None:
    world.send(**ENTRY)
    world.send(**{**ENTRY, "strategy": "b", "quantity": 3})
    fake(world).script.append(REST)
    world.send(**{**LIMIT, "symbol": "MSFT"})
    assert shown(look(world)) == [
        ("AAPL", "a", Decimal(10), 0),
        ("AAPL", "b", Decimal(3), 0),
        ("MSFT", "a", Decimal(0), 1),
    ]
    assert shown(look(world, "NASDAQ:MSFT")) == [("MSFT", "a", Decimal(0), 1)]
    assert world.count("alerts") == 3


def test_it_closes_what_every_strategy_holds(world: World) -> None:
    world.send(**ENTRY)
    world.send(**{**ENTRY, "strategy": "b", "quantity": 3})
    world.send(action="sell", symbol="MSFT", quantity=2)
    flatten(world)
    assert world.broker_position() == {}
    assert world.journaled_position() == {}
    assert shown(look(world)) == []


def test_of_one_symbol_it_closes_nothing_else(world: World) -> None:
    world.send(**ENTRY)
    world.send(**{**ENTRY, "symbol": "MSFT"})
    flatten(world, "MSFT")
    assert world.broker_position() == {"AAPL": Decimal(10)}


def test_rule_17_what_is_foreign_is_listed_and_never_touched(world: World) -> None:
    fake(world).hold("TSLA", Decimal(7))
    world.send(**ENTRY)
    fake(world).hold("AAPL", Decimal(5))
    found = look(world)
    assert shown(found) == [("AAPL", "a", Decimal(10), 0)]
    rest = {foreign.symbol: foreign.quantity for foreign in found.foreign}
    assert rest == {"AAPL": Decimal(5), "TSLA": Decimal(7)}
    flatten(world)
    assert world.broker_position() == {"AAPL": Decimal(5), "TSLA": Decimal(7)}


def test_rule_22_it_cancels_what_rests_and_closes_what_is_left(world: World) -> None:
    world.send(**ENTRY)
    fake(world).script.append(REST)
    world.send(**{**LIMIT, "action": "add", "quantity": 1})
    (receipt,) = flatten(world)
    assert world.record(receipt.alert_id).status is AlertStatus.SUCCESS
    assert fake(world).working == []
    assert world.broker_position() == {}


def test_rule_22_entries_that_rest_or_wait_without_a_position_go_too(world: World) -> None:
    world.send(**LIMIT)
    fake(world).script.append(UNAVAILABLE)
    waiting = world.send(**{**ENTRY, "symbol": "MSFT"})
    found = look(world)
    assert [(target.symbol, len(target.entries)) for target in found.targets] == [
        ("AAPL", 1),
        ("MSFT", 1),
    ]
    flatten(world)
    world.run(seconds=20)
    assert fake(world).working == []
    assert world.record(waiting.alert_id).outcome.reason == "CANCELED_BY_EXIT"
    assert world.broker_position() == {}


def test_an_entry_of_which_the_outcome_is_unknown_is_undone(tmp_path: Path) -> None:
    world = World(tmp_path)
    abilities = replace(EVERYTHING, unique_client_ids=False)
    script = [late(2, then=REPLY_LOST)]
    world.broker = FakeBroker(clock=world.clock, script=script, capabilities=abilities)
    world.boot()
    world.send(**ENTRY)
    flatten(world)
    world.run(seconds=20)
    assert world.broker_position() == {}
    assert world.journaled_position() == {}


def test_rule_25_it_works_under_the_kill_switch(world: World) -> None:
    world.send(**ENTRY)
    world.server.services.kill_switch.engage("test")
    flatten(world)
    assert world.broker_position() == {}


def test_protective_legs_go_with_the_position(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.boot()
    world.send(**{**ENTRY, "price": 100, "stop_loss": "2%", "take_profit": "4%"})
    flatten(world)
    assert world.broker_position() == {}
    legs = [order for order in world.orders() if order.role.protects]
    assert {leg.status for leg in legs} == {OrderStatus.CANCELED}


def test_a_second_flatten_doubles_nothing(world: World) -> None:
    world.send(**ENTRY)
    found = look(world)
    for _ in range(2):
        desk(world).close(found, request_id="test")
    exits = [order for order in world.orders() if order.role is OrderRole.EXIT]
    assert [order.quantity for order in exits] == [Decimal(10)]
    assert world.broker_position() == {}


def test_it_always_acts_on_what_is_held_now(world: World) -> None:
    for number in range(2):
        world.send(**{**ENTRY, "quantity": 10 + number})
        ((_, receipt),) = desk(world).close(look(world), request_id="the same")
        assert world.record(receipt.alert_id).status is AlertStatus.SUCCESS
        assert world.broker_position() == {}


def test_it_waits_for_a_broker_that_cannot_be_read(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.send(**ENTRY)

    def fail(*_: object) -> None:
        raise BrokerUnavailable("down")

    with monkeypatch.context() as down:
        for name in ("position", "positions"):
            down.setattr(fake(world), name, fail)
        found = look(world)
        assert (found.unreadable, shown(found)) == (
            [fake(world).account],
            [("AAPL", "a", Decimal(10), 0)],
        )
        ((_, receipt),) = desk(world).close(found, request_id="test")
        assert world.record(receipt.alert_id).status is AlertStatus.WAITING
    world.run(seconds=5)
    assert world.broker_position() == {}


def crashed_flatten(folder: Path, step: int | None) -> tuple[World, Fuse]:
    world = World(folder)
    world.broker = FakeBroker(clock=world.clock)
    world.boot()
    world.send(**ENTRY)
    world.send(**{**ENTRY, "symbol": "MSFT", "strategy": "b"})
    found = look(world)
    world.fuse = fuse = Fuse(at=step)
    try:
        desk(world).close(found, request_id="test")
    except Crash:
        world.crash_and_boot()
        desk(world).close(found, request_id="test")
    settle(world)
    return world, fuse


def test_a_crash_at_any_step_of_it_neither_loses_nor_doubles_a_close(tmp_path: Path) -> None:
    calm, fuse = crashed_flatten(tmp_path / "calm", None)
    assert calm.broker_position() == {}
    assert fuse.step > 10
    for step in range(1, fuse.step + 1):
        world, crash = crashed_flatten(tmp_path / f"at{step}", step)
        check_invariants(world, f"step {step}: {crash.last}")
        assert world.broker_position() == {}
        assert fake(world).orders_placed == 4, crash.last
        world.server.database.close()
