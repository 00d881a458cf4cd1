"""How much: amounts of every unit turned into a quantity on the instrument's grid."""

from dataclasses import dataclass
from decimal import ROUND_DOWN, Context, Decimal

from app.domain.alert import Amount, AmountUnit
from app.domain.decision import Denial, Denied
from app.domain.ticks import floor_to_step

ZERO = Decimal(0)
ONE = Decimal(1)
HUNDRED = Decimal(100)
LEAST_TICKS = 2
"""A stop that is nearer than this to the price sizes nothing: the quantity would be absurd."""
MOST_SLICES = 10
"""So many orders of an exchange one order of ours may become: more are not taken of a program."""
# What is cut off is cut off downward: a quotient that was rounded up would exceed the budget.
_DOWN = Context(prec=60, rounding=ROUND_DOWN)


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """What an entry is sized from: price per unit, money of the account, grid of quantities.

    `price` is None when no quote is known; an absolute quantity needs none. `stop` is the price of
    the entry's stop loss, which only a size by risk needs. `lot` is None where there are no lots:
    then one lot counts as one unit.
    """

    price: Decimal | None
    equity: Decimal
    buying_power: Decimal
    multiplier: Decimal
    step: Decimal
    lot: Decimal | None = None
    stop: Decimal | None = None
    tick: Decimal = Decimal("0.01")

    @property
    def grid(self) -> Decimal:
        """What a quantity is a multiple of."""
        return self.lot or self.step


def entry_quantity(size: Amount, means: Means) -> Decimal | Denied:
    """The quantity of an entry on its grid; percentages and risk are capped by buying power.

    Returns:
        A positive multiple of the step and, where there are lots, of the lot; or why there is none.
    """
    match size.unit:
        case AmountUnit.UNITS:
            return _whole_lots(size.value, means)
        case AmountUnit.LOTS:
            return _whole_lots(_DOWN.multiply(size.value, means.lot or ONE), means)
        case AmountUnit.CASH:
            return _for_money(size.value, means)
        case AmountUnit.PERCENT | AmountUnit.PERCENT_OF_EQUITY:
            budget = min(_percent_of(means.equity, size.value), means.buying_power)
            return _for_money(budget, means)
        case AmountUnit.RISK_CASH:
            return _by_risk(size.value, means)
        case AmountUnit.PERCENT_OF_POSITION:
            detail = "a percentage of the position says how much to close, not how much to enter"
            return Denied(Denial.UNSUPPORTED_QUANTITY, detail)


def exit_quantity(share: Amount, held: Decimal, means: Means) -> Decimal | Denied:
    """How much of a held quantity to close: never more than is held; 100 % closes exactly.

    Args:
        share: units, lots, money, or a percentage of the position.
        held: the position's size, signed or not.
        means: the grid of quantities, and the price that money is converted at.
    """
    size = abs(held)
    wanted = _wanted(share, size, means)
    if isinstance(wanted, Denied):
        return wanted
    return size if wanted >= size else _on_grid(wanted, means)


def beyond_one_order(
    quantity: Decimal, lot: Decimal | None, freeze: Decimal | None
) -> Denied | None:
    """Why a quantity is more than one order can hold; None when it is not.

    Args:
        quantity: units, to be traded or held: what is held has to be closed by one order.
        lot: units of a lot; None where there are none.
        freeze: the most units that the exchange takes at once; None: any.
    """
    if freeze is None:
        return None
    each = floor_to_step(freeze, lot or ONE)
    if quantity <= MOST_SLICES * each:
        return None
    what = f"{quantity:f} units are more than {MOST_SLICES} orders of {each:f} units hold"
    return Denied(Denial.LIMIT_QUANTITY, f"{what}: at most {MOST_SLICES * each:f}")


def _wanted(share: Amount, size: Decimal, means: Means) -> Decimal | Denied:
    match share.unit:
        case AmountUnit.UNITS:
            return share.value
        case AmountUnit.LOTS:
            return _DOWN.multiply(share.value, means.lot or ONE)
        case AmountUnit.PERCENT | AmountUnit.PERCENT_OF_POSITION:
            return _percent_of(size, share.value)
        case AmountUnit.CASH:
            return _for_money(share.value, means)
        case AmountUnit.PERCENT_OF_EQUITY | AmountUnit.RISK_CASH:
            detail = f"quantity_type {share.unit.value} cannot size an exit"
            return Denied(Denial.UNSUPPORTED_QUANTITY, detail)


def _for_money(budget: Decimal, means: Means) -> Decimal | Denied:
    if means.price is None or means.price <= 0:
        return _no_quote()
    return _on_grid(_DOWN.divide(budget, _DOWN.multiply(means.price, means.multiplier)), means)


def _by_risk(risk: Decimal, means: Means) -> Decimal | Denied:
    """So many units that the stop loses the risk (rule 16), as far as there is money for them."""
    if means.price is None or means.price <= 0:
        return _no_quote()
    if means.stop is None:
        return Denied(Denial.NO_STOP, "a size by risk needs a stop loss")
    distance = abs(means.price - means.stop)
    if distance < LEAST_TICKS * means.tick:
        detail = f"the stop {means.stop:f} is less than 2 ticks away from {means.price:f}"
        return Denied(Denial.IMPLAUSIBLE_STOP, detail)
    at_risk = _DOWN.divide(risk, _DOWN.multiply(distance, means.multiplier))
    affordable = _DOWN.divide(means.buying_power, _DOWN.multiply(means.price, means.multiplier))
    return _on_grid(min(at_risk, affordable), means)


def _whole_lots(quantity: Decimal, means: Means) -> Decimal | Denied:
    """A quantity that was given outright: floored to the step, never to another number of lots."""
    lot = means.lot
    if lot is None:
        return _on_grid(quantity, means)
    below = floor_to_step(quantity, lot)
    if below == quantity:
        return _on_grid(quantity, means)
    nearest = " or ".join(f"{each:f}" for each in (below, below + lot) if each)
    detail = f"{quantity:f} is not a multiple of the lot of {lot:f}; the nearest: {nearest}"
    return Denied(Denial.WRONG_LOT, detail)


def _percent_of(whole: Decimal, percent: Decimal) -> Decimal:
    return _DOWN.divide(_DOWN.multiply(whole, percent), HUNDRED)


def _on_grid(quantity: Decimal, means: Means) -> Decimal | Denied:
    floored = floor_to_step(max(quantity, ZERO), means.grid)
    if not floored:
        what = "step" if means.lot is None else "lot"
        detail = f"{quantity:.9f} is less than one {what} of {means.grid:f}"
        return Denied(Denial.TOO_SMALL, detail)
    return floored


def _no_quote() -> Denied:
    return Denied(Denial.NO_QUOTE, "a size in money needs a price, and none is known")
