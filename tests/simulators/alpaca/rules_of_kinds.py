"""What each class of asset allows."""

from decimal import Decimal

from app.domain.order import OrderType
from tests.simulators.alpaca.accounts import Account
from tests.simulators.alpaca.orders import ZERO, Order
from tests.simulators.alpaca.refusals import forbidden, unprocessable
from tests.simulators.alpaca.world import World

_CRYPTO_TYPES = (OrderType.MARKET, OrderType.LIMIT, OrderType.STOP_LIMIT)
_OPTION_TYPES = (OrderType.MARKET, OrderType.LIMIT)
_CLASS_NAMES = {"bracket": "otoco", "oto": "oto", "oco": "oco"}
_BUYS_OPTIONS = 2


def check_kind(world: World, account: Account, order: Order) -> None:
    """Refuse what an order's asset does not allow.

    Raises:
        Refusal: its type, its time in force, its class or its size.
    """
    if order.asset.is_crypto:
        _check_crypto(order)
    elif order.asset.is_option:
        _check_option(account, order)


def _check_crypto(order: Order) -> None:
    if order.is_complex:
        name = _CLASS_NAMES[order.order_class]
        raise unprocessable(f"crypto orders not allowed for advanced order_class: {name}")
    if order.type not in _CRYPTO_TYPES:
        raise unprocessable("invalid order type for crypto order")
    if order.time_in_force not in ("gtc", "ioc"):
        raise unprocessable("invalid crypto time_in_force")
    if order.extended_hours:
        raise unprocessable("extended hours are not allowed for crypto orders")
    if order.qty is not None and not order.liquidates:
        _check_size(order, order.qty)


def _check_size(order: Order, qty: Decimal) -> None:
    least, step = order.asset.min_order_size, order.asset.min_trade_increment
    if least is not None and qty < least:
        raise unprocessable(f"qty must be >= minimal qty of order {least:f}")
    if step is not None and qty % step != ZERO:
        raise unprocessable(f"qty increment must be {step:f}")


def _check_option(account: Account, order: Order) -> None:
    _check_plain_option(order)
    if order.qty is None or order.qty != order.qty.to_integral_value():
        raise unprocessable("qty must be an integer for option orders")
    if account.options_level == 0:
        raise forbidden("account not eligible to trade options")
    opens = account.held(order.asset) * order.side >= 0
    if opens and order.side > 0 and account.options_level < _BUYS_OPTIONS:
        raise forbidden("account not eligible to buy option contracts")
    if order.side < 0 and opens:
        _check_written(account, order, order.qty)


def _check_plain_option(order: Order) -> None:
    if order.is_complex:
        raise unprocessable("option orders must be simple orders")
    if order.type not in _OPTION_TYPES:
        raise unprocessable("options orders must be market or limit orders")
    if order.time_in_force != "day":
        raise unprocessable("option orders must be DAY orders")
    if order.extended_hours:
        raise unprocessable("extended hours are not allowed for option orders")


def _check_written(account: Account, order: Order, qty: Decimal) -> None:
    """A written call needs its shares, a written put its money (which the purse looks after)."""
    contract = order.asset.contract
    if not contract.is_call:
        return
    holding = account.holdings.get(contract.underlying)
    held = holding.qty if holding else ZERO
    free = max(ZERO, held - _covered(account, contract.underlying))
    needed = qty * order.asset.multiplier
    if free < needed:
        raise forbidden(
            "insufficient underlying qty available for covered call "
            f"(required: {needed:f}, available: {free:f})"
        )


def _covered(account: Account, underlying: str) -> Decimal:
    """Shares that calls written already, or about to be, stand on."""
    total = ZERO
    for holding in account.holdings.values():
        if holding.asset.is_option and holding.qty < 0:
            contract = holding.asset.contract
            if contract.is_call and contract.underlying == underlying:
                total -= holding.qty * holding.asset.multiplier
    for order in account.open_orders():
        if order.asset.is_option and order.side < 0 and account.held(order.asset) <= 0:
            contract = order.asset.contract
            if contract.is_call and contract.underlying == underlying:
                total += ((order.qty or ZERO) - order.filled_qty) * order.asset.multiplier
    return total
