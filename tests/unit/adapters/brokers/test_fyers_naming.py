"""Rows of Fyers' books as orders of ours, holdings as positions, and odd answers."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.adapters.brokers.fyers.answers import (
    Gtt,
    GttLeg,
    Row,
    Trade,
    read_gtts,
    read_holdings,
    read_limits,
    read_news,
    read_orders,
    read_positions,
    read_quotes,
    read_trades,
)
from app.adapters.brokers.fyers.naming import as_order, base_of, children_of
from app.adapters.brokers.fyers.stream import FIRST_PAUSE, LONGEST_PAUSE, pause_after
from app.adapters.brokers.reading import UNREADABLE
from app.domain.order import OrderStatus, Side

D = Decimal
NAME = "ENTRY00000000000000000000A"
AT = datetime(2026, 11, 20, 5, 0, tzinfo=UTC)
ROW = Row(
    id="26112000000001",
    tag=NAME,
    symbol="NSE:SBIN-EQ",
    side=Side.BUY,
    type=1,
    status=OrderStatus.FILLED,
    quantity=D(10),
    filled=D(10),
    limit_price=D(101),
    stop_price=None,
    product="CNC",
    validity="DAY",
    message="",
    at=AT,
)
TRADE = Trade(
    order_id=ROW.id,
    number="7",
    tag=NAME,
    symbol=ROW.symbol,
    side=Side.BUY,
    quantity=D(10),
    price=D(100),
    product="CNC",
    at=AT,
)
SENT = {
    "id": "26112000000001",
    "orderTag": f"1:{NAME}",
    "symbol": "NSE:SBIN-EQ",
    "side": 1,
    "type": 4,
    "status": 6,
    "qty": 10,
    "filledQty": 0,
    "limitPrice": 94.05,
    "stopPrice": 95,
    "productType": "CNC",
    "orderValidity": "DAY",
    "message": "",
    "orderDateTime": "20-Nov-2026 10:30:00",
}


def named(
    rows: Sequence[Row], trades: Sequence[Trade], **facts: Any
) -> tuple[OrderStatus, Decimal]:
    told = {row.id: [trade for trade in trades if trade.order_id == row.id] for row in rows}
    order = as_order(NAME, rows, told, **facts)
    return order.status, order.filled_quantity


def test_an_order_is_as_far_as_its_trades_are_told() -> None:
    assert named([ROW], []) == (OrderStatus.LIVE, D(0))
    assert named([ROW], [replace(TRADE, quantity=D(4))]) == (OrderStatus.PARTIALLY_FILLED, D(4))
    assert named([ROW], [TRADE]) == (OrderStatus.FILLED, D(10))


def test_what_is_canceled_after_a_part_keeps_the_part() -> None:
    row = replace(ROW, status=OrderStatus.CANCELED, filled=D(4))
    assert named([row], [replace(TRADE, quantity=D(4))]) == (OrderStatus.CANCELED, D(4))


ENDS = [OrderStatus.FILLED, OrderStatus.CANCELED, OrderStatus.REJECTED, OrderStatus.EXPIRED]


@given(st.lists(st.sampled_from([*ENDS, OrderStatus.LIVE]), min_size=1, max_size=10))
def test_slices_work_while_one_works_and_are_filled_when_all_are(
    statuses: list[OrderStatus],
) -> None:
    rows = [
        replace(ROW, id=str(number), status=status, filled=D(10 * (status is OrderStatus.FILLED)))
        for number, status in enumerate(statuses)
    ]
    trades = [replace(TRADE, order_id=row.id) for row in rows if row.filled]
    status, filled = named(rows, trades)

    assert filled == 10 * statuses.count(OrderStatus.FILLED)
    assert status.final == (OrderStatus.LIVE not in statuses)
    assert (status is OrderStatus.FILLED) == (set(statuses) == {OrderStatus.FILLED})


def test_what_is_still_being_sent_works_though_all_that_is_there_is_filled() -> None:
    assert named([ROW], [TRADE], unsent=D(5)) == (OrderStatus.PARTIALLY_FILLED, D(10))


@pytest.mark.parametrize(
    ("tag", "name"),
    [
        (NAME, NAME),
        (f"{NAME}A", NAME),
        (f"{NAME}J", NAME),
        (f"{NAME}K", f"{NAME}K"),
        ("", ""),
        ("GTT", ""),
        ("mine", "mine"),
    ],
)
def test_a_tag_is_our_id_and_the_letter_of_a_slice(tag: str, name: str) -> None:
    assert base_of(tag) == name


def pair(number: int, stop: str = "95", quantity: int = 10) -> Gtt:
    return Gtt(
        id=f"gtt{number}",
        tag="",
        symbol=ROW.symbol,
        side=Side.SELL,
        product="CNC",
        status=OrderStatus.FILLED,
        legs=(
            GttLeg(trigger=D(110), price=D(110), quantity=D(quantity)),
            GttLeg(trigger=D(stop), price=D(stop) - 1, quantity=D(quantity)),
        ),
        message="",
        at=AT,
    )


def child(number: int, limit: str, quantity: int = 10, **changes: Any) -> Row:
    fields: dict[str, Any] = {"id": f"row{number}", "tag": "GTT", "side": Side.SELL, **changes}
    return replace(ROW, limit_price=D(limit), quantity=D(quantity), **fields)


def test_what_gtt_orders_have_made_is_told_apart_by_its_prices() -> None:
    gtts = [pair(1, "95"), pair(2, "90"), pair(3, "95", quantity=5)]
    rows = [child(1, "89"), child(2, "94", 5), child(3, "94")]

    found = {name: [row.id for row in made] for name, made in children_of(gtts, rows).items()}
    assert found == {"gtt1": ["row3"], "gtt2": ["row1"], "gtt3": ["row2"]}


def test_one_that_was_moved_belongs_to_the_nearest_and_one_that_says_whose_it_is_to_that() -> None:
    gtts = [pair(1, "95"), pair(2, "90")]
    moved, named_one = child(1, "93.5"), child(2, "94", parent="gtt2")

    found = children_of(gtts, [moved, named_one])
    assert (found["gtt1"], found["gtt2"]) == ([moved], [named_one])


@pytest.mark.parametrize(
    "row",
    [
        child(1, "94", symbol="NSE:TCS-EQ"),
        child(1, "94", side=Side.BUY),
        child(1, "94", product="MTF"),
        child(1, "94", quantity=3),
        child(1, "94", at=AT - timedelta(seconds=1)),
        child(1, "94", tag=NAME),
    ],
)
def test_another_order_is_not_taken_for_one_of_a_pair(row: Row) -> None:
    assert children_of([pair(1)], [row]) == {}


def test_a_row_of_the_order_book_is_read() -> None:
    (row,) = read_orders({"s": "ok", "orderBook": [SENT]})

    assert (row.tag, row.status, row.stops) == (NAME, OrderStatus.LIVE, True)
    assert (row.stop_price, row.limit_price) == (D(95), D("94.05"))
    assert row.at == AT


@pytest.mark.parametrize("raw", [{}, {"orderBook": None}, {"orderBook": []}])
def test_an_empty_book_may_be_left_out(raw: dict[str, Any]) -> None:
    assert read_orders(raw) == []


@pytest.mark.parametrize("code", [3, 8, 99])
def test_a_status_that_is_not_known_is_taken_for_an_order_that_works(code: int) -> None:
    (row,) = read_orders({"orderBook": [SENT | {"status": code}]})
    assert row.status is OrderStatus.LIVE


def test_a_tag_that_nobody_gave_is_none() -> None:
    (row,) = read_orders({"orderBook": [SENT | {"orderTag": "2:Untagged"}]})
    assert row.tag == ""


READERS = [read_orders, read_trades, read_gtts, read_positions, read_holdings, read_limits]
ODD: list[Any] = [None, [], "x", {"orderBook": [1]}, {"orderBook": "x"}]


@pytest.mark.parametrize("read", READERS)
@pytest.mark.parametrize(
    "name", ["orderBook", "tradeBook", "netPositions", "holdings", "fund_limit"]
)
def test_a_row_that_lacks_something_is_no_row(read: Any, name: str) -> None:
    raw = {name: [{"id": "1"}, {}]}
    try:
        assert list(read(raw)) == []
    except UNREADABLE:
        return


@pytest.mark.parametrize("raw", ODD)
def test_an_answer_that_is_no_book_is_not_an_empty_one(raw: Any) -> None:
    with pytest.raises(UNREADABLE):
        read_orders(raw)


@pytest.mark.parametrize("side", [0, 2, "x", None])
def test_a_side_is_one_or_minus_one(side: Any) -> None:
    with pytest.raises(UNREADABLE):
        read_orders({"orderBook": [SENT | {"side": side}]})


def test_a_price_that_is_not_there_is_left_out_and_one_without_a_time_is_of_now() -> None:
    raw = {
        "d": [
            {"n": "A", "s": "ok", "v": {"lp": 10, "bid": 9, "ask": 11}},
            {"n": "B", "s": "error", "v": {"code": -300}},
            {"n": "C", "s": "ok", "v": {"lp": 0}},
            {
                "n": "D",
                "s": "ok",
                "v": {"lp": 5, "bid": 0, "ask": 6, "tt": str(int(AT.timestamp()))},
            },
        ]
    }
    found = read_quotes(raw, AT + timedelta(seconds=9))

    assert sorted(found) == ["A", "D"]
    assert [found["A"].bid, found["A"].ask, found["D"].bid] == [9, 11, None]
    assert [found[name].at - AT for name in "AD"] == [timedelta(seconds=9), timedelta(0)]


def test_a_hint_tells_of_whom_and_of_which_leg() -> None:
    order = {"ordertag": f"1:{NAME}", "id_parent": "26112000000001", "ord_type": 3}

    news = read_news({"s": "ok", "orders": order | {"org_ord_status": 6, "qty_filled": 4}})
    assert news is not None
    assert (news.tag, news.parent, news.stops) == (NAME, "26112000000001", True)
    assert (news.status, news.filled) == (OrderStatus.LIVE, D(4))
    trade = read_news({"s": "ok", "trades": {"ordertag": "2:Untagged", "id": "1", "id_fill": "2"}})
    assert trade is not None
    assert (trade.tag, trade.order_id, trade.trade) == ("", "1", "2")
    assert read_news({"s": "ok", "positions": {"symbol": "X"}}) is None


@given(st.integers(0, 10**6), st.floats(0, 1))
def test_pauses_between_connections_grow_to_half_a_minute(fruitless: int, chance: float) -> None:
    assert FIRST_PAUSE / 2 <= pause_after(fruitless, chance) <= LONGEST_PAUSE
