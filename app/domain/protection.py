"""Where stop and target lie: levels turned into prices on the tick grid."""

from decimal import Decimal

from app.domain.decision import Denial, Denied
from app.domain.order import Level, LevelKind, OrderIntent, OrderRole, OrderType, Side
from app.domain.ticks import round_to_tick

HUNDRED = Decimal(100)


def leg_type(level: Level, role: OrderRole) -> OrderType:
    """The kind of order that a protective leg is."""
    if role is OrderRole.TAKE_PROFIT:
        return OrderType.LIMIT
    if level.type == OrderType.TRAILING_STOP:
        return OrderType.TRAILING_STOP
    two_prices = level.type == OrderType.STOP_LIMIT and level.limit_price is not None
    return OrderType.STOP_LIMIT if two_prices else OrderType.STOP


def leg_side(intent: OrderIntent) -> Side:
    """The side of an intent's legs: against an entry, and the same as a stop beside its target."""
    return intent.side if intent.role.protects else intent.side.opposite


def leg_price(
    level: Level, role: OrderRole, *, entry_side: Side, reference: Decimal, tick: Decimal
) -> Decimal:
    """The price of a protective leg, rounded to the tick as TradingView rounds it.

    Args:
        level: absolute, or relative to the reference.
        role: stop loss or take profit.
        entry_side: the side of the entry that is protected.
        reference: the average fill (or the quote at sending, for native brackets).
        tick: the instrument's price step.
    """
    stop = role is OrderRole.STOP_LOSS
    return round_to_tick(
        _raw_price(level, stop=stop, entry_side=entry_side, reference=reference),
        tick,
        side=entry_side.opposite,
        stop=stop,
    )


def _raw_price(level: Level, *, stop: bool, entry_side: Side, reference: Decimal) -> Decimal:
    if level.kind is LevelKind.PRICE:
        return level.value
    distance = level.value
    if level.kind is LevelKind.PERCENT:
        distance = reference * level.value / HUNDRED
    away = -entry_side.sign if stop else entry_side.sign
    return reference + away * distance


def check_levels(
    stop_loss: Level | None,
    take_profit: Level | None,
    *,
    entry_side: Side,
    reference: Decimal,
    tick: Decimal,
    farthest: Decimal | None = None,
) -> Denied | None:
    """Refuse a stop or target on the wrong side of the entry, or a price that cannot exist.

    `farthest`: how far from the entry a level that was given as a price may be, in percent: of an
    option it is otherwise one of the underlying (trading-rules 30).
    """
    legs = ((OrderRole.STOP_LOSS, stop_loss), (OrderRole.TAKE_PROFIT, take_profit))
    for role, level in legs:
        if level is None:
            continue
        price = leg_price(level, role, entry_side=entry_side, reference=reference, tick=tick)
        gain = (price - reference) * entry_side.sign
        wrong = gain >= 0 if role is OrderRole.STOP_LOSS else gain <= 0
        limit = level.limit_price
        if limit is not None and (limit - price) * entry_side.sign > 0:
            return Denied(
                Denial.IMPLAUSIBLE_STOP, f"the limit {limit} would not let the stop at {price} fill"
            )
        if wrong or price <= 0:
            return Denied(
                Denial.IMPLAUSIBLE_STOP,
                f"{role.value} {price} is on the wrong side of {reference} to {entry_side.value}",
            )
        away = abs(gain) * HUNDRED
        if farthest and level.kind is LevelKind.PRICE and away > farthest * reference:
            detail = f"{role.value} {price} is more than {farthest} % away from {reference}"
            return Denied(Denial.IMPLAUSIBLE_STOP, detail)
    return None
