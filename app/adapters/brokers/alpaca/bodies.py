"""Orders of ours as Alpaca takes them: objects of text, so that no float is on the wire."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from app.domain.instrument import AssetClass, Instrument
from app.domain.order import Leg, LevelKind, OrderIntent, OrderRole, OrderType, Side
from app.domain.protection import leg_price, leg_type
from app.domain.ticks import round_to_tick

Body = Mapping[str, Any]

_DOLLAR, _CENT, _FINE = Decimal(1), Decimal("0.01"), Decimal("0.0001")


def order_body(intent: OrderIntent, instrument: Instrument, reference: Decimal | None) -> Body:
    """The body of an order.

    Args:
        intent: the order.
        instrument: what it trades.
        reference: the price that relative levels of its legs refer to.

    Raises:
        ValueError: Alpaca has no such legs; or one has no price, for want of a reference.
    """
    body: dict[str, Any] = {
        "symbol": instrument.symbol,
        **_size(intent),
        "side": intent.side.value,
        "type": intent.order_type.value,
        "time_in_force": time_in_force(intent, instrument),
        "client_order_id": intent.client_order_id,
    }
    if is_pair(intent):
        return body | _pair(intent, instrument)
    body |= _prices(intent, instrument) | _legs(intent, instrument, reference)
    if intent.extended_hours and intent.order_type is OrderType.LIMIT:
        body["extended_hours"] = True
    if instrument.asset_class is AssetClass.OPTION:
        body["position_intent"] = _position_intent(intent)
    return body


def _size(intent: OrderIntent) -> dict[str, str]:
    if intent.notional is not None:
        return {"notional": plain(intent.notional)}
    return {"qty": plain(intent.quantity)}


def is_pair(intent: OrderIntent) -> bool:
    """Whether it is a stop and a target for one quantity: one fill cancels the other."""
    return intent.role is OrderRole.STOP_LOSS and intent.take_profit is not None


def needs_reference(intent: OrderIntent) -> bool:
    """Whether the price of a leg depends on the price of its entry."""
    return bool(intent.legs) and not is_pair(intent)


def time_in_force(intent: OrderIntent, instrument: Instrument) -> str:
    """How long Alpaca lets it live: crypto has no days, options and fractions nothing else."""
    if instrument.asset_class is AssetClass.CRYPTO:
        return "gtc" if intent.time_in_force == "day" else intent.time_in_force
    fraction = intent.quantity != intent.quantity.to_integral_value()
    if fraction or instrument.asset_class is AssetClass.OPTION:
        return "day"
    return intent.time_in_force


def plain(value: Decimal) -> str:
    """A decimal without exponent and trailing zeros."""
    return f"{value.normalize():f}"


def on_grid(price: Decimal, instrument: Instrument, *, side: Side, stop: bool) -> Decimal:
    """A price on the grid that is Alpaca's there."""
    stock = instrument.asset_class is AssetClass.EQUITY
    tick = stock_tick(price) if stock else instrument.tick
    return round_to_tick(price, tick, side=side, stop=stop)


def stock_tick(price: Decimal) -> Decimal:
    """The price step of a stock: cents, and finer below one dollar."""
    return _CENT if price >= _DOLLAR else _FINE


def _prices(intent: OrderIntent, instrument: Instrument) -> dict[str, Any]:
    prices: dict[str, Any] = {}
    if intent.limit_price is not None and intent.order_type in _LIMITED:
        prices["limit_price"] = _price(intent.limit_price, instrument, intent.side, stop=False)
    if intent.stop_price is not None and intent.order_type in _STOPPED:
        prices["stop_price"] = _price(intent.stop_price, instrument, intent.side, stop=True)
    if intent.order_type is OrderType.TRAILING_STOP and intent.trail is not None:
        prices["trail_price"] = plain(intent.trail)
    return prices


_LIMITED = (OrderType.LIMIT, OrderType.STOP_LIMIT)
_STOPPED = (OrderType.STOP, OrderType.STOP_LIMIT)


def _legs(intent: OrderIntent, instrument: Instrument, reference: Decimal | None) -> dict[str, Any]:
    if not intent.legs:
        return {}
    legs: dict[str, Any] = {"order_class": "bracket" if len(intent.legs) > 1 else "oto"}
    if intent.stop_loss is not None:
        legs["stop_loss"] = _stop(intent, intent.stop_loss, instrument, reference)
    if intent.take_profit is not None:
        target = _level(intent, intent.take_profit, OrderRole.TAKE_PROFIT, instrument, reference)
        legs["take_profit"] = {"limit_price": target}
    return legs


def _stop(
    intent: OrderIntent, leg: Leg, instrument: Instrument, reference: Decimal | None
) -> dict[str, str]:
    if leg_type(leg.level, OrderRole.STOP_LOSS) is OrderType.TRAILING_STOP:
        raise ValueError("the stop of a bracket cannot trail")
    stop = {"stop_price": _level(intent, leg, OrderRole.STOP_LOSS, instrument, reference)}
    limit = leg.level.limit_price
    if limit is not None and leg_type(leg.level, OrderRole.STOP_LOSS) is OrderType.STOP_LIMIT:
        stop["limit_price"] = _price(limit, instrument, intent.side.opposite, stop=False)
    return stop


def _level(
    intent: OrderIntent,
    leg: Leg,
    role: OrderRole,
    instrument: Instrument,
    reference: Decimal | None,
) -> str:
    if reference is None:
        raise ValueError(f"no price of {instrument.symbol} is known for its {role.value}")
    price = leg_price(
        leg.level, role, entry_side=intent.side, reference=reference, tick=instrument.tick
    )
    stop = role is OrderRole.STOP_LOSS
    return _price(price, instrument, intent.side.opposite, stop=stop)


def _pair(intent: OrderIntent, instrument: Instrument) -> dict[str, Any]:
    """The target is the order and the stop its leg: so Alpaca has it, whatever ours is."""
    assert intent.take_profit is not None  # noqa: S101  # asked by the only caller
    assert intent.stop_price is not None  # noqa: S101  # a stop has one
    target = intent.take_profit.level
    if target.kind is not LevelKind.PRICE:
        raise ValueError("the target of a pair has to be a price")
    stop = {"stop_price": _price(intent.stop_price, instrument, intent.side, stop=True)}
    if intent.order_type is OrderType.STOP_LIMIT and intent.limit_price is not None:
        stop["limit_price"] = _price(intent.limit_price, instrument, intent.side, stop=False)
    return {
        "type": OrderType.LIMIT.value,
        "order_class": "oco",
        "take_profit": {"limit_price": _price(target.value, instrument, intent.side, stop=False)},
        "stop_loss": stop,
    }


def _position_intent(intent: OrderIntent) -> str:
    """An exit of an option only ever closes."""
    ends = "open" if intent.role is OrderRole.ENTRY else "close"
    return f"{intent.side.value}_to_{ends}"


def _price(price: Decimal, instrument: Instrument, side: Side, *, stop: bool) -> str:
    return plain(on_grid(price, instrument, side=side, stop=stop))
