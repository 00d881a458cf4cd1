"""Answers of Fyers as values: rows of its books, with our words for its numbers."""

import logging
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

from app.adapters.brokers.reading import Raw, fields_of, number, number_or_none, rows_of, text_of
from app.domain.order import OrderStatus, Side
from app.domain.position import Quote

log = logging.getLogger(__name__)

IST = timezone(timedelta(hours=5, minutes=30), "IST")
ZERO = Decimal(0)

LIMIT, MARKET, STOP, STOP_LIMIT = 1, 2, 3, 4
"""Types of orders."""

_TRANSIT = 4
_STATUSES: Mapping[int, OrderStatus] = {
    1: OrderStatus.CANCELED,
    2: OrderStatus.FILLED,
    _TRANSIT: OrderStatus.LIVE,
    5: OrderStatus.REJECTED,
    6: OrderStatus.LIVE,
    7: OrderStatus.EXPIRED,
}
_TAG = re.compile(r"(\d+):(.*)")
_OURS = "1"
_FORMS = ("%d-%b-%Y %H:%M:%S", "%Y-%m-%d %H:%M:%S", "%d-%m-%Y %H:%M:%S")
SHARES, CONTRACTS = 10, 11
"""Segments of exchanges."""

AVAILABLE, TOTAL = 10, 1
"""Which of the limits in `funds` are what can be spent, and what all of it comes to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """An order in the order book. `tag` is what an order was sent with, "" where it had none.

    `parent`: the order that it protects, as its leg, or the GTT order that made it.
    """

    id: str
    tag: str
    symbol: str
    side: Side
    type: int
    status: OrderStatus
    quantity: Decimal
    filled: Decimal
    limit_price: Decimal | None
    stop_price: Decimal | None
    product: str
    validity: str
    message: str
    at: datetime
    parent: str | None = None

    @property
    def stops(self) -> bool:
        """Whether it waits for a stop, as a stop loss does; a target is a limit."""
        return self.type in (STOP, STOP_LIMIT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trade:
    """An execution, as the trade book has it."""

    order_id: str
    number: str
    tag: str
    symbol: str
    side: Side
    quantity: Decimal
    price: Decimal
    product: str
    at: datetime

    @property
    def fill_id(self) -> str:
        """Unique: exchanges count their trades anew every day, Fyers dates its orders."""
        return f"{self.order_id}:{self.number}"


@dataclass(frozen=True, slots=True, kw_only=True)
class GttLeg:
    """What a GTT order places once the price is at its trigger."""

    trigger: Decimal
    price: Decimal
    quantity: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Gtt:
    """A GTT order. Of two legs the first is above the price and the second below."""

    id: str
    tag: str
    symbol: str
    side: Side
    product: str
    status: OrderStatus
    legs: tuple[GttLeg, ...]
    message: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """What is held of a symbol under one product: of the day, or carried, or shares at home.

    `bought` and `sold`: what was traded of it today, where that is told.
    """

    symbol: str
    product: str
    quantity: Decimal
    entry_price: Decimal
    price: Decimal
    multiplier: Decimal = Decimal(1)
    bought: Decimal | None = None
    sold: Decimal | None = None
    unrealized: Decimal = ZERO


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """What the stream tells of an order. `trade`: the number of an execution, if it is of one.

    `in_transit`: it is on its way to the exchange still.
    """

    order_id: str
    tag: str
    parent: str
    stops: bool
    symbol: str = ""
    status: OrderStatus | None = None
    filled: Decimal = ZERO
    trade: str = ""
    in_transit: bool = False


def read_orders(raw: Any) -> Sequence[Row]:
    """The order book."""
    return [_row(fields_of(row)) for row in _rows(raw, "orderBook")]


def read_trades(raw: Any) -> Sequence[Trade]:
    """The trade book."""
    return [_trade(fields_of(row)) for row in _rows(raw, "tradeBook")]


def read_gtts(raw: Any) -> Sequence[Gtt]:
    """The book of GTT orders."""
    return [_gtt(fields_of(row)) for row in _rows(raw, "orderBook")]


def read_positions(raw: Any) -> Sequence[Held]:
    """The positions, those that were closed today too."""
    return [_position(fields_of(row)) for row in _rows(raw, "netPositions")]


def read_holdings(raw: Any) -> Sequence[Held]:
    """Shares at home, as they were when the day began: what was sold since is a position."""
    return [_holding(fields_of(row)) for row in _rows(raw, "holdings")]


def read_limits(raw: Any) -> Mapping[int, Decimal]:
    """The limits of the account, by their numbers."""
    rows = [fields_of(row) for row in _rows(raw, "fund_limit")]
    return {
        int(row["id"]): number(row.get("equityAmount") or 0)
        + number(row.get("commodityAmount") or 0)
        for row in rows
    }


def read_quotes(raw: Any, now: datetime) -> Mapping[str, Quote]:
    """Prices by symbol; what has none is left out."""
    found = (_quote(fields_of(row), now) for row in _rows(raw, "d"))
    return {symbol: quote for symbol, quote in found if quote is not None}


def read_may_deliver(raw: Any) -> bool:
    """Whether shares at home may be sold without asking their owner each day, if that is told."""
    return fields_of(fields_of(raw)["data"]).get("ddpi_enabled") is not False


def read_open_segments(raw: Any) -> frozenset[int]:
    """The segments that trade now on one of their exchanges."""
    rows = [fields_of(row) for row in _rows(raw, "marketStatus")]
    return frozenset(
        int(row["segment"]) for row in rows if str(row["status"]).upper().startswith("OPEN")
    )


def read_id(raw: Any) -> str:
    """The id of an order that was just taken."""
    return text_of(fields_of(raw), "id")


def read_news(raw: Any) -> News | None:
    """What the stream tells of an order, or of an execution; None for what is about neither."""
    fields = fields_of(raw)
    told = fields.get("orders") or fields.get("trades")
    if not isinstance(told, dict):
        return None
    order = fields_of(told)
    code = number_or_none(order.get("org_ord_status"))
    return News(
        order_id=str(order.get("id") or ""),
        tag=_tag(order, "ordertag"),
        parent=str(order.get("id_parent") or ""),
        stops=order.get("ord_type") in (STOP, STOP_LIMIT),
        symbol=str(order.get("symbol") or ""),
        status=None if code is None else _STATUSES.get(int(code)),
        filled=number_or_none(order.get("qty_filled")) or ZERO,
        trade=str(order.get("id_fill") or ""),
        in_transit=code == _TRANSIT,
    )


def _rows(raw: Any, name: str) -> Sequence[Any]:
    """The rows of a book; Fyers leaves an empty one out, or says null."""
    return rows_of(fields_of(raw).get(name) or [])


def _row(fields: Raw) -> Row:
    code = int(fields["status"])
    if code not in _STATUSES:
        log.warning("an order status that is not known", extra={"order_status": code})
    return Row(
        id=text_of(fields, "id"),
        tag=_tag(fields, "orderTag"),
        symbol=text_of(fields, "symbol"),
        side=_side(fields["side"]),
        type=int(fields["type"]),
        status=_STATUSES.get(code, OrderStatus.LIVE),
        quantity=number(fields["qty"]),
        filled=number_or_none(fields.get("filledQty")) or ZERO,
        limit_price=_price(fields.get("limitPrice")),
        stop_price=_price(fields.get("stopPrice")),
        product=str(fields.get("productType") or ""),
        validity=str(fields.get("orderValidity") or ""),
        message=str(fields.get("message") or ""),
        at=_moment(fields["orderDateTime"]),
        parent=str(fields.get("parentId") or "") or None,
    )


def _trade(fields: Raw) -> Trade:
    return Trade(
        order_id=text_of(fields, "orderNumber"),
        number=str(fields["tradeNumber"]),
        tag=_tag(fields, "orderTag"),
        symbol=text_of(fields, "symbol"),
        side=_side(fields["side"]),
        quantity=number(fields["tradedQty"]),
        price=number(fields["tradePrice"]),
        product=str(fields.get("productType") or ""),
        at=_moment(fields["orderDateTime"]),
    )


def _gtt(fields: Raw) -> Gtt:
    two = int(fields.get("gtt_oco_ind") or 1) > 1
    legs = [_gtt_leg(fields, "")] + ([_gtt_leg(fields, "2")] if two else [])
    return Gtt(
        id=text_of(fields, "id"),
        tag=_tag(fields, "orderTag") or _tag(fields, "ordertag"),
        symbol=text_of(fields, "symbol"),
        side=_side(fields["tran_side"]),
        product=str(fields.get("product_type") or ""),
        status=_STATUSES.get(int(fields["ord_status"]), OrderStatus.LIVE),
        legs=tuple(legs),
        message=str(fields.get("oms_msg") or ""),
        at=_gtt_moment(fields),
    )


def _gtt_leg(fields: Raw, suffix: str) -> GttLeg:
    return GttLeg(
        trigger=number(fields[f"price{suffix}_trigger"]),
        price=number(fields[f"price{suffix}_limit"]),
        quantity=number(fields[f"qty{suffix}"]),
    )


def _gtt_moment(fields: Raw) -> datetime:
    epoch = number_or_none(fields.get("create_time_epoch"))
    return datetime.fromtimestamp(int(epoch), UTC) if epoch else _moment(fields["create_time"])


def _position(fields: Raw) -> Held:
    bought, sold = number_or_none(fields.get("dayBuyQty")), number_or_none(fields.get("daySellQty"))
    entry = number_or_none(fields.get("netAvg")) or number_or_none(fields.get("avgPrice")) or ZERO
    return Held(
        symbol=text_of(fields, "symbol"),
        product=str(fields.get("productType") or ""),
        quantity=number(fields["netQty"]),
        entry_price=entry,
        price=number_or_none(fields.get("ltp")) or entry,
        multiplier=number_or_none(fields.get("qtyMulti_com")) or Decimal(1),
        bought=bought,
        sold=sold,
        unrealized=number_or_none(fields.get("unrealized_profit")) or ZERO,
    )


def _holding(fields: Raw) -> Held:
    cost = number(fields["costPrice"])
    return Held(
        symbol=text_of(fields, "symbol"),
        product="CNC",
        quantity=number(fields["quantity"]),
        entry_price=cost,
        price=number_or_none(fields.get("ltp")) or cost,
    )


def _quote(fields: Raw, now: datetime) -> tuple[str, Quote | None]:
    symbol = text_of(fields, "n")
    if fields.get("s") != "ok":
        return symbol, None
    values = fields_of(fields["v"])
    price = _price(values.get("lp"))
    if price is None:
        return symbol, None
    bid, ask = _price(values.get("bid")), _price(values.get("ask"))
    both = bid is not None and ask is not None
    at = number_or_none(values.get("tt"))
    return symbol, Quote(
        price=price,
        at=datetime.fromtimestamp(int(at), UTC) if at else now,
        bid=bid if both else None,
        ask=ask if both else None,
    )


def _tag(fields: Raw, name: str) -> str:
    """The tag without its class: `1:x` is x, `2:Untagged` none."""
    text = str(fields.get(name) or "")
    match = _TAG.fullmatch(text)
    if match is None:
        return text
    return match[2] if match[1] == _OURS else ""


def _side(value: Any) -> Side:
    sign = int(value)
    if sign not in (1, -1):
        raise ValueError(f"not a side: {value!r}")
    return Side.BUY if sign > 0 else Side.SELL


def _price(value: Any) -> Decimal | None:
    """A price; 0 stands for none."""
    found = number_or_none(value)
    return found if found is not None and found > 0 else None


def _moment(text: Any) -> datetime:
    """A time by the clocks of India."""
    for form in _FORMS:
        try:
            return datetime.strptime(str(text), form).replace(tzinfo=IST).astimezone(UTC)
        except ValueError:
            continue
    raise ValueError(f"not a time: {text!r}")
