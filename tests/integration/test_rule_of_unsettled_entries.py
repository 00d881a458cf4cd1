"""Rule 22 where an entry is not settled yet: an exit settles it and closes what it filled."""

from collections.abc import Collection
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from app.domain.capabilities import Capabilities
from app.domain.errors import BrokerRejected, BrokerUnavailable
from app.domain.order import BrokerOrder, OrderIntent, OrderRole, OrderStatus
from app.domain.outcome import AlertStatus
from app.domain.position import Position
from app.domain.rates import Purpose
from app.ports.budget import purpose_of_reads
from tests.fakes.broker import (
    EVERYTHING,
    FILL,
    REPLY_LOST,
    REQUEST_LOST,
    RESERVING,
    REST,
    UNAVAILABLE,
    FakeBroker,
    Turn,
    late,
)
from tests.integration.world import World, fake

ENTRY: dict[str, object] = {"action": "buy", "symbol": "AAPL", "quantity": 7}
CLOSE: dict[str, object] = {"action": "close", "symbol": "AAPL"}
TAGS_ONLY = replace(EVERYTHING, unique_client_ids=False)
SUCCESS = (AlertStatus.SUCCESS, Decimal(7))


def ended(world: World, alert_id: str) -> tuple[AlertStatus, object]:
    record = world.record(alert_id)
    return record.status, record.outcome.quantity


def is_flat(world: World) -> bool:
    nothing: dict[str, Decimal] = {}
    assert world.broker_position() == nothing == world.journaled_position()
    assert fake(world).working == []
    return world.stakes() == {}


def test_rule_22_a_fill_that_only_the_position_shows_is_closed(world: World) -> None:
    fake(world).script.append(REST)
    entry = world.send(**ENTRY)
    fake(world).fill(world.orders()[0].client_order_id)
    fake(world).lag_fills(12)
    close = world.send(**CLOSE)
    assert world.record(close.alert_id).status is AlertStatus.WAITING
    world.run(seconds=15)
    assert ended(world, close.alert_id) == SUCCESS == ended(world, entry.alert_id)
    assert is_flat(world)


@pytest.mark.parametrize("looks", [0, 1, 3])
@pytest.mark.parametrize("abilities", [EVERYTHING, TAGS_ONLY, RESERVING])
def test_rule_22_an_exit_closes_an_entry_whose_outcome_was_not_known(
    tmp_path: Path, abilities: Capabilities, looks: int
) -> None:
    world = World(tmp_path)
    world.broker = FakeBroker(clock=world.clock, capabilities=abilities)
    world.boot()
    fake(world).script.append(late(looks, then=REPLY_LOST))
    entry = world.send(**ENTRY)
    close = world.send(**CLOSE)
    world.run(seconds=20)
    assert ended(world, close.alert_id) == SUCCESS == ended(world, entry.alert_id)
    assert is_flat(world)


@pytest.mark.parametrize("looks", [0, 2])
def test_rule_22_a_resting_entry_of_unknown_outcome_is_canceled(world: World, looks: int) -> None:
    fake(world).script.append(late(looks, then=replace(REPLY_LOST, filled=Decimal(2))))
    world.send(**ENTRY)
    close = world.send(**CLOSE)
    world.run(seconds=20)
    assert ended(world, close.alert_id) == (AlertStatus.SUCCESS, Decimal(2))
    assert is_flat(world)


@pytest.mark.parametrize("turn", [REQUEST_LOST, UNAVAILABLE])
def test_rule_22_an_entry_that_never_arrived_leaves_nothing_to_close(
    world: World, turn: Turn
) -> None:
    fake(world).script.append(turn)
    entry = world.send(**ENTRY)
    close = world.send(**CLOSE)
    world.run(seconds=20)
    assert world.record(close.alert_id).outcome.reason == "NO_POSITION"
    assert world.record(entry.alert_id).outcome.reason == "CANCELED_BY_EXIT"
    assert fake(world).orders_placed == 0
    assert is_flat(world)


def test_rule_22_what_an_unsettled_entry_added_is_closed_with_the_rest(world: World) -> None:
    world.send(**ENTRY)
    fake(world).script.append(REPLY_LOST)
    world.send(**{**ENTRY, "action": "add", "quantity": 3})
    close = world.send(**CLOSE)
    world.run(seconds=20)
    assert ended(world, close.alert_id) == (AlertStatus.SUCCESS, Decimal(10))
    assert is_flat(world)


def test_rule_22_an_entry_in_doubt_does_not_hold_up_the_exit_of_what_is_known(
    world: World,
) -> None:
    world.send(**ENTRY)
    fake(world).script.append(late(4, then=REPLY_LOST))
    world.send(**{**ENTRY, "action": "add", "quantity": 3})
    close = world.send(**CLOSE)
    assert ended(world, close.alert_id) == SUCCESS
    world.run(seconds=20)
    assert is_flat(world)


def test_rule_22_what_a_close_on_its_way_takes_is_not_sold_twice(world: World) -> None:
    world.send(**ENTRY)
    fake(world).script.extend([REPLY_LOST, REST])
    world.send(**{**ENTRY, "action": "add", "quantity": 3})
    close = world.send(**CLOSE)
    world.run(seconds=4)
    (exit_,) = [order for order in world.orders() if order.role is OrderRole.EXIT]
    assert (exit_.quantity, exit_.status) == (Decimal(10), OrderStatus.LIVE)
    fake(world).fill(exit_.client_order_id)
    world.run(seconds=10)
    assert ended(world, close.alert_id) == (AlertStatus.SUCCESS, Decimal(10))
    assert is_flat(world)


APART = replace(EVERYTHING, reduce_only_legs=False)
"""Nothing there keeps an exit that comes too late from turning the position."""


def apart(tmp_path: Path, *script: Turn) -> World:
    world = World(tmp_path)
    world.broker = FakeBroker(clock=world.clock, capabilities=APART, script=script)
    world.boot()
    world.send(**ENTRY)
    return world


def test_two_closes_of_everything_never_turn_the_position(tmp_path: Path) -> None:
    world = apart(tmp_path, FILL, REST)
    fake(world).linger(100)
    first = world.send(**CLOSE)
    second = world.send(**CLOSE, price=101)
    world.run(seconds=3)
    assert len(fake(world).working) == 1
    fake(world).fill(fake(world).working[0].client_order_id)
    world.run(seconds=10)
    assert ended(world, first.alert_id) == SUCCESS
    assert world.record(second.alert_id).outcome.reason == "NO_POSITION"
    assert is_flat(world)


def test_a_close_takes_the_place_of_one_that_rests(tmp_path: Path) -> None:
    world = apart(tmp_path)
    world.send(**CLOSE, order_type="limit", limit_price=120)
    assert len(fake(world).working) == 1
    close = world.send(**CLOSE)
    assert ended(world, close.alert_id) == SUCCESS
    assert is_flat(world)


def test_exits_of_parts_that_rest_never_come_to_more_than_is_held(tmp_path: Path) -> None:
    world = apart(tmp_path)
    part = {**CLOSE, "order_type": "limit", "quantity": 5}
    world.send(**part, limit_price=120)
    world.send(**part, limit_price=130)
    third = world.send(**part, limit_price=140)
    assert [order.quantity for order in fake(world).working] == [5, 2]
    assert world.record(third.alert_id).outcome.reason == "AT_TARGET"


def test_who_waits_for_one_order_does_not_wake_another_that_does(world: World) -> None:
    fake(world).script.append(REST)
    world.send(**ENTRY)
    fake(world).linger(1000)
    world.send(**CLOSE)
    before = len(fake(world).calls)
    world.run(seconds=2)
    assert len(fake(world).calls) - before < 40


def test_an_exit_of_the_other_side_finds_nothing(world: World) -> None:
    world.send(**ENTRY)
    close = world.send(action="exitShort", symbol="AAPL")
    assert world.record(close.alert_id).outcome.reason == "NO_POSITION"
    assert world.broker_position() == {"AAPL": Decimal(7)}


class Capping(FakeBroker):
    """It looks at the position before it sends an exit, and so before it hears of its first try."""

    def submit(self, intent: OrderIntent) -> BrokerOrder:
        if intent.role is OrderRole.EXIT and self.position(intent.instrument) is None:
            raise BrokerRejected("there is nothing to close", code="NO_POSITION")
        return super().submit(intent)


@pytest.mark.parametrize("turn", [late(3, then=REPLY_LOST), REQUEST_LOST])
def test_a_close_in_doubt_is_not_taken_for_refused_because_it_has_closed_all(
    tmp_path: Path, turn: Turn
) -> None:
    world = World(tmp_path)
    world.broker = Capping(clock=world.clock, script=[FILL, turn])
    world.boot()
    world.send(**ENTRY)
    close = world.send(**CLOSE)
    world.run(seconds=20)
    assert ended(world, close.alert_id) == SUCCESS
    assert is_flat(world)


class Spent(FakeBroker):
    """Its calls are spent but for some purposes: who reads for another is told to wait."""

    left: Collection[Purpose] = tuple(Purpose)

    def find(self, client_order_id: str) -> BrokerOrder | None:
        self._spend()
        return super().find(client_order_id)

    def position(self, instrument: str) -> Position | None:
        self._spend()
        return super().position(instrument)

    def _spend(self) -> None:
        if purpose_of_reads() not in self.left:
            raise BrokerUnavailable("too many calls", after=1)


def test_rule_41_an_entry_in_doubt_is_looked_up_when_no_more_may_be_entered(
    tmp_path: Path,
) -> None:
    world = World(tmp_path)
    broker = world.broker = Spent(clock=world.clock)
    world.boot()
    broker.script.append(REPLY_LOST)
    entry = world.send(**ENTRY)
    broker.left = (Purpose.LOOK, Purpose.REDUCE)
    world.run(seconds=10)

    assert ended(world, entry.alert_id) == SUCCESS


def test_rule_41_an_entry_that_an_exit_has_overtaken_ends_with_the_calls_of_exits(
    tmp_path: Path,
) -> None:
    world = World(tmp_path)
    broker = world.broker = Spent(clock=world.clock)
    world.boot()
    broker.script.append(late(9, then=REPLY_LOST))
    entry = world.send(**ENTRY)
    close = world.send(**CLOSE)
    broker.left = (Purpose.REDUCE,)
    world.run(seconds=20)

    assert ended(world, close.alert_id) == SUCCESS == ended(world, entry.alert_id)
    assert is_flat(world)
