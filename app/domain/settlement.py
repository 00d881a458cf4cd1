"""How an order's status moves on: forward only, whatever order the broker's messages come in."""

from app.domain.order import OrderStatus

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
