"""From the body of a request to the order that it asks for."""

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal, InvalidOperation
from typing import Any

from tests.simulators.fyers import refusals as no
from tests.simulators.fyers.instruments import Instrument
from tests.simulators.fyers.orders import UNTAGGED, ZERO, Legs, Order, Type
from tests.simulators.fyers.refusals import refused
from tests.simulators.fyers.world import World

Body = Mapping[str, Any]

_VALIDITIES = ("DAY", "IOC")
_CASH_PRODUCTS = ("CNC", "INTRADAY", "MTF")
_DERIVATIVE_PRODUCTS = ("INTRADAY", "MARGIN")
_LONGEST_TAG = 30


def read_order(world: World, body: Body, fy_id: str) -> Order:
    """The order of a body.

    Raises:
        Refusal: there is no such order, whatever the account.
    """
    instrument = listed(world, body)
    if body.get("isSliceOrder"):
        raise refused(no.BAD_INPUT, "Slice orders are not simulated")
    order = Order(
        id=world.new_id(),
        exchange_id="",
        instrument=instrument,
        side=_choice(body, "side", (1, -1), no.BAD_SIDE),
        type=Type(_choice(body, "type", (1, 2, 3, 4), no.BAD_TYPE)),
        product=product_of(body, instrument),
        qty=quantity(body, "qty", instrument),
        limit_price=amount(body, "limitPrice", no.BAD_LIMIT),
        stop_price=amount(body, "stopPrice", no.BAD_STOP),
        validity=_choice(body, "validity", _VALIDITIES, no.BAD_VALIDITY),
        offline=_flag(body, "offlineOrder", no.BAD_OFFLINE),
        tag=tag_of(body, fy_id),
        legs=read_legs(body, Legs()),
    )
    order.exchange_id = f"11{order.id}"
    order.disclosed = _disclosed(body, order)
    check_prices(order)
    return order


def read_change(body: Body, order: Order) -> Order:
    """The order as it will be; what a body does not name stays.

    Raises:
        Refusal: it cannot be so.
    """
    instrument, kind = order.instrument, order.type
    if "type" in body:
        kind = Type(_choice(body, "type", (1, 2, 3, 4), no.BAD_TYPE))
    qty = quantity(body, "qty", instrument) if "qty" in body else order.qty
    if qty <= order.filled:
        raise refused(no.BAD_QTY)
    limit, stop = order.limit_price, order.stop_price
    changed = replace(
        order,
        type=kind,
        qty=qty,
        limit_price=amount(body, "limitPrice", no.BAD_LIMIT) if "limitPrice" in body else limit,
        stop_price=amount(body, "stopPrice", no.BAD_STOP) if "stopPrice" in body else stop,
        legs=read_legs(body, order.legs),
    )
    changed.disclosed = _disclosed(body, changed) if "disclosedQty" in body else order.disclosed
    check_prices(changed)
    return changed


def listed(world: World, body: Body) -> Instrument:
    """The instrument of a body: one that can be bought, and has not expired.

    Raises:
        Refusal: there is none.
    """
    found = world.instrument(str(body.get("symbol", "")))
    if found is None or found.is_index or (found.expires and found.expires <= world.now()):
        raise refused(no.BAD_SYMBOL)
    return found


def product_of(body: Body, instrument: Instrument) -> str:
    """A product under which an instrument may be held.

    Raises:
        Refusal: it may not.
    """
    allowed = _CASH_PRODUCTS if instrument.is_cash else _DERIVATIVE_PRODUCTS
    found = _choice(body, "productType", allowed, no.BAD_PRODUCT)
    if found == "MTF" and instrument.mtf is None:
        raise refused(no.BAD_PRODUCT)
    return str(found)


def quantity(body: Body, name: str, instrument: Instrument) -> int:
    """So many units: whole lots.

    Raises:
        Refusal: it is none, or no multiple of the lot.
    """
    value = amount(body, name, no.BAD_QTY)
    if value <= 0 or value % instrument.lot:
        raise refused(no.BAD_QTY)
    return int(value)


def check_prices(order: Order) -> None:
    """Each type has its own prices, in whole ticks.

    Raises:
        Refusal: one is missing, or lies between ticks.
    """
    if order.type.has_limit and order.limit_price <= 0:
        raise refused(no.BAD_LIMIT)
    if order.type.has_stop and order.stop_price <= 0:
        raise refused(no.BAD_STOP)
    for given in (order.limit_price, order.stop_price):
        if given % order.instrument.tick:
            raise refused(no.OFF_TICK)
    above = order.side * (order.limit_price - order.stop_price)
    if order.type is Type.STOP_LIMIT and above < 0:
        raise refused(no.BAD_STOP_LIMIT)


def read_legs(body: Body, kept: Legs) -> Legs:
    """The stop loss and the target of a body: what it does not name stays, 0 and null end it."""
    percent = kept.percent
    if "legType" in body:
        percent = _choice(body, "legType", (1, 2), no.BAD_INPUT) == 2
    target = _offset(body, "takeProfit", kept.take_profit, no.BAD_TARGET)
    stop = _offset(body, "stopLoss", kept.stop_loss, no.BAD_STOP_LOSS)
    return Legs(take_profit=target, stop_loss=stop, percent=percent)


def _offset(body: Body, name: str, kept: Decimal | None, code: int) -> Decimal | None:
    if name not in body:
        return kept
    return amount(body, name, code) or None


def tag_of(body: Body, fy_id: str) -> str:
    """How a tag reads back.

    Raises:
        Refusal: it is none.
    """
    tag = body.get("orderTag")
    if tag in (None, ""):
        return UNTAGGED
    text = str(tag)
    fits = text.isascii() and text.isalnum() and len(text) <= _LONGEST_TAG
    if not fits or text in (fy_id, "Untagged"):
        raise refused(no.BAD_INPUT, "Please provide a valid orderTag")
    return f"1:{text}"


def amount(body: Body, name: str, code: int) -> Decimal:
    """A number that is not negative; what is not there is 0.

    Raises:
        Refusal: it is no such number.
    """
    value = body.get(name)
    if value is None:
        return ZERO
    if isinstance(value, bool):
        raise refused(code)
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        raise refused(code) from None
    if not number.is_finite() or number < 0:
        raise refused(code)
    return number


def _choice(body: Body, name: str, choices: tuple[Any, ...], code: int) -> Any:
    value = body.get(name)
    if isinstance(value, bool) or value not in choices:
        raise refused(code)
    return value


def _flag(body: Body, name: str, code: int) -> bool:
    value = body.get(name, False)
    if not isinstance(value, bool):
        raise refused(code)
    return value


def _disclosed(body: Body, order: Order) -> int:
    value = amount(body, "disclosedQty", no.BAD_DISCLOSED)
    if value != value.to_integral_value() or value > order.qty:
        raise refused(no.BAD_DISCLOSED)
    return int(value)
