"""What an account's positions, open orders and money allow."""

from app.domain.order import OrderType
from tests.simulators.alpaca.accounts import Account
from tests.simulators.alpaca.money import Purse
from tests.simulators.alpaca.orders import ZERO, Order
from tests.simulators.alpaca.refusals import UNPROCESSABLE, Refusal, forbidden, unprocessable
from tests.simulators.alpaca.views import number
from tests.simulators.alpaca.world import World


def check_holdings(
    world: World, account: Account, order: Order, replaced: Order | None = None
) -> None:
    """Refuse an order against what is held, what is open and what can be paid.

    Raises:
        Refusal: 403 for most; 422 when the asset cannot be sold short.
    """
    held = account.held(order.asset)
    _check_open_orders(world, account, order, replaced)
    if held * order.side < 0:
        _check_closable(world, account, order, replaced)
        return
    if order.order_class == "oco":
        raise unprocessable("oco orders must be exit orders")
    if order.side < 0:
        _check_short(account, order)
    _check_money(world, account, order, replaced)


def _check_open_orders(
    world: World, account: Account, order: Order, replaced: Order | None
) -> None:
    """Neither open one side while the other is about to be opened, nor trade with oneself."""
    flat = account.held(order.asset) == 0
    for other in account.open_orders(order.asset.symbol):
        if other.side == order.side or other is replaced or not other.armed:
            continue
        if flat and not other.asset.is_crypto:
            mine = "long buy" if order.side > 0 else "short sell"
            its = "long buy" if other.side > 0 else "short sell"
            raise forbidden(f"cannot open a {mine} while a {its} order is open")
        if _is_exempt(order) or _is_exempt(other) or not _would_meet(order, other):
            continue
        raise _wash_trade(world, other)


def _is_exempt(order: Order) -> bool:
    return order.is_complex or order.type is OrderType.TRAILING_STOP


def _would_meet(order: Order, other: Order) -> bool:
    """Two limits meet when they cross; anything else may meet at any time."""
    if order.type is not OrderType.LIMIT or other.type is not OrderType.LIMIT:
        return True
    buy, sell = (order, other) if order.side > 0 else (other, order)
    return (buy.limit_price or ZERO) >= (sell.limit_price or ZERO)


def _wash_trade(world: World, other: Order) -> Refusal:
    facts = {
        "existing_order_id": other.id,
        "reject_reason": f"opposite side {other.type.value} order exists",
    }
    message = "potential wash trade detected. use complex orders"
    if world.rules.wash_trade_is_422:
        return Refusal(422, UNPROCESSABLE, message, **facts)
    return forbidden(message, **facts)


def _check_closable(world: World, account: Account, order: Order, replaced: Order | None) -> None:
    """Nothing is sold that is not held, or that another exit holds."""
    if order.is_entry:
        raise unprocessable(f"{order.order_class} orders must be entry orders")
    held, others = account.reserved(order.asset, but=replaced)
    existing = abs(account.held(order.asset))
    free = max(ZERO, existing - held)
    quote = world.quotes[order.asset.symbol]
    wanted = order.quantity_at(order.limit_price or quote.side(order.side))
    if wanted <= free:
        return
    counts = f"(requested: {number(wanted)}, available: {number(free)})"
    what = "qty available for order" if not order.asset.is_crypto else _balance(order)
    raise forbidden(
        f"insufficient {what} {counts}",
        symbol=order.asset.symbol,
        available=number(free),
        existing_qty=number(existing),
        held_for_orders=number(held),
        related_orders=[other.id for other in others],
    )


def _balance(order: Order) -> str:
    return f"balance for {order.asset.symbol.partition('/')[0]}"


def _check_short(account: Account, order: Order) -> None:
    if order.asset.is_option:
        return
    if order.asset.is_crypto:
        wanted = number(order.qty or ZERO)
        raise forbidden(f"insufficient {_balance(order)} (requested: {wanted}, available: 0)")
    if not account.shorting_enabled or account.multiplier == 1:
        raise forbidden("account is not allowed to short")
    if not order.asset.shortable:
        raise unprocessable(f'asset "{order.asset.symbol}" cannot be sold short')
    if order.qty is None or order.qty != order.qty.to_integral_value():
        raise unprocessable("fractional orders cannot be sold short")


def _check_money(world: World, account: Account, order: Order, replaced: Order | None) -> None:
    purse = Purse(world, account)
    cost = purse.cost(order)
    marginable = order.asset.marginable
    power = purse.buying_power if marginable else purse.cash_power
    if replaced is not None:
        power += purse.cost(replaced)
    if cost > power:
        raise forbidden(
            "insufficient buying power", buying_power=number(power), cost_basis=number(cost)
        )
