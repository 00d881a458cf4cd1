"""Whatever is done to a matcher, a book that is too simple to be wrong does the same."""

from collections.abc import Callable, Iterable, Sequence
from copy import copy
from dataclasses import astuple
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from app.domain.book_order import BookOrder
from app.domain.costs import FixedSlippage
from app.domain.matching import Canceled, Event, Filled, Matcher, Reason, Rejected, Resized
from app.domain.order import OrderType
from tests.unit.domain.naive_book import NaiveBook, Told
from tests.unit.domain.orders_of import (
    BUY,
    SELL,
    TYPES,
    a_leg,
    an_order,
    bracket_of,
    ladder_of,
    trail_of,
)

SIDE = st.sampled_from([BUY, SELL])
PRICE = st.integers(95, 105)
GROUP = st.sampled_from([None, "red", "green"])


@st.composite
def orders(draw: st.DrawFn) -> BookOrder:
    """Draw an order of any kind, half of them with a bracket; the id is given later."""
    side, quantity = draw(SIDE), draw(st.integers(1, 5))
    reduce_only = draw(st.booleans())
    return BookOrder(
        id="",
        side=side,
        quantity=quantity,
        reduce_only=reduce_only,
        part=reduce_only and draw(st.sampled_from([False, False, True])),
        immediate=draw(st.sampled_from([False, False, False, True])),
        group=draw(GROUP),
        parent=draw(st.sampled_from([None, None, None, "entry"])),
        arm=draw(arms(side, quantity)),
        **draw(prices()),
    )


@st.composite
def prices(draw: st.DrawFn) -> dict[str, Any]:
    """Draw a type with its prices; a trailing stop starts by itself, at a price, or has started."""
    if draw(st.integers(0, 3)):
        limit, stop = draw(st.none() | PRICE), draw(st.none() | PRICE)
        kind = TYPES[limit is not None, stop is not None]
        return {"type": kind, "limit": limit, "stop": stop}
    start = draw(st.sampled_from([{}, {"activation": draw(PRICE)}, {"stop": draw(PRICE)}]))
    return {"type": OrderType.TRAILING_STOP, "trail": draw(st.integers(1, 5)), **start}


@st.composite
def arms(draw: st.DrawFn, side: int, quantity: int) -> Callable[[int], Iterable[BookOrder]] | None:
    """Draw what protects an entry: nothing, a bracket, a ladder of targets, or a trail."""
    distance = st.integers(-2, 6)
    kind = draw(st.sampled_from(["none", "none", "bracket", "bracket", "ladder", "trail"]))
    if kind == "bracket":
        distances = draw(st.tuples(distance, distance, st.none() | st.integers(-2, 2)))
        return bracket_of("", side, quantity, distances, draw(GROUP))
    if kind == "ladder":
        steps = draw(st.lists(st.tuples(distance, st.integers(1, 4)), min_size=1, max_size=3))
        return ladder_of("", side, draw(distance), steps, quantity)
    if kind == "trail":
        return trail_of("", side, quantity, draw(st.integers(1, 4)), draw(st.none() | distance))
    return None


@st.composite
def bars(draw: st.DrawFn) -> tuple[int, int, int, int]:
    """Draw open, high, low and close."""
    first, last, *rest = (draw(st.integers(90, 110)) for _ in range(4))
    return first, max(first, last, *rest), min(first, last, *rest), last


def named(order: BookOrder, order_id: str) -> BookOrder:
    """Copy an order under an id which its legs carry too."""
    twin, arm = copy(order), order.arm
    twin.id = order_id
    if arm is not None:
        twin.arm = lambda price: [named(leg, order_id + leg.id) for leg in arm(price)]
    return twin


def is_cut(event: Event) -> bool:
    """Tell whether a reduce-only order was cut, or canceled, for want of a position."""
    closed = isinstance(event, Canceled) and event.reason is Reason.POSITION_CLOSED
    return closed or isinstance(event, Resized)


class AgainstTheNaiveBook(RuleBasedStateMachine):
    """Drive the matcher, a matcher rebuilt before each step, and the naive book alike."""

    def __init__(self) -> None:
        super().__init__()
        self.slippage = FixedSlippage(0)
        self.matcher = Matcher()
        self.naive = NaiveBook()
        self.submitted = 0
        self.traded = 0
        self.finished: set[str] = set()

    @initialize(ticks=st.sampled_from([0, 0, 1, 2]))
    def slip(self, ticks: int) -> None:
        self.slippage = FixedSlippage(ticks)
        self.matcher = Matcher((), 0, self.slippage)
        self.naive = NaiveBook(ticks)

    @rule(order=orders(), price=st.none() | PRICE)
    def submit(self, order: BookOrder, price: int | None) -> None:
        self.submitted += 1
        order = named(order, str(self.submitted))
        self.step(lambda book: book.submit(copy(order), price), [order])

    @rule(side=SIDE, parts=st.lists(st.integers(1, 5), min_size=2, max_size=3), price=PRICE)
    def pyramid(self, side: int, parts: list[int], price: int) -> None:
        for part in parts:
            arm = bracket_of("", side, part, (3, 6, None), None)
            self.submit(an_order("", side, part, arm=arm), price)

    @rule(side=SIDE, loss=st.integers(1, 6), first=st.integers(1, 4), price=PRICE)
    def ladder(self, side: int, loss: int, first: int, price: int) -> None:
        steps = [(2, first), (4, 5 - first)]
        self.submit(an_order("", side, 5, arm=ladder_of("", side, loss, steps, 5)), price)

    @rule(side=SIDE, quantity=st.integers(1, 10), price=PRICE)
    def leave_a_part(self, side: int, quantity: int, price: int) -> None:
        self.submit(a_leg("", side, quantity), price)

    @rule(price=PRICE)
    def on_price(self, price: int) -> None:
        self.step(lambda book: book.on_price(price))

    @rule(bar=bars())
    def on_bar(self, bar: tuple[int, int, int, int]) -> None:
        """A bar comes to what each tick of its path comes to; only the last moves are told."""
        events = self.act_alike(lambda book: book.on_bar(*bar), moves=False)
        self.check_each_id_ends_once(events)
        for fill in [event for event in events if isinstance(event, Filled)]:
            self.traded = fill.position_after

    @precondition(lambda self: self.matcher.working)
    @rule(choice=st.randoms(use_true_random=False))
    def expire(self, choice: Any) -> None:
        due = [o.id for o in self.matcher.working if choice.random() < 0.3]
        self.step(lambda book: book.expire([*due, "gone"]))

    @precondition(lambda self: self.matcher.working)
    @rule(choice=st.randoms(use_true_random=False))
    def cancel(self, choice: Any) -> None:
        order_id: str = choice.choice(self.matcher.working).id
        self.step(lambda book: book.cancel(order_id))

    @precondition(lambda self: self.matcher.working)
    @rule(order=orders())
    def submit_an_id_twice(self, order: BookOrder) -> None:
        before = [copy(working) for working in self.matcher.working]
        with pytest.raises(ValueError, match="working already"):
            self.matcher.submit(named(order, before[0].id), 100)
        assert list(self.matcher.working) == before

    def step(
        self, act: Callable[[Matcher | NaiveBook], Any], new: Sequence[BookOrder] = ()
    ) -> None:
        before = {order.id: copy(order) for order in (*self.matcher.working, *new)}
        position = self.matcher.position
        events = self.act_alike(act)
        self.check_each_id_ends_once(events)
        self.check_fills(before, position, events)
        self.check_one_of_each_group(before, events)
        self.check_nothing_grows(before)
        if not new:
            self.check_legs_leave_other_brackets(before, events)

    def act_alike(
        self, act: Callable[[Matcher | NaiveBook], Any], *, moves: bool = True
    ) -> list[Event]:
        working = [copy(order) for order in self.matcher.working]
        rebuilt = Matcher(working, self.matcher.position, self.slippage)
        events: list[Event] = act(self.matcher)
        assert act(rebuilt) == events
        assert (rebuilt.working, rebuilt.position) == (self.matcher.working, self.matcher.position)
        told = [(type(event).__name__, *astuple(event)) for event in events]
        naive: Told = act(self.naive)
        if moves:
            assert naive == told
        else:
            assert [t for t in naive if t[0] != "Moved"] == [t for t in told if t[0] != "Moved"]
        return events

    def check_each_id_ends_once(self, events: list[Event]) -> None:
        for event in events:
            assert event.order_id not in self.finished
            if isinstance(event, Filled | Canceled | Rejected):
                self.finished.add(event.order_id)

    def check_fills(self, before: dict[str, BookOrder], position: int, events: list[Event]) -> None:
        for fill in [event for event in events if isinstance(event, Filled)]:
            order = before[fill.order_id]
            assert fill.position_after == position + order.side * fill.quantity
            assert fill.quantity <= order.quantity
            assert order.limit is None or order.side * fill.price <= order.side * order.limit
            if order.reduce_only:
                assert position * fill.position_after >= 0
                assert abs(fill.position_after) < abs(position)
            position = fill.position_after
            self.traded += order.side * fill.quantity

    def check_one_of_each_group(self, before: dict[str, BookOrder], events: list[Event]) -> None:
        filled = [before[event.order_id] for event in events if isinstance(event, Filled)]
        for order in [order for order in filled if not order.part]:
            siblings = {o.id for o in before.values() if order.group and o.group == order.group}
            siblings -= {other.id for other in filled if other.part}
            assert [other.id for other in filled if other.id in siblings] in ([], [order.id])
            assert siblings.isdisjoint(working.id for working in self.matcher.working)

    def check_nothing_grows(self, before: dict[str, BookOrder]) -> None:
        for order in self.matcher.working:
            assert order.id not in before or order.quantity <= before[order.id].quantity

    def check_legs_leave_other_brackets(
        self, before: dict[str, BookOrder], events: list[Event]
    ) -> None:
        """Hold that a price which fills nothing but armed legs cuts no other armed leg."""
        legs = {order.id: order for order in before.values() if order.reduce_only and order.parent}
        filled = {event.order_id for event in events if isinstance(event, Filled)}
        if not filled <= legs.keys():
            return
        touched = {legs[leg].group for leg in filled}
        others = {leg.id for leg in legs.values() if not (leg.group and leg.group in touched)}
        assert others.isdisjoint(event.order_id for event in events if is_cut(event))

    @invariant()
    def the_signed_fills_are_the_position(self) -> None:
        assert self.matcher.position == self.traded == self.naive.position

    @invariant()
    def the_books_hold_the_same_orders(self) -> None:
        assert [state(order) for order in self.matcher.working] == list(map(state, self.naive.rows))

    @invariant()
    def no_protective_order_is_larger_than_the_position(self) -> None:
        for order in self.matcher.working:
            if order.reduce_only:
                assert order.quantity <= -order.side * self.matcher.position

    @invariant()
    def all_brackets_together_protect_no_more_than_the_position(self) -> None:
        whole: dict[str, int] = {}
        parts: dict[str, int] = {}
        for order in self.matcher.working:
            if order.reduce_only and order.parent:
                group = order.group or f"alone: {order.id}"
                largest = whole.get(group, 0)
                whole[group] = largest if order.part else max(largest, order.quantity)
                parts[group] = parts.get(group, 0) + order.part * order.quantity
        protected = sum(max(whole[group], parts[group]) for group in whole)
        assert protected <= abs(self.matcher.position)


def state(order: BookOrder) -> tuple[Any, ...]:
    """What of a working order may change, or was given by its entry."""
    return order.id, order.quantity, order.stop, order.triggered, order.group, order.parent


AgainstTheNaiveBook.TestCase.settings = settings(
    max_examples=150, stateful_step_count=30, deadline=None
)
TestAgainstTheNaiveBook = AgainstTheNaiveBook.TestCase
