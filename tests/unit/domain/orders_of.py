"""Orders for the tests of the matcher, in few words."""

from collections.abc import Callable, Iterable
from typing import Any

from app.domain.book_order import BookOrder
from app.domain.matching import Matcher
from app.domain.order import OrderType

BUY, SELL = 1, -1
TYPES = {
    (False, False): OrderType.MARKET,
    (True, False): OrderType.LIMIT,
    (False, True): OrderType.STOP,
    (True, True): OrderType.STOP_LIMIT,
}


def an_order(order_id: str, side: int, quantity: int = 10, **more: Any) -> BookOrder:
    """Make an order whose type follows from the prices that are given."""
    kind = TYPES["limit" in more, "stop" in more]
    if "trail" in more:
        kind = OrderType.TRAILING_STOP
    return BookOrder(id=order_id, side=side, quantity=quantity, type=kind, **more)


def a_leg(order_id: str, side: int = SELL, quantity: int = 10, **more: Any) -> BookOrder:
    """Make a protective leg: reduce-only."""
    return an_order(order_id, side, quantity, reduce_only=True, **more)


def a_bracket(side: int = BUY, quantity: int = 10, **more: Any) -> BookOrder:
    """Make an entry that protects itself 5 ticks below and 10 above (mirrored for a sell)."""

    def arm(price: int) -> Iterable[BookOrder]:
        yield a_leg("stop", -side, quantity, stop=price - 5 * side)
        yield a_leg("target", -side, quantity, limit=price + 10 * side)

    return an_order("entry", side, quantity, arm=arm, **more)


def ids(matcher: Matcher) -> list[str]:
    """Name the working orders, the oldest first."""
    return [order.id for order in matcher.working]


def a_pyramid(*quantities: int, side: int = BUY) -> Matcher:
    """Make a book of brackets, filled at 100 one after the other, the oldest first."""
    matcher = Matcher()
    for number, quantity in enumerate(quantities, 1):
        arm = bracket_of(str(number), side, quantity, (10, 20, None), None)
        matcher.submit(an_order(str(number), side, quantity, arm=arm), 100)
    return matcher


def quantities(matcher: Matcher) -> dict[str, int]:
    """Tell how large each working order is."""
    return {order.id: order.quantity for order in matcher.working}


def bracket_of(
    entry_id: str,
    side: int,
    quantity: int,
    distances: tuple[int, int, int | None],
    group: str | None,
) -> Callable[[int], Iterable[BookOrder]]:
    """Make the arm of an entry: a stop, or a stop_limit when a slack is given, and a target."""
    loss, gain, slack = distances

    def arm(price: int) -> Iterable[BookOrder]:
        stop = price - side * loss
        limits = {} if slack is None else {"limit": stop - side * slack}
        target = price + side * gain
        yield a_leg(f"{entry_id}.stop", -side, quantity, stop=stop, group=group, **limits)
        yield a_leg(f"{entry_id}.target", -side, quantity, limit=target, group=group)

    return arm


def ladder_of(
    entry_id: str, side: int, loss: int, steps: Iterable[tuple[int, int]], whole: int
) -> Callable[[int], Iterable[BookOrder]]:
    """Make the arm of an entry: a stop for the whole, and targets, (distance, quantity) each."""

    def arm(price: int) -> Iterable[BookOrder]:
        yield a_leg(f"{entry_id}.stop", -side, whole, stop=price - side * loss)
        for number, (gain, quantity) in enumerate(steps, 1):
            limit = price + side * gain
            yield a_leg(f"{entry_id}.target{number}", -side, quantity, limit=limit, part=True)

    return arm


def trail_of(
    entry_id: str, side: int, quantity: int, trail: int, activation: int | None = None
) -> Callable[[int], Iterable[BookOrder]]:
    """Make the arm of an entry: a trailing stop that starts so far in profit, or at once."""

    def arm(price: int) -> Iterable[BookOrder]:
        start = None if activation is None else price + side * activation
        yield a_leg(f"{entry_id}.trail", -side, quantity, trail=trail, activation=start)

    return arm
