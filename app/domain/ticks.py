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
        ValueError: the tick is not positive, or the price cannot be counted in it.
    """
    ticks, aligned = _floor(price, tick)
    rounds_up = stop == (side is Side.BUY)
    return from_ticks(ticks + 1 if rounds_up and not aligned else ticks, tick)


def to_ticks(price: Decimal, tick: Decimal) -> int:
    """Count the ticks in a price; a price off the grid is a ValueError."""
    return _count(price, tick)


def from_ticks(ticks: int, tick: Decimal) -> Decimal:
    """Turn a number of ticks back into a price, written with the decimals of the tick."""
    return _EXACT.multiply(Decimal(ticks), tick)


def floor_to_step(quantity: Decimal, step: Decimal) -> Decimal:
    """Cut a quantity down to whole steps; a negative one is a ValueError."""
    steps, _ = _floor(quantity, step)
    if steps < 0:
        raise ValueError(f"quantity {quantity} is negative")
    return from_steps(steps, step)


def to_steps(quantity: Decimal, step: Decimal) -> int:
    """Count the steps in a quantity; a quantity that is not whole steps is a ValueError."""
    return _count(quantity, step)


def from_steps(steps: int, step: Decimal) -> Decimal:
    """Turn a number of steps back into a quantity, written with the decimals of the step."""
    return _EXACT.multiply(Decimal(steps), step)


def _count(value: Decimal, unit: Decimal) -> int:
    units, aligned = _floor(value, unit)
    if not aligned:
        raise ValueError(f"{value} is not a multiple of {unit}")
    return units


def _floor(value: Decimal, unit: Decimal) -> tuple[int, bool]:
    """Count the whole units in a value, rounded down, and tell whether nothing is left over."""
    if not (value.is_finite() and unit.is_finite() and unit > 0):
        raise ValueError(f"cannot count {value} in units of {unit}")
    try:
        whole, rest = _EXACT.divmod(value, unit)
    except ArithmeticError as error:
        raise ValueError(f"{value} is out of range for units of {unit}") from error
    return int(whole) - (rest < 0), not rest
