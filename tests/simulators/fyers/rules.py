"""What the risk management refuses: the order gets an id, and stands in the book as rejected."""

from decimal import Decimal

from tests.simulators.fyers.accounts import DELIVERY, Account
from tests.simulators.fyers.orders import ZERO, Order, Type
from tests.simulators.fyers.world import World


def complaint(
    world: World, account: Account, order: Order, *, instead_of: Order | None = None
) -> str:
    """Why an order is rejected; empty when it is not. `instead_of`: what it takes the place of."""
    told = (check(world, account, order) for check in (_protection, _hours, _freeze))
    held = (check(world, account, order, instead_of) for check in (_stop, _delivery, _margin))
    return next(filter(None, (*told, *held)), "")


def _protection(world: World, account: Account, order: Order) -> str:
    """A stop of Fyers' own, which came with an order or a position, has it."""
    if world.rules.market_protection and not order.type.has_limit and not order.parent:
        return "RED:Market orders without market protection are not allowed"
    return ""


def _hours(world: World, account: Account, order: Order) -> str:
    if world.hours.is_open(world.now()) or order.offline:
        return ""
    return "RED:Market is closed. Please place an AMO order"


def _freeze(world: World, account: Account, order: Order) -> str:
    freeze = order.instrument.freeze
    if freeze is not None and order.qty > freeze:
        return f"RED:Quantity exceeds the freeze quantity of {freeze}"
    return ""


def _stop(world: World, account: Account, order: Order, old: Order | None) -> str:
    last = world.last(order.instrument)
    waits = order.side * (order.stop_price - last) > 0
    moved = old is None or old.stop_price != order.stop_price
    if order.type.has_stop and moved and world.rules.refuses_reached_stops and not waits:
        return f"RED:Trigger price is on the wrong side of the last traded price {last}"
    return ""


def _delivery(world: World, account: Account, order: Order, old: Order | None) -> str:
    """Only what one has may be sold for delivery, once it is authorised."""
    if order.product != DELIVERY or order.side > 0:
        return ""
    others = account.open_orders(order.instrument.symbol)
    promised = sum(
        each.left
        for each in others
        if each is not old and each.product == DELIVERY and each.side < 0 and _counts(each)
    )
    if order.left > account.deliverable(order.instrument) - promised:
        return "RED:Holdings are not sufficient to sell"
    bought_today = max(0, account.net(order.instrument, DELIVERY))
    if not account.edis and order.left > bought_today:
        return "RED:Authorise your holdings (CDSL TPIN, EDIS) before you sell them"
    return ""


def _margin(world: World, account: Account, order: Order, old: Order | None) -> str:
    price = order_price(world, order)
    freed = account.cost(old) if old else ZERO
    cost = account.cost(order, price)
    short = cost - account.available - freed
    return f"RED:Margin Shortfall[{short:.2f}]" if cost and short > 0 else ""


def _counts(order: Order) -> bool:
    """Of a stop and its target one stands for both."""
    return order.mate is None or order.type is Type.LIMIT


def order_price(world: World, order: Order) -> Decimal:
    """At which price an order is reckoned."""
    if order.type.has_limit:
        return order.limit_price
    return order.stop_price if order.type is Type.STOP else world.quote(order.instrument).ask
