"""Within a bar the price takes TradingView's path, and jumps over nothing."""

from collections.abc import Iterable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.book_order import BookOrder
from app.domain.matching import Armed, Canceled, Event, Filled, Matcher, Moved, Reason, bar_path
from app.domain.order import OrderType
from tests.unit.domain.orders_of import (
    BUY,
    SELL,
    a_bracket,
    a_leg,
    an_order,
    ladder_of,
    trail_of,
)


def fills(events: Iterable[Event]) -> list[tuple[str, int]]:
    """Tell what filled at which price."""
    return [(event.order_id, event.price) for event in events if isinstance(event, Filled)]


def two_legs(stop: int = 95, target: int = 110) -> list[BookOrder]:
    """Make the legs of a long position of ten."""
    return [a_leg("stop", stop=stop, group="g"), a_leg("target", limit=target, group="g")]


@pytest.mark.parametrize(
    ("bar", "path"),
    [
        ((104, 110, 90, 95), [104, 110, 90, 95]),
        ((96, 110, 90, 95), [96, 90, 110, 95]),
        ((100, 110, 90, 95), [100, 90, 110, 95]),
        ((110, 110, 90, 95), [110, 110, 90, 95]),
        ((100, 100, 100, 100), [100, 100, 100, 100]),
    ],
)
def test_the_price_goes_to_the_nearer_extreme_first(
    bar: tuple[int, int, int, int], path: list[int]
) -> None:
    assert list(bar_path(*bar)) == path


@pytest.mark.parametrize(
    "bar", [(100, 99, 90, 95), (100, 110, 101, 105), (100, 110, 90, 89), (100, 110, 90, 111)]
)
def test_what_is_no_bar_is_refused(bar: tuple[int, int, int, int]) -> None:
    with pytest.raises(ValueError, match="not a bar: open 100"):
        Matcher([an_order("a", SELL, stop=200)]).on_bar(*bar)


def test_the_open_is_the_next_price_and_fills_a_gap_where_it_is() -> None:
    assert fills(Matcher(two_legs(), 10).on_bar(90, 99, 88, 95)) == [("stop", 90)]
    assert fills(Matcher(two_legs(), 10).on_bar(120, 121, 90, 95)) == [("target", 120)]


def test_after_the_open_an_order_fills_at_its_own_price() -> None:
    assert fills(Matcher(two_legs(), 10).on_bar(100, 104, 80, 90)) == [("stop", 95)]
    assert fills(Matcher(two_legs(), 10).on_bar(100, 130, 99, 120)) == [("target", 110)]


@pytest.mark.parametrize(
    ("first", "leg"), [(104, ("target", 110)), (98, ("stop", 95)), (102, ("stop", 95))]
)
def test_of_two_legs_in_one_bar_the_one_that_the_path_meets_first_fills(
    first: int, leg: tuple[str, int]
) -> None:
    matcher = Matcher(two_legs(), 10)
    assert fills(matcher.on_bar(first, 112, 92, 100)) == [leg]
    assert matcher.working == ()


def test_an_order_fills_at_the_very_end_of_the_path_and_not_beyond() -> None:
    assert fills(Matcher(two_legs(), 10).on_bar(100, 110, 96, 100)) == [("target", 110)]
    assert fills(Matcher(two_legs(), 10).on_bar(100, 109, 95, 100)) == [("stop", 95)]
    assert fills(Matcher(two_legs(), 10).on_bar(100, 109, 96, 109)) == []


def test_legs_that_are_armed_within_the_bar_can_fill_on_the_rest_of_it() -> None:
    matcher = Matcher([a_bracket(BUY, limit=97)])
    events = matcher.on_bar(100, 112, 96, 100)
    assert events == [
        Filled("entry", 97, 10, 10),
        Armed("stop", "entry"),
        Armed("target", "entry"),
        Filled("target", 107, 10, 0),
        Canceled("stop", Reason.SIBLING_FILLED),
    ]


def test_the_price_does_not_come_back_for_what_was_armed_behind_it() -> None:
    matcher = Matcher([a_bracket(BUY, stop=108)])
    assert fills(matcher.on_bar(99, 110, 90, 108)) == [("entry", 108)]


@pytest.mark.parametrize(
    ("trigger", "far", "bar", "price"),
    [
        ({"stop": 105}, {"stop": 150}, (100, 110, 99, 110), 106),
        ({"stop": 105}, {"stop": 150}, (100, 105, 99, 104), 104),
        ({"stop": 105}, {"limit": 50}, (100, 110, 99, 110), 106),
        ({"limit": 95}, {"limit": 50}, (100, 101, 90, 90), 94),
        ({"limit": 95}, {"stop": 150}, (100, 101, 90, 90), 94),
    ],
)
def test_a_leg_armed_beyond_its_own_price_fills_one_tick_later(
    trigger: dict[str, int], far: dict[str, int], bar: tuple[int, int, int, int], price: int
) -> None:
    def arm(_paid: int) -> Iterable[BookOrder]:
        return [a_leg("leg", **far)]

    entry = an_order("entry", BUY, arm=arm, **trigger)
    assert fills(Matcher([entry]).on_bar(*bar))[1:] == [("leg", price)]


def test_a_trailing_stop_follows_to_the_high_and_fills_on_the_way_down() -> None:
    matcher = Matcher([a_leg("a", trail=5, stop=95)], 10)
    assert matcher.on_bar(101, 112, 90, 100) == [
        Moved("a", 96),
        Filled("a", 96, 10, 0),
    ]
    matcher = Matcher([a_leg("a", trail=5, stop=95)], 10)
    assert matcher.on_bar(108, 110, 90, 100) == [
        Moved("a", 103),
        Moved("a", 105),
        Filled("a", 105, 10, 0),
    ]


def test_a_trailing_stop_that_is_activated_within_the_bar_follows_the_rest_of_it() -> None:
    matcher = Matcher([a_leg("a", trail=2, activation=105)], 10)
    assert matcher.on_bar(100, 108, 99, 107) == [
        Moved("a", 103),
        Moved("a", 106),
    ]


def test_a_stop_limit_is_triggered_and_filled_at_its_stop() -> None:
    matcher = Matcher([an_order("a", BUY, stop=105, limit=106)])
    assert fills(matcher.on_bar(100, 110, 99, 101)) == [("a", 105)]


def test_a_ladder_is_climbed_within_one_bar() -> None:
    matcher = Matcher()
    arm = ladder_of("e", BUY, 5, [(4, 3), (8, 3)], 10)
    matcher.submit(an_order("e", BUY, 10, arm=arm), 100)
    assert fills(matcher.on_bar(100, 109, 94, 96)) == [("e.stop", 95)]
    matcher.submit(an_order("e", BUY, 10, arm=arm), 100)
    assert fills(matcher.on_bar(105, 109, 94, 96)) == [
        ("e.target1", 105),
        ("e.target2", 108),
        ("e.stop", 95),
    ]


class Unasked(BookOrder):
    """An order that must not be looked at."""

    def reached_by(self, price: int) -> bool:
        pytest.fail(f"{self.id} was looked at because of {price}")


def test_a_bar_between_the_triggers_looks_at_no_order() -> None:
    low = Unasked(id="low", side=SELL, quantity=1, type=OrderType.STOP, stop=90)
    high = Unasked(id="high", side=SELL, quantity=1, type=OrderType.LIMIT, limit=110)
    assert Matcher([low, high]).on_bar(100, 109, 91, 100) == []


@pytest.mark.parametrize(("side", "stop"), [(SELL, 95), (BUY, 105)])
def test_a_price_that_is_no_better_than_the_best_looks_at_no_order(side: int, stop: int) -> None:
    trail = Unasked(id="a", side=side, quantity=1, type=OrderType.TRAILING_STOP, stop=stop, trail=5)
    matcher = Matcher([trail])
    assert [matcher.on_price(price) for price in (stop - side, 100)] == [[], []]


# --- a bar is nothing but a fine path ------------------------------------------------------------

SIDE = st.sampled_from([BUY, SELL])
NEAR = st.integers(-3, 8)


@st.composite
def entries(draw: st.DrawFn, entry_id: str) -> BookOrder:
    """Draw an entry that rests, with legs that lie on either side."""
    side = draw(SIDE)
    price = {draw(st.sampled_from(["limit", "stop"])): draw(st.integers(93, 107))}
    ladder = ladder_of(entry_id, side, draw(NEAR), [(draw(NEAR), 2), (draw(NEAR), 3)], 5)
    trail = trail_of(entry_id, side, 5, draw(st.integers(1, 4)), draw(st.none() | NEAR))
    return an_order(entry_id, side, 5, arm=draw(st.sampled_from([ladder, trail])), **price)


@st.composite
def bars(draw: st.DrawFn) -> tuple[int, int, int, int]:
    """Draw a bar around 100."""
    prices = draw(st.lists(st.integers(88, 112), min_size=4, max_size=4))
    return prices[0], max(prices), min(prices), prices[1]


def every_tick(bar: tuple[int, int, int, int]) -> Iterable[int]:
    """Walk the path of a bar one tick at a time."""
    path = bar_path(*bar)
    here = next(path)
    yield here
    for turn in path:
        while here != turn:
            here += 1 if turn > here else -1
            yield here


@settings(max_examples=400, deadline=None)
@given(data=st.data(), count=st.integers(1, 3), week=st.lists(bars(), min_size=1, max_size=3))
def test_a_bar_comes_to_what_every_tick_of_its_path_comes_to(
    data: st.DataObject, count: int, week: list[tuple[int, int, int, int]]
) -> None:
    drawn = [data.draw(entries(f"e{number}")) for number in range(count)]
    by_bar, by_tick = Matcher(map(again, drawn)), Matcher(map(again, drawn))
    for bar in week:
        told = [event for event in by_bar.on_bar(*bar) if not isinstance(event, Moved)]
        finely = [event for price in every_tick(bar) for event in by_tick.on_price(price)]
        assert told == [event for event in finely if not isinstance(event, Moved)]
        assert (by_bar.working, by_bar.position) == (by_tick.working, by_tick.position)


def again(order: BookOrder) -> BookOrder:
    """Make the same order anew, as a book changes its orders."""
    return BookOrder(
        id=order.id,
        side=order.side,
        quantity=order.quantity,
        type=order.type,
        limit=order.limit,
        stop=order.stop,
        arm=order.arm,
    )
