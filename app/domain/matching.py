"""The matcher: one instrument's book, which turns orders and prices into fills.

It has no clock and does no I/O, and counts in whole ticks and whole quantity steps. The paper
broker, backtests and replay all trade through it, so that they cannot disagree about a fill.

A price is treated the way TradingView treats the open of a bar: it is the next known price, and
whatever it reaches fills at it. Within a bar the price moves without gaps, and whatever it comes
across fills at its own price. Liquidity is infinite: an order fills completely or not at all.
"""

import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from app.domain.book_order import BookOrder
from app.domain.costs import NO_SLIPPAGE, Slippage
from app.domain.order import OrderType

# Bounds of a book in which nothing waits: no price touches them.
_BOTTOM = -sys.maxsize
_TOP = sys.maxsize


class Reason(StrEnum):
    """Why an order was rejected or canceled."""

    NO_QUOTE = "no_quote"
    NO_POSITION = "no_position"
    POSITION_CLOSED = "position_closed"
    SIBLING_FILLED = "sibling_filled"
    REQUESTED = "requested"
    NOT_FILLED = "not_filled"
    EXPIRED = "expired"


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
class Moved:
    """The stop of a trailing stop is here now; it started, or followed the price."""

    order_id: str
    stop: int


@dataclass(frozen=True, slots=True)
class Canceled:
    """The order left the book unfilled."""

    order_id: str
    reason: Reason


Event: TypeAlias = Accepted | Rejected | Triggered | Filled | Armed | Resized | Moved | Canceled


class Matcher:
    """The working orders of one instrument and the position that their fills add up to.

    Cheap to build, so that a caller can rebuild it from stored rows for each call: `working` in
    its order (the oldest first) and `position` are the whole state. The constructor believes what
    it is given. When `arm` of an order raises, or makes an order that cannot rest, throw the book
    away and rebuild it.

    Reduce-only orders never close more than is held: armed legs all together, group by group, any
    other each by itself.

    An order's fill reports, in this sequence: the fill, what became of its siblings, its armed legs
    (each with its first stop when it trails), then what became too large for the position, group by
    group, each from the oldest on. After the fills of a price follow the trailing stops that it
    moved.
    """

    __slots__ = ("_events", "_hi", "_lo", "_orders", "_position", "_slippage")

    def __init__(
        self,
        working_orders: Iterable[BookOrder] = (),
        position: int = 0,
        slippage: Slippage = NO_SLIPPAGE,
    ) -> None:
        self._orders: dict[str, BookOrder] = {}
        self._position = position
        self._slippage = slippage
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
            self._settle_down(order, price)
        self._refresh_bounds()
        return self._events

    def cancel(self, order_id: str) -> list[Event]:
        """Take an order out of the book, and only this one; none when it is not working."""
        return self._withdraw([order_id], Reason.REQUESTED)

    def expire(self, order_ids: Iterable[str]) -> list[Event]:
        """Take out the orders whose time is over, as the caller's clock has it."""
        return self._withdraw(order_ids, Reason.EXPIRED)

    def on_price(self, price: int) -> list[Event]:
        """Show the book its next price: whatever it reaches fills at it.

        Stops go before limits, so that the pessimistic leg of a bracket wins, then the older order
        before the younger. Legs that are armed here wait for the next price.
        """
        if self._lo < price < self._hi:
            return []
        self._events = []
        self._reach(price)
        return self._events

    def on_bar(self, first: int, high: int, low: int, last: int) -> list[Event]:
        """Show the book a bar: its open is the next price, from there on it moves without gaps.

        The path goes to the extreme that is nearer to the open, to the other one, and to the close.
        What it comes across fills at its own price, in that order; legs that are armed on the way
        may fill on the rest of it. It comes to what a price for every tick of the path would, but
        that a trailing stop tells of where it moved to, not of every tick in between.

        Raises:
            ValueError: the prices are not those of a bar.
        """
        if self._lo < low and high < self._hi:
            return []
        path = bar_path(first, high, low, last)
        self._events = []
        here = next(path)
        self._reach(here)
        for there in path:
            self._travel(here, there)
            here = there
        return self._events

    def _travel(self, here: int, there: int) -> None:
        """Move the price tick by tick, looking only where something may happen."""
        while here != there:
            here = self._next_touch(here, there)
            self._reach(here)

    def _next_touch(self, here: int, there: int) -> int:
        """The first price on the way that an order waits for, or the end of the way."""
        lo, hi = self._nearest()
        if there > here:
            ahead = here + 1 if lo > here else max(hi, here + 1)
            return min(ahead, there)
        ahead = here - 1 if hi < here else min(lo, here - 1)
        return max(ahead, there)

    def _reach(self, price: int) -> None:
        if self._lo < price < self._hi:
            return
        reached = [order for order in self._orders.values() if order.reached_by(price)]
        reached.sort(key=_is_limit)
        for order in reached:
            if self._is_working(order):
                self._match(order, price)
        for order in self._orders.values():
            self._track(order, price)
        self._refresh_bounds()

    def _refusal(self, order: BookOrder, price: int | None) -> Reason | None:
        if order.id in self._orders:
            raise ValueError(f"order {order.id} is working already")
        starts = order.dormant and order.activation is None
        if price is None and (order.type is OrderType.MARKET or order.immediate or starts):
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

    def _settle_down(self, order: BookOrder, price: int) -> None:
        """A new order that did not fill rests, unless it was for this moment only."""
        if not self._is_working(order):
            return
        if order.immediate:
            self._drop(order.id, Reason.NOT_FILLED)
        else:
            self._track(order, price)

    def _fill(self, order: BookOrder, price: int) -> None:
        if order.reduce_only and order.quantity > self._closable(order.side):
            self._fit()  # the constructor was given too large an order
            if not self._is_working(order):
                return
        del self._orders[order.id]
        self._position += order.side * order.quantity
        paid = self._slippage.price(order, price)
        self._events.append(Filled(order.id, paid, order.quantity, self._position))
        self._settle_siblings(order)
        self._arm_legs(order, paid)
        self._fit()

    def _settle_siblings(self, filled: BookOrder) -> None:
        """One cancels the others; a part takes its quantity from what protects the whole."""
        if filled.group is None:
            return
        siblings = [order for order in self._orders.values() if order.group == filled.group]
        wholes = [order for order in siblings if not order.part]
        taken = filled.quantity
        over = not filled.part or (wholes and all(order.quantity <= taken for order in wholes))
        for order in siblings:
            if over or (not order.part and order.quantity <= taken):
                self._drop(order.id, Reason.SIBLING_FILLED)
            elif not order.part:
                self._resize(order, order.quantity - taken)

    def _arm_legs(self, entry: BookOrder, price: int) -> None:
        """Put the legs to work, as one OCO group unless `arm` named groups itself."""
        if entry.arm is None:
            return
        for leg in entry.arm(price):
            leg.parent = entry.id
            leg.group = leg.group or entry.id
            starts = leg.dormant and leg.track(price)
            self._add(leg)
            self._events.append(Armed(leg.id, entry.id))
            if starts:
                self._events.append(Moved(leg.id, leg.trigger))

    def _track(self, order: BookOrder, price: int) -> None:
        if order.track(price):
            self._events.append(Moved(order.id, order.trigger))

    def _fit(self) -> None:
        """Cut what would close more than is held; an order is never enlarged.

        Armed legs share the position, each group as much as its whole legs, or its parts together,
        can close: the youngest group has its share first, so that the oldest is cut first, as the
        ledger closes the oldest lot first. Any other reduce-only order is cut by itself and takes
        nothing from them.
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
        allowed = list(_allowed(group, limit))
        if not [order for order, most in allowed if order.reduce_only and order.quantity > most]:
            return
        for order, most in allowed:
            if most == 0:
                self._drop(order.id, Reason.POSITION_CLOSED)
            elif order.quantity > most:
                self._resize(order, most)

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

    def _resize(self, order: BookOrder, quantity: int) -> None:
        order.quantity = quantity
        self._events.append(Resized(order.id, quantity))

    def _withdraw(self, order_ids: Iterable[str], reason: Reason) -> list[Event]:
        self._events = []
        for order_id in order_ids:
            if order_id in self._orders:
                self._drop(order_id, reason)
        if self._events:
            self._refresh_bounds()
        return self._events

    def _nearest(self) -> tuple[int, int]:
        """The nearest triggers: a price strictly between them fills and triggers nothing."""
        lo, hi = _BOTTOM, _TOP
        for order in self._orders.values():
            trigger = order.trigger
            if order.rises:
                hi = min(hi, trigger)
            else:
                lo = max(lo, trigger)
        return lo, hi

    def _refresh_bounds(self) -> None:
        """Find between which prices nothing happens: no trigger, and no better one to follow."""
        lo, hi = self._nearest()
        for order in self._orders.values():
            if order.trail is None or order.stop is None:
                continue
            best = order.stop - order.side * order.trail
            if order.side > 0:
                lo = max(lo, best - 1)
            else:
                hi = min(hi, best + 1)
        self._lo, self._hi = lo, hi


def bar_path(first: int, high: int, low: int, last: int) -> Iterator[int]:
    """The turning points of a bar's price, as TradingView assumes them: the nearer extreme first.

    Raises:
        ValueError: the prices are not those of a bar.
    """
    if not low <= min(first, last) <= max(first, last) <= high:
        raise ValueError(f"not a bar: open {first}, high {high}, low {low}, close {last}")
    up_first = high - first < first - low
    return iter((first, high, low, last) if up_first else (first, low, high, last))


def _armed(group: list[BookOrder]) -> int:
    """How much the armed legs of a group close: one that is whole, or all parts."""
    legs = [order for order in group if order.reduce_only and order.parent is not None]
    whole = max((order.quantity for order in legs if not order.part), default=0)
    return max(whole, sum(order.quantity for order in legs if order.part))


def _allowed(group: list[BookOrder], limit: int) -> Iterator[tuple[BookOrder, int]]:
    """How large each order of a group may be; of the parts the oldest has its share first."""
    left = limit
    for order in group:
        yield order, left if order.part else limit
        if order.part:
            left -= min(left, order.quantity)


def _is_limit(order: BookOrder) -> bool:
    return order.type is OrderType.LIMIT
