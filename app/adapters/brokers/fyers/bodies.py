"""Orders of ours as Fyers takes them. Pure. Prices are on the tick, so that a float is exact."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from app.adapters.brokers.fyers.answers import LIMIT, MARKET, STOP, STOP_LIMIT, Gtt
from app.adapters.brokers.fyers.options import FyersOptions
from app.domain.instrument import Instrument
from app.domain.order import LevelKind, OrderIntent, OrderRole, OrderType, Side
from app.domain.protection import leg_price
from app.domain.sizing import MOST_SLICES
from app.domain.ticks import floor_to_step, round_to_tick

Body = Mapping[str, Any]

ONE = Decimal(1)
LETTERS = "ABCDEFGHIJ"
"""What the slices of an order have behind our id, in their tags."""

_TYPES = {
    OrderType.MARKET: MARKET,
    OrderType.LIMIT: LIMIT,
    OrderType.STOP: STOP,
    OrderType.STOP_LIMIT: STOP_LIMIT,
}


@dataclass(frozen=True, slots=True)
class Part:
    """A part of an order that is sent by itself: so many units, of one product, under one tag."""

    tag: str
    product: str
    quantity: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What an order is made with. `price`: the newest; None where none is known."""

    options: FyersOptions
    instrument: Instrument
    price: Decimal | None


def is_pair(intent: OrderIntent) -> bool:
    """Whether it is a stop and a target for one quantity: one fill cancels the other."""
    return intent.role is OrderRole.STOP_LOSS and intent.take_profit is not None


def parts_of(
    client_order_id: str, wanted: Sequence[tuple[str, Decimal]], instrument: Instrument
) -> Sequence[Part]:
    """The slices of an order; the order itself where one is enough.

    Args:
        client_order_id: our id.
        wanted: so many units of each product.
        instrument: what it trades; its freeze quantity is the most that an exchange takes at once.

    Raises:
        ValueError: it is more than ten orders can hold.
    """
    most = most_of(instrument)
    if most is not None and sum(size for _, size in wanted) > MOST_SLICES * most:
        raise ValueError(f"more than {MOST_SLICES} orders of {most} would be needed")
    pieces = [(product, piece) for product, size in wanted for piece in _sliced(size, most)]
    if len(pieces) == 1:
        return [Part(client_order_id, *pieces[0])]
    if len(pieces) > MOST_SLICES:
        raise ValueError(f"more than {MOST_SLICES} orders would be needed")
    return [
        Part(f"{client_order_id}{letter}", *piece)
        for letter, piece in zip(LETTERS, pieces, strict=False)
    ]


def most_of(instrument: Instrument) -> Decimal | None:
    """The most units of one order: whole lots within the freeze quantity; None: no limit is known.

    Raises:
        ValueError: not one lot is within it.
    """
    if instrument.freeze is None:
        return None
    most = floor_to_step(instrument.freeze, instrument.lot or ONE)
    if most <= 0:
        raise ValueError(f"a lot of {instrument.symbol} is more than its freeze quantity")
    return most


def _sliced(quantity: Decimal, most: Decimal | None) -> Sequence[Decimal]:
    if most is None or quantity <= most:
        return [quantity]
    whole, rest = divmod(quantity, most)
    return [most] * int(whole) + ([rest] if rest else [])


def order_body(intent: OrderIntent, part: Part, terms: Terms) -> Body:
    """The body of an order, or of a slice of it.

    Raises:
        ValueError: Fyers has no such order, or no such legs.
    """
    return {
        "symbol": terms.instrument.symbol,
        "qty": int(part.quantity),
        **_priced(intent, terms),
        "side": intent.side.sign,
        "productType": part.product,
        "validity": "IOC" if intent.time_in_force == "ioc" else "DAY",
        "disclosedQty": 0,
        "offlineOrder": False,
        **_legs(intent, terms),
        "orderTag": part.tag,
        "isSliceOrder": False,
    }


def gtt_body(intent: OrderIntent, part: Part, terms: Terms) -> Body:
    """The body of a GTT order that holds a stop and its target; what is above comes first."""
    assert intent.take_profit is not None  # noqa: S101  # a pair has one
    assert intent.stop_price is not None  # noqa: S101  # a stop has one
    level = intent.take_profit.level
    if level.kind is not LevelKind.PRICE:
        raise ValueError("the target of a pair has to be a price")
    stop = on_tick(intent.stop_price, terms, intent.side, stop=True)
    target = on_tick(level.value, terms, intent.side, stop=False)
    legs = [
        _gtt_leg(target, target, part.quantity),
        _gtt_leg(stop, _stop_limit(intent, stop, terms), part.quantity),
    ]
    if intent.side is Side.BUY:
        legs.reverse()
    return {
        "side": intent.side.sign,
        "symbol": terms.instrument.symbol,
        "productType": part.product,
        "orderInfo": {"leg1": legs[0], "leg2": legs[1]},
        "orderTag": part.tag,
    }


def is_like(gtt: Gtt, body: Body) -> bool:
    """Whether a GTT order may be the one that a body asked for: tags are not told."""
    legs = [_gtt_leg(leg.trigger, leg.price, leg.quantity) for leg in gtt.legs]
    return (
        gtt.symbol == body["symbol"]
        and gtt.side.sign == body["side"]
        and gtt.product == body["productType"]
        and legs == list(body["orderInfo"].values())
    )


def protected(price: Decimal, side: Side, terms: Terms) -> Decimal:
    """A limit that lies a little beyond a price, by a tick at least."""
    tick = terms.instrument.tick
    away = max(price * terms.options.band(terms.instrument), tick)
    return max(round_to_tick(price + side.sign * away, tick, side=side, stop=False), tick)


def on_tick(price: Decimal, terms: Terms, side: Side, *, stop: bool) -> Decimal:
    """A price on the grid of its instrument."""
    return round_to_tick(price, terms.instrument.tick, side=side, stop=stop)


def plain(price: Decimal) -> float | int:
    """A price as JSON has it: 0.1 + 0.2 is 0.3, for the sum was made before."""
    return int(price) if price == price.to_integral_value() else float(price)


def _gtt_leg(trigger: Decimal, price: Decimal, quantity: Decimal) -> Body:
    return {"price": plain(price), "triggerPrice": plain(trigger), "qty": int(quantity)}


def _priced(intent: OrderIntent, terms: Terms) -> Body:
    """The type of an order and its prices. What Fyers would send at the market gets a limit."""
    kind, limit, stop = intent.order_type, Decimal(0), Decimal(0)
    if kind not in _TYPES:
        raise ValueError(f"there are no {kind.value} orders")
    if kind in (OrderType.STOP, OrderType.STOP_LIMIT) and intent.stop_price is not None:
        stop = on_tick(intent.stop_price, terms, intent.side, stop=True)
    if kind is OrderType.MARKET and terms.options.protects and terms.price is not None:
        kind, limit = OrderType.LIMIT, protected(terms.price, intent.side, terms)
    elif kind is OrderType.STOP and terms.options.protects:
        kind, limit = OrderType.STOP_LIMIT, _stop_limit(intent, stop, terms)
    elif kind in (OrderType.LIMIT, OrderType.STOP_LIMIT) and intent.limit_price is not None:
        limit = on_tick(intent.limit_price, terms, intent.side, stop=False)
    return {"type": _TYPES[kind], "limitPrice": plain(limit), "stopPrice": plain(stop)}


def _stop_limit(intent: OrderIntent, stop: Decimal, terms: Terms) -> Decimal:
    """The limit of a stop: that which was asked for, or one a little beyond it."""
    if intent.order_type is OrderType.STOP_LIMIT and intent.limit_price is not None:
        return on_tick(intent.limit_price, terms, intent.side, stop=False)
    return protected(stop, intent.side, terms)


def _legs(intent: OrderIntent, terms: Terms) -> Body:
    """How far the stop and the target of an entry lie from its price, in points."""
    legs: dict[str, Any] = {"takeProfit": 0, "stopLoss": 0}
    if not intent.legs:
        return legs
    price = intent.limit_price if intent.limit_price is not None else terms.price
    if price is None:
        raise ValueError(f"no price of {terms.instrument.symbol} is known for its stop and target")
    for role, leg in intent.legs:
        at = leg_price(
            leg.level,
            role,
            entry_side=intent.side,
            reference=price,
            tick=terms.instrument.tick,
        )
        name = "stopLoss" if role is OrderRole.STOP_LOSS else "takeProfit"
        legs[name] = plain(abs(at - price))
    return {**legs, "legType": 1}
