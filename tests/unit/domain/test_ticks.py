"""Prices and quantities go onto the instrument's grid exactly, and to the right side."""

from decimal import Decimal, localcontext
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.order import Side
from app.domain.ticks import (
    floor_to_step,
    from_steps,
    from_ticks,
    round_to_tick,
    to_steps,
    to_ticks,
)

D = Decimal
TICKS = st.sampled_from([D("0.01"), D("0.05"), D("0.0001"), D("0.25"), D(5), D("1E+1"), D("0.03")])
PRICES = st.decimals(-1_000_000, 1_000_000, allow_nan=False, allow_infinity=False, places=6)
QUANTITIES = st.decimals(0, 1_000_000, allow_nan=False, allow_infinity=False, places=9)


@pytest.mark.parametrize(
    ("side", "stop", "rounded"),
    [
        (Side.BUY, True, "100.05"),
        (Side.SELL, False, "100.05"),
        (Side.SELL, True, "100.00"),
        (Side.BUY, False, "100.00"),
    ],
)
def test_buy_stops_and_sell_limits_round_up_and_the_others_down(
    side: Side, *, stop: bool, rounded: str
) -> None:
    assert str(round_to_tick(D("100.01"), D("0.05"), side=side, stop=stop)) == rounded


@pytest.mark.parametrize("side", Side)
@pytest.mark.parametrize("stop", [True, False])
def test_a_price_on_the_grid_stays_and_is_written_with_the_decimals_of_the_tick(
    side: Side, *, stop: bool
) -> None:
    assert str(round_to_tick(D("100.1"), D("0.05"), side=side, stop=stop)) == "100.10"


def test_a_negative_price_rounds_up_toward_zero_and_down_away_from_it() -> None:
    assert round_to_tick(D("-1.02"), D("0.05"), side=Side.BUY, stop=True) == D("-1.00")
    assert round_to_tick(D("-1.02"), D("0.05"), side=Side.BUY, stop=False) == D("-1.05")


def test_a_buy_limit_below_one_tick_becomes_zero() -> None:
    assert round_to_tick(D("0.03"), D("0.05"), side=Side.BUY, stop=False) == 0


def test_the_smallest_excess_is_seen_although_a_plain_division_would_lose_it() -> None:
    price = D("1.0000000000000000000000000000000000000001")
    assert price / 1 == 1
    assert round_to_tick(price, D(1), side=Side.BUY, stop=True) == 2


def test_a_coarse_decimal_context_of_the_caller_changes_nothing() -> None:
    with localcontext(prec=3):
        assert round_to_tick(D("12345.678"), D("0.05"), side=Side.BUY, stop=True) == D("12345.70")
        assert from_steps(123456789, D("0.001")) == D("123456.789")


def test_an_aligned_price_is_counted_in_ticks_and_back() -> None:
    assert to_ticks(D("100.10"), D("0.05")) == 2002
    assert str(from_ticks(2002, D("0.05"))) == "100.10"


def test_a_price_off_the_grid_is_not_counted() -> None:
    with pytest.raises(ValueError, match=r"100\.11 is not a multiple of 0\.05"):
        to_ticks(D("100.11"), D("0.05"))


def test_an_aligned_quantity_is_counted_in_steps_and_back() -> None:
    assert to_steps(D("0.12"), D("0.0001")) == 1200
    assert str(from_steps(1200, D("0.0001"))) == "0.1200"


def test_a_quantity_between_two_steps_is_not_counted() -> None:
    with pytest.raises(ValueError, match=r"1\.5 is not a multiple of 1"):
        to_steps(D("1.5"), D(1))


def test_a_quantity_is_cut_down_to_whole_steps() -> None:
    assert floor_to_step(D(149), D(75)) == 75
    assert floor_to_step(D(74), D(75)) == 0
    assert floor_to_step(D(150), D(75)) == 150


@pytest.mark.parametrize("quantity", ["-0.5", "-3"])
def test_a_negative_quantity_is_refused(quantity: str) -> None:
    with pytest.raises(ValueError, match=f"quantity {quantity} is negative"):
        floor_to_step(D(quantity), D(1))


@pytest.mark.parametrize("price", ["NaN", "sNaN", "Infinity", "-Infinity"])
def test_what_is_not_a_number_is_refused(price: str) -> None:
    with pytest.raises(ValueError, match=f"cannot count {price} in units of 0.05"):
        round_to_tick(D(price), D("0.05"), side=Side.BUY, stop=True)


@pytest.mark.parametrize("tick", ["0", "-0.05", "NaN", "Infinity"])
def test_a_tick_that_is_no_step_is_refused(tick: str) -> None:
    with pytest.raises(ValueError, match=f"cannot count 1 in units of {tick}"):
        to_ticks(D(1), D(tick))


def test_a_price_beyond_all_reason_is_refused() -> None:
    with pytest.raises(ValueError, match=r"1E\+999 is out of range for units of 0\.01"):
        floor_to_step(D("1E+999"), D("0.01"))


@given(price=PRICES, tick=TICKS, side=st.sampled_from(Side), stop=st.booleans())
def test_rounding_lands_on_the_grid_less_than_a_tick_away_on_the_right_side(
    *, price: Decimal, tick: Decimal, side: Side, stop: bool
) -> None:
    rounded = Fraction(round_to_tick(price, tick, side=side, stop=stop))
    moved = rounded - Fraction(price)
    assert rounded % Fraction(tick) == 0
    assert abs(moved) < tick
    assert moved >= 0 if (side is Side.BUY) == stop else moved <= 0


@given(st.integers(-(10**12), 10**12), TICKS)
def test_ticks_survive_the_way_out_and_back(ticks: int, tick: Decimal) -> None:
    assert to_ticks(from_ticks(ticks, tick), tick) == ticks
    assert to_steps(from_steps(ticks, tick), tick) == ticks


@given(QUANTITIES, TICKS)
def test_flooring_keeps_all_whole_steps_and_less_than_one_is_lost(
    quantity: Decimal, step: Decimal
) -> None:
    floored = Fraction(floor_to_step(quantity, step))
    assert floored % Fraction(step) == 0
    assert 0 <= Fraction(quantity) - floored < step
