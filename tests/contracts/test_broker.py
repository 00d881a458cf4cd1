"""The contract of a broker: what the engine relies on, whoever executes the orders.

Written against the port and its capabilities only. `tests/contracts/venues.py` says what a broker
must bring along to be tested here.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import TypeAlias

import pytest

from app.domain.contract import Moneyness, OptionType, Series, Wish
from app.domain.decision import Denial, Denied
from app.domain.errors import BrokerError, BrokerRejected
from app.domain.instrument import Instrument, Ticker
from app.domain.order import (
    BrokerOrder,
    Leg,
    Level,
    LevelKind,
    OrderIntent,
    OrderRole,
    OrderStatus,
    OrderType,
    Side,
)
from app.domain.position import Direction
from app.domain.session import CLOSED
from app.ports.broker import Broker
from tests.contracts.venues import Venue

STOP = Leg("STOP000000000000000000000A", Level(LevelKind.PRICE, Decimal(95)))
TARGET = Leg("TARGET0000000000000000000A", Level(LevelKind.PERCENT, Decimal(10)))

Place: TypeAlias = Callable[[OrderIntent], BrokerOrder]


@pytest.fixture
def broker(venue: Venue) -> Broker:
    venue.trade_at(Decimal(100))
    return venue.open()


@pytest.fixture
def instrument(venue: Venue, broker: Broker) -> Instrument:
    found = broker.instrument(venue.ticker)
    assert found is not None
    return found


@pytest.fixture
def entry(broker: Broker, instrument: Instrument) -> OrderIntent:
    """Ten bought at the market."""
    return OrderIntent(
        client_order_id="ENTRY00000000000000000000A",
        account=broker.account,
        symbol=instrument.symbol,
        instrument=instrument.key,
        side=Side.BUY,
        quantity=Decimal(10),
        role=OrderRole.ENTRY,
    )


@pytest.fixture
def resting(entry: OrderIntent) -> OrderIntent:
    """Ten bought at 90, below the market."""
    return replace(entry, order_type=OrderType.LIMIT, limit_price=Decimal(90))


@pytest.fixture
def bracket(broker: Broker, entry: OrderIntent) -> OrderIntent:
    """Ten bought at the market, with a stop at 95 and a target at 110."""
    if OrderType.MARKET not in broker.capabilities.bracket_entries:
        pytest.skip("the broker has no brackets")
    return replace(entry, stop_loss=STOP, take_profit=TARGET)


@pytest.fixture
def place(venue: Venue, broker: Broker) -> Place:
    """Submit, and look when what can be executed was."""

    def submit_and_look(intent: OrderIntent) -> BrokerOrder:
        broker.submit(intent)
        venue.settle()
        return look(broker, intent.client_order_id)

    return submit_and_look


def look(broker: Broker, client_order_id: str) -> BrokerOrder:
    found = broker.find(client_order_id)
    assert found is not None
    return found


def exit_of(entry: OrderIntent, quantity: int) -> OrderIntent:
    return replace(
        entry,
        client_order_id="EXIT000000000000000000000A",
        side=entry.side.opposite,
        quantity=Decimal(quantity),
        role=OrderRole.EXIT,
        stop_loss=None,
        take_profit=None,
    )


def fees_of(broker: Broker, *intents: OrderIntent) -> Decimal:
    """What the fills of orders have cost."""
    orders = [look(broker, intent.client_order_id) for intent in intents]
    return sum((fill.fee for order in orders for fill in order.fills), Decimal(0))


def held(broker: Broker, instrument: Instrument) -> Decimal:
    position = broker.position(instrument.key)
    return Decimal(0) if position is None else position.quantity


def test_a_contract_that_there_is_not_is_a_told_reason(broker: Broker) -> None:
    wish = Wish(
        underlying=Ticker("NOWHERE", "NOTHING"),
        expiry=Series.WEEKLY,
        option_type=OptionType.CALL,
        strike=Moneyness(0),
    )
    told = broker.contract(wish, datetime(2026, 7, 7, tzinfo=UTC))
    assert isinstance(told, Denied)
    assert told.reason is Denial.UNKNOWN_SYMBOL
    assert "NOTHING WEEKLY ATM CE" in told.detail


def test_a_market_order_becomes_a_position(
    broker: Broker, instrument: Instrument, entry: OrderIntent, place: Place
) -> None:
    order = place(entry)

    assert (order.status, order.filled_quantity) == (OrderStatus.FILLED, Decimal(10))
    position = broker.position(instrument.key)
    assert position is not None
    assert (position.symbol, position.instrument) == (instrument.symbol, instrument.key)
    assert (position.quantity, position.direction) == (Decimal(10), Direction.LONG)
    assert position.entry_price == order.average_price


def test_find_tells_what_submit_told(venue: Venue, broker: Broker, bracket: OrderIntent) -> None:
    told = broker.submit(bracket)
    venue.settle()

    found = look(broker, bracket.client_order_id)
    assert found.broker_order_id == told.broker_order_id
    assert (found.side, found.quantity) == (told.side, told.quantity)
    assert [leg.client_order_id for leg in found.legs] == [leg.client_order_id for leg in told.legs]


def test_the_fills_tell_the_price_and_when(
    broker: Broker, bracket: OrderIntent, place: Place
) -> None:
    order = place(bracket)

    assert sum(fill.quantity for fill in order.fills) == order.filled_quantity
    assert len({fill.fill_id for fill in order.fills}) == len(order.fills)
    for fill in order.fills:
        assert (fill.client_order_id, fill.side) == (bracket.client_order_id, Side.BUY)
        assert fill.price == order.average_price == Decimal(100)
        assert fill.at.utcoffset() is not None


def test_the_same_id_places_one_order(
    broker: Broker, instrument: Instrument, entry: OrderIntent, place: Place
) -> None:
    if not broker.capabilities.unique_client_ids:
        pytest.skip("the broker would place it twice")
    first = place(entry)

    assert place(entry) == first
    assert held(broker, instrument) == Decimal(10)


def test_the_same_id_places_one_order_also_after_a_restart(
    venue: Venue, broker: Broker, instrument: Instrument, entry: OrderIntent
) -> None:
    if not broker.capabilities.unique_client_ids:
        pytest.skip("the broker would place it twice")
    broker.submit(entry)
    venue.settle()
    venue.open().submit(replace(entry, quantity=Decimal(7)))
    venue.settle()

    assert held(broker, instrument) == Decimal(10)


def test_an_unknown_id_is_not_found_and_not_canceled(broker: Broker) -> None:
    assert broker.find("NEVER00000000000000000000A") is None
    assert broker.cancel("NEVER00000000000000000000A") is None


def test_flat_is_no_position(broker: Broker, instrument: Instrument) -> None:
    assert broker.position(instrument.key) is None
    assert list(broker.positions()) == []


def test_a_resting_order_waits_for_its_price(
    venue: Venue, broker: Broker, instrument: Instrument, resting: OrderIntent, place: Place
) -> None:
    assert place(resting).status is OrderStatus.LIVE
    venue.trade_at(Decimal(91))
    assert held(broker, instrument) == 0

    venue.trade_at(Decimal(90))
    order = look(broker, resting.client_order_id)
    assert (order.status, order.average_price) == (OrderStatus.FILLED, Decimal(90))
    assert held(broker, instrument) == Decimal(10)


def test_a_stop_entry_waits_for_its_price(
    venue: Venue, broker: Broker, instrument: Instrument, entry: OrderIntent, place: Place
) -> None:
    if OrderType.STOP not in broker.capabilities.order_types:
        pytest.skip("the broker has no stop orders")
    place(replace(entry, order_type=OrderType.STOP, stop_price=Decimal(105)))
    venue.trade_at(Decimal(104))
    assert held(broker, instrument) == 0

    venue.trade_at(Decimal(106))
    assert held(broker, instrument) == Decimal(10)


def test_a_canceled_order_never_fills(
    venue: Venue, broker: Broker, instrument: Instrument, resting: OrderIntent, place: Place
) -> None:
    place(resting)
    canceled = broker.cancel(resting.client_order_id)
    assert canceled is not None
    assert canceled.status is OrderStatus.CANCELED

    venue.trade_at(Decimal(80))
    assert held(broker, instrument) == 0
    assert look(broker, resting.client_order_id).status is OrderStatus.CANCELED


def test_canceling_twice_is_canceling_once(
    broker: Broker, resting: OrderIntent, place: Place
) -> None:
    place(resting)

    assert broker.cancel(resting.client_order_id) == broker.cancel(resting.client_order_id)


def test_a_filled_order_is_not_canceled(
    broker: Broker, instrument: Instrument, entry: OrderIntent, place: Place
) -> None:
    filled = place(entry)

    assert broker.cancel(entry.client_order_id) == filled
    assert held(broker, instrument) == Decimal(10)


def test_legs_work_as_soon_as_the_entry_is_filled(
    broker: Broker, bracket: OrderIntent, place: Place
) -> None:
    stop, target = place(bracket).legs

    assert (stop.client_order_id, stop.stop_price) == (STOP.client_order_id, Decimal(95))
    assert (target.client_order_id, target.limit_price) == (TARGET.client_order_id, Decimal(110))
    for leg in (stop, target):
        assert (leg.status, leg.side, leg.quantity) == (OrderStatus.LIVE, Side.SELL, Decimal(10))
        assert look(broker, leg.client_order_id) == leg


def test_legs_wait_for_the_fill_of_a_resting_entry(
    venue: Venue, broker: Broker, resting: OrderIntent, place: Place
) -> None:
    if OrderType.LIMIT not in broker.capabilities.bracket_entries:
        pytest.skip("a resting entry takes no legs")
    stop = Leg(STOP.client_order_id, Level(LevelKind.PERCENT, Decimal(5)))
    order = place(replace(resting, stop_loss=stop))
    assert [leg.status for leg in order.legs] == [OrderStatus.NEW]

    venue.trade_at(Decimal(90))
    armed = look(broker, stop.client_order_id)
    assert (armed.status, armed.stop_price) == (OrderStatus.LIVE, Decimal("85.50"))


def test_legs_end_with_a_canceled_entry(
    venue: Venue, broker: Broker, resting: OrderIntent, place: Place
) -> None:
    if OrderType.LIMIT not in broker.capabilities.bracket_entries:
        pytest.skip("a resting entry takes no legs")
    place(replace(resting, stop_loss=Leg("STOPB", Level(LevelKind.PRICE, Decimal(80)))))
    broker.cancel(resting.client_order_id)

    venue.trade_at(Decimal(70))
    assert look(broker, "STOPB").status is OrderStatus.CANCELED
    assert list(broker.positions()) == []


@pytest.mark.parametrize(
    ("price", "done"), [(Decimal(94), STOP), (Decimal(111), TARGET)], ids=["stop", "target"]
)
def test_one_leg_closes_the_position_and_cancels_the_other(
    venue: Venue, broker: Broker, bracket: OrderIntent, place: Place, price: Decimal, done: Leg
) -> None:
    place(bracket)
    venue.trade_at(price)

    closed = look(broker, done.client_order_id)
    assert (closed.status, closed.filled_quantity) == (OrderStatus.FILLED, Decimal(10))
    assert closed.average_price == price
    statuses = {leg.status for leg in look(broker, bracket.client_order_id).legs}
    assert statuses == {OrderStatus.FILLED, OrderStatus.CANCELED}
    assert list(broker.positions()) == []


def test_canceling_a_leg_leaves_the_other(
    broker: Broker, bracket: OrderIntent, place: Place
) -> None:
    if broker.capabilities.linked_legs:
        pytest.skip("a leg takes the other along")
    place(bracket)
    broker.cancel(TARGET.client_order_id)

    assert look(broker, TARGET.client_order_id).status is OrderStatus.CANCELED
    assert look(broker, STOP.client_order_id).status is OrderStatus.LIVE


@pytest.mark.parametrize("leg", [STOP, TARGET], ids=["stop", "target"])
def test_of_linked_legs_none_is_left_alone(
    broker: Broker, instrument: Instrument, bracket: OrderIntent, place: Place, leg: Leg
) -> None:
    if not broker.capabilities.linked_legs:
        pytest.skip("legs stand for themselves")
    place(bracket)
    canceled = broker.cancel(leg.client_order_id)

    assert canceled is not None
    assert canceled.status is OrderStatus.CANCELED
    statuses = {each.status for each in look(broker, bracket.client_order_id).legs}
    assert statuses == {OrderStatus.CANCELED}
    assert held(broker, instrument) == Decimal(10)


def test_legs_shrink_and_end_with_the_position(
    broker: Broker, bracket: OrderIntent, place: Place
) -> None:
    if not broker.capabilities.reduce_only_legs:
        pytest.skip("legs stay as they are")
    place(bracket)
    place(exit_of(bracket, 4))
    assert [leg.quantity for leg in look(broker, bracket.client_order_id).legs] == [6, 6]

    place(replace(exit_of(bracket, 6), client_order_id="EXIT000000000000000000000B"))
    legs = look(broker, bracket.client_order_id).legs
    assert [leg.status for leg in legs] == [OrderStatus.CANCELED, OrderStatus.CANCELED]


def pair_of(bracket: OrderIntent, quantity: int = 10) -> OrderIntent:
    """A stop at 95 and a target at 110, for so much of what a plain entry has bought."""
    return replace(
        exit_of(bracket, quantity),
        client_order_id=STOP.client_order_id,
        role=OrderRole.STOP_LOSS,
        order_type=OrderType.STOP,
        stop_price=Decimal(95),
        time_in_force="gtc",
        parent=bracket.client_order_id,
        take_profit=replace(TARGET, level=Level(LevelKind.PRICE, Decimal(110))),
    )


def place_pair(broker: Broker, bracket: OrderIntent, place: Place) -> None:
    """Protect what an entry that goes alone has bought."""
    if not broker.capabilities.oco:
        pytest.skip("the broker has no pairs")
    place(replace(bracket, stop_loss=None, take_profit=None))
    place(pair_of(bracket))


def test_a_pair_works_beside_an_open_position(
    broker: Broker, bracket: OrderIntent, place: Place
) -> None:
    place_pair(broker, bracket, place)
    stop, target = look(broker, STOP.client_order_id), look(broker, TARGET.client_order_id)
    assert [stop.status, target.status] == [OrderStatus.LIVE] * 2
    assert [stop.stop_price, target.limit_price] == [95, 110]
    assert [stop.quantity, target.quantity] == [10, 10]
    assert [leg.client_order_id for leg in stop.legs] == [TARGET.client_order_id]


@pytest.mark.parametrize(("price", "reached"), [(94, STOP), (111, TARGET)])
def test_one_of_a_pair_cancels_the_other(
    venue: Venue, broker: Broker, bracket: OrderIntent, place: Place, price: int, reached: Leg
) -> None:
    place_pair(broker, bracket, place)
    venue.trade_at(Decimal(price))
    venue.settle()
    for leg in (STOP, TARGET):
        ended = OrderStatus.FILLED if leg is reached else OrderStatus.CANCELED
        assert look(broker, leg.client_order_id).status is ended
    assert not broker.positions()


def test_canceling_a_pair_by_its_stop_cancels_both(
    broker: Broker, bracket: OrderIntent, place: Place
) -> None:
    place_pair(broker, bracket, place)
    broker.cancel(STOP.client_order_id)
    for leg in (STOP, TARGET):
        assert look(broker, leg.client_order_id).status is OrderStatus.CANCELED


def test_two_pairs_protect_two_parts_of_a_position(
    venue: Venue, broker: Broker, instrument: Instrument, bracket: OrderIntent, place: Place
) -> None:
    if not broker.capabilities.oco:
        pytest.skip("the broker has no pairs")
    place(replace(bracket, stop_loss=None, take_profit=None))
    place(pair_of(bracket, 4))
    second = replace(
        pair_of(bracket, 6),
        client_order_id="STOP000000000000000000000B",
        stop_price=Decimal(90),
        take_profit=Leg("TARGET0000000000000000000B", Level(LevelKind.PRICE, Decimal(120))),
    )
    place(second)
    venue.trade_at(Decimal(94))
    venue.settle()
    assert held(broker, instrument) == 6
    assert look(broker, second.client_order_id).status is OrderStatus.LIVE
    venue.trade_at(Decimal(121))
    venue.settle()
    assert held(broker, instrument) == 0
    assert look(broker, second.client_order_id).status is OrderStatus.CANCELED


def another(bracket: OrderIntent, quantity: int) -> OrderIntent:
    """A second bracket of the same kind."""
    return replace(
        bracket,
        client_order_id="ENTRY00000000000000000000B",
        quantity=Decimal(quantity),
        stop_loss=replace(STOP, client_order_id="STOP000000000000000000000B"),
        take_profit=replace(TARGET, client_order_id="TARGET0000000000000000000B"),
    )


def leg_quantities(broker: Broker, *entries: OrderIntent) -> list[list[Decimal]]:
    """How large the legs of each entry are that still work."""
    orders = [look(broker, entry.client_order_id) for entry in entries]
    return [[leg.quantity for leg in order.legs if leg.status.working] for order in orders]


def test_two_brackets_protect_no_more_than_is_held(
    broker: Broker, bracket: OrderIntent, place: Place
) -> None:
    if not broker.capabilities.reduce_only_legs:
        pytest.skip("legs stay as they are")
    second = another(bracket, 5)
    place(bracket)
    place(second)
    place(exit_of(bracket, 8))
    assert leg_quantities(broker, bracket, second) == [[2, 2], [5, 5]]

    place(replace(exit_of(bracket, 3), client_order_id="EXIT000000000000000000000B"))
    assert leg_quantities(broker, bracket, second) == [[], [4, 4]]


def test_of_two_brackets_each_closes_its_own_part(
    venue: Venue, broker: Broker, instrument: Instrument, bracket: OrderIntent, place: Place
) -> None:
    second = another(bracket, 5)
    place(bracket)
    place(second)
    broker.cancel(STOP.client_order_id)
    venue.trade_at(Decimal(94))

    left = [] if broker.capabilities.linked_legs else [10]
    assert held(broker, instrument) == Decimal(10)
    assert leg_quantities(broker, bracket, second) == [left, []]


@pytest.mark.parametrize("kind", [LevelKind.OFFSET, LevelKind.PERCENT])
def test_a_trailing_stop_follows_the_best_price(
    venue: Venue, broker: Broker, bracket: OrderIntent, place: Place, kind: LevelKind
) -> None:
    if OrderType.TRAILING_STOP not in broker.capabilities.stop_types:
        pytest.skip("the broker has no trailing stops")
    trail = replace(STOP, level=Level(kind, Decimal(5), OrderType.TRAILING_STOP))
    place(replace(bracket, stop_loss=trail))
    assert look(broker, trail.client_order_id).stop_price == Decimal(95)

    venue.trade_at(Decimal(108))
    venue.trade_at(Decimal(104))
    assert look(venue.open(), trail.client_order_id).stop_price == Decimal(103)
    venue.trade_at(Decimal(102))
    assert look(broker, trail.client_order_id).status is OrderStatus.FILLED
    assert list(broker.positions()) == []


@pytest.fixture
def jumped(venue: Venue, broker: Broker, bracket: OrderIntent, place: Place) -> BrokerOrder:
    """The stop of ten bought at 100, whose limit of 94 the price has jumped over."""
    if OrderType.STOP_LIMIT not in broker.capabilities.stop_types:
        pytest.skip("the broker has no stops with a limit")
    level = Level(LevelKind.PRICE, Decimal(95), OrderType.STOP_LIMIT, Decimal(94))
    place(replace(bracket, stop_loss=replace(STOP, level=level)))
    assert look(broker, STOP.client_order_id).triggered_at is None
    venue.trade_at(Decimal(90))
    return look(broker, STOP.client_order_id)


def test_a_stop_with_a_limit_may_be_triggered_and_not_filled(
    venue: Venue, broker: Broker, jumped: BrokerOrder
) -> None:
    assert jumped.status is OrderStatus.LIVE
    assert jumped.triggered_at is not None
    assert (jumped.stop_price, jumped.limit_price) == (Decimal(95), Decimal(94))

    venue.trade_at(Decimal(94))
    assert list(broker.positions()) == []


def test_rule_36_a_triggered_stop_can_be_walked_to_the_market(
    venue: Venue, broker: Broker, bracket: OrderIntent, jumped: BrokerOrder
) -> None:
    if not broker.capabilities.reprices:
        pytest.skip("the broker moves no limits")
    moved = broker.reprice(STOP.client_order_id, Decimal(91))
    assert moved is not None
    assert (moved.status, moved.limit_price) == (OrderStatus.LIVE, Decimal(91))
    assert moved.triggered_at == jumped.triggered_at

    moved = broker.reprice(STOP.client_order_id, Decimal(89))
    assert moved is not None
    assert (moved.status, moved.average_price) == (OrderStatus.FILLED, Decimal(90))
    assert list(broker.positions()) == []
    statuses = {leg.status for leg in look(venue.open(), bracket.client_order_id).legs}
    assert statuses == {OrderStatus.FILLED, OrderStatus.CANCELED}


def test_only_what_works_as_a_limit_can_be_moved(
    broker: Broker, bracket: OrderIntent, place: Place
) -> None:
    if not broker.capabilities.reprices:
        pytest.skip("the broker moves no limits")
    order = place(bracket)
    assert broker.reprice(STOP.client_order_id, Decimal(90)) == order.legs[0]
    assert broker.reprice(bracket.client_order_id, Decimal(90)) == order
    assert broker.reprice("NEVER00000000000000000000A", Decimal(90)) is None


def test_an_entry_may_trail_the_price(
    venue: Venue, broker: Broker, instrument: Instrument, entry: OrderIntent, place: Place
) -> None:
    if OrderType.TRAILING_STOP not in broker.capabilities.order_types:
        pytest.skip("the broker has no trailing stops")
    place(replace(entry, order_type=OrderType.TRAILING_STOP, trail=Decimal(5)))
    venue.trade_at(Decimal(90))
    venue.trade_at(Decimal(94))
    assert held(broker, instrument) == 0

    venue.trade_at(Decimal(96))
    assert held(broker, instrument) == Decimal(10)


@pytest.mark.parametrize("word", ["ioc", "fok"])
def test_an_order_for_this_moment_fills_or_is_canceled(
    venue: Venue,
    broker: Broker,
    instrument: Instrument,
    resting: OrderIntent,
    place: Place,
    word: str,
) -> None:
    if word not in broker.capabilities.times_in_force:
        pytest.skip(f"the broker has no {word} orders")
    order = place(replace(resting, time_in_force=word))
    assert (order.status, order.filled_quantity) == (OrderStatus.CANCELED, Decimal(0))
    venue.trade_at(Decimal(90))
    assert held(broker, instrument) == 0

    again = replace(resting, client_order_id="ENTRY00000000000000000000B", time_in_force=word)
    assert place(again).status is OrderStatus.FILLED


def test_fees_are_told_with_the_fills_and_taken_from_the_cash(
    broker: Broker, entry: OrderIntent, place: Place
) -> None:
    before = broker.balance()
    place(entry)
    place(exit_of(entry, 10))

    fees = fees_of(broker, entry, exit_of(entry, 10))
    assert fees >= 0
    assert broker.balance().cash == before.cash - fees


def test_an_exit_closes(
    broker: Broker, instrument: Instrument, entry: OrderIntent, place: Place
) -> None:
    place(entry)
    order = place(exit_of(entry, 10))

    assert (order.status, order.filled_quantity) == (OrderStatus.FILLED, Decimal(10))
    assert broker.position(instrument.key) is None


def test_an_exit_never_flips_a_position(
    broker: Broker, instrument: Instrument, entry: OrderIntent, place: Place
) -> None:
    place(entry)
    try:
        order = place(exit_of(entry, 25))
    except BrokerRejected:
        assert held(broker, instrument) == Decimal(10)
    else:
        assert order.filled_quantity == Decimal(10)
        assert broker.position(instrument.key) is None


def test_an_exit_of_nothing_is_rejected(
    broker: Broker, instrument: Instrument, entry: OrderIntent
) -> None:
    with pytest.raises(BrokerRejected) as caught:
        broker.submit(exit_of(entry, 10))

    assert caught.value.reason == "NO_POSITION"
    assert broker.position(instrument.key) is None


def test_a_short_position_is_negative(
    broker: Broker, instrument: Instrument, entry: OrderIntent, place: Place
) -> None:
    if instrument.asset_class not in broker.capabilities.short_asset_classes:
        pytest.skip("the broker does not sell short")
    place(replace(entry, side=Side.SELL))

    position = broker.position(instrument.key)
    assert position is not None
    assert (position.quantity, position.direction) == (Decimal(-10), Direction.SHORT)


def test_a_rejected_order_leaves_no_trace(venue: Venue, broker: Broker, entry: OrderIntent) -> None:
    before = broker.balance()
    with pytest.raises(BrokerRejected):
        broker.submit(replace(entry, quantity=venue.refused_quantity()))
    venue.settle()

    assert list(broker.positions()) == []
    assert broker.balance() == before
    found = broker.find(entry.client_order_id)
    assert found is None or found.status is OrderStatus.REJECTED


def test_positions_and_money_agree_with_the_fills(
    venue: Venue, broker: Broker, entry: OrderIntent, place: Place
) -> None:
    before = broker.balance()
    place(entry)
    venue.trade_at(Decimal(120))
    place(exit_of(entry, 4))

    after = broker.balance()
    fees = fees_of(broker, entry, exit_of(entry, 4))
    assert after.cash == before.cash - 10 * 100 + 4 * 120 - fees
    assert after.equity == after.cash + 6 * 120
    (position,) = broker.positions()
    assert (position.quantity, position.entry_price) == (Decimal(6), Decimal(100))
    assert (position.current_price, position.unrealized_pl) == (Decimal(120), Decimal(120))


def test_a_restart_sees_everything(
    venue: Venue, broker: Broker, instrument: Instrument, bracket: OrderIntent, place: Place
) -> None:
    order = place(bracket)
    again = venue.open()

    assert look(again, bracket.client_order_id) == order
    assert again.position(instrument.key) == broker.position(instrument.key)
    assert list(again.positions()) == list(broker.positions())
    assert again.balance() == broker.balance()
    assert again.capabilities == broker.capabilities
    assert again.account == broker.account


def test_the_orders_of_an_account_are_those_that_work(
    broker: Broker, resting: OrderIntent, place: Place
) -> None:
    assert list(broker.orders()) == []
    place(resting)
    (order,) = broker.orders()
    assert (order.client_order_id, order.status) == (resting.client_order_id, OrderStatus.LIVE)
    assert (order.side, order.quantity) == (Side.BUY, Decimal(10))

    broker.cancel(resting.client_order_id)
    assert list(broker.orders()) == []


def test_the_legs_of_a_filled_entry_are_among_the_orders(
    broker: Broker, bracket: OrderIntent, place: Place
) -> None:
    place(bracket)

    legs = {leg.client_order_id for leg in (STOP, TARGET)}
    assert {order.client_order_id for order in broker.orders()} == legs


def test_the_days_of_a_market_are_all_told_or_none(broker: Broker, instrument: Instrument) -> None:
    first, last = date(2026, 11, 20), date(2026, 11, 29)
    days = broker.market_days(instrument.asset_class, first, last)
    if days is None:
        pytest.skip("the broker has no calendar")
    assert sorted(days) == [first + timedelta(days=number) for number in range(10)]
    assert days[date(2026, 11, 21)] == CLOSED, "a Saturday"


READS: dict[str, Callable[[Broker], object]] = {
    "find": lambda broker: broker.find("ENTRY00000000000000000000A"),
    "orders": lambda broker: broker.orders(),
    "position": lambda broker: broker.position("AAPL"),
    "positions": lambda broker: broker.positions(),
    "balance": lambda broker: broker.balance(),
    "quote": lambda broker: broker.quote("AAPL"),
}


@pytest.mark.parametrize("read", READS.values(), ids=READS)
def test_a_failed_read_is_an_error_and_not_an_empty_answer(
    venue: Venue, broker: Broker, read: Callable[[Broker], object]
) -> None:
    with venue.down(), pytest.raises(BrokerError):
        read(broker)


def test_the_quote_is_the_newest_price(
    venue: Venue, broker: Broker, instrument: Instrument
) -> None:
    venue.trade_at(Decimal("101.5"))

    quote = broker.quote(instrument.key)
    assert quote is not None
    assert quote.price == Decimal("101.5")
    assert quote.at.utcoffset() is not None


def test_no_name_is_no_instrument(broker: Broker) -> None:
    assert broker.instrument(Ticker("", "")) is None


def test_an_account_in_order_has_no_troubles(broker: Broker) -> None:
    assert list(broker.troubles()) == []


def test_who_watches_is_let_go_by_closing(broker: Broker) -> None:
    heard: list[str | None] = []
    broker.watch(heard.append)
    broker.close()
    broker.close()


@pytest.fixture
def pair(broker: Broker, entry: OrderIntent) -> OrderIntent:
    """A stop at 95 and a target at 110 for ten that are held: one fill cancels the other."""
    if not broker.capabilities.oco:
        pytest.skip("the broker has no pairs")
    return replace(
        entry,
        client_order_id="PAIR000000000000000000000A",
        side=Side.SELL,
        role=OrderRole.STOP_LOSS,
        order_type=OrderType.STOP,
        stop_price=Decimal(95),
        time_in_force="gtc",
        take_profit=Leg(TARGET.client_order_id, Level(LevelKind.PRICE, Decimal(110))),
        parent=entry.client_order_id,
    )


def test_a_pair_is_a_stop_with_a_target(
    venue: Venue, broker: Broker, entry: OrderIntent, pair: OrderIntent, place: Place
) -> None:
    place(entry)
    stop = place(pair)

    assert (stop.status, stop.stop_price, stop.side) == (OrderStatus.LIVE, Decimal(95), Side.SELL)
    (target,) = stop.legs
    assert (target.client_order_id, target.status) == (TARGET.client_order_id, OrderStatus.LIVE)
    assert (target.limit_price, target.quantity) == (Decimal(110), Decimal(10))
    assert look(venue.open(), TARGET.client_order_id) == target


@pytest.mark.parametrize(
    ("price", "done"), [(Decimal(94), "stop"), (Decimal(111), "target")], ids=["stop", "target"]
)
def test_one_of_a_pair_closes_the_position_and_cancels_the_other(
    venue: Venue, place: Place, entry: OrderIntent, pair: OrderIntent, price: Decimal, done: str
) -> None:
    place(entry)
    place(pair)
    venue.trade_at(price)

    stop = look(venue.open(), pair.client_order_id)
    statuses = {"stop": stop.status, "target": stop.legs[0].status}
    assert statuses.pop(done) is OrderStatus.FILLED
    assert set(statuses.values()) == {OrderStatus.CANCELED}
    assert list(venue.open().positions()) == []


def test_a_pair_is_canceled_as_a_whole(
    broker: Broker, instrument: Instrument, entry: OrderIntent, pair: OrderIntent, place: Place
) -> None:
    place(entry)
    place(pair)
    canceled = broker.cancel(pair.client_order_id)

    assert canceled is not None
    assert [canceled.status, *(leg.status for leg in canceled.legs)] == [OrderStatus.CANCELED] * 2
    assert held(broker, instrument) == Decimal(10)
