"""The risk gate's limits: checked before every entry, never before an exit."""

from dataclasses import dataclass
from decimal import Decimal

from app.domain.decision import Denial, Denied


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Limits of one account, in its currency; None = no limit."""

    max_order_quantity: Decimal | None = None
    max_order_notional: Decimal | None = None
    max_open_positions: int | None = None


def check_entry(
    limits: Limits, *, quantity: Decimal, notional: Decimal | None, open_positions: int
) -> Denied | None:
    """Whether an entry breaks a limit.

    Args:
        limits: the account's limits.
        quantity: units to be entered.
        notional: quantity x multiplier x price; None when no price is known, which a limit on the
            notional does not let pass.
        open_positions: positions in other instruments of the account.
    """
    most = limits.max_order_quantity
    if most is not None and quantity > most:
        return Denied(Denial.LIMIT_QUANTITY, f"quantity {quantity} is above the limit of {most}")
    most = limits.max_order_notional
    if most is not None and (notional is None or notional > most):
        shown = "unknown" if notional is None else f"{notional:f}"
        return Denied(Denial.LIMIT_NOTIONAL, f"notional {shown} is above the limit of {most}")
    count = limits.max_open_positions
    if count is not None and open_positions >= count:
        return Denied(
            Denial.LIMIT_POSITIONS, f"{open_positions} positions are open, {count} allowed"
        )
    return None
