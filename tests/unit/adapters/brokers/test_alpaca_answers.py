"""Answers of Alpaca as values, however they come."""

from dataclasses import replace
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.adapters.brokers.alpaca.answers import (
    Execution,
    Told,
    read_activity,
    read_balance,
    read_days,
    read_event,
    read_order,
    read_position,
    read_quote,
    read_troubles,
)
from app.adapters.brokers.alpaca.naming import Link, Names, Place, as_order, place_of, target_of
from app.adapters.brokers.reading import UNREADABLE, number, rows_of
from app.domain.order import OrderStatus, Side
from app.domain.position import Position
from app.domain.session import CLOSED, Day, Hours

D = Decimal
AT = datetime(2026, 11, 20, 15, 30, 0, 123456, tzinfo=UTC)
ORDER: dict[str, Any] = {
    "id": "B1",
    "client_order_id": "OURS",
    "created_at": "2026-11-20T15:30:00.123456789Z",
    "updated_at": "2026-11-20T15:30:01Z",
    "submitted_at": "2026-11-20T15:30:00.123456789Z",
    "symbol": "AAPL",
    "asset_class": "us_equity",
    "qty": "10",
    "filled_qty": "0",
    "filled_avg_price": None,
    "order_class": "",
    "type": "market",
    "side": "buy",
    "time_in_force": "day",
    "status": "new",
}
EXECUTION = Execution(order_id="B1", after=D(10), quantity=D(10), price=D(190), at=AT)


def told(**changes: Any) -> Told:
    return read_order(ORDER | changes)


def test_an_order_is_read_with_its_legs() -> None:
    leg = ORDER | {"id": "B2", "side": "sell", "type": "stop", "stop_price": "180", "legs": None}
    order = told(order_class="oto", legs=[leg])

    assert (order.id, order.side, order.quantity, order.filled) == ("B1", Side.BUY, D(10), D(0))
    assert order.submitted_at == AT
    assert [(each.id, each.stop_price, each.stops) for each in order.legs] == [("B2", D(180), True)]


def test_an_order_by_its_worth_has_no_quantity() -> None:
    assert told(qty=None, notional="5000").quantity is None


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("pending_new", OrderStatus.LIVE),
        ("accepted", OrderStatus.LIVE),
        ("held", OrderStatus.NEW),
        ("pending_cancel", OrderStatus.LIVE),
        ("done_for_day", OrderStatus.LIVE),
        ("replaced", OrderStatus.LIVE),
        ("filled", OrderStatus.FILLED),
        ("canceled", OrderStatus.CANCELED),
        ("expired", OrderStatus.EXPIRED),
        ("rejected", OrderStatus.REJECTED),
        ("a_word_of_tomorrow", OrderStatus.LIVE),
    ],
)
def test_a_status_that_nobody_knows_is_that_of_an_order_at_work(
    word: str, status: OrderStatus
) -> None:
    assert told(status=word).status is status


@pytest.mark.parametrize("missing", ["id", "status", "side", "symbol", "created_at"])
def test_an_order_that_lacks_what_matters_is_not_read(missing: str) -> None:
    raw = {name: value for name, value in ORDER.items() if name not in (missing, "submitted_at")}
    with pytest.raises(UNREADABLE):
        read_order(raw)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from([*ORDER, "event"]), inner),
    max_leaves=8,
)
READERS = [read_order, read_activity, read_event, read_position, read_balance, read_quote]


@given(JSON, st.sampled_from([*READERS, read_troubles, rows_of]))
def test_whatever_comes_is_read_or_is_known_to_be_unreadable(raw: Any, read: Any) -> None:
    try:
        read(raw)
    except UNREADABLE:
        return


@given(JSON, st.sampled_from(sorted(ORDER)))
def test_an_order_with_anything_in_one_field_is_read_or_unreadable(raw: Any, name: str) -> None:
    try:
        read_order(ORDER | {name: raw})
    except UNREADABLE:
        return


@pytest.mark.parametrize("value", ["NaN", "Infinity", True, None, [], "ten"])
def test_what_is_no_number_is_none(value: Any) -> None:
    with pytest.raises(UNREADABLE):
        number(value)


def test_the_stream_and_the_activities_tell_of_the_same_fill() -> None:
    activity = {
        "activity_type": "FILL",
        "id": "20261120103000123::x",
        "order_id": "B1",
        "cum_qty": "10.000000000",
        "qty": "4",
        "price": "190.05",
        "transaction_time": "2026-11-20T15:30:00.123456789Z",
    }
    event = {
        "event": "partial_fill",
        "order": ORDER | {"filled_qty": "1E+1"},
        "qty": "4",
        "price": "190.05",
        "timestamp": "2026-11-20T15:30:00.123456Z",
    }
    execution = read_activity(activity)

    order, told = read_event(event)
    assert (order.id, order.client_order_id, told) == ("B1", "OURS", execution)
    assert execution.fill_id == "B1:10"


def test_an_event_without_an_execution_only_shows_the_order() -> None:
    order, told = read_event({"event": "canceled", "order": ORDER})
    assert (order, told) == (read_order(ORDER), None)


@pytest.mark.parametrize("symbol", ["BTCUSD", "BTC/USD"])
def test_crypto_is_held_without_its_slash(symbol: str) -> None:
    raw = {"symbol": symbol, "qty": "0.5", "side": "long", "avg_entry_price": "60000"}
    position = read_position(raw | {"current_price": "61000", "asset_class": "crypto"})
    assert (position.instrument, position.quantity) == ("BTCUSD", D("0.5"))


@pytest.mark.parametrize("size", ["10", "-10"])
def test_a_short_position_is_negative_however_alpaca_writes_it(size: str) -> None:
    raw = {"symbol": "AAPL", "qty": size, "side": "short", "avg_entry_price": "190"}
    assert read_position(raw) == Position(
        symbol="AAPL",
        instrument="AAPL",
        quantity=D(-10),
        entry_price=D(190),
        current_price=D(190),
    )


def test_the_price_of_a_quote_is_between_bid_and_ask() -> None:
    quote = read_quote({"bp": 189.98, "ap": 190.02, "t": "2026-11-20T15:30:00.123456789Z"})
    assert quote is not None
    assert (quote.price, quote.bid, quote.ask, quote.at) == (
        D(190),
        D("189.98"),
        D("190.02"),
        AT,
    )


def test_a_quote_with_one_side_has_its_price_and_one_with_none_has_not() -> None:
    one = read_quote({"bp": 0, "ap": 190.02, "t": "2026-11-20T15:30:00Z"})
    assert one is not None
    assert (one.price, one.bid, one.ask) == (D("190.02"), None, None)
    assert read_quote({"bp": 0, "ap": 0, "t": "2026-11-20T15:30:00Z"}) is None


def test_the_flags_of_an_account_are_its_troubles() -> None:
    assert read_troubles({"status": "ACTIVE", "trading_blocked": False}) == []
    assert read_troubles({"status": "ACCOUNT_CLOSED", "trading_blocked": True}) == [
        "the account is ACCOUNT_CLOSED",
        "trading blocked",
    ]


def test_a_day_that_the_calendar_leaves_out_is_closed() -> None:
    rows = [
        {"date": "2026-11-25", "open": "09:30", "close": "16:00"},
        {"date": "2026-11-27", "open": "09:30", "close": "13:00"}
        | {"session_open": "0400", "session_close": "1700"},
    ]
    days = read_days(rows, date(2026, 11, 25), date(2026, 11, 27))

    assert [days[each] for each in sorted(days)] == [
        Day((Hours(time(9, 30), time(16)),)),
        CLOSED,
        Day((Hours(time(9, 30), time(13)),), (Hours(time(4), time(17)),)),
    ]


# --------------------------------------------------------------------------- under our names


def test_an_order_is_filled_when_each_execution_is_told_of() -> None:
    filled = told(status="filled", filled_qty="10", filled_avg_price="190")
    half = replace(EXECUTION, after=D(4), quantity=D(4))

    order = as_order("OURS", [Link(filled, [EXECUTION])])
    assert (order.status, order.filled_quantity, order.average_price) == (
        OrderStatus.FILLED,
        D(10),
        D(190),
    )
    for known, status in (([half], OrderStatus.PARTIALLY_FILLED), ([], OrderStatus.LIVE)):
        waiting = as_order("OURS", [Link(filled, known)])
        assert (waiting.status, waiting.filled_quantity) == (status, sum(x.quantity for x in known))


def test_a_replaced_order_keeps_its_first_name_and_all_its_fills() -> None:
    first = told(status="replaced", filled_qty="4", replaced_by="B2")
    second = told(id="B2", status="filled", qty="6", filled_qty="6", replaces="B1")
    rest = replace(EXECUTION, order_id="B2", after=D(6), quantity=D(6), price=D(191))
    part = replace(EXECUTION, after=D(4), quantity=D(4))
    order = as_order("OURS", [Link(first, [part]), Link(second, [rest])])

    assert (order.broker_order_id, order.status) == ("B1", OrderStatus.FILLED)
    assert (order.quantity, order.filled_quantity) == (D(10), D(10))
    assert order.average_price == D("190.6")
    assert [fill.fill_id for fill in order.fills] == ["B1:4", "B2:6"]


@pytest.mark.parametrize(
    ("entry", "status"),
    [("new", OrderStatus.NEW), ("partially_filled", OrderStatus.NEW), ("filled", OrderStatus.LIVE)],
)
def test_a_held_stop_protects_once_its_entry_is_filled(entry: str, status: OrderStatus) -> None:
    stop = ORDER | {"id": "B2", "side": "sell", "type": "stop", "status": "held"}
    tree = told(status=entry, order_class="oto", legs=[stop])
    (leg,) = tree.legs
    assert as_order("STOP", [Link(leg, ())], place_of(tree, leg)).status is status


def test_the_target_of_a_pair_is_alpacas_order() -> None:
    stop = ORDER | {"id": "B2", "type": "stop", "status": "held"}
    tree = told(type="limit", order_class="oco", legs=[stop])
    (leg,) = tree.legs

    assert target_of(tree) is tree
    assert place_of(tree, leg) == Place(None, tree)
    assert as_order("STOP", [Link(leg, ())], place_of(tree, leg)).status is OrderStatus.LIVE


ENDS = {
    "by our word": (told(status="canceled"), Place(), "requested"),
    "its time": (told(status="expired"), Place(), "expired"),
    "its moment": (told(status="canceled", time_in_force="ioc"), Place(), "not_filled"),
    "the other leg": (
        told(status="canceled"),
        Place(told(filled_qty="10"), told(filled_qty="10")),
        "sibling_filled",
    ),
    "its entry": (told(status="canceled"), Place(told(status="canceled")), "entry_not_filled"),
    "the exchange": (
        told(status="rejected"),
        Place(),
        "BROKER_REJECTED: the order was taken and then rejected",
    ),
}


@pytest.mark.parametrize(("order", "place", "reason"), ENDS.values(), ids=ENDS)
def test_an_end_without_a_fill_has_a_reason(order: Told, place: Place, reason: str) -> None:
    assert as_order("OURS", [Link(order, ())], place).reason == reason


def test_names_that_were_met_long_ago_are_forgotten() -> None:
    names = Names(most=2)
    for each in ("B1", "B2", "B3"):
        names.put(each, f"ours of {each}")
    assert [names.get(each) for each in ("B1", "B3")] == [None, "ours of B3"]
