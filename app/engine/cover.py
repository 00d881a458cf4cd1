"""How much of what an entry filled its strategy still holds, and how much of that is covered.

Pure counting over the orders of one strategy in one instrument. What may have reached the broker
counts as if it had: a second order for the same quantity could open the opposite.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from app.domain.order import OrderRole, OrderStatus, OrderType
from app.ports.journal import OrderRecord

ZERO = Decimal(0)
AT_BROKER = frozenset(
    {
        OrderStatus.SUBMITTING,
        OrderStatus.UNKNOWN,
        OrderStatus.LIVE,
        OrderStatus.PARTIALLY_FILLED,
    }
)
"""Orders that are at the broker, or may be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cover:
    """All quantities are positive.

    Attributes:
        held: what the strategy holds on the entry's side.
        filled: how much of it the entry has brought.
        guarded: what stops (a target, where no stop was asked for) would close.
        closing: what orders on their way close anyway.
        spent: how much of the entry's fills its own protection covers, or has closed.
    """

    held: Decimal
    filled: Decimal
    guarded: Decimal
    closing: Decimal
    spent: Decimal

    @property
    def bare(self) -> Decimal:
        """How much of the entry's fills has to be covered now."""
        return max(ZERO, min(self.filled - self.spent, self.held - self.guarded - self.closing))

    @property
    def awaits_close(self) -> bool:
        """Whether it is bare but for a close that is not done yet."""
        return not self.bare and self.closing > 0 and self.held > self.guarded

    @property
    def excess(self) -> Decimal:
        """How much more the stops would close than is held (invariant I5)."""
        return max(ZERO, self.guarded - self.held)


def cover(
    entry: OrderRecord,
    *,
    held: Decimal,
    lane: Iterable[OrderRecord],
    family: Iterable[OrderRecord],
) -> Cover:
    """Count what covers an entry.

    Args:
        entry: as it is now.
        held: what its strategy holds, negative when short.
        lane: the strategy's orders in the lane that are not final.
        family: the orders that were made to protect or close what this entry filled.
    """
    out = [order for order in lane if order.side is entry.side.opposite and _counts(order)]
    whole = [*out, *family]
    return Cover(
        held=max(ZERO, held * entry.side.sign),
        filled=entry.filled_quantity,
        guarded=sum((remaining(order) for order in out if guards(order, whole)), ZERO),
        closing=sum((remaining(order) for order in out if closes(order)), ZERO),
        spent=sum((_spent(order, whole) for order in family), ZERO),
    )


def remaining(order: OrderRecord) -> Decimal:
    """How much an order may still fill."""
    return max(ZERO, order.quantity - order.filled_quantity)


def guards(order: OrderRecord, others: Iterable[OrderRecord]) -> bool:
    """Whether an order rests to protect. A target beside a stop stands for the same quantity."""
    if order.role is not OrderRole.TAKE_PROFIT or order.order_type is OrderType.MARKET:
        return order.role is OrderRole.STOP_LOSS
    stops = [other for other in others if other.role is OrderRole.STOP_LOSS]
    return not any(order.parent in (stop.client_order_id, stop.parent) for stop in stops)


def closes(order: OrderRecord) -> bool:
    """Whether an order closes at once, or at a price that somebody asked for."""
    sells_at_target = order.role is OrderRole.TAKE_PROFIT and order.order_type is OrderType.MARKET
    return order.role is OrderRole.EXIT or sells_at_target


def _counts(order: OrderRecord) -> bool:
    return order.status in AT_BROKER


def _spent(order: OrderRecord, whole: Iterable[OrderRecord]) -> Decimal:
    if _counts(order) and guards(order, whole):
        return order.quantity
    return order.filled_quantity
