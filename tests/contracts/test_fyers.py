"""What only Fyers has: tags, its codes, products, slices, GTT orders, its socket."""

import queue
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import responses

from app.adapters.brokers import patience
from app.adapters.brokers.fyers.books import AT_HOME_FRESH
from app.adapters.brokers.fyers.broker import FyersBroker
from app.adapters.brokers.fyers.options import read_options
from app.domain.contract import Series, Wish
from app.domain.errors import (
    BrokerError,
    BrokerLoginNeeded,
    BrokerRejected,
    BrokerUnavailable,
    OutcomeUnknown,
)
from app.domain.instrument import AssetClass, Ticker
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
from app.domain.rates import Purpose
from app.domain.rejection import Rejection
from app.ports.budget import errand
from tests.contracts.fyers import IN_SESSION, FyersVenue, Listed, WrittenDown
from tests.fakes.clock import FakeClock

D = Decimal
SBIN = "NSE:SBIN-EQ"
BUY = OrderIntent(
    client_order_id="ENTRY00000000000000000000A",
    account="fyers",
    symbol=SBIN,
    instrument=SBIN,
    side=Side.BUY,
    quantity=D(10),
    role=OrderRole.ENTRY,
)
RESTING = replace(BUY, order_type=OrderType.LIMIT, limit_price=D(90))
STOP = Leg("STOP000000000000000000000A", Level(LevelKind.PERCENT, D(5)))
TARGET = Leg("TARGET0000000000000000000A", Level(LevelKind.PERCENT, D(10)))
BRACKET = replace(BUY, stop_loss=STOP, take_profit=TARGET)
PLACE = "POST /api/v3/orders/sync"
A_MINUTE = timedelta(minutes=1)
PATIENCE = 20.0
"""Seconds that a busy machine is given; nothing waits so long."""


@pytest.fixture
def venue(tmp_path: Path) -> Iterator[FyersVenue]:
    venue = FyersVenue(tmp_path, FakeClock(IN_SESSION))
    venue.trade_at(D(100))
    yield venue
    venue.close()


@pytest.fixture
def broker(venue: FyersVenue) -> WrittenDown:
    return venue.open_fyers()


def exit_of(quantity: int, **changes: Any) -> OrderIntent:
    return replace(
        BUY,
        client_order_id="EXIT000000000000000000000A",
        side=Side.SELL,
        quantity=D(quantity),
        role=OrderRole.EXIT,
        **changes,
    )


def stop_of(quantity: int = 10, **changes: Any) -> OrderIntent:
    """A stop at 95 for what was bought."""
    return replace(
        exit_of(quantity),
        client_order_id=STOP.client_order_id,
        role=OrderRole.STOP_LOSS,
        order_type=OrderType.STOP,
        stop_price=D(95),
        parent=BUY.client_order_id,
        **changes,
    )


def pair_of(quantity: int = 10) -> OrderIntent:
    return stop_of(quantity, take_profit=replace(TARGET, level=Level(LevelKind.PRICE, D(110))))


def placed(venue: FyersVenue) -> list[dict[str, Any]]:
    """The bodies of all orders that were sent."""
    requests = [each for each in venue.simulator.state.requests if each.method == "POST"]
    return [each.body for each in requests if each.path.endswith("orders/sync")]


def reads(venue: FyersVenue) -> list[str]:
    return [each.path for each in venue.simulator.state.requests if each.method == "GET"]


def held(venue: FyersVenue) -> Decimal:
    positions = venue.simulator.owner().positions.values()
    return D(sum(each.net for each in positions))


def look(broker: WrittenDown, name: str) -> BrokerOrder:
    found = broker.find(name)
    assert found is not None
    return found


# --------------------------------------------------------------------------- what arrived, or not

FAULTS: dict[str, tuple[type[BrokerError], int]] = {
    "dropped": (OutcomeUnknown, 0),
    "too_many": (BrokerUnavailable, 0),
    "unacknowledged": (OutcomeUnknown, 1),
    "trouble": (OutcomeUnknown, 0),
    "error": (OutcomeUnknown, 0),
    "gateway": (OutcomeUnknown, 0),
    "html": (OutcomeUnknown, 0),
    "lost": (OutcomeUnknown, 1),
    "cut": (OutcomeUnknown, 1),
    "token": (BrokerLoginNeeded, 0),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_tells_whether_the_order_may_be_there_and_nothing_is_sent_twice(
    venue: FyersVenue, broker: WrittenDown, fault: str
) -> None:
    meant, taken = FAULTS[fault]
    venue.simulator.fault(fault, PLACE)

    with pytest.raises(meant):
        broker.submit(BUY)
    assert len(venue.simulator.owner().tagged(BUY.client_order_id)) == taken
    assert len(placed(venue)) == 1


def test_an_order_that_may_be_there_is_found_by_its_tag(
    venue: FyersVenue, broker: WrittenDown
) -> None:
    venue.simulator.fault("unacknowledged", PLACE)
    with suppress(OutcomeUnknown):
        broker.submit(BUY)

    found = look(venue.open_fyers(), BUY.client_order_id)
    assert (found.status, found.filled_quantity) == (OrderStatus.FILLED, D(10))


def test_an_order_that_shows_late_is_not_lost(venue: FyersVenue, broker: WrittenDown) -> None:
    venue.simulator.fault("late", PLACE, seconds=3)
    broker.submit(RESTING)
    assert broker.find(RESTING.client_order_id) is None

    venue.clock.advance(4)
    assert look(broker, RESTING.client_order_id).status is OrderStatus.LIVE


def test_an_order_is_not_absent_while_the_positions_show_more_than_the_trades(
    venue: FyersVenue, broker: WrittenDown
) -> None:
    venue.simulator.rules(lag=3)
    broker.submit(BUY)
    venue.clock.advance(1)
    with pytest.raises(BrokerUnavailable, match="not all that was traded"):
        broker.find(BUY.client_order_id)

    venue.clock.advance(4)
    assert look(broker, BUY.client_order_id).status is OrderStatus.FILLED


def test_who_cannot_connect_has_sent_nothing(venue: FyersVenue, broker: WrittenDown) -> None:
    with venue.down(), pytest.raises(BrokerUnavailable):
        broker.submit(RESTING)
    assert broker.find(RESTING.client_order_id) is None


def test_who_waits_too_long_does_not_know(
    venue: FyersVenue, broker: WrittenDown, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patience, "READ_SECONDS", 0.05)
    venue.simulator.fault("slow", PLACE, seconds=0.5)
    with pytest.raises(OutcomeUnknown, match="ReadTimeout"):
        broker.submit(RESTING)


@pytest.mark.parametrize("fault", ["dropped", "too_many", "error", "html", "cut", "trouble"])
def test_a_read_that_fails_in_any_way_is_an_error(
    venue: FyersVenue, broker: WrittenDown, fault: str
) -> None:
    venue.simulator.fault(fault, "GET *")
    with pytest.raises(BrokerUnavailable):
        broker.positions()


def test_a_token_that_dies_is_told_of_and_not_taken_for_a_refusal(
    venue: FyersVenue, broker: WrittenDown
) -> None:
    venue.simulator.expire_tokens()
    with pytest.raises(BrokerLoginNeeded):
        broker.submit(RESTING)
    assert venue.token.refusals == [venue.simulator.token]

    venue.token.value = venue.simulator.login()
    assert broker.submit(RESTING).status is OrderStatus.LIVE


def test_without_a_token_nothing_is_sent(venue: FyersVenue, broker: WrittenDown) -> None:
    venue.token.value = None
    with pytest.raises(BrokerLoginNeeded):
        broker.submit(RESTING)
    assert placed(venue) == []


@responses.activate
def test_too_many_calls_are_told_by_a_code_too(venue: FyersVenue, broker: WrittenDown) -> None:
    told = {"s": "error", "code": -353, "message": "request limit reached"}
    url = f"{venue.simulator.api_url}/positions"
    responses.add(responses.GET, url, json=told, status=200)
    for _ in range(2):
        with pytest.raises(BrokerUnavailable, match="too many calls"):
            broker.position(SBIN)

    assert len(responses.calls) == 1


def test_after_too_many_calls_there_is_none_until_it_is_time(
    venue: FyersVenue, broker: WrittenDown
) -> None:
    venue.simulator.fault("too_many", "GET *", seconds=5)
    with pytest.raises(BrokerUnavailable):
        broker.positions()
    before = len(reads(venue))
    with pytest.raises(BrokerUnavailable, match="none for another") as told:
        broker.positions()
    assert len(reads(venue)) == before
    assert told.value.after is not None

    venue.clock.advance(60)
    assert broker.positions() == []


# --------------------------------------------------------------------------- refusals

REFUSALS: dict[str, tuple[OrderIntent, Rejection]] = {
    "too dear": (replace(BUY, quantity=D(10**8)), Rejection.INSUFFICIENT_BUYING_POWER),
    "a product that there is not": (replace(BUY, product="margin"), Rejection.UNSUPPORTED_ORDER),
    "a stop that was reached": (
        replace(BUY, order_type=OrderType.STOP, stop_price=D(99)),
        Rejection.INVALID_PRICE,
    ),
    "no such instrument": (replace(BUY, instrument="NSE:NONE-EQ"), Rejection.NOT_TRADABLE),
    "short for delivery": (
        replace(BUY, side=Side.SELL, product="cnc"),
        Rejection.NOT_SHORTABLE,
    ),
    "nothing to close": (exit_of(10), Rejection.NO_POSITION),
}


@pytest.mark.parametrize("case", REFUSALS)
def test_a_refusal_has_its_own_reason_and_places_nothing(
    venue: FyersVenue, broker: WrittenDown, case: str
) -> None:
    intent, reason = REFUSALS[case]
    with pytest.raises(BrokerRejected) as refused:
        broker.submit(intent)

    assert refused.value.reason == reason
    assert held(venue) == 0


def test_a_refused_order_stands_in_the_book_with_its_reason(
    venue: FyersVenue, broker: WrittenDown
) -> None:
    with suppress(BrokerRejected):
        broker.submit(replace(BUY, quantity=D(10**8)))

    order = look(broker, BUY.client_order_id)
    assert order.status is OrderStatus.REJECTED
    assert order.reason.startswith("INSUFFICIENT_BUYING_POWER: RED:Margin Shortfall")


def test_an_address_that_is_not_registered_is_told(venue: FyersVenue, broker: WrittenDown) -> None:
    venue.simulator.rules(static_ip="192.0.2.1")
    with pytest.raises(BrokerRejected) as refused:
        broker.submit(BUY)
    assert refused.value.reason == Rejection.IP_NOT_ALLOWED


def test_a_closed_market_is_told(venue: FyersVenue, broker: WrittenDown) -> None:
    venue.simulator.market(is_open=False)
    with pytest.raises(BrokerRejected) as refused:
        broker.submit(RESTING)
    assert refused.value.reason == Rejection.MARKET_CLOSED


def test_rule_18_shares_that_may_not_be_delivered_need_edis(
    venue: FyersVenue, broker: WrittenDown
) -> None:
    venue.simulator.transfer(SBIN, 10, 90)
    venue.simulator.edis(authorised=False)
    with pytest.raises(BrokerRejected) as refused:
        broker.submit(exit_of(10))
    assert refused.value.reason == Rejection.NEEDS_EDIS


# --------------------------------------------------------------------------- what is sent


def test_an_order_at_the_market_is_a_limit_a_little_beyond_the_price(
    venue: FyersVenue, broker: WrittenDown
) -> None:
    order = broker.submit(BUY)

    (body,) = placed(venue)
    assert (body["type"], body["limitPrice"], body["stopPrice"]) == (1, 102, 0)
    assert (body["symbol"], body["qty"], body["side"]) == (SBIN, 10, 1)
    assert (body["productType"], body["validity"]) == ("INTRADAY", "DAY")
    assert body["orderTag"] == BUY.client_order_id
    assert order.average_price == D(100)


def test_an_order_at_the_market_goes_as_it_is_when_its_owner_wants_that(venue: FyersVenue) -> None:
    venue.simulator.rules(market_protection=False)
    broker = venue.open_fyers(MARKET_ORDERS="plain")
    broker.submit(BUY)
    broker.submit(stop_of())

    assert [body["type"] for body in placed(venue)] == [2, 3]


def test_a_stop_has_a_limit_beyond_it(venue: FyersVenue, broker: WrittenDown) -> None:
    broker.submit(BUY)
    stop = broker.submit(stop_of())

    body = placed(venue)[-1]
    assert (body["type"], body["stopPrice"], body["limitPrice"]) == (4, 95, 93.1)
    assert (stop.status, stop.stop_price) == (OrderStatus.LIVE, D(95))


def test_prices_go_on_the_tick_and_without_the_dust_of_floats(
    venue: FyersVenue, broker: WrittenDown
) -> None:
    price = D("90.10") + D("0.20") + D("0.003")
    broker.submit(replace(RESTING, limit_price=price))

    assert placed(venue)[0]["limitPrice"] == 90.3


def test_legs_are_so_many_points_from_the_price_at_sending(
    venue: FyersVenue, broker: WrittenDown
) -> None:
    fixed = replace(STOP, level=Level(LevelKind.PRICE, D("94.5")))
    broker.submit(replace(BRACKET, stop_loss=fixed))

    (body,) = placed(venue)
    assert (body["stopLoss"], body["takeProfit"], body["legType"]) == (5.5, 10, 1)


@pytest.mark.parametrize("product", ["bo", "co"])
def test_products_of_old_are_ordinary_ones_with_legs(
    venue: FyersVenue, broker: WrittenDown, product: str
) -> None:
    order = broker.submit(replace(BRACKET, product=product))

    assert placed(venue)[0]["productType"] == "INTRADAY"
    assert [leg.status for leg in order.legs] == [OrderStatus.LIVE, OrderStatus.LIVE]


@pytest.mark.parametrize("product", ["cnc", "mtf"])
def test_a_leg_protects_the_product_that_was_entered(venue: FyersVenue, product: str) -> None:
    broker = venue.open_fyers()
    broker.submit(replace(BUY, product=product))
    broker.submit(stop_of())

    assert [body["productType"] for body in placed(venue)] == [product.upper()] * 2


def test_an_exit_closes_each_product_by_itself(venue: FyersVenue, broker: WrittenDown) -> None:
    venue.simulator.transfer(SBIN, 7, 90)
    broker.submit(replace(BUY, quantity=D(5)))
    order = broker.submit(exit_of(25))

    sales = [(body["productType"], body["qty"]) for body in placed(venue)[1:]]
    assert sales == [("INTRADAY", 5), ("CNC", 7)]
    assert (order.status, order.filled_quantity, order.quantity) == (
        OrderStatus.FILLED,
        D(12),
        D(12),
    )
    assert broker.position(SBIN) is None


def test_an_exit_takes_the_price_of_its_position_where_there_is_no_quote(
    venue: FyersVenue, broker: WrittenDown
) -> None:
    broker.submit(BUY)
    venue.clock.advance(2)
    venue.simulator.fault("error", "GET /data/quotes", times=None)

    assert broker.submit(exit_of(10)).status is OrderStatus.FILLED
    assert placed(venue)[-1]["limitPrice"] == 98
    with pytest.raises(BrokerUnavailable):
        broker.submit(replace(BUY, client_order_id="ENTRY00000000000000000000B"))


def test_a_market_order_takes_one_post_and_three_gets(
    venue: FyersVenue, broker: WrittenDown
) -> None:
    venue.budget.spent.clear()
    broker.submit(BUY)

    assert len(placed(venue)) == 1
    assert reads(venue) == ["/data/quotes", "/api/v3/orders", "/api/v3/tradebook"]
    look_up, enter = Purpose.LOOK, Purpose.ENTER
    assert venue.budget.spent == [look_up, enter, look_up, look_up]


def test_what_was_told_of_fills_is_not_read_again(venue: FyersVenue, broker: WrittenDown) -> None:
    broker.submit(BUY)
    venue.clock.advance(1)
    before = len(reads(venue))

    assert look(broker, BUY.client_order_id).filled_quantity == 10
    assert reads(venue)[before:] == ["/api/v3/orders"]


def test_rule_41_what_reduces_has_its_own_place_in_the_budget(
    venue: FyersVenue, broker: WrittenDown
) -> None:
    broker.submit(BUY)
    broker.submit(stop_of())
    venue.budget.spent.clear()
    broker.cancel(STOP.client_order_id)
    broker.submit(exit_of(10))

    assert venue.budget.spent.count(Purpose.REDUCE) == 4  # two that change, what became of one
    assert Purpose.ENTER not in venue.budget.spent


@pytest.mark.parametrize("purpose", Purpose)
def test_rule_41_what_is_read_for_an_order_has_the_place_of_the_order(
    venue: FyersVenue, broker: WrittenDown, purpose: Purpose
) -> None:
    venue.budget.spent.clear()
    with errand(purpose):
        broker.position(SBIN)
    broker.quote(SBIN)

    assert set(venue.budget.spent[:-1]) == {purpose}
    assert venue.budget.spent[-1] is Purpose.LOOK


def test_one_look_is_enough_for_an_order_of_which_the_stream_tells(
    venue: FyersVenue, broker: WrittenDown
) -> None:
    heard: queue.Queue[str | None] = queue.Queue()
    broker.watch(heard.put)
    assert heard.get(timeout=30) is None
    venue.clock.advance(1)
    before = len(reads(venue))
    filled = broker.submit(BRACKET)
    canceled = broker.cancel(STOP.client_order_id)

    assert (filled.status, canceled and canceled.status) == (
        OrderStatus.FILLED,
        OrderStatus.CANCELED,
    )
    told = ["/data/quotes", "/api/v3/orders", "/api/v3/tradebook", "/api/v3/orders"]
    assert reads(venue)[before:] == told


# --------------------------------------------------------------------------- what is held


def test_rule_18_shares_are_held_once_over_the_night_and_on_the_day_of_their_sale(
    venue: FyersVenue, broker: WrittenDown
) -> None:
    def now() -> tuple[Decimal, Decimal]:
        position = broker.position(SBIN)
        assert position is not None
        return position.quantity, position.entry_price

    broker.submit(replace(BUY, product="cnc"))
    assert now() == (D(10), D(100))
    venue.simulator.night()
    venue.token.value = venue.simulator.login()
    venue.trade_at(D(110))
    assert now() == (D(10), D(100))

    broker.submit(exit_of(4))
    assert now() == (D(6), D(100))
    assert broker.balance().equity == venue.simulator.owner().start + 10 * 10
    venue.simulator.night()
    venue.token.value = venue.simulator.login()
    venue.clock.advance(1)
    assert now() == (D(6), D(100))


@pytest.mark.parametrize("book", ["positions", "holdings"])
def test_rule_18_one_book_that_cannot_be_read_makes_all_unknown(
    venue: FyersVenue, broker: WrittenDown, book: str
) -> None:
    venue.simulator.transfer(SBIN, 10, 90)
    venue.simulator.fault("error", f"GET /api/v3/{book}", times=None)
    for read in (broker.positions, broker.balance, lambda: broker.position(SBIN)):
        with pytest.raises(BrokerUnavailable):
            read()
    with pytest.raises(BrokerUnavailable):
        broker.submit(exit_of(10))


def test_what_others_placed_is_listed_under_the_name_that_fyers_has_for_it(
    venue: FyersVenue, broker: WrittenDown
) -> None:
    body = {"symbol": SBIN, "qty": 3, "side": 1, "type": 1, "limitPrice": 90, "stopPrice": 0}
    foreign = venue.simulator.place(
        body | {"productType": "INTRADAY", "validity": "DAY", "offlineOrder": False}
    )
    broker.submit(RESTING)

    names = {order.client_order_id for order in broker.orders()}
    assert names == {foreign.id, RESTING.client_order_id}


def test_prices_that_several_look_at_are_asked_for_together(
    venue: FyersVenue, broker: WrittenDown
) -> None:
    broker.quote(SBIN)
    broker.quote("NSE:TCS-EQ")
    venue.clock.advance(2)
    broker.quote(SBIN)
    broker.quote("NSE:TCS-EQ")

    asked = [each.query["symbols"] for each in venue.simulator.state.requests]
    assert asked == [SBIN, f"NSE:TCS-EQ,{SBIN}", f"{SBIN},NSE:TCS-EQ"]


# --------------------------------------------------------------------------- slices


@pytest.fixture
def future(venue: FyersVenue) -> str:
    """A future on NIFTY: 65 a lot, at most 1800 at once."""
    venue.simulator.money(10**9)
    found = (each for each in venue.simulator.state.instruments.values() if each.is_future)
    return next(each.symbol for each in found if each.underlying == "NIFTY")


def many(symbol: str, lots: int) -> OrderIntent:
    return replace(BUY, symbol=symbol, instrument=symbol, quantity=D(65 * lots), product="margin")


def test_more_than_an_exchange_takes_at_once_goes_in_slices_and_is_one_order(
    venue: FyersVenue, broker: WrittenDown, future: str
) -> None:
    order = broker.submit(many(future, 60))

    sent = [(body["orderTag"][-1], body["qty"]) for body in placed(venue)]
    assert sent == [("A", 1755), ("B", 1755), ("C", 390)]
    assert order.status is OrderStatus.FILLED
    assert order.quantity == order.filled_quantity == D(3900)
    assert len({fill.fill_id for fill in order.fills}) == 3
    assert {fill.client_order_id for fill in order.fills} == {BUY.client_order_id}


def test_more_than_ten_slices_are_none(venue: FyersVenue, broker: WrittenDown, future: str) -> None:
    with pytest.raises(BrokerRejected, match="10 orders of 1755") as refused:
        broker.submit(many(future, 271))
    assert refused.value.reason == Rejection.INVALID_QUANTITY
    assert placed(venue) == []


def test_a_slice_that_is_refused_ends_the_order_with_what_was_taken(
    venue: FyersVenue, broker: WrittenDown, future: str
) -> None:
    venue.simulator.quote(future, 24000)
    venue.simulator.money(1755 * 24000 * D("0.16"))
    order = broker.submit(many(future, 60))

    assert order.status is OrderStatus.CANCELED
    assert (order.quantity, order.filled_quantity) == (D(3510), D(1755))
    assert order.reason.startswith("INSUFFICIENT_BUYING_POWER")
    assert len(placed(venue)) == 2


def test_a_crash_between_slices_leaves_what_was_sent_and_never_the_rest_twice(
    venue: FyersVenue, broker: WrittenDown, future: str
) -> None:
    intent = many(future, 60)
    venue.simulator.fault("lost", PLACE)
    with suppress(OutcomeUnknown):
        broker.submit(intent)

    again = venue.open_fyers()
    early = look(again, intent.client_order_id)
    assert (early.status, early.filled_quantity) == (OrderStatus.PARTIALLY_FILLED, D(1755))
    venue.clock.advance(6)
    late = look(again, intent.client_order_id)
    assert (late.status, late.quantity) == (OrderStatus.FILLED, D(1755))
    assert len(placed(venue)) == 1


@pytest.fixture
def at_the_second_slice(
    venue: FyersVenue, monkeypatch: pytest.MonkeyPatch
) -> Callable[[Callable[[], None]], None]:
    """Do something before the second slice goes out."""

    def hook(then: Callable[[], None]) -> None:
        asked: list[Purpose] = []

        def spend(purpose: Purpose) -> None:
            asked.append(purpose)
            if purpose is Purpose.ENTER and asked.count(Purpose.ENTER) == 2:
                then()

        monkeypatch.setattr(venue.budget, "spend", spend)

    return hook


def test_a_slice_that_was_taken_and_does_not_show_yet_is_waited_for(
    venue: FyersVenue,
    broker: WrittenDown,
    future: str,
    at_the_second_slice: Callable[[Callable[[], None]], None],
) -> None:
    at_the_second_slice(lambda: venue.simulator.fault("late", PLACE, seconds=8))
    order = broker.submit(many(future, 40))
    assert (order.status, order.filled_quantity) == (OrderStatus.PARTIALLY_FILLED, D(1755))

    venue.clock.advance(6)
    assert look(broker, BUY.client_order_id).status is OrderStatus.PARTIALLY_FILLED
    venue.clock.advance(3)
    late = look(broker, BUY.client_order_id)
    assert (late.status, late.filled_quantity) == (OrderStatus.FILLED, D(2600))


def test_a_slice_whose_answer_was_lost_may_show_for_a_while(
    venue: FyersVenue,
    broker: WrittenDown,
    future: str,
    at_the_second_slice: Callable[[Callable[[], None]], None],
) -> None:
    def lose_it() -> None:
        venue.clock.advance(10)  # the first one is long since there
        venue.simulator.rules(lag=3)
        venue.simulator.fault("lost", PLACE)

    at_the_second_slice(lose_it)
    with pytest.raises(OutcomeUnknown):
        broker.submit(many(future, 40))
    early = look(broker, BUY.client_order_id)
    assert (early.status, early.filled_quantity) == (OrderStatus.PARTIALLY_FILLED, D(1755))
    venue.clock.advance(4)
    late = look(broker, BUY.client_order_id)
    assert (late.status, late.filled_quantity) == (OrderStatus.FILLED, D(2600))


def test_a_slice_that_never_came_is_not_waited_for_longer(
    venue: FyersVenue,
    broker: WrittenDown,
    future: str,
    at_the_second_slice: Callable[[Callable[[], None]], None],
) -> None:
    at_the_second_slice(lambda: venue.simulator.fault("dropped", PLACE))
    with pytest.raises(OutcomeUnknown):
        broker.submit(many(future, 40))
    venue.clock.advance(6)
    late = look(broker, BUY.client_order_id)
    assert (late.status, late.quantity) == (OrderStatus.FILLED, D(1755))


def test_slices_are_canceled_together(venue: FyersVenue, broker: WrittenDown, future: str) -> None:
    venue.simulator.quote(future, 24000)
    resting = replace(many(future, 40), order_type=OrderType.LIMIT, limit_price=D(23900))
    broker.submit(resting)
    (listed,) = broker.orders()
    assert (listed.client_order_id, listed.quantity) == (BUY.client_order_id, D(2600))

    canceled = broker.cancel(resting.client_order_id)
    assert canceled is not None
    assert (canceled.status, broker.orders()) == (OrderStatus.CANCELED, [])


def test_rule_25_what_is_canceled_while_it_is_sent_is_sent_no_further(
    venue: FyersVenue, broker: WrittenDown, future: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Purpose] = []

    def spend(purpose: Purpose) -> None:
        asked.append(purpose)
        if asked.count(Purpose.ENTER) == 2 and Purpose.REDUCE not in asked:
            asked.append(Purpose.REDUCE)
            broker.cancel(BUY.client_order_id)

    monkeypatch.setattr(venue.budget, "spend", spend)
    order = broker.submit(many(future, 60))

    assert [body["qty"] for body in placed(venue)] == [1755, 1755]
    assert (order.status, order.quantity) == (OrderStatus.FILLED, D(3510))


def test_a_slice_waits_for_its_place_in_the_budget(
    venue: FyersVenue, broker: WrittenDown, future: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = iter([False, False, True, False, False, False, False, False, False])

    def spend(purpose: Purpose) -> None:
        if next(full):
            raise BrokerUnavailable("the budget is spent", after=0.001)

    monkeypatch.setattr(venue.budget, "spend", spend)
    order = broker.submit(many(future, 40))

    assert [body["qty"] for body in placed(venue)] == [1755, 845]
    assert order.filled_quantity == 2600


# --------------------------------------------------------------------------- pairs


@pytest.fixture
def carried(venue: FyersVenue, broker: WrittenDown) -> WrittenDown:
    """Ten shares that are taken home, and a stop and a target for them."""
    broker.submit(replace(BUY, product="cnc"))
    broker.submit(pair_of())
    return broker


def test_a_pair_is_a_gtt_order_with_what_is_above_the_price_first(
    venue: FyersVenue, carried: WrittenDown
) -> None:
    body = placed(venue)[-1]
    assert (body["symbol"], body["side"], body["productType"]) == (SBIN, -1, "CNC")
    assert body["orderInfo"]["leg1"] == {"price": 110, "triggerPrice": 110, "qty": 10}
    assert body["orderInfo"]["leg2"] == {"price": 93.1, "triggerPrice": 95, "qty": 10}
    names = [order.client_order_id for order in carried.orders()]
    assert sorted(names) == [STOP.client_order_id, TARGET.client_order_id]


def test_rule_36_what_a_pair_has_made_is_walked_to_the_market(
    venue: FyersVenue, carried: WrittenDown
) -> None:
    venue.trade_at(D(80))
    stuck = look(carried, STOP.client_order_id)
    assert (stuck.status, stuck.triggered_at is not None) == (OrderStatus.LIVE, True)
    assert [order.client_order_id for order in carried.orders()] == [STOP.client_order_id]

    moved = carried.reprice(STOP.client_order_id, D("79.2"))
    assert moved is not None
    assert (moved.status, moved.average_price) == (OrderStatus.FILLED, D(80))
    assert look(venue.open_fyers(), TARGET.client_order_id).status is OrderStatus.CANCELED


def test_a_pair_whose_answer_was_lost_is_known_by_what_it_asks_for(
    venue: FyersVenue, broker: WrittenDown
) -> None:
    broker.submit(replace(BUY, product="cnc"))
    venue.simulator.fault("lost", "POST /api/v3/gtt/orders/sync")
    with suppress(OutcomeUnknown):
        broker.submit(pair_of())

    again = venue.open_fyers()
    assert look(again, STOP.client_order_id).status is OrderStatus.LIVE
    assert again.cancel(TARGET.client_order_id) is not None
    assert again.orders() == []


def test_a_pair_whose_answer_was_lost_is_found_by_who_had_seen_none_before(
    venue: FyersVenue, broker: WrittenDown
) -> None:
    broker.submit(replace(BUY, product="cnc"))
    assert broker.orders() == []
    venue.simulator.fault("lost", "POST /api/v3/gtt/orders/sync")
    with suppress(OutcomeUnknown):
        broker.submit(pair_of())
    venue.clock.advance(6)

    assert look(broker, STOP.client_order_id).status is OrderStatus.LIVE


def test_a_pair_whose_answer_was_lost_is_known_where_the_clock_of_fyers_is_behind(
    venue: FyersVenue,
) -> None:
    ahead = FakeClock(venue.clock.now() + timedelta(seconds=20))
    lent = replace(venue.resources(venue.pages), clock=ahead)
    broker = WrittenDown(lent, venue.given(), venue.pages, settles=True)
    broker.submit(replace(BUY, product="cnc"))
    venue.simulator.fault("lost", "POST /api/v3/gtt/orders/sync")
    with suppress(OutcomeUnknown):
        broker.submit(pair_of())
    ahead.advance(6)

    assert look(broker, STOP.client_order_id).status is OrderStatus.LIVE
    broker.close()


def test_a_pair_that_its_book_shows_late_is_not_lost(
    venue: FyersVenue, carried: WrittenDown
) -> None:
    there = venue.simulator.owner().gtts
    pairs = dict(there)
    there.clear()
    venue.clock.advance(2)
    assert carried.find(STOP.client_order_id) is None
    there.update(pairs)
    venue.clock.advance(2)

    assert look(carried, STOP.client_order_id).status is OrderStatus.LIVE


def test_a_pair_lives_through_the_night(venue: FyersVenue, carried: WrittenDown) -> None:
    venue.simulator.night()
    venue.token.value = venue.simulator.login()
    venue.trade_at(D(111))

    assert look(carried, TARGET.client_order_id).status is OrderStatus.FILLED
    assert carried.position(SBIN) is None


def test_what_a_pair_made_for_a_day_that_is_over_has_lapsed(
    venue: FyersVenue, carried: WrittenDown
) -> None:
    venue.trade_at(D(80))
    venue.simulator.night()
    venue.token.value = venue.simulator.login()
    venue.clock.advance(1)
    carried.find(STOP.client_order_id)
    venue.clock.advance(6)

    assert look(carried, STOP.client_order_id).status is OrderStatus.EXPIRED


# --------------------------------------------------------------------------- days


def test_what_was_for_a_day_that_is_over_has_ended(venue: FyersVenue, broker: WrittenDown) -> None:
    broker.submit(replace(BRACKET, product="cnc"))
    rests = replace(RESTING, client_order_id="ENTRY00000000000000000000B")
    broker.submit(rests)
    venue.simulator.night()
    venue.clock.advance(timedelta(days=1))
    venue.token.value = venue.simulator.login()

    assert look(broker, BUY.client_order_id).status is OrderStatus.FILLED
    assert look(broker, STOP.client_order_id).status is OrderStatus.EXPIRED
    assert look(broker, rests.client_order_id).status is OrderStatus.EXPIRED


def test_rule_35_a_stop_for_the_next_day_waits_at_the_broker(
    venue: FyersVenue, broker: WrittenDown
) -> None:
    broker.submit(replace(BUY, product="cnc"))
    venue.simulator.market(is_open=False)
    stop = broker.submit(stop_of())

    assert stop.status is OrderStatus.LIVE
    assert placed(venue)[-1]["offlineOrder"] is True


def test_an_order_ends_when_its_alert_said_so(venue: FyersVenue, broker: WrittenDown) -> None:
    broker.submit(replace(RESTING, expires_at=venue.clock.now() + timedelta(minutes=5)))
    assert look(broker, RESTING.client_order_id).status is OrderStatus.LIVE

    venue.clock.advance(301)
    assert look(broker, RESTING.client_order_id).status is OrderStatus.EXPIRED
    assert broker.orders() == []


def test_rule_37_legs_that_do_not_come_are_not_taken_for_protection(
    venue: FyersVenue, broker: WrittenDown, monkeypatch: pytest.MonkeyPatch
) -> None:
    venue.simulator.fault("late", PLACE, seconds=30)
    broker.submit(BRACKET)
    venue.clock.advance(31)
    for child in venue.simulator.owner().orders.values():
        child.versions = [] if child.parent else child.versions

    order = look(broker, BUY.client_order_id)
    assert [leg.status for leg in order.legs] == [OrderStatus.NEW, OrderStatus.NEW]
    given_up = broker.cancel(STOP.client_order_id)
    assert given_up is not None
    assert (given_up.status, given_up.reason) == (OrderStatus.CANCELED, "not_placed")


# --------------------------------------------------------------------------- the socket


class Ear:
    """Hears hints, and waits for one of them."""

    def __init__(self) -> None:
        self._hints: queue.Queue[str | None] = queue.Queue()

    def __call__(self, hint: str | None) -> None:
        self._hints.put(hint)

    def await_hint(self, wanted: Callable[[str | None], bool]) -> str | None:
        while True:
            hint = self._hints.get(timeout=PATIENCE)
            if wanted(hint):
                return hint

    def forget(self) -> None:
        """What was heard up to now is not waited for."""
        with suppress(queue.Empty):
            while True:
                self._hints.get_nowait()


@pytest.fixture
def ear(broker: WrittenDown) -> Ear:
    """Somebody who listens, connected."""
    ear = Ear()
    broker.watch(ear)
    ear.await_hint(lambda hint: hint is None)
    return ear


def test_the_socket_tells_of_our_orders_by_our_ids(
    broker: WrittenDown, ear: Ear, venue: FyersVenue
) -> None:
    broker.submit(RESTING)
    venue.trade_at(D(90))
    ear.await_hint(lambda hint: hint == RESTING.client_order_id)


def test_what_a_book_has_shown_to_who_looked_for_another_order_is_told_all_the_same(
    broker: WrittenDown, ear: Ear, venue: FyersVenue
) -> None:
    broker.submit(RESTING)
    venue.clock.advance(2)
    venue.simulator.stream_fault("reorder", times=None)  # the books are ahead of the socket
    venue.trade_at(D(90))
    broker.submit(replace(BUY, client_order_id="ANOTHER000000000000000000A"))
    ear.forget()
    venue.simulator.clear_faults()
    venue.simulator.trade(SBIN, "buy", 1)

    ear.await_hint(lambda hint: hint == RESTING.client_order_id)


@pytest.mark.parametrize(("price", "leg"), [(94, STOP), (111, TARGET)])
def test_the_socket_tells_of_legs_by_our_ids(
    broker: WrittenDown, ear: Ear, venue: FyersVenue, price: int, leg: Leg
) -> None:
    broker.submit(BRACKET)
    venue.trade_at(D(price))
    ear.await_hint(lambda hint: hint == leg.client_order_id)


def test_after_each_connection_everything_is_to_be_looked_at(
    venue: FyersVenue, ear: Ear, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.adapters.brokers.fyers.stream.FIRST_PAUSE", 0.01)
    venue.simulator.drop_stream()

    ear.await_hint(lambda hint: hint is None)


def test_the_socket_waits_for_a_login(
    venue: FyersVenue, broker: WrittenDown, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.adapters.brokers.fyers.stream.FIRST_PAUSE", 0.01)
    venue.token.value = None
    ear = Ear()
    broker.watch(ear)
    venue.token.value = venue.simulator.token

    ear.await_hint(lambda hint: hint is None)


def test_the_socket_ends_when_the_account_is_closed(broker: WrittenDown, ear: Ear) -> None:
    (thread,) = [each for each in threading.enumerate() if each.name == "novalgo-fyers-fyers"]
    broker.close()
    thread.join(PATIENCE)

    assert not thread.is_alive()


# --------------------------------------------------------------------------- the house


def test_a_clock_that_differs_is_a_trouble(venue: FyersVenue, broker: WrittenDown) -> None:
    assert broker.troubles() == []
    lent = replace(venue.resources(venue.pages), clock=FakeClock(venue.clock.now() - A_MINUTE))
    late = FyersBroker("fyers", read_options("fyers", venue.given()), lent)

    assert late.troubles() == ["this machine's clock is 60 s behind it"]
    assert late.skew() == A_MINUTE
    late.close()


def test_rule_18_shares_that_may_not_be_sold_are_a_trouble_before_their_sale(
    venue: FyersVenue, broker: WrittenDown
) -> None:
    venue.simulator.edis(authorised=False)
    assert broker.troubles() == []
    venue.simulator.transfer(SBIN, 10, 90)
    venue.clock.advance(AT_HOME_FRESH)

    assert broker.troubles() == ["shares at home can be sold only after eDIS: there is no DDPI"]


def test_a_future_binds_a_margin_and_costs_nothing(
    venue: FyersVenue, broker: WrittenDown, future: str
) -> None:
    venue.simulator.quote(future, 24000)
    before = broker.balance()
    broker.submit(many(future, 1))
    venue.clock.advance(1)
    venue.simulator.quote(future, 24100)

    after = broker.balance()
    assert (after.cash, after.equity) == (before.cash + 6500, before.equity + 6500)
    assert after.buying_power < before.buying_power


def test_opening_an_account_loads_nothing_heavy() -> None:
    code = """
import sys
from app.adapters.brokers.fyers.options import read_options
from app.adapters.brokers.registry import BUILT_IN
import importlib
importlib.import_module(BUILT_IN["fyers"])
print(sorted({"aiohttp", "fyers_apiv3", "requests", "websockets"} & sys.modules.keys()))
"""
    done = subprocess.run(  # noqa: S603  # our own words
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_before_the_lists_are_read_a_name_is_not_known_to_be_none(venue: FyersVenue) -> None:
    listed = Listed(venue.simulator)
    listed.is_loaded = False
    lent = replace(venue.resources(venue.pages), symbols=listed)
    broker = FyersBroker("fyers", read_options("fyers", venue.given()), lent)
    wish = Wish(underlying=Ticker("NSE", "NIFTY"), expiry=Series.WEEKLY)

    with pytest.raises(BrokerUnavailable, match="no list of instruments"):
        broker.instrument(Ticker("NSE", "SBIN"))
    with pytest.raises(BrokerUnavailable, match="no list of instruments"):
        broker.contract(wish, venue.clock.now())
    broker.close()


def test_whether_a_market_trades_is_asked_once_for_all_kinds(
    venue: FyersVenue, broker: WrittenDown
) -> None:
    assert [broker.is_open(each) for each in AssetClass] == [True] * len(AssetClass)
    assert reads(venue) == ["/data/marketStatus"]
    venue.simulator.market(is_open=False)
    venue.clock.advance(31)

    assert broker.is_open(AssetClass.EQUITY) is False


def test_a_name_of_tradingview_means_an_instrument_of_the_master(broker: WrittenDown) -> None:
    found = broker.instrument(Ticker.parse("NSE:SBIN"))

    assert found is not None
    assert (found.symbol, found.tick) == (SBIN, D("0.05"))
    assert broker.instrument(Ticker.parse("NSE:NIFTY50-INDEX")) is None
