"""Trading-rule 19 and invariants I4 and I5: legs fit what is held, whoever changes that."""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from app.adapters.sql import open_sqlite
from app.domain.errors import BrokerUnavailable
from app.domain.events import EventKind
from app.domain.order import OrderRole, OrderStatus, Side
from app.domain.position import Position
from app.engine.order_desk import OrderDesk
from app.engine.settlement import event_of
from tests.fakes.broker import ACCEPT, EVERYTHING, REPLY_LOST, REST, FakeBroker, late
from tests.integration.world import World, fake

BUY: dict[str, object] = {
    "action": "buy",
    "symbol": "AAPL",
    "quantity": 10,
    "stop_loss": "2%",
    "take_profit": "4%",
}
KEPT = replace(EVERYTHING, reduce_only_legs=False)
"""Legs stay as they are, whatever becomes of their position."""


@pytest.fixture
def kept(tmp_path: Path) -> World:
    world = World(tmp_path)
    world.broker = FakeBroker(clock=world.clock, capabilities=KEPT)
    world.boot()
    return world


def look(world: World, rounds: int = 2) -> None:
    """So many rounds of the check, and what they lead to."""
    for _ in range(rounds):
        world.server.services.recovery.refresh()
        world.run(seconds=1)


def working(world: World) -> dict[str, list[Decimal]]:
    """How much the orders that work would close, by strategy."""
    found: dict[str, list[Decimal]] = {}
    for order in world.orders():
        if order.status.working:
            found.setdefault(order.strategy, []).append(order.quantity)
    assert len(fake(world).working) == sum(map(len, found.values()))
    return found


def stops(world: World) -> dict[str, Decimal]:
    """How much the stops that work would close, by strategy."""
    found: dict[str, Decimal] = {}
    for order in world.orders():
        if order.status.working and order.role is OrderRole.STOP_LOSS:
            found[order.strategy] = found.get(order.strategy, Decimal(0)) + order.quantity
    return found


def told(world: World, kind: str) -> list[Any]:
    return world.rows("SELECT * FROM events WHERE kind = ? ORDER BY id", kind)


def test_rule_19_legs_of_what_was_sold_by_hand_are_canceled(kept: World) -> None:
    kept.send(**BUY)
    fake(kept).hold("AAPL", Decimal(-10))
    kept.server.services.recovery.refresh()
    assert working(kept) == {"": [10, 10]}, "once may be a read that came late"
    look(kept, rounds=2)
    assert working(kept) == {}
    assert kept.stakes() == {}


def test_rule_19_legs_that_would_close_more_than_is_left_make_room_for_a_smaller_stop(
    kept: World,
) -> None:
    kept.send(**BUY)
    fake(kept).hold("AAPL", Decimal(-4))
    look(kept, rounds=4)
    assert kept.stakes() == {("AAPL", ""): Decimal(6)}
    assert stops(kept) == {"": 6}


def test_rule_19_the_legs_of_another_strategy_fit_what_is_left(kept: World) -> None:
    kept.send(**BUY, strategy="a")
    kept.send(**BUY, strategy="b")
    fake(kept).hold("AAPL", Decimal(-5))
    look(kept, rounds=4)
    assert stops(kept) == {"a": 10, "b": 10}, "which of them was sold nobody knows"
    fake(kept).hold("AAPL", Decimal(-15))
    look(kept, rounds=4)
    assert working(kept) == {}


def test_rule_19_of_two_brackets_what_is_left_is_covered_and_no_more(kept: World) -> None:
    kept.send(**BUY)
    kept.clock.advance(1)
    kept.send(**{**BUY, "action": "add"})
    fake(kept).hold("AAPL", Decimal(-8))
    look(kept, rounds=5)
    assert stops(kept) == {"": 12}


def test_rule_19_where_legs_only_reduce_the_broker_cuts_them_itself(world: World) -> None:
    world.send(**BUY)
    fake(world).hold("AAPL", Decimal(-4))
    look(world, rounds=4)
    assert [call for call, _ in fake(world).calls if call == "cancel"] == []


def test_rule_19_legs_stay_while_an_order_of_their_instrument_is_in_doubt(tmp_path: Path) -> None:
    world = World(tmp_path)
    script = [ACCEPT, late(9, then=REPLY_LOST)]
    world.broker = FakeBroker(clock=world.clock, script=script, capabilities=KEPT)
    world.boot()
    world.send(**BUY)
    world.send(**{**BUY, "action": "add"})
    fake(world).hold("AAPL", Decimal(-20))
    for _ in range(4):
        world.server.services.recovery.refresh()
    legs = [order for order in world.orders() if order.role.protects and order.status.working]
    assert len(legs) == 2


def test_rule_19_a_leg_that_cannot_be_canceled_now_is_canceled_later(kept: World) -> None:
    kept.send(**BUY)
    fake(kept).hold("AAPL", Decimal(-10))
    fake(kept).fail("cancel", *[BrokerUnavailable("no route")] * 2)
    look(kept, rounds=5)
    assert working(kept) == {}


def test_rule_19_legs_that_the_broker_does_not_know_are_not_asked_for_every_second(
    kept: World,
) -> None:
    kept.send(**BUY)
    for order in kept.orders():
        if order.role.protects:
            fake(kept).forget(order.client_order_id)
    fake(kept).hold("AAPL", Decimal(-10))
    look(kept, rounds=10)
    assert [row["symbol"] for row in told(kept, "mismatch")] == ["AAPL", "AAPL"]
    fake(kept).calls.clear()
    for _ in range(10):
        kept.clock.advance(1)
        kept.server.services.recovery.run()
    assert fake(kept).calls == []


def test_a_position_whose_stop_is_gone_is_told_once_and_has_another(kept: World) -> None:
    kept.send(**BUY)
    (stop,) = [order for order in kept.orders() if order.role is OrderRole.STOP_LOSS]
    fake(kept).expire(stop.client_order_id, OrderStatus.CANCELED)
    look(kept, rounds=4)
    kept.crash_and_boot()
    look(kept, rounds=4)
    assert len(told(kept, "unprotected")) == 1
    assert stops(kept) == {"": 10}


class Counting(FakeBroker):
    """It counts how often its positions are read."""

    looks = 0

    def positions(self) -> Sequence[Position]:
        self.looks += 1
        return super().positions()


def test_an_account_where_no_stop_is_taken_is_not_looked_at_every_second(tmp_path: Path) -> None:
    world = World(tmp_path)
    broker = world.broker = Counting(clock=world.clock, capabilities=KEPT)
    world.boot()
    world.send(**BUY)
    (stop,) = [order for order in world.orders() if order.role is OrderRole.STOP_LOSS]
    broker.refuses = {OrderRole.STOP_LOSS, OrderRole.EXIT}
    broker.expire(stop.client_order_id, OrderStatus.CANCELED)
    look(world, rounds=2)
    broker.looks = 0
    world.run(seconds=10)

    assert broker.looks == 0
    broker.refuses = set()
    world.run(seconds=20)
    assert world.broker_position() == {}


def test_a_short_position_whose_stop_is_gone_has_another(kept: World) -> None:
    kept.send(**{**BUY, "action": "sell"})
    (stop,) = [order for order in kept.orders() if order.role is OrderRole.STOP_LOSS]
    fake(kept).expire(stop.client_order_id, OrderStatus.CANCELED)
    look(kept, rounds=4)
    assert len(told(kept, "unprotected")) == 1
    assert stops(kept) == {"": 10}


def test_a_stop_that_is_left_from_before_goes_and_not_that_of_the_other_side(kept: World) -> None:
    kept.send(**BUY)
    (old,) = [order for order in kept.orders() if order.role is OrderRole.STOP_LOSS]
    fake(kept).forget(old.client_order_id)  # so it does not make way for the reversal
    kept.clock.advance(6)
    kept.send(**{**BUY, "action": "sell", "quantity": 7})
    kept.run(seconds=5)
    fake(kept).remember(old.client_order_id)
    assert kept.broker_position() == {"AAPL": -7}
    with kept.server.services.journal.unit() as unit:
        unit.owe(old.parent or "")
    look(kept, rounds=4)
    left = [order for order in fake(kept).working if order.stop_price is not None]
    assert [(order.side, order.quantity) for order in left] == [(Side.BUY, Decimal(7))]


def test_a_position_that_stands_bare_again_has_a_stop_again(kept: World) -> None:
    """Also where the same stop was told of before: what arms it may have found it covered."""
    kept.send(**BUY)
    (stop,) = [order for order in kept.orders() if order.role is OrderRole.STOP_LOSS]
    services = kept.server.services
    with services.journal.unit() as unit:
        unit.record(event_of(EventKind.UNPROTECTED, stop, kept.clock.now()))
    fake(kept).expire(stop.client_order_id, OrderStatus.CANCELED)
    look(kept, rounds=4)
    assert len(told(kept, "unprotected")) == 1
    assert stops(kept) == {"": 10}


def test_invariant_4_legs_that_the_broker_does_not_know_protect_nothing(kept: World) -> None:
    kept.send(**BUY)
    legs = [order for order in kept.orders() if order.role.protects]
    for leg in legs:
        fake(kept).forget(leg.client_order_id)
    kept.clock.advance(6)  # until then they may only be shown late
    look(kept, rounds=20)
    assert len(told(kept, "mismatch")) == 2
    assert stops(kept) == {"": 10}
    gone = [order for order in kept.orders() if order.reason == "not_at_broker"]
    assert [order.client_order_id for order in gone] == [leg.client_order_id for leg in legs]
    assert kept.server.services.journal.blocks() == []
    for leg in legs:
        fake(kept).remember(leg.client_order_id)
    kept.clock.advance(6)
    kept.server.services.recovery.refresh()
    assert len(fake(kept).working) == 4
    kept.run(seconds=1)
    assert working(kept) == {"": [10, 10]}, "those that come back are canceled, and soon"


def test_rule_38_a_stop_that_its_owner_took_by_force_stays_away(kept: World) -> None:
    kept.send(**BUY)
    (stop,) = [order for order in kept.orders() if order.role is OrderRole.STOP_LOSS]
    services = kept.server.services
    desk = OrderDesk(services.journal, services.accounts, services.settlement, kept.clock)
    desk.cancel(stop.client_order_id, force=True)
    look(kept, rounds=4)
    assert stops(kept) == {}
    assert len(told(kept, "unprotected")) == 1


def test_a_position_whose_stop_made_way_for_its_close_is_not_told_of(kept: World) -> None:
    fake(kept).script.extend([ACCEPT, REST])
    kept.send(**BUY)
    kept.send(action="close", symbol="AAPL")
    look(kept, rounds=4)
    assert told(kept, "unprotected") == []


def test_a_position_that_asked_for_no_stop_is_not_told_of(kept: World) -> None:
    kept.send(action="buy", symbol="AAPL", quantity=10)
    look(kept, rounds=4)
    assert told(kept, "unprotected") == []


def test_a_position_whose_stop_covers_it_is_not_told_of(kept: World) -> None:
    kept.send(**BUY)
    kept.send(action="close", symbol="AAPL", quantity=4)
    kept.send(**{**BUY, "symbol": "MSFT", "action": "sell"})
    look(kept, rounds=4)
    bare = {row["symbol"] for row in told(kept, "unprotected")}
    assert "MSFT" not in bare


def test_legs_that_the_answer_to_their_entry_did_not_show_at_work_yet_are_looked_up(
    kept: World,
) -> None:
    kept.send(**BUY)
    connection = open_sqlite(kept.server.database.path)
    connection.execute("UPDATE orders SET status = 'new' WHERE parent IS NOT NULL")
    connection.close()
    look(kept, rounds=1)
    assert working(kept) == {"": [10, 10]}
