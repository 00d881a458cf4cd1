"""The matcher fills as TradingView does, and its protective orders never open a position."""

from collections.abc import Iterable
from dataclasses import FrozenInstanceError
from typing import Any

import pytest

from app.domain.book_order import BookOrder
from app.domain.matching import (
    Accepted,
    Armed,
    Canceled,
    Event,
    Filled,
    Matcher,
    Reason,
    Rejected,
    Resized,
    Triggered,
)
from app.domain.order import OrderType
from tests.unit.domain.orders_of import (
    BUY,
    SELL,
    a_bracket,
    a_leg,
    a_pyramid,
    an_order,
    ids,
    quantities,
)

# --- one order -----------------------------------------------------------------------------------


def test_a_market_order_fills_at_the_price_at_once() -> None:
    matcher = Matcher()
    events = matcher.submit(an_order("a", BUY), 100)
    assert events == [Accepted("a"), Filled("a", 100, 10, 10)]
    assert matcher.position == 10
    assert matcher.working == ()


def test_a_market_order_without_a_price_is_rejected() -> None:
    matcher = Matcher()
    assert matcher.submit(an_order("a", BUY), None) == [Rejected("a", Reason.NO_QUOTE)]
    assert matcher.working == ()


@pytest.mark.parametrize(("side", "price"), [(BUY, 99), (BUY, 100), (SELL, 101), (SELL, 100)])
def test_a_marketable_limit_fills_at_the_price_which_may_be_better(side: int, price: int) -> None:
    events = Matcher().submit(an_order("a", side, limit=100), price)
    assert events == [Accepted("a"), Filled("a", price, 10, side * 10)]


@pytest.mark.parametrize(("side", "price"), [(BUY, 101), (SELL, 99)])
def test_a_limit_that_is_not_marketable_rests_until_its_price(side: int, price: int) -> None:
    matcher = Matcher()
    assert matcher.submit(an_order("a", side, limit=100), price) == [Accepted("a")]
    assert matcher.on_price(price) == []
    assert matcher.on_price(100) == [Filled("a", 100, 10, side * 10)]


@pytest.mark.parametrize(("side", "gap"), [(BUY, 107), (SELL, 93)])
def test_a_stop_sleeps_until_it_is_reached_and_then_fills_at_the_gap(side: int, gap: int) -> None:
    matcher = Matcher()
    assert matcher.submit(an_order("a", side, stop=100), 100 - side) == [Accepted("a")]
    assert matcher.on_price(100 - side) == []
    assert matcher.on_price(gap) == [Filled("a", gap, 10, side * 10)]


@pytest.mark.parametrize("more", [{"limit": 100}, {"stop": 100}, {"limit": 100, "stop": 100}])
def test_without_a_price_an_order_that_can_wait_rests(more: dict[str, int]) -> None:
    matcher = Matcher()
    assert matcher.submit(an_order("a", BUY, **more), None) == [Accepted("a")]
    assert ids(matcher) == ["a"]


def test_a_stop_already_reached_fills_when_it_arrives() -> None:
    events = Matcher().submit(an_order("a", SELL, stop=100), 98)
    assert events == [Accepted("a"), Filled("a", 98, 10, -10)]


def test_a_reached_stop_limit_fills_at_once_within_its_limit() -> None:
    matcher = Matcher([an_order("a", BUY, stop=100, limit=102)])
    assert matcher.on_price(99) == []
    assert matcher.on_price(102) == [Triggered("a"), Filled("a", 102, 10, 10)]


def test_a_stop_limit_jumped_over_waits_as_a_limit_for_its_price_to_come_back() -> None:
    matcher = Matcher([an_order("a", BUY, stop=100, limit=102)])
    assert matcher.on_price(105) == [Triggered("a")]
    assert matcher.on_price(103) == []
    assert matcher.on_price(95) == [Filled("a", 95, 10, 10)]


def test_a_stop_limit_is_triggered_when_it_arrives_behind_its_stop() -> None:
    matcher = Matcher()
    events = matcher.submit(an_order("a", SELL, stop=100, limit=98), 97)
    assert events == [Accepted("a"), Triggered("a")]
    assert matcher.on_price(98) == [Filled("a", 98, 10, -10)]


def test_a_canceled_order_never_fills() -> None:
    matcher = Matcher()
    matcher.submit(an_order("a", BUY, limit=100), 105)
    assert matcher.cancel("a") == [Canceled("a", Reason.REQUESTED)]
    assert matcher.on_price(90) == []


def test_canceling_what_does_not_work_does_nothing() -> None:
    assert Matcher().cancel("a") == []


def test_a_later_call_does_not_change_the_events_already_given() -> None:
    matcher = Matcher()
    events = matcher.submit(an_order("a", BUY, limit=100), 105)
    matcher.on_price(99)
    assert events == [Accepted("a")]


@pytest.mark.parametrize(
    "event",
    [
        Accepted("a"),
        Rejected("a", Reason.NO_QUOTE),
        Triggered("a"),
        Filled("a", 100, 10, 10),
        Armed("a", "b"),
        Resized("a", 5),
        Canceled("a", Reason.REQUESTED),
    ],
)
def test_an_event_is_small_and_cannot_be_changed(event: Event) -> None:
    assert not hasattr(event, "__dict__")
    with pytest.raises(FrozenInstanceError):
        event.order_id = "b"  # type: ignore[misc]  # pyright: ignore[reportAttributeAccessIssue]


def test_a_book_and_its_orders_are_small() -> None:
    order = an_order("a", BUY, limit=100)
    assert not hasattr(order, "__dict__")
    assert not hasattr(Matcher([order]), "__dict__")


# --- what is not an order ------------------------------------------------------------------------


def test_an_id_works_once_at_a_time() -> None:
    matcher = Matcher([an_order("a", BUY, limit=100)])
    with pytest.raises(ValueError, match="order a is working already"):
        matcher.submit(an_order("a", SELL), 105)
    assert matcher.position == 0


def test_a_book_cannot_be_built_with_an_id_twice() -> None:
    with pytest.raises(ValueError, match="order a is working already"):
        Matcher([an_order("a", BUY, limit=100), an_order("a", BUY, limit=99)])


def test_a_market_order_cannot_rest() -> None:
    with pytest.raises(ValueError, match="order a: a market order cannot rest in the book"):
        Matcher([an_order("a", BUY)])


@pytest.mark.parametrize("side", [0, 2, -2])
def test_a_side_is_plus_or_minus_one(side: int) -> None:
    with pytest.raises(ValueError, match=f"order a: side {side} is neither"):
        an_order("a", side)


@pytest.mark.parametrize("quantity", [0, -1])
def test_a_quantity_is_positive(quantity: int) -> None:
    with pytest.raises(ValueError, match=f"order a: quantity {quantity} is not positive"):
        an_order("a", BUY, quantity)


@pytest.mark.parametrize(
    ("kind", "prices"),
    [
        (OrderType.MARKET, {"limit": 100}),
        (OrderType.MARKET, {"stop": 100}),
        (OrderType.LIMIT, {}),
        (OrderType.LIMIT, {"limit": 100, "stop": 100}),
        (OrderType.STOP, {"limit": 100}),
        (OrderType.STOP_LIMIT, {"stop": 100}),
        (OrderType.TRAILING_STOP, {"stop": 100}),
    ],
)
def test_an_order_has_the_prices_of_its_type_and_no_others(
    kind: OrderType, prices: dict[str, Any]
) -> None:
    with pytest.raises(ValueError, match=f"order a: wrong prices for type {kind}"):
        BookOrder(id="a", side=BUY, quantity=1, type=kind, **prices)


# --- the order within one price ------------------------------------------------------------------


def test_within_one_price_stops_go_first_then_the_older_order() -> None:
    matcher = Matcher(
        [
            an_order("old limit", BUY, limit=100),
            an_order("young limit", BUY, limit=101),
            an_order("old stop", SELL, stop=101),
            an_order("young stop", SELL, stop=110, limit=90),
        ]
    )
    filled = [event.order_id for event in matcher.on_price(99) if isinstance(event, Filled)]
    assert filled == ["old stop", "young stop", "old limit", "young limit"]


def test_a_price_between_the_triggers_reaches_nothing_and_one_on_them_does() -> None:
    orders = [
        an_order("low", BUY, limit=90),
        an_order("lower", BUY, limit=80),
        an_order("high", SELL, limit=110),
        an_order("higher", SELL, limit=120),
    ]
    matcher = Matcher(orders)
    assert [event for price in range(91, 110) for event in matcher.on_price(price)] == []
    assert matcher.on_price(90) == [Filled("low", 90, 10, 10)]
    assert matcher.on_price(110) == [Filled("high", 110, 10, 0)]
    assert matcher.on_price(85) == []
    assert matcher.on_price(80) == [Filled("lower", 80, 10, 10)]


class Unasked(BookOrder):
    """An order that must not be looked at."""

    def reached_by(self, price: int) -> bool:
        pytest.fail(f"{self.id} was looked at because of {price}")


def test_a_price_between_the_triggers_looks_at_no_order() -> None:
    low = Unasked(id="low", side=BUY, quantity=1, type=OrderType.LIMIT, limit=90)
    high = Unasked(id="high", side=SELL, quantity=1, type=OrderType.LIMIT, limit=110)
    Matcher().on_price(100)
    Matcher([low]).on_price(10**9)
    Matcher([high]).on_price(-(10**9))
    matcher = Matcher([low, high, an_order("near", BUY, limit=105)])
    matcher.cancel("near")
    assert matcher.on_price(91) == []


# --- groups and brackets -------------------------------------------------------------------------


def test_the_fill_of_one_order_cancels_its_siblings_and_nobody_else() -> None:
    matcher = Matcher(
        [
            an_order("up", BUY, stop=110, group="breakout"),
            an_order("down", SELL, stop=90, group="breakout"),
            an_order("other", SELL, stop=80, group="other"),
            an_order("alone", SELL, stop=80),
        ]
    )
    assert matcher.on_price(111) == [
        Filled("up", 111, 10, 10),
        Canceled("down", Reason.SIBLING_FILLED),
    ]
    assert ids(matcher) == ["other", "alone"]


def test_the_fill_of_a_lone_order_cancels_no_other_lone_order() -> None:
    matcher = Matcher([an_order("a", BUY, limit=100), an_order("b", BUY, limit=90)])
    matcher.on_price(95)
    assert ids(matcher) == ["b"]


def test_when_one_price_reaches_both_siblings_only_the_stop_fills() -> None:
    matcher = Matcher(
        [a_leg("target", limit=95, group="exit"), a_leg("stop", stop=105, group="exit")], 10
    )
    assert matcher.on_price(100) == [
        Filled("stop", 100, 10, 0),
        Canceled("target", Reason.SIBLING_FILLED),
    ]


def test_a_sibling_canceled_within_a_price_is_not_triggered_by_it() -> None:
    matcher = Matcher(
        [
            an_order("a", BUY, stop=100, group="g"),
            an_order("b", BUY, stop=100, limit=102, group="g"),
        ]
    )
    assert matcher.on_price(101) == [
        Filled("a", 101, 10, 10),
        Canceled("b", Reason.SIBLING_FILLED),
    ]


def test_an_order_that_fills_on_arrival_cancels_its_waiting_sibling() -> None:
    matcher = Matcher([an_order("a", BUY, limit=90, group="g")])
    events = matcher.submit(an_order("b", BUY, group="g"), 100)
    assert events[-1] == Canceled("a", Reason.SIBLING_FILLED)
    assert matcher.position == 10


def test_canceling_one_sibling_leaves_the_other() -> None:
    matcher = Matcher(
        [an_order("a", BUY, limit=90, group="g"), an_order("b", BUY, stop=110, group="g")]
    )
    assert matcher.cancel("a") == [Canceled("a", Reason.REQUESTED)]
    assert ids(matcher) == ["b"]


def test_a_filled_entry_arms_its_bracket_in_the_same_call() -> None:
    matcher = Matcher()
    assert matcher.submit(a_bracket(), 100) == [
        Accepted("entry"),
        Filled("entry", 100, 10, 10),
        Armed("stop", "entry"),
        Armed("target", "entry"),
    ]
    assert [(leg.trigger, leg.group, leg.parent) for leg in matcher.working] == [
        (95, "entry", "entry"),
        (110, "entry", "entry"),
    ]


@pytest.mark.parametrize(("exit_price", "exit_leg"), [(94, "stop"), (110, "target")])
def test_one_leg_closes_the_position_and_takes_the_other_with_it(
    exit_price: int, exit_leg: str
) -> None:
    matcher = Matcher()
    matcher.submit(a_bracket(), 100)
    assert matcher.on_price(exit_price)[0] == Filled(exit_leg, exit_price, 10, 0)
    assert matcher.working == ()


def test_the_legs_of_a_resting_entry_follow_the_price_that_filled_it() -> None:
    matcher = Matcher()
    matcher.submit(a_bracket(SELL, limit=100), 90)
    matcher.on_price(103)
    assert [leg.trigger for leg in matcher.working] == [108, 93]


def test_the_price_that_filled_the_entry_does_not_trigger_its_legs() -> None:
    def arm(price: int) -> Iterable[BookOrder]:
        return [a_leg("stop", stop=price + 1)]

    matcher = Matcher([an_order("entry", BUY, limit=100, arm=arm)])
    assert matcher.on_price(99) == [Filled("entry", 99, 10, 10), Armed("stop", "entry")]
    assert matcher.on_price(99) == [Filled("stop", 99, 10, 0)]


def test_legs_keep_the_groups_that_they_were_made_with() -> None:
    def arm(price: int) -> Iterable[BookOrder]:
        yield a_leg("first half", quantity=5, stop=price - 5, group="one")
        yield a_leg("second half", quantity=5, stop=price - 9, group="two")

    matcher = Matcher()
    matcher.submit(an_order("entry", BUY, arm=arm), 100)
    matcher.on_price(95)
    assert ids(matcher) == ["second half"]


def test_a_leg_cannot_take_the_id_of_a_working_order() -> None:
    matcher = Matcher([an_order("stop", BUY, limit=50)])
    with pytest.raises(ValueError, match="order stop is working already"):
        matcher.submit(a_bracket(), 100)


def test_an_order_of_the_same_name_is_not_mistaken_for_one_that_just_left() -> None:
    def arm(price: int) -> Iterable[BookOrder]:
        return [an_order("twin", SELL, stop=price + 50)]

    matcher = Matcher(
        [
            an_order("entry", BUY, stop=100, group="g", arm=arm),
            an_order("twin", SELL, limit=100, group="g"),
        ]
    )
    matcher.on_price(100)
    assert matcher.position == 10
    assert ids(matcher) == ["twin"]


# --- reduce-only ---------------------------------------------------------------------------------


@pytest.mark.parametrize(("position", "side"), [(0, SELL), (0, BUY), (10, BUY), (-10, SELL)])
def test_a_reduce_only_order_is_rejected_where_it_would_open_or_grow(
    position: int, side: int
) -> None:
    matcher = Matcher((), position)
    assert matcher.submit(a_leg("a", side), 100) == [Rejected("a", Reason.NO_POSITION)]
    assert matcher.submit(a_leg("b", side, limit=1), None) == [Rejected("b", Reason.NO_POSITION)]
    assert matcher.position == position
    assert matcher.working == ()


@pytest.mark.parametrize(("position", "side"), [(4, SELL), (-4, BUY)])
def test_a_reduce_only_order_is_cut_to_the_position_when_it_arrives(
    position: int, side: int
) -> None:
    matcher = Matcher((), position)
    events = matcher.submit(a_leg("a", side), 100)
    assert events == [Accepted("a"), Resized("a", 4), Filled("a", 100, 4, 0)]


def test_a_resting_reduce_only_order_is_cut_when_it_arrives_and_an_exact_one_is_not() -> None:
    matcher = Matcher((), 4)
    assert matcher.submit(a_leg("a", stop=90), 100) == [Accepted("a"), Resized("a", 4)]
    assert matcher.submit(a_leg("b", quantity=4, stop=90), 100) == [Accepted("b")]


def test_when_the_position_shrinks_both_legs_shrink_with_it() -> None:
    matcher = Matcher()
    matcher.submit(a_bracket(), 100)
    assert matcher.submit(an_order("by hand", SELL, 3), 101) == [
        Accepted("by hand"),
        Filled("by hand", 101, 3, 7),
        Resized("stop", 7),
        Resized("target", 7),
    ]
    assert matcher.on_price(95)[0] == Filled("stop", 95, 7, 0)


def test_when_the_position_grows_the_legs_stay_as_they_are() -> None:
    matcher = Matcher()
    matcher.submit(a_bracket(), 100)
    matcher.submit(an_order("more", BUY, 5), 101)
    assert [leg.quantity for leg in matcher.working] == [10, 10]


@pytest.mark.parametrize(("quantity", "after"), [(10, 0), (15, -5)])
def test_when_the_position_is_closed_or_turned_its_legs_are_canceled(
    quantity: int, after: int
) -> None:
    matcher = Matcher()
    matcher.submit(a_bracket(), 100)
    assert matcher.submit(an_order("by hand", SELL, quantity), 101)[1:] == [
        Filled("by hand", 101, quantity, after),
        Canceled("stop", Reason.POSITION_CLOSED),
        Canceled("target", Reason.POSITION_CLOSED),
    ]


def test_a_reversal_cancels_the_old_legs_and_cuts_the_new_ones_to_the_new_position() -> None:
    matcher = Matcher([a_leg("old", BUY, stop=120)], -10)
    events = matcher.submit(a_bracket(BUY, 16), 100)
    assert events[1:] == [
        Filled("entry", 100, 16, 6),
        Armed("stop", "entry"),
        Armed("target", "entry"),
        Canceled("old", Reason.POSITION_CLOSED),
        Resized("stop", 6),
        Resized("target", 6),
    ]


def test_legs_of_an_entry_that_only_reduced_the_position_are_canceled_at_once() -> None:
    matcher = Matcher((), -30)
    assert matcher.submit(a_bracket(), 100)[2:] == [
        Armed("stop", "entry"),
        Armed("target", "entry"),
        Canceled("stop", Reason.POSITION_CLOSED),
        Canceled("target", Reason.POSITION_CLOSED),
    ]


def test_two_brackets_reached_by_one_price_close_the_position_once() -> None:
    matcher = Matcher(
        [a_leg("a", stop=95), a_leg("b", quantity=8, stop=95), a_leg("c", quantity=5, stop=95)], 15
    )
    assert matcher.on_price(90) == [
        Filled("a", 90, 10, 5),
        Resized("b", 5),
        Filled("b", 90, 5, 0),
        Canceled("c", Reason.POSITION_CLOSED),
    ]


def test_a_plain_sibling_shrinks_and_goes_with_the_leg_it_is_bound_to() -> None:
    matcher = Matcher(
        [
            a_leg("stop", stop=90, group="exit"),
            an_order("target", SELL, 12, limit=120, group="exit"),
            an_order("small target", SELL, 6, limit=130, group="exit"),
            an_order("add", BUY, 12, stop=125, group="exit"),
            an_order("stranger", SELL, 12, limit=120),
        ],
        10,
    )
    assert matcher.submit(an_order("by hand", SELL, 4), 100)[2:] == [
        Resized("stop", 6),
        Resized("target", 6),
    ]
    assert matcher.submit(an_order("all", SELL, 6), 100)[2:] == [
        Canceled("stop", Reason.POSITION_CLOSED),
        Canceled("target", Reason.POSITION_CLOSED),
        Canceled("small target", Reason.POSITION_CLOSED),
    ]
    assert ids(matcher) == ["add", "stranger"]


@pytest.mark.parametrize("sold", [4, 5])
def test_a_plain_sibling_keeps_its_size_while_the_leg_fits(sold: int) -> None:
    matcher = Matcher(
        [
            a_leg("stop", quantity=5, stop=90, group="exit"),
            an_order("target", SELL, 12, limit=120, group="exit"),
        ],
        10,
    )
    assert matcher.submit(an_order("by hand", SELL, sold), 100)[2:] == []


def test_an_exit_is_taken_from_the_oldest_bracket_as_the_ledger_counts() -> None:
    matcher = a_pyramid(10, 5)
    assert matcher.submit(a_leg("exit", quantity=8), 100)[1:] == [
        Filled("exit", 100, 8, 7),
        Resized("1.stop", 2),
        Resized("1.target", 2),
    ]
    assert quantities(matcher) == {"1.stop": 2, "1.target": 2, "2.stop": 5, "2.target": 5}


@pytest.mark.parametrize(
    ("quantity", "left"),
    [
        (10, {"2.stop": 5, "2.target": 5, "3.stop": 4, "3.target": 4}),
        (12, {"2.stop": 3, "2.target": 3, "3.stop": 4, "3.target": 4}),
        (17, {"3.stop": 2, "3.target": 2}),
        (19, {}),
        (25, {}),
    ],
)
def test_a_bracket_of_which_nothing_is_left_is_canceled_as_a_whole(
    quantity: int, left: dict[str, int]
) -> None:
    matcher = a_pyramid(10, 5, 4)
    events = matcher.submit(an_order("by hand", SELL, quantity), 100)
    assert quantities(matcher) == left
    gone = {event.order_id for event in events if isinstance(event, Canceled)}
    assert gone == {f"{n}.{leg}" for n in "123" for leg in ("stop", "target")} - left.keys()
    assert all(e.reason is Reason.POSITION_CLOSED for e in events if isinstance(e, Canceled))


@pytest.mark.parametrize(("price", "leg"), [(80, "2.stop"), (120, "1.target")])
def test_a_leg_that_fills_leaves_the_other_brackets_as_they_are(price: int, leg: str) -> None:
    matcher = a_pyramid(10, 5)
    matcher.cancel("1.stop")
    matcher.cancel("2.target")
    before = quantities(matcher)
    matcher.on_price(price)
    assert quantities(matcher) == {name: held for name, held in before.items() if name != leg}
    assert sum(quantities(matcher).values()) == matcher.position


def test_one_price_that_reaches_all_brackets_closes_each_of_them_whole() -> None:
    matcher = a_pyramid(10, 5)
    fills = [event for event in matcher.on_price(80) if isinstance(event, Filled)]
    assert fills == [Filled("1.stop", 80, 10, 5), Filled("2.stop", 80, 5, 0)]


def test_what_no_bracket_protects_is_closed_before_the_brackets_are_cut() -> None:
    matcher = Matcher(a_pyramid(10, 5).working, 20)
    assert matcher.submit(an_order("by hand", SELL, 5), 100)[1:] == [Filled("by hand", 100, 5, 15)]
    assert matcher.submit(an_order("more", SELL, 1), 100)[2:] == [
        Resized("1.stop", 9),
        Resized("1.target", 9),
    ]


def test_a_cut_bracket_does_not_grow_again_with_the_position() -> None:
    matcher = a_pyramid(10, 5)
    matcher.submit(an_order("by hand", SELL, 8), 100)
    matcher.submit(an_order("more", BUY, 8), 100)
    assert quantities(matcher) == {"1.stop": 2, "1.target": 2, "2.stop": 5, "2.target": 5}


def test_an_exit_that_rests_is_cut_by_itself_and_cuts_no_bracket() -> None:
    matcher = a_pyramid(10, 5)
    brackets = quantities(matcher)
    assert matcher.submit(a_leg("exit", quantity=20, limit=130), 100) == [
        Accepted("exit"),
        Resized("exit", 15),
    ]
    assert quantities(matcher) == brackets | {"exit": 15}
    matcher.submit(an_order("by hand", SELL, 3), 100)
    assert quantities(matcher) == {
        "1.stop": 7,
        "1.target": 7,
        "2.stop": 5,
        "2.target": 5,
        "exit": 12,
    }


def test_a_group_counts_as_its_largest_leg_and_a_smaller_one_is_not_cut_before_its_turn() -> None:
    legs = [
        a_leg("1.stop", stop=90, group="1", parent="1"),
        a_leg("1.target", quantity=4, limit=120, group="1", parent="1"),
        a_leg("2.stop", quantity=5, stop=90, group="2", parent="2"),
    ]
    matcher = Matcher(legs, 15)
    assert matcher.submit(an_order("by hand", SELL, 6), 100)[2:] == [Resized("1.stop", 4)]
    assert matcher.submit(an_order("more", SELL, 1), 100)[2:] == [
        Resized("1.stop", 3),
        Resized("1.target", 3),
    ]


def test_an_exit_bound_to_a_bracket_is_not_counted_and_is_cut_with_it() -> None:
    legs = [
        a_leg("1.stop", quantity=5, stop=90, group="1", parent="1"),
        a_leg("exit", quantity=15, limit=130, group="1"),
        a_leg("2.stop", quantity=10, stop=90, group="2", parent="2"),
    ]
    matcher = Matcher(legs, 15)
    assert matcher.submit(a_leg("other", quantity=15, limit=140), 100) == [Accepted("other")]
    assert matcher.submit(an_order("by hand", SELL, 1), 100)[2:] == [
        Resized("1.stop", 4),
        Resized("exit", 4),
        Resized("other", 14),
    ]


def test_what_is_not_reduce_only_protects_nothing_and_takes_no_share() -> None:
    orders = [
        a_leg("1.stop", stop=90, group="1", parent="1"),
        an_order("2.target", SELL, 12, limit=130, group="2", parent="2"),
    ]
    matcher = Matcher(orders, 15)
    assert matcher.submit(an_order("by hand", SELL, 5), 100)[2:] == []


def test_a_leg_that_is_brought_back_takes_its_share_from_the_oldest_bracket() -> None:
    matcher = a_pyramid(10, 5)
    assert matcher.submit(a_leg("3.stop", quantity=4, stop=90, parent="3"), 100) == [
        Accepted("3.stop"),
        Resized("1.stop", 6),
        Resized("1.target", 6),
    ]


def test_a_short_pyramid_is_cut_like_a_long_one() -> None:
    matcher = a_pyramid(10, 5, side=SELL)
    matcher.submit(a_leg("exit", BUY, 8), 100)
    assert (matcher.position, quantities(matcher)) == (
        -7,
        {"1.stop": 2, "1.target": 2, "2.stop": 5, "2.target": 5},
    )


def test_a_rebuilt_book_that_protects_too_much_is_mended_by_its_next_fill() -> None:
    legs = [a_leg(f"{n}.stop", quantity=n, stop=90, parent=str(n)) for n in (7, 5)]
    matcher = Matcher(legs, 7)
    assert matcher.submit(an_order("by hand", SELL, 1), 100)[2:] == [Resized("7.stop", 1)]
    assert matcher.on_price(90) == [Filled("7.stop", 90, 1, 5), Filled("5.stop", 90, 5, 0)]


def test_a_rebuilt_book_with_too_large_a_leg_still_never_flips() -> None:
    matcher = Matcher([a_leg("stop", stop=95)], 4)
    assert matcher.on_price(90) == [Resized("stop", 4), Filled("stop", 90, 4, 0)]


def test_a_rebuilt_book_with_a_leg_of_no_position_drops_it_unfilled() -> None:
    matcher = Matcher([a_leg("stop", stop=95)], -4)
    assert matcher.on_price(90) == [Canceled("stop", Reason.POSITION_CLOSED)]
    assert matcher.position == -4
