"""What Alpaca refuses before an order is in its books (contracts.md A.3)."""

from collections.abc import Callable
from decimal import Decimal

from app.domain.order import OrderType
from tests.simulators.alpaca.accounts import Account
from tests.simulators.alpaca.day_trades import check_day_trades
from tests.simulators.alpaca.orders import ZERO, Order
from tests.simulators.alpaca.refusals import forbidden, invalid, unprocessable
from tests.simulators.alpaca.rules_of_complex import check_complex
from tests.simulators.alpaca.rules_of_holdings import check_holdings
from tests.simulators.alpaca.rules_of_kinds import check_kind
from tests.simulators.alpaca.world import World

Check = Callable[[World, Account, Order], None]

_CENT_PRICES_FROM = Decimal(1)
_LEAST_NOTIONAL = {"crypto": Decimal(10), "us_equity": Decimal(1)}
_EVENING = 19 * 60
_TOO_LATE = {"opg": 9 * 60 + 28, "cls": 15 * 60 + 50}


def check(world: World, account: Account, order: Order, *, replaced: Order | None = None) -> None:
    """Refuse an order that Alpaca would refuse. `replaced`: it takes the place of that one.

    Raises:
        Refusal: the account, its money, its holdings or the order itself forbid it.
    """
    _check_account(account, order)
    check_kind(world, account, order)
    _check_fraction(world, order)
    for each in (order, *order.legs):
        _check_ticks(each)
    check_complex(world, order)
    check_day_trades(world, account, order)
    _check_hours(world, order)
    _check_least(world, order)
    check_holdings(world, account, order, replaced)


def _check_account(account: Account, order: Order) -> None:
    if account.trade_suspended_by_user:
        raise forbidden("new orders are rejected by user request")
    if account.account_blocked or account.trading_blocked:
        raise forbidden("account is restricted from trading")
    if order.asset.is_crypto and account.crypto_status != "ACTIVE":
        raise invalid("crypto orders not allowed for account")
    if not order.asset.is_crypto and not account.equities_allowed:
        raise invalid("us_equity orders not allowed for account")


def _check_fraction(world: World, order: Order) -> None:
    """Parts of shares: simple day orders only, and only to buy or to sell what is held."""
    if order.asset.is_crypto or not is_fractional(order):
        return
    if not order.asset.fractionable:
        raise unprocessable(f'asset "{order.asset.symbol}" is not fractionable')
    if order.is_complex:
        raise unprocessable("fractional orders must be simple orders")
    if order.time_in_force != "day":
        raise unprocessable("fractional orders must be DAY orders")
    stops = (OrderType.STOP, OrderType.STOP_LIMIT) if world.rules.fractional_stops else ()
    if order.type not in (OrderType.MARKET, OrderType.LIMIT, *stops):
        raise unprocessable("fractional orders must be market or limit orders")


def is_fractional(order: Order) -> bool:
    """Whether it asks for a part of a share."""
    return order.qty is None or order.qty != order.qty.to_integral_value()


def _check_ticks(order: Order) -> None:
    for name in ("limit_price", "stop_price"):
        price: Decimal | None = getattr(order, name)
        if price is None or price % _tick(order, price) == ZERO:
            continue
        raise unprocessable(
            f"invalid {name} {price:f}. sub-penny increment does not fulfill "
            "minimum pricing criteria"
        )


def _tick(order: Order, price: Decimal) -> Decimal:
    if order.asset.price_increment is not None:
        return order.asset.price_increment
    return Decimal("0.01") if price >= _CENT_PRICES_FROM else Decimal("0.0001")


def _check_hours(world: World, order: Order) -> None:
    if order.extended_hours:
        if order.type is not OrderType.LIMIT or order.time_in_force not in ("day", "gtc"):
            raise unprocessable("extended hours order must be DAY or GTC limit orders")
        if order.is_complex:
            raise unprocessable("extended hours order must be simple orders")
    too_late = _TOO_LATE.get(order.time_in_force)
    if too_late is None:
        return
    if order.type not in (OrderType.MARKET, OrderType.LIMIT):
        raise unprocessable(f"{order.time_in_force} orders must be market or limit orders")
    if too_late <= world.hours.minutes_from_midnight(world.now()) < _EVENING:
        raise unprocessable(f"{order.time_in_force} orders are not accepted at this time")


def _check_least(world: World, order: Order) -> None:
    """An order in parts is for a least amount of money."""
    least = _LEAST_NOTIONAL.get(order.asset.asset_class)
    if least is None or order.liquidates or not (order.asset.is_crypto or is_fractional(order)):
        return
    price = order.limit_price or world.quotes[order.asset.symbol].side(order.side)
    basis = order.notional or (order.qty or ZERO) * price
    if basis < least:
        raise forbidden(f"cost basis must be >= minimal amount of order {least}")
