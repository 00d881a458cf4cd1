"""The FakeBroker does what its script says, so that engine tests can believe it."""

from dataclasses import replace
from decimal import Decimal

import pytest

from app.domain.errors import BrokerRejected, BrokerUnavailable, OutcomeUnknown
from app.domain.order import Leg, Level, LevelKind, OrderIntent, OrderRole, OrderStatus, Side
from tests.fakes.broker import (
    EVERYTHING,
    REPLY_LOST,
    REQUEST_LOST,
    REST,
    UNAVAILABLE,
    FakeBroker,
    Turn,
    fill_part,
    late,
    reject,
)

BUY = OrderIntent(
    client_order_id="A",
    account="fake",
    symbol="AAPL",
    instrument="AAPL",
    side=Side.BUY,
    quantity=Decimal(10),
    role=OrderRole.ENTRY,
    stop_loss=Leg("S", Level(LevelKind.PERCENT, Decimal(5))),
    take_profit=Leg("T", Level(LevelKind.PERCENT, Decimal(5))),
)


def test_a_lost_reply_leaves_an_order_and_a_lost_request_does_not() -> None:
    broker = FakeBroker(script=[REQUEST_LOST, REPLY_LOST])
    for placed in (0, 1):
        with pytest.raises(OutcomeUnknown):
            broker.submit(BUY)
        assert broker.orders_placed == placed
        assert (broker.find("A") is not None) == bool(placed)


@pytest.mark.parametrize(
    ("turn", "error"), [(UNAVAILABLE, BrokerUnavailable), (reject("no", "X"), BrokerRejected)]
)
def test_what_never_arrived_is_not_there(turn: Turn, error: type[Exception]) -> None:
    broker = FakeBroker(script=[turn])
    with pytest.raises(error):
        broker.submit(BUY)

    assert broker.orders_placed == 0
    assert broker.submit(BUY).status is OrderStatus.FILLED


def test_a_late_order_shows_after_so_many_look_ups() -> None:
    broker = FakeBroker(script=[late(2, then=REPLY_LOST)])
    with pytest.raises(OutcomeUnknown):
        broker.submit(BUY)

    assert [broker.find("A") is None for _ in range(3)] == [True, True, False]


def test_without_unique_ids_a_second_submit_is_a_second_order() -> None:
    broker = FakeBroker(capabilities=replace(EVERYTHING, unique_client_ids=False))
    broker.submit(BUY)
    broker.submit(BUY)

    assert broker.orders_placed == 2
    position = broker.position("AAPL")
    assert position is not None
    assert position.quantity == 20


def test_legs_grow_with_the_fills_of_their_entry_and_shrink_with_the_position() -> None:
    broker = FakeBroker(script=[fill_part(Decimal(4))])
    order = broker.submit(BUY)
    assert (order.status, order.legs[0].quantity) == (OrderStatus.PARTIALLY_FILLED, Decimal(4))

    order = broker.fill("A", price=Decimal(101))
    assert (order.status, order.average_price) == (OrderStatus.FILLED, Decimal("100.6"))
    assert [leg.quantity for leg in order.legs] == [10, 10]

    broker.fill("S", Decimal(3))
    target = broker.find("T")
    assert target is not None
    assert (target.status, target.quantity) == (OrderStatus.LIVE, Decimal(7))


def test_a_position_that_lags_or_cannot_be_read_is_so_only_as_often_as_told() -> None:
    broker = FakeBroker()
    broker.submit(BUY)
    broker.lag_positions(1)
    broker.fail("position", BrokerUnavailable("down"))

    with pytest.raises(BrokerUnavailable):
        broker.position("AAPL")
    assert broker.position("AAPL") is None
    assert broker.position("AAPL") is not None


def test_a_position_by_hand_and_an_order_that_ends_by_itself() -> None:
    broker = FakeBroker(script=[REST])
    broker.hold("AAPL", Decimal(-3))
    broker.submit(BUY)
    broker.expire("A")

    order, position = broker.find("A"), broker.position("AAPL")
    assert order is not None
    assert position is not None
    assert (order.status, position.quantity) == (OrderStatus.EXPIRED, Decimal(-3))
    assert broker.calls == [("submit", "A"), ("find", "A")]
