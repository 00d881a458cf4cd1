"""Brackets, OCO and OTO: which prices and times they may have."""

from decimal import Decimal

from app.domain.order import OrderType
from tests.simulators.alpaca.assets import CENT
from tests.simulators.alpaca.orders import Order
from tests.simulators.alpaca.refusals import unprocessable
from tests.simulators.alpaca.world import World


def check_complex(world: World, order: Order) -> None:
    """Refuse a bracket, an OCO or an OTO that cannot work.

    Raises:
        Refusal: its size, its time in force, its type, or where its legs are.
    """
    if not order.is_complex:
        return
    if order.time_in_force not in ("day", "gtc"):
        raise unprocessable(f"{order.order_class} orders must be DAY or GTC orders")
    if order.type is OrderType.TRAILING_STOP:
        raise unprocessable(f"{order.order_class} orders must not be trailing_stop orders")
    exit_side = order.side if order.order_class == "oco" else -order.side
    parts = [order, *order.legs] if order.order_class == "oco" else order.legs
    target = next((each for each in parts if each.type is OrderType.LIMIT), None)
    stop = next((each for each in parts if each.stop_price is not None), None)
    _check_sides(exit_side, _limit(target), stop)
    if stop is not None and stop.stop_price is not None:
        _check_stop(world, order, exit_side, stop.stop_price, _limit(target))


def _limit(target: Order | None) -> Decimal | None:
    return target.limit_price if target else None


def _check_sides(side: int, target: Decimal | None, stop: Order | None) -> None:
    """The target lies on the side of the gain. `side` is that of the exits."""
    if target is None or stop is None or stop.stop_price is None:
        return
    if (target - stop.stop_price) * side >= 0:
        sign = ">" if side < 0 else "<"
        raise unprocessable(f"take_profit.limit_price must be {sign} stop_loss.stop_price")


def _check_stop(
    world: World, order: Order, side: int, stop: Decimal, target: Decimal | None
) -> None:
    """The stop is at least a cent beyond the base price: the worst of entry, target and market."""
    quote = world.quotes.get(order.asset.symbol)
    entry = order.limit_price if order.order_class != "oco" else None
    market = quote.side(side) if quote and entry is None else None
    prices = [price for price in (entry, target, market) if price is not None]
    if not prices:
        return
    base = min(prices) if side < 0 else max(prices)
    if (stop - base) * side < CENT:
        sign = "<= base_price -" if side < 0 else ">= base_price +"
        raise unprocessable(f"stop_loss.stop_price must be {sign} 0.01", base_price=f"{base:f}")
