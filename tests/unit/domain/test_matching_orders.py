"""Trailing stops, targets for parts, orders for one moment only, orders whose time is over."""

from typing import Any

import pytest

from app.domain.book_order import BookOrder
from app.domain.costs import FixedSlippage
from app.domain.matching import (
    Accepted,
    Armed,
    Canceled,
    Event,
    Filled,
    Matcher,
    Moved,
    Reason,
    Rejected,
    Resized,
    Triggered,
)
from app.domain.order import OrderType
from tests.unit.domain.orders_of import (
    BUY,
    SELL,
    a_leg,
    a_pyramid,
    an_order,
    ids,
    ladder_of,
    quantities,
    trail_of,
)


def a_ladder(*steps: tuple[int, int], whole: int = 10, side: int = BUY) -> Matcher:
    """Make a book of an entry filled at 100, its stop 5 away, and targets for parts of it."""
    matcher = Matcher()
    arm = ladder_of("e", side, 5, steps, whole)
    matcher.submit(an_order("e", side, whole, arm=arm), 100)
    return matcher


# --- trailing stops ------------------------------------------------------------------------------


@pytest.mark.parametrize("side", [BUY, SELL])
def test_a_trailing_stop_follows_the_best_price_and_never_goes_back(side: int) -> None:
    matcher = Matcher((), -side * 10)
    first = matcher.submit(a_leg("a", side, trail=5), 100)
    assert first == [Accepted("a"), Moved("a", 100 + side * 5)]
    assert matcher.on_price(100 - side) == [Moved("a", 100 + side * 4)]
    assert matcher.on_price(100 - side * 8) == [Moved("a", 100 - side * 3)]
    assert matcher.on_price(100 - side * 4) == []
    assert matcher.on_price(100 - side * 8) == []
    assert matcher.on_price(100 - side * 2) == [Filled("a", 100 - side * 2, 10, 0)]


def test_a_trailing_stop_is_worked_by_a_price_one_tick_beyond_the_best() -> None:
    matcher = Matcher([a_leg("a", trail=5, stop=95)], 10)
    assert matcher.on_price(101) == [Moved("a", 96)]


def test_a_trailing_stop_behind_other_orders_follows_all_the_same() -> None:
    matcher = Matcher([an_order("far", BUY, limit=50), a_leg("a", trail=1, stop=99)], 10)
    assert matcher.on_price(101) == [Moved("a", 100)]


def test_a_price_as_good_as_the_best_moves_no_stop() -> None:
    legs = [a_leg("a", trail=5, stop=95), an_order("b", SELL, 1, limit=100)]
    assert Matcher(legs, 10).on_price(100) == [Filled("b", 100, 1, 9), Resized("a", 9)]


def test_a_trailing_stop_that_was_given_its_stop_keeps_it_until_there_is_a_better_one() -> None:
    matcher = Matcher((), 10)
    assert matcher.submit(a_leg("a", trail=5, stop=97), 100) == [Accepted("a")]
    assert matcher.on_price(103) == [Moved("a", 98)]


@pytest.mark.parametrize(("side", "start"), [(SELL, 110), (BUY, 90)])
def test_a_trailing_stop_with_an_activation_price_sleeps_until_it(side: int, start: int) -> None:
    matcher = Matcher((), -side * 10)
    assert matcher.submit(a_leg("a", side, trail=5, activation=start), 100) == [Accepted("a")]
    assert matcher.on_price(start + side) == []
    assert matcher.on_price(100 + side * 30) == []
    assert matcher.on_price(start - side) == [Moved("a", start + side * 4)]
    assert matcher.on_price(start + side * 4) == [Filled("a", start + side * 4, 10, 0)]


def test_a_trailing_stop_whose_activation_is_behind_it_starts_at_once() -> None:
    events = Matcher((), 10).submit(a_leg("a", trail=5, activation=100), 100)
    assert events == [Accepted("a"), Moved("a", 95)]


def test_a_trailing_stop_needs_a_price_to_start_from() -> None:
    matcher = Matcher((), 10)
    assert matcher.submit(a_leg("a", trail=5), None) == [Rejected("a", Reason.NO_QUOTE)]
    assert matcher.submit(a_leg("b", trail=5, activation=120), None) == [Accepted("b")]
    assert matcher.submit(a_leg("c", trail=5, stop=90), None) == [Accepted("c")]


def test_a_trailing_stop_that_never_started_cannot_be_brought_back() -> None:
    with pytest.raises(ValueError, match="order a: a trailing_stop order cannot rest"):
        Matcher([a_leg("a", trail=5)], 10)


def test_the_trail_of_an_entry_starts_at_the_price_that_filled_it() -> None:
    matcher = Matcher()
    assert matcher.submit(an_order("e", BUY, arm=trail_of("e", BUY, 10, 4)), 100) == [
        Accepted("e"),
        Filled("e", 100, 10, 10),
        Armed("e.trail", "e"),
        Moved("e.trail", 96),
    ]
    assert matcher.on_price(96) == [Filled("e.trail", 96, 10, 0)]


def test_the_trail_of_an_entry_may_start_in_profit_only() -> None:
    matcher = Matcher()
    arm = trail_of("e", BUY, 10, 4, 6)
    assert matcher.submit(an_order("e", BUY, arm=arm), 100)[2:] == [Armed("e.trail", "e")]
    assert matcher.on_price(90) == []
    assert matcher.on_price(106) == [Moved("e.trail", 102)]


def test_a_gap_fills_a_trailing_stop_where_the_price_is() -> None:
    matcher = Matcher([a_leg("a", trail=5, stop=95)], 10)
    assert matcher.on_price(80) == [Filled("a", 80, 10, 0)]


@pytest.mark.parametrize("trail", [0, -1])
def test_a_trail_is_positive(trail: int) -> None:
    with pytest.raises(ValueError, match=f"order a: a trail of {trail} is not positive"):
        a_leg("a", trail=trail)


@pytest.mark.parametrize(
    ("kind", "prices"),
    [
        (OrderType.TRAILING_STOP, {"trail": 5, "limit": 100}),
        (OrderType.TRAILING_STOP, {"activation": 100}),
        (OrderType.STOP, {"stop": 100, "trail": 5}),
        (OrderType.LIMIT, {"limit": 100, "activation": 5}),
    ],
)
def test_only_a_trailing_stop_trails(kind: OrderType, prices: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="order a: wrong prices"):
        BookOrder(id="a", side=SELL, quantity=1, type=kind, **prices)


# --- targets for parts ---------------------------------------------------------------------------


@pytest.mark.parametrize("side", [BUY, SELL])
def test_a_target_for_a_part_takes_it_from_the_stop(side: int) -> None:
    matcher = a_ladder((4, 3), (8, 7), side=side)
    assert matcher.on_price(100 + side * 4) == [
        Filled("e.target1", 100 + side * 4, 3, side * 7),
        Resized("e.stop", 7),
    ]
    assert quantities(matcher) == {"e.stop": 7, "e.target2": 7}


def test_the_last_target_ends_the_stop() -> None:
    matcher = a_ladder((4, 3), (8, 7))
    assert matcher.on_price(110)[2:] == [
        Filled("e.target2", 110, 7, 0),
        Canceled("e.stop", Reason.SIBLING_FILLED),
    ]


def test_the_stop_ends_all_targets_and_closes_what_they_left() -> None:
    matcher = a_ladder((4, 3), (8, 7))
    matcher.on_price(104)
    assert matcher.on_price(90) == [
        Filled("e.stop", 90, 7, 0),
        Canceled("e.target2", Reason.SIBLING_FILLED),
    ]


def test_targets_for_more_than_the_whole_close_the_whole_once() -> None:
    matcher = a_ladder((4, 7), (8, 7))
    assert quantities(matcher) == {"e.stop": 10, "e.target1": 7, "e.target2": 3}
    matcher.on_price(110)
    assert (matcher.position, ids(matcher)) == (0, [])


def test_targets_for_less_than_the_whole_leave_the_rest_to_the_stop() -> None:
    matcher = a_ladder((4, 3), (8, 2))
    matcher.on_price(110)
    assert (matcher.position, quantities(matcher)) == (5, {"e.stop": 5})


def test_when_the_position_shrinks_the_last_target_goes_first() -> None:
    matcher = a_ladder((4, 3), (8, 7))
    assert matcher.submit(an_order("by hand", SELL, 6), 100)[2:] == [
        Resized("e.stop", 4),
        Resized("e.target2", 1),
    ]
    assert matcher.submit(an_order("more", SELL, 1), 100)[2:] == [
        Resized("e.stop", 3),
        Canceled("e.target2", Reason.POSITION_CLOSED),
    ]


def test_a_ladder_and_a_bracket_share_the_position() -> None:
    matcher = Matcher(a_pyramid(5).working, 5)
    arm = ladder_of("e", BUY, 5, [(4, 3), (8, 7)], 10)
    matcher.submit(an_order("e", BUY, 10, arm=arm), 100)
    assert matcher.on_price(104) == [Filled("e.target1", 104, 3, 12), Resized("e.stop", 7)]
    assert sum(q for name, q in quantities(matcher).items() if name.endswith("stop")) == 12


def test_targets_without_a_stop_leave_each_other_alone() -> None:
    parts = [a_leg(f"{n}", quantity=5, limit=100 + n, group="g", part=True) for n in (1, 2)]
    matcher = Matcher(parts, 10)
    assert matcher.on_price(101) == [Filled("1", 101, 5, 5)]
    assert ids(matcher) == ["2"]


def test_a_part_that_uses_up_what_protects_the_whole_ends_the_other_parts() -> None:
    parts = [a_leg(f"{n}", quantity=5, limit=100 + n, group="g", part=True) for n in (1, 2)]
    matcher = Matcher([a_leg("stop", quantity=5, stop=95, group="g"), *parts], 10)
    assert matcher.on_price(101) == [
        Filled("1", 101, 5, 5),
        Canceled("stop", Reason.SIBLING_FILLED),
        Canceled("2", Reason.SIBLING_FILLED),
    ]


def test_of_two_stops_a_part_ends_the_one_that_it_uses_up_and_cuts_the_other() -> None:
    part = a_leg("part", quantity=5, limit=101, group="g", part=True)
    stops = [a_leg(f"{n}", quantity=n, stop=95, group="g") for n in (5, 8)]
    assert Matcher([*stops, part], 13).on_price(101) == [
        Filled("part", 101, 5, 8),
        Canceled("5", Reason.SIBLING_FILLED),
        Resized("8", 3),
    ]


def test_a_part_that_is_older_than_the_stop_takes_nothing_of_its_share() -> None:
    part = a_leg("part", quantity=4, limit=110, group="g", parent="e", part=True)
    matcher = Matcher([part, a_leg("stop", stop=95, group="g", parent="e")], 10)
    assert matcher.submit(an_order("by hand", SELL, 2), 100)[2:] == [Resized("stop", 8)]


# --- for this moment only, and until a time ------------------------------------------------------


def test_an_immediate_order_fills_at_once_or_not_at_all() -> None:
    matcher = Matcher()
    assert matcher.submit(an_order("a", BUY, limit=99, immediate=True), 100) == [
        Accepted("a"),
        Canceled("a", Reason.NOT_FILLED),
    ]
    events = matcher.submit(an_order("b", BUY, limit=100, immediate=True), 100)
    assert events == [Accepted("b"), Filled("b", 100, 10, 10)]
    assert matcher.working == ()


def test_an_immediate_stop_limit_that_is_jumped_over_is_canceled() -> None:
    events = Matcher().submit(an_order("a", BUY, stop=100, limit=102, immediate=True), 105)
    assert events == [Accepted("a"), Triggered("a"), Canceled("a", Reason.NOT_FILLED)]


def test_an_immediate_order_needs_a_price() -> None:
    order = an_order("a", BUY, limit=99, immediate=True)
    assert Matcher().submit(order, None) == [Rejected("a", Reason.NO_QUOTE)]


def test_orders_whose_time_is_over_leave_the_book() -> None:
    orders = [an_order("a", BUY, limit=99), an_order("b", BUY, limit=98)]
    matcher = Matcher([*orders, an_order("c", BUY, limit=97)])
    assert matcher.expire(["a", "c", "gone"]) == [
        Canceled("a", Reason.EXPIRED),
        Canceled("c", Reason.EXPIRED),
    ]
    assert matcher.on_price(99) == []
    assert matcher.on_price(97) == [Filled("b", 97, 10, 10)]


# --- slippage ------------------------------------------------------------------------------------


@pytest.mark.parametrize("side", [BUY, SELL])
@pytest.mark.parametrize(
    ("prices", "slips"),
    [({}, True), ({"stop": 100}, True), ({"limit": 100}, False), ({"stop": 100, "limit": 100}, 0)],
)
def test_what_fills_at_the_market_slips_against_you_and_a_limit_never_does(
    side: int, prices: dict[str, int], slips: bool
) -> None:
    matcher = Matcher((), 0, FixedSlippage(2))
    events = matcher.submit(an_order("a", side, **prices), 100)
    assert events[-1] == Filled("a", 100 + side * 2 * slips, 10, side * 10)


def test_a_trailing_stop_slips() -> None:
    matcher = Matcher([a_leg("a", trail=5, stop=95)], 10, FixedSlippage(2))
    assert matcher.on_price(94) == [Filled("a", 92, 10, 0)]


def test_legs_lie_where_the_entry_was_paid_and_not_where_the_market_was() -> None:
    matcher = Matcher((), 0, FixedSlippage(2))
    matcher.submit(an_order("e", BUY, arm=trail_of("e", BUY, 10, 4)), 100)
    assert [leg.stop for leg in matcher.working] == [98]


def test_a_sale_brings_at_least_the_lowest_price_but_never_more_than_the_market() -> None:
    slip = FixedSlippage(5, lowest=3)
    sale = an_order("a", SELL)
    assert [slip.price(sale, price) for price in (9, 8, 7, 3, 2)] == [4, 3, 3, 3, 2]


def test_a_moved_stop_is_an_event_like_the_others() -> None:
    event: Event = Moved("a", 95)
    assert not hasattr(event, "__dict__")
