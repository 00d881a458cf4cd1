"""The grid of an instrument: prices in whole ticks, quantities in whole steps.

Money and quantities are `Decimal` outside and `int` inside the matcher; this is the crossing. Every
result is exact whatever the caller's decimal context is.
"""

from decimal import Context, Decimal, DivisionByZero, Inexact, InvalidOperation, Overflow

from app.domain.order import Side

# Wide enough for any price over any tick; what does not fit exactly raises instead of rounding.
_EXACT = Context(prec=200, traps=[DivisionByZero, Inexact, InvalidOperation, Overflow])


def round_to_tick(price: Decimal, tick: Decimal, *, side: Side, stop: bool) -> Decimal:
    """Move an order's price onto the grid the way TradingView does.

    Buy stops and sell limits go up, sell stops and buy limits go down: a stop triggers no earlier
    and a limit fills no worse than what was asked for. A price below one tick can become 0.

    Args:
        price: the price that was asked for.
        tick: the instrument's price step.
        side: the side of the order.
        stop: whether this is its stop price (otherwise its limit price).

    Raises:
        ValueError: the tick is not positive, or one of the two is not a number.
    """
    whole, rest = _divide(price, tick)
    rounds_up = stop == (side is Side.BUY)
    return from_ticks(whole + (rounds_up and rest > 0), tick)


def to_ticks(price: Decimal, tick: Decimal) -> int:
    """Count the ticks in a price; a price off the grid is a ValueError."""
    return _count(price, tick)


def from_ticks(ticks: int, tick: Decimal) -> Decimal:
    """Turn a number of ticks back into a price, written with the decimals of the tick."""
    return _EXACT.multiply(Decimal(ticks), tick)


def floor_to_step(quantity: Decimal, step: Decimal) -> Decimal:
    """Cut a quantity down to whole steps; a negative one is a ValueError."""
    if quantity < 0:
        raise ValueError(f"quantity {quantity} is negative")
    return from_steps(_divide(quantity, step)[0], step)


def to_steps(quantity: Decimal, step: Decimal) -> int:
    """Count the steps in a quantity; a quantity that is not whole steps is a ValueError."""
    return _count(quantity, step)


def from_steps(steps: int, step: Decimal) -> Decimal:
    """Turn a number of steps back into a quantity, written with the decimals of the step."""
    return _EXACT.multiply(Decimal(steps), step)


def _count(value: Decimal, unit: Decimal) -> int:
    whole, rest = _divide(value, unit)
    if rest:
        raise ValueError(f"{value} is not a multiple of {unit}")
    return whole


def _divide(value: Decimal, unit: Decimal) -> tuple[int, Decimal]:
    """Split a value into whole units, rounded down, and what is left over (0 <= rest < unit)."""
    if not (value.is_finite() and unit.is_finite() and unit > 0):
        raise ValueError(f"cannot measure {value} in units of {unit}")
    whole, rest = _EXACT.divmod(value, unit)
    if rest < 0:
        return int(whole) - 1, _EXACT.add(rest, unit)
    return int(whole), rest
