"""How much: amounts of every unit turned into a quantity on the instrument's grid."""

from dataclasses import dataclass
from decimal import ROUND_DOWN, Context, Decimal

from app.domain.alert import Amount, AmountUnit
from app.domain.decision import Denial, Denied
from app.domain.ticks import floor_to_step

ZERO = Decimal(0)
HUNDRED = Decimal(100)
# What is cut off is cut off downward: a quotient that was rounded up would exceed the budget.
_DOWN = Context(prec=60, rounding=ROUND_DOWN)


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """What an entry is sized from: price per unit, money of the account, grid of quantities.

    `price` is None when no quote is known; an absolute quantity needs none.
    """

    price: Decimal | None
    equity: Decimal
    buying_power: Decimal
    multiplier: Decimal
    step: Decimal


def entry_quantity(size: Amount, means: Means) -> Decimal | Denied:
    """The quantity of an entry, floored to the step; percentages capped by buying power (rule 16).

    Returns:
        A positive multiple of the step, or why there is none.
    """
    if size.unit is AmountUnit.UNITS:
        return _on_grid(size.value, means.step)
    budget = _budget(size, means)
    if isinstance(budget, Denied):
        return budget
    if means.price is None or means.price <= 0:
        return Denied(Denial.NO_QUOTE, "a size in money needs a price, and none is known")
    cost = _DOWN.multiply(means.price, means.multiplier)
    return _on_grid(_DOWN.divide(budget, cost), means.step)


def _budget(size: Amount, means: Means) -> Decimal | Denied:
    if size.unit is AmountUnit.CASH:
        return size.value
    if size.unit in (AmountUnit.PERCENT, AmountUnit.PERCENT_OF_EQUITY):
        return min(_percent_of(means.equity, size.value), means.buying_power)
    return Denied(
        Denial.UNSUPPORTED_QUANTITY, f"quantity_type {size.unit.value} cannot size this entry"
    )


def exit_quantity(share: Amount, held: Decimal, means: Means) -> Decimal | Denied:
    """How much of a held quantity to close: never more than is held; 100 % closes exactly.

    Args:
        share: units, money, or a percentage of the position.
        held: the position's size, signed or not.
        means: the grid of quantities, and the price that money is converted at.
    """
    size, step = abs(held), means.step
    if share.unit in (AmountUnit.PERCENT, AmountUnit.PERCENT_OF_POSITION):
        if share.value >= HUNDRED:
            return size
        return _on_grid(_percent_of(size, share.value), step)
    if share.unit not in (AmountUnit.UNITS, AmountUnit.CASH):
        return Denied(
            Denial.UNSUPPORTED_QUANTITY, f"quantity_type {share.unit.value} cannot size an exit"
        )
    quantity = share.value if share.unit is AmountUnit.UNITS else entry_quantity(share, means)
    if isinstance(quantity, Denied) or quantity >= size:
        return quantity if isinstance(quantity, Denied) else size
    return _on_grid(quantity, step)


def _percent_of(whole: Decimal, percent: Decimal) -> Decimal:
    return _DOWN.divide(_DOWN.multiply(whole, percent), HUNDRED)


def _on_grid(quantity: Decimal, step: Decimal) -> Decimal | Denied:
    floored = floor_to_step(max(quantity, ZERO), step)
    if not floored:
        return Denied(Denial.TOO_SMALL, f"{quantity:.9f} is less than one step of {step:f}")
    return floored
