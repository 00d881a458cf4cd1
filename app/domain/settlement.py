"""How an order's status moves on: forward only, whatever order the broker's messages come in."""

from decimal import Decimal

from app.domain.order import BrokerOrder, OrderStatus

_RANK = {
    OrderStatus.NEW: 0,
    OrderStatus.SUBMITTING: 1,
    OrderStatus.UNKNOWN: 2,
    OrderStatus.LIVE: 3,
    OrderStatus.PARTIALLY_FILLED: 4,
    OrderStatus.EXPIRED: 5,
    OrderStatus.REJECTED: 5,
    OrderStatus.CANCELED: 5,
    OrderStatus.FILLED: 6,
}


def advance(known: OrderStatus, told: OrderStatus) -> OrderStatus:
    """The status after a message; a late or repeated one changes nothing (invariant I11).

    A fill that arrives after a cancel wins: the shares are ours whatever we had believed.
    """
    return told if _RANK[told] > _RANK[known] else known


def is_old_news(status: OrderStatus, filled: Decimal, told: BrokerOrder) -> bool:
    """Whether a message was overtaken by what is known: it knows less of the fills, or of the end.

    Args:
        status: as it is known.
        filled: the filled quantity that is known.
        told: the message.
    """
    if told.filled_quantity != filled:
        return told.filled_quantity < filled
    return _RANK[told.status] < _RANK[status]


def leg_quantity(known: Decimal, told: Decimal, *, entry_grew: bool) -> Decimal:
    """The quantity of a working leg after a message: it grows with its entry's fills only.

    Otherwise a message that came late would show more covered than is.
    """
    return told if entry_grew else min(known, told)
