"""The matcher: one instrument's book, which turns orders and prices into fills.

It has no clock and does no I/O, and counts in whole ticks and whole quantity steps. The paper
broker, backtests and replay all trade through it, so that they cannot disagree about a fill.

A price is treated the way TradingView treats the open of a bar: it is the next known price, and
whatever it reaches fills at it. Liquidity is infinite: an order fills completely or not at all.
"""

import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from app.domain.order import OrderType

# Bounds of a book in which nothing waits: no price touches them.
_BOTTOM = -sys.maxsize
_TOP = sys.maxsize

# Which prices each type of order has: (limit, stop).
_PRICES = {
    OrderType.MARKET: (False, False),
    OrderType.LIMIT: (True, False),
    OrderType.STOP: (False, True),
    OrderType.STOP_LIMIT: (True, True),
}


class Reason(StrEnum):
    """Why an order was rejected or canceled."""

    NO_QUOTE = "no_quote"
    NO_POSITION = "no_position"
    POSITION_CLOSED = "position_closed"
    SIBLING_FILLED = "sibling_filled"
    REQUESTED = "requested"


@dataclass(slots=True, kw_only=True)
class BookOrder:
    """An order as the book sees it; everything that must survive a rebuild is in its fields.

    Attributes:
        id: unique among the working orders of the book.
        side: +1 buys, -1 sells.
        quantity: in steps, positive; the book lowers it when a reduce-only order is cut.
        type: market, limit, stop or stop_limit.
        limit: the limit price in ticks.
        stop: the stop price in ticks.
        reduce_only: it only closes; it never opens, grows or flips the position.
        group: name of its OCO group: a fill of one member cancels the others.
        parent: id of the entry that armed it.
        arm: given the fill price in ticks, makes the orders that protect the fill.
        triggered: a stop_limit whose stop was reached: from there on a limit.
    """

    id: str
    side: int
    quantity: int
    type: OrderType
    limit: int | None = None
    stop: int | None = None
    reduce_only: bool = False
    group: str | None = None
    parent: str | None = None
    arm: Callable[[int], Iterable["BookOrder"]] | None = None
    triggered: bool = False

    def __post_init__(self) -> None:
        if self.side not in (1, -1):
            raise ValueError(f"order {self.id}: side {self.side} is neither +1 nor -1")
        if self.quantity <= 0:
            raise ValueError(f"order {self.id}: quantity {self.quantity} is not positive")
        if _PRICES.get(self.type) != (self.limit is not None, self.stop is not None):
            raise ValueError(f"order {self.id}: wrong prices for type {self.type}")

    @property
    def awaits_stop(self) -> bool:
        """Whether it sleeps until its stop price is reached."""
        return self.stop is not None and not self.triggered

    @property
    def trigger(self) -> int:
        """The price that it waits for now, in ticks."""
        price = self.stop if self.awaits_stop else self.limit
        if price is None:
            raise ValueError(f"order {self.id}: a market order cannot rest in the book")
        return price

    @property
    def rises(self) -> bool:
        """Whether the price must rise to its trigger (buy stop, sell limit) rather than fall."""
        return self.awaits_stop == (self.side > 0)

    def reached_by(self, price: int) -> bool:
        """Whether this price is the one that it waits for, or beyond."""
        if self.type is OrderType.MARKET:
            return True
        return price >= self.trigger if self.rises else price <= self.trigger


@dataclass(frozen=True, slots=True)
class Accepted:
    """The order is in the book (a fill may follow in the same call)."""

    order_id: str


@dataclass(frozen=True, slots=True)
class Rejected:
    """The order was refused and never entered the book."""

    order_id: str
    reason: Reason


@dataclass(frozen=True, slots=True)
class Triggered:
    """The stop of a stop_limit was reached: it is a limit now."""

    order_id: str


@dataclass(frozen=True, slots=True)
class Filled:
    """The order was executed completely and left the book."""

    order_id: str
    price: int
    quantity: int
    position_after: int


@dataclass(frozen=True, slots=True)
class Armed:
    """A protective leg began to work because its entry was filled."""

    order_id: str
    parent: str


@dataclass(frozen=True, slots=True)
class Resized:
    """The order was cut to this quantity."""

    order_id: str
    quantity: int


@dataclass(frozen=True, slots=True)
class Canceled:
    """The order left the book unfilled."""

    order_id: str
    reason: Reason


Event: TypeAlias = Accepted | Rejected | Triggered | Filled | Armed | Resized | Canceled


class Matcher:
    """The working orders of one instrument and the position that their fills add up to.

    Cheap to build, so that a caller can rebuild it from stored rows for each call: `working` in
    its order (the oldest first) and `position` are the whole state. The constructor believes what
    it is given. When `arm` of an order raises, or makes an order that cannot rest, throw the book
    away and rebuild it.

    Reduce-only orders never close more than is held: armed legs all together, group by group, any
    other each by itself.

    An order's fill reports, in this sequence: the fill, its canceled siblings, its armed legs, then
    what became too large for the position, group by group, each from the oldest on.
    """

    __slots__ = ("_events", "_hi", "_lo", "_orders", "_position")

    def __init__(self, working_orders: Iterable[BookOrder] = (), position: int = 0) -> None:
        self._orders: dict[str, BookOrder] = {}
        self._position = position
        self._events: list[Event] = []
        for order in working_orders:
            self._add(order)
        self._refresh_bounds()

    @property
    def working(self) -> tuple[BookOrder, ...]:
        """The orders that can still fill, the oldest first."""
        return tuple(self._orders.values())

    @property
    def position(self) -> int:
        """Steps held: positive long, negative short."""
        return self._position

    def submit(self, order: BookOrder, price: int | None) -> list[Event]:
        """Take an order; it fills at once when the price, the latest quote, reaches it.

        Raises:
            ValueError: an order with this id is working already.
        """
        self._events = []
        refusal = self._refusal(order, price)
        if refusal:
            return [Rejected(order.id, refusal)]
        self._add(order)
        self._events.append(Accepted(order.id))
        if order.reduce_only:
            self._fit()
        if price is not None:
            self._match(order, price)
        self._refresh_bounds()
        return self._events

    def cancel(self, order_id: str) -> list[Event]:
        """Take an order out of the book, and only this one; none when it is not working."""
        self._events = []
        if order_id in self._orders:
            self._drop(order_id, Reason.REQUESTED)
            self._refresh_bounds()
        return self._events

    def on_price(self, price: int) -> list[Event]:
        """Show the book its next price: whatever it reaches fills at it.

        Stops go before limits, so that the pessimistic leg of a bracket wins, then the older order
        before the younger. Legs that are armed here wait for the next price.
        """
        if self._lo < price < self._hi:
            return []
        self._events = []
        reached = [order for order in self._orders.values() if order.reached_by(price)]
        reached.sort(key=_is_limit)
        for order in reached:
            if self._is_working(order):
                self._match(order, price)
        self._refresh_bounds()
        return self._events

    def _refusal(self, order: BookOrder, price: int | None) -> Reason | None:
        if order.id in self._orders:
            raise ValueError(f"order {order.id} is working already")
        if price is None and order.type is OrderType.MARKET:
            return Reason.NO_QUOTE
        if order.reduce_only and not self._closable(order.side):
            return Reason.NO_POSITION
        return None

    def _match(self, order: BookOrder, price: int) -> None:
        """Fill a working order if this price reaches it; a stop_limit is triggered first."""
        if order.type is OrderType.STOP_LIMIT and order.awaits_stop and order.reached_by(price):
            order.triggered = True
            self._events.append(Triggered(order.id))
        if order.reached_by(price):
            self._fill(order, price)

    def _fill(self, order: BookOrder, price: int) -> None:
        if order.reduce_only and order.quantity > self._closable(order.side):
            self._fit()  # the constructor was given too large an order
            if not self._is_working(order):
                return
        del self._orders[order.id]
        self._position += order.side * order.quantity
        self._events.append(Filled(order.id, price, order.quantity, self._position))
        self._cancel_siblings(order)
        self._arm_legs(order, price)
        self._fit()

    def _cancel_siblings(self, filled: BookOrder) -> None:
        if filled.group is None:
            return
        for other in self.working:
            if other.group == filled.group:
                self._drop(other.id, Reason.SIBLING_FILLED)

    def _arm_legs(self, entry: BookOrder, price: int) -> None:
        """Put the legs to work, as one OCO group unless `arm` named groups itself."""
        if entry.arm is None:
            return
        for leg in entry.arm(price):
            leg.parent = entry.id
            leg.group = leg.group or entry.id
            self._add(leg)
            self._events.append(Armed(leg.id, entry.id))

    def _fit(self) -> None:
        """Cut what would close more than is held; an order is never enlarged.

        Armed legs share the position, of each group the largest counts: the youngest group has its
        share first, so that the oldest is cut first, as the ledger closes the oldest lot first. Any
        other reduce-only order is cut by itself and takes nothing from them.
        """
        groups = self._groups()
        limits: list[int] = []
        left = abs(self._position)
        for group in reversed(groups):
            room = self._closable(group[0].side)
            armed = min(_armed(group), room)
            share = min(armed, left)
            limits.append(room if share == armed else share)
            left -= share
        for group, limit in zip(groups, reversed(limits), strict=True):
            self._cut(group, limit)

    def _groups(self) -> list[list[BookOrder]]:
        """Give the orders that are bound together on one side, an order without a group alone."""
        groups: dict[tuple[int, str | None, str | None], list[BookOrder]] = {}
        for order in self._orders.values():
            alone = order.id if order.group is None else None
            groups.setdefault((order.side, order.group, alone), []).append(order)
        return list(groups.values())

    def _cut(self, group: list[BookOrder], limit: int) -> None:
        """Cut a group in which a reduce-only order is larger; at 0 nothing is left of it."""
        if not [order for order in group if order.reduce_only and order.quantity > limit]:
            return
        for order in group:
            if limit == 0:
                self._drop(order.id, Reason.POSITION_CLOSED)
            elif order.quantity > limit:
                order.quantity = limit
                self._events.append(Resized(order.id, limit))

    def _closable(self, side: int) -> int:
        """How much of the position an order of this side can close."""
        return max(0, -side * self._position)

    def _is_working(self, order: BookOrder) -> bool:
        return self._orders.get(order.id) is order

    def _add(self, order: BookOrder) -> None:
        if order.id in self._orders:
            raise ValueError(f"order {order.id} is working already")
        self._orders[order.id] = order

    def _drop(self, order_id: str, reason: Reason) -> None:
        del self._orders[order_id]
        self._events.append(Canceled(order_id, reason))

    def _refresh_bounds(self) -> None:
        """Find the nearest triggers: a price strictly between them reaches nothing."""
        lo, hi = _BOTTOM, _TOP
        for order in self._orders.values():
            trigger = order.trigger
            if order.rises:
                hi = min(hi, trigger)
            else:
                lo = max(lo, trigger)
        self._lo, self._hi = lo, hi


def _armed(group: list[BookOrder]) -> int:
    """How much the armed legs of a group close: only one of them fills."""
    legs = [order.quantity for order in group if order.reduce_only and order.parent is not None]
    return max(legs, default=0)


def _is_limit(order: BookOrder) -> bool:
    return order.type is OrderType.LIMIT
