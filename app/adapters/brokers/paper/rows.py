"""Rows of the paper tables as the values that they stand for, and back."""

import json
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from app.adapters.brokers.paper.money import ZERO, Holding, average, plain
from app.adapters.brokers.paper.orders import PaperFill, PaperOrder
from app.adapters.sql import Row, from_db, to_db
from app.domain.instrument import AssetClass
from app.domain.order import (
    BrokerOrder,
    Fill,
    Level,
    LevelKind,
    OrderRole,
    OrderStatus,
    OrderType,
    Side,
)
from app.domain.position import Position, Quote


def paper_order_of(row: Row) -> PaperOrder:
    """An order of a book."""
    return PaperOrder(
        client_order_id=row["client_order_id"],
        symbol=row["symbol"],
        instrument=row["instrument"],
        side=Side(row["side"]),
        role=OrderRole(row["role"]),
        order_type=OrderType(row["order_type"]),
        quantity=Decimal(row["quantity"]),
        limit_price=_decimal(row["limit_price"]),
        stop_price=_decimal(row["stop_price"]),
        trail=_decimal(row["trail"]),
        expires_at=_moment(row["expires_at"]),
        triggered_at=_moment(row["triggered_at"]),
        parent=row["parent"],
        level=_level(row["level"]),
        seq=row["seq"],
        status=OrderStatus(row["status"]),
        reason=row["reason"],
    )


def order_params(order: PaperOrder) -> dict[str, object]:
    """An order as it is written."""
    return {
        "client_order_id": order.client_order_id,
        "seq": order.seq,
        "instrument": order.instrument,
        "symbol": order.symbol,
        "side": order.side.value,
        "role": order.role.value,
        "order_type": order.order_type.value,
        "quantity": plain(order.quantity),
        "limit_price": _text(order.limit_price),
        "stop_price": _text(order.stop_price),
        "trail": _text(order.trail),
        "expires_at": _micros(order.expires_at),
        "triggered_at": _micros(order.triggered_at),
        "parent": order.parent,
        "level": _level_text(order.level),
        "status": order.status.value,
        "reason": order.reason,
    }


def fill_params(fill: PaperFill) -> dict[str, object]:
    """A fill as it is written."""
    return {
        "client_order_id": fill.client_order_id,
        "number": fill.number,
        "quantity": plain(fill.quantity),
        "price": plain(fill.price),
        "fee": plain(fill.fee),
        "at": to_db(fill.at),
    }


def broker_order_of(rows: Sequence[Row], legs: Sequence[BrokerOrder] = ()) -> BrokerOrder:
    """An order from its rows, one for each of its fills."""
    row = rows[0]
    fills = tuple(_fill(each) for each in rows if each["number"] is not None)
    filled = sum((fill.quantity for fill in fills), ZERO)
    return BrokerOrder(
        client_order_id=row["client_order_id"],
        broker_order_id=f"paper-{row['client_order_id']}",
        symbol=row["symbol"],
        side=Side(row["side"]),
        quantity=Decimal(row["quantity"]),
        status=OrderStatus(row["status"]),
        filled_quantity=filled,
        average_price=_average_price(fills, filled),
        limit_price=_decimal(row["limit_price"]),
        stop_price=_decimal(row["stop_price"]),
        expires_at=_moment(row["expires_at"]),
        triggered_at=_moment(row["triggered_at"]),
        reason=row["reason"],
        fills=fills,
        legs=tuple(legs),
    )


def _average_price(fills: Sequence[Fill], filled: Decimal) -> Decimal | None:
    if not fills:
        return None
    return average(sum((fill.quantity * fill.price for fill in fills), ZERO), filled)


def _fill(row: Row) -> Fill:
    return Fill(
        fill_id=f"{row['client_order_id']}-{row['number']}",
        client_order_id=row["client_order_id"],
        symbol=row["symbol"],
        side=Side(row["side"]),
        quantity=Decimal(row["fill_quantity"]),
        price=Decimal(row["fill_price"]),
        fee=Decimal(row["fill_fee"]),
        at=from_db(row["fill_at"]),
    )


def holding_of(row: Row) -> Holding:
    """What is held of an instrument; nothing where the row says nothing."""
    if row["quantity"] is None:
        return Holding()
    return Holding(Decimal(row["quantity"]), Decimal(row["entry_price"]))


def position_of(row: Row, instrument: str) -> Position:
    """A position at its newest price."""
    entry_price = Decimal(row["entry_price"])
    return Position(
        symbol=row["symbol"],
        instrument=instrument,
        quantity=Decimal(row["quantity"]),
        entry_price=entry_price,
        current_price=_decimal(row["price"]) or entry_price,
    )


def quote_of(row: Row) -> Quote | None:
    """The newest price, and the one before it."""
    if row["price"] is None:
        return None
    before = None
    if row["before_price"] is not None:
        before = Quote(price=Decimal(row["before_price"]), at=from_db(row["before_at"]))
    return Quote(price=Decimal(row["price"]), at=from_db(row["at"]), before=before)


def asset_class_of(row: Row) -> AssetClass | None:
    """The class of an instrument, where it is known."""
    return None if row["asset_class"] is None else AssetClass(row["asset_class"])


def tick_of(row: Row) -> Decimal | None:
    """The tick of an instrument, where it is known."""
    return None if row["tick"] is None else Decimal(row["tick"])


def _level(text: str | None) -> Level | None:
    if text is None:
        return None
    kind, value, style, limit = json.loads(text)
    return Level(LevelKind(kind), Decimal(value), style, _decimal(limit))


def _level_text(level: Level | None) -> str | None:
    if level is None:
        return None
    return json.dumps([level.kind, plain(level.value), level.type, _text(level.limit_price)])


def _decimal(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


def _moment(micros: int | None) -> datetime | None:
    return None if micros is None else from_db(micros)


def _micros(moment: datetime | None) -> int | None:
    return None if moment is None else to_db(moment)


def _text(value: Decimal | None) -> str | None:
    return None if value is None else plain(value)
