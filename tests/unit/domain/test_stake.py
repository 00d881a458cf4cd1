"""Whose a position is: what a strategy's fills hold, and what is never its to sell."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.order import Side
from app.domain.position import Direction
from app.domain.stake import Stake, Stakes
from tests.fakes.clock import START

D = Decimal
NAMES = ("", "a", "b")


def a_stake(quantity: int = 0, strategy: str = "") -> Stake:
    return Stake(account="paper", instrument="AAPL", strategy=strategy, quantity=D(quantity))


def stakes(position: int, **held: int) -> Stakes:
    return Stakes(D(position), [a_stake(quantity, name) for name, quantity in held.items()])


@pytest.mark.parametrize(
    ("position", "stake", "own"),
    [
        (10, 10, 10),
        (15, 10, 10),  # 5 are somebody else's
        (4, 10, 4),  # 6 went by hand
        (0, 10, 0),
        (-3, 10, 0),  # turned by hand: what is there is not ours
        (-10, -10, -10),
        (-15, -10, -10),
        (-4, -10, -4),
        (3, -10, 0),
        (5, 0, 0),
    ],
)
def test_rule_17_own_is_what_the_fills_hold_and_never_more_than_is_there(
    position: int, stake: int, own: int
) -> None:
    held = stakes(position, a=stake)
    assert held.own("a") == own
    assert held.foreign("a") == position - own


def test_rule_17_what_another_strategy_holds_is_foreign_and_not_nobodys() -> None:
    held = stakes(18, a=10, b=5)
    assert (held.own("a"), held.foreign("a"), held.nobodys) == (D(10), D(8), D(3))
    assert held.holders == ["a", "b"]


def test_rule_17_a_part_of_a_unit_is_own_too() -> None:
    held = Stakes(D("0.5"), [replace(a_stake(strategy="a"), quantity=D("0.5"))])
    assert (held.own("a"), held.foreign("a")) == (D("0.5"), D(0))


def test_rule_7_each_strategy_has_been_stopped_by_its_own_legs() -> None:
    held = Stakes(D(0), [a_stake(strategy="a"), replace(a_stake(), stopped=Direction.LONG)])
    assert (held.stopped("a"), held.stopped(""), held.stopped("b")) == (None, Direction.LONG, None)


def test_a_stake_remembers_its_latest_fill() -> None:
    assert a_stake().after(Side.BUY, D(1), START, by_leg=False).at == START


def test_a_strategy_that_never_traded_it_is_not_known() -> None:
    held = stakes(5, a=0)
    assert (held.knows("a"), held.knows("b"), held.own("b")) == (True, False, D(0))


@given(
    st.integers(-20, 20),
    st.lists(st.integers(-9, 9), min_size=3, max_size=3),
)
def test_rule_17_to_close_all_that_is_own_never_turns_the_position(
    position: int, held: list[int]
) -> None:
    whole = Stakes(D(position), [a_stake(q, n) for q, n in zip(held, NAMES, strict=True)])
    for name in NAMES:
        left = whole.position - whole.own(name)
        assert left * whole.position >= 0
        assert abs(whole.own(name)) <= abs(whole.of(name))


FILLS = st.lists(st.tuples(st.sampled_from(Side), st.integers(1, 9), st.booleans()), max_size=12)


@given(FILLS)
def test_rule_17_a_stake_is_the_sum_of_its_fills(fills: list[tuple[Side, int, bool]]) -> None:
    stake = a_stake()
    for number, (side, quantity, by_leg) in enumerate(fills):
        stake = stake.after(side, D(quantity), START + timedelta(seconds=number), by_leg=by_leg)
    assert stake.quantity == sum(side.sign * quantity for side, quantity, _ in fills)


@given(FILLS)
def test_rule_7_only_a_leg_that_leaves_nothing_is_remembered_as_a_stop(
    fills: list[tuple[Side, int, bool]],
) -> None:
    stake, looked = a_stake(), None
    for side, quantity, by_leg in fills:
        stake = stake.after(side, D(quantity), START, by_leg=by_leg)
        if stake.quantity:
            looked = None
        elif by_leg:
            looked = Direction.LONG if side is Side.SELL else Direction.SHORT
        assert stake.stopped is looked
