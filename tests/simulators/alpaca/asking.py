"""From the body of a request to the order that it asks for."""

from decimal import Decimal, InvalidOperation
from typing import Any, cast

from app.domain.order import OrderType
from tests.simulators.alpaca.accounts import Account
from tests.simulators.alpaca.assets import Asset
from tests.simulators.alpaca.orders import Order
from tests.simulators.alpaca.refusals import Refusal, invalid, unprocessable
from tests.simulators.alpaca.world import World

Body = dict[str, Any]

_SIDES = {"buy": 1, "sell": -1}
_TIMES = frozenset(("day", "gtc", "opg", "cls", "ioc", "fok"))
_CLASSES = frozenset(("", "simple", "bracket", "oco", "oto"))
_NEEDS = {
    OrderType.MARKET: (False, False),
    OrderType.LIMIT: (True, False),
    OrderType.STOP: (False, True),
    OrderType.STOP_LIMIT: (True, True),
    OrderType.TRAILING_STOP: (False, False),
}
_LONGEST_ID = 128


def read_order(world: World, account: Account, body: Body) -> Order:
    """The order of a body, with its legs.

    Raises:
        Refusal: there is no such order, whatever the account.
    """
    order = _plain(world, account, body)
    if order.order_class == "oco":
        return _pair(world, order, body)
    if order.is_complex:
        order.legs = _legs(world, order, body)
    return order


def _plain(world: World, account: Account, body: Body) -> Order:
    asset = _asset(world, str(body.get("symbol", "")))
    side = _SIDES.get(str(body.get("side")))
    if side is None:
        raise invalid("side must be either buy or sell")
    order = Order(
        id=world.new_id(),
        client_order_id=client_id(world, account, body.get("client_order_id")),
        asset=asset,
        side=side,
        type=_type(body),
        time_in_force=_choice(body, "time_in_force", _TIMES),
        order_class=_class(body),
        qty=amount(body, "qty"),
        notional=amount(body, "notional"),
        limit_price=amount(body, "limit_price"),
        stop_price=amount(body, "stop_price"),
        trail_price=amount(body, "trail_price"),
        trail_percent=amount(body, "trail_percent"),
        extended_hours=bool(body.get("extended_hours") or False),
    )
    order.intent = _intent(account, order, body)
    _sized(order)
    if order.order_class != "oco":
        _priced(order)
    return order


def _sized(order: Order) -> None:
    if order.qty is not None and order.notional is not None:
        raise Refusal(400, 40010000, "only one of qty or notional is accepted")
    if order.qty is None and order.notional is None:
        raise invalid("qty or notional is required")


def _priced(order: Order) -> None:
    """Each type has its own prices."""
    needs = _NEEDS[order.type]
    has = (order.limit_price is not None, order.stop_price is not None)
    if order.type is OrderType.MARKET and has != needs:
        raise invalid("market orders require no stop or limit price")
    for name, needed, given in zip(("limit_price", "stop_price"), needs, has, strict=True):
        if needed and not given:
            raise invalid(f"{order.type.value} orders require {name}")
        if given and not needed:
            raise invalid(f"{order.type.value} orders require no {name}")
    trails = (order.trail_price is not None) + (order.trail_percent is not None)
    if trails != (order.type is OrderType.TRAILING_STOP):
        raise invalid("trailing_stop orders require one of trail_price and trail_percent")


def _legs(world: World, entry: Order, body: Body) -> list[Order]:
    """The exits of a bracket or an OTO: they wait for the whole fill of the entry."""
    target, stop = _part(body, "take_profit"), _part(body, "stop_loss")
    if entry.order_class == "bracket":
        if amount(target, "limit_price") is None:
            raise unprocessable("bracket orders require take_profit.limit_price")
        if amount(stop, "stop_price") is None:
            raise unprocessable("bracket orders require stop_loss.stop_price")
    legs = [_leg(world, entry, part) for part in (target, stop) if part]
    if not legs or (entry.order_class == "oto" and len(legs) != 1):
        raise unprocessable("oto orders require either take_profit or stop_loss")
    return legs


def _pair(world: World, asked: Order, body: Body) -> Order:
    """An OCO: the target is the order, the stop its leg; both work at once."""
    target, stop = _part(body, "take_profit"), _part(body, "stop_loss")
    limit = amount(target, "limit_price") or asked.limit_price
    if limit is None:
        raise unprocessable("oco orders require take_profit.limit_price")
    if amount(stop, "stop_price") is None:
        raise unprocessable("oco orders require stop_loss.stop_price")
    if asked.type is not OrderType.LIMIT:
        raise unprocessable("oco orders must be limit orders")
    asked.limit_price = limit
    leg = _leg(world, asked, stop)
    leg.side, leg.armed, leg.intent = asked.side, True, asked.intent
    asked.legs = [leg]
    return asked


def _leg(world: World, parent: Order, part: Body) -> Order:
    stop, limit = amount(part, "stop_price"), amount(part, "limit_price")
    kinds = {(True, True): OrderType.STOP_LIMIT, (True, False): OrderType.STOP}
    return Order(
        id=world.new_id(),
        client_order_id=world.new_id(),
        asset=parent.asset,
        side=-parent.side,
        type=kinds.get((stop is not None, limit is not None), OrderType.LIMIT),
        time_in_force=parent.time_in_force,
        order_class=parent.order_class,
        qty=parent.qty,
        limit_price=limit,
        stop_price=stop,
        intent="sell_to_close" if parent.side > 0 else "buy_to_close",
        status="held",
        armed=False,
        parent=parent,
    )


def client_id(world: World, account: Account, given: Any) -> str:
    """The client's name of an order: unique in the account, for ever.

    Raises:
        Refusal: it is not.
    """
    text = str(given or world.new_id())
    if len(text) > _LONGEST_ID:
        raise invalid("client_order_id must be no more than 128 characters")
    if text in account.by_client_id:
        raise invalid("client_order_id must be unique")
    return text


def amount(body: Body, name: str) -> Decimal | None:
    """A number of a body, written as a number or as text; None when it is not there.

    Raises:
        Refusal: it is no positive number.
    """
    given = body.get(name)
    if given is None:
        return None
    try:
        value = Decimal(str(given))
    except InvalidOperation:
        raise invalid(f"{name} is not a number") from None
    if not value.is_finite() or value <= 0:
        raise unprocessable(f"{name} must be > 0")
    return value


def _part(body: Body, name: str) -> Body:
    given = body.get(name)
    return cast("Body", given) if isinstance(given, dict) else {}


def _asset(world: World, name: str) -> Asset:
    asset = world.asset(name)
    if asset is None:
        raise unprocessable(f'asset "{name}" not found')
    if not asset.active:
        raise unprocessable(f'asset "{name}" is not active')
    if not asset.tradable:
        raise unprocessable(f'asset "{name}" is not tradable')
    return asset


def _type(body: Body) -> OrderType:
    try:
        return OrderType(str(body.get("type")))
    except ValueError:
        raise invalid("invalid order type") from None


def _class(body: Body) -> str:
    name = _choice({"order_class": body.get("order_class") or ""}, "order_class", _CLASSES)
    return "" if name == "simple" else name


def _choice(body: Body, name: str, of: frozenset[str]) -> str:
    given = str(body.get(name))
    if given not in of:
        raise invalid(f"invalid {name}")
    return given


def _intent(account: Account, order: Order, body: Body) -> str:
    closes = account.held(order.asset) * order.side < 0
    worked_out = f"{'buy' if order.side > 0 else 'sell'}_to_{'close' if closes else 'open'}"
    return str(body.get("position_intent") or worked_out)
