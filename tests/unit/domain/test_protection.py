"""Stop and target lie where they were asked for, on the tick, on the right side (rules 30, 31)."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.decision import Denial, Denied
from app.domain.order import Level, LevelKind, OrderRole, OrderType, Side
from app.domain.protection import check_levels, leg_price, leg_type
from tests.builders import level_at, percent_away, points_away

D = Decimal
STOP, TARGET = OrderRole.STOP_LOSS, OrderRole.TAKE_PROFIT
CENT = D("0.01")
PRICES = st.decimals(1, 100_000, places=4)
TICKS = st.sampled_from([D("0.01"), D("0.05"), D("0.25"), D("0.0001")])
SIDES = st.sampled_from(Side)


def stop_limit(stop: int | str, limit: int | str | None) -> Level:
    """A stop that was asked for as a stop_limit."""
    rests = None if limit is None else D(limit)
    return Level(LevelKind.PRICE, D(stop), type="stop_limit", limit_price=rests)


@pytest.mark.parametrize(
    ("level", "role", "kind"),
    [
        (level_at(95), STOP, OrderType.STOP),
        (level_at(95, "stop"), STOP, OrderType.STOP),
        (level_at(3, "trailing_stop"), STOP, OrderType.TRAILING_STOP),
        (stop_limit(95, 94), STOP, OrderType.STOP_LIMIT),
        (stop_limit(95, None), STOP, OrderType.STOP),
        (Level(LevelKind.PRICE, D(95), limit_price=D(94)), STOP, OrderType.STOP),
        (level_at(105), TARGET, OrderType.LIMIT),
        (level_at(105, "trailing_stop"), TARGET, OrderType.LIMIT),
        (stop_limit(105, 104), TARGET, OrderType.LIMIT),
    ],
)
def test_a_target_is_a_limit_and_a_stop_is_what_was_asked_for(
    level: Level, role: OrderRole, kind: OrderType
) -> None:
    assert leg_type(level, role) is kind


@pytest.mark.parametrize(
    ("level", "role", "side", "price"),
    [
        (percent_away(2), STOP, Side.BUY, "98"),
        (percent_away(2), TARGET, Side.BUY, "102"),
        (percent_away(2), STOP, Side.SELL, "102"),
        (percent_away(2), TARGET, Side.SELL, "98"),
        (points_away("1.5"), STOP, Side.BUY, "98.5"),
        (points_away("1.5"), TARGET, Side.BUY, "101.5"),
        (points_away("1.5"), STOP, Side.SELL, "101.5"),
        (points_away("1.5"), TARGET, Side.SELL, "98.5"),
        (level_at(95), STOP, Side.BUY, "95"),
        (level_at(95), TARGET, Side.SELL, "95"),
    ],
)
def test_rule_31_a_relative_level_is_measured_from_the_reference(
    level: Level, role: OrderRole, side: Side, price: str
) -> None:
    placed = leg_price(level, role, entry_side=side, reference=D(100), tick=CENT)
    assert placed == D(price)


@pytest.mark.parametrize(
    ("role", "side", "price"),
    [
        (STOP, Side.BUY, "95.00"),
        (TARGET, Side.BUY, "95.05"),
        (STOP, Side.SELL, "95.05"),
        (TARGET, Side.SELL, "95.00"),
    ],
)
def test_a_stop_is_rounded_away_from_the_entry_and_a_target_too(
    role: OrderRole, side: Side, price: str
) -> None:
    placed = leg_price(level_at("95.01"), role, entry_side=side, reference=D(100), tick=D("0.05"))
    assert str(placed) == price


@pytest.mark.parametrize(
    ("stop", "target", "side", "plausible"),
    [
        (None, None, Side.BUY, True),
        (level_at(95), level_at(110), Side.BUY, True),
        (level_at(105), level_at(90), Side.SELL, True),
        (level_at(105), None, Side.BUY, False),
        (level_at(100), None, Side.BUY, False),
        (None, level_at(95), Side.BUY, False),
        (None, level_at(100), Side.SELL, False),
        (level_at(95), None, Side.SELL, False),
        (percent_away(100), None, Side.BUY, False),
        (None, percent_away(100), Side.SELL, False),
        (points_away(150), None, Side.BUY, False),
        (percent_away(100), percent_away(300), Side.SELL, False),
        (percent_away(150), percent_away(50), Side.SELL, True),
        (level_at("99.99"), level_at("100.01"), Side.BUY, True),
        (level_at("0.01"), None, Side.BUY, True),
        (None, level_at("0.01"), Side.SELL, True),
    ],
)
def test_rule_30_a_level_on_the_wrong_side_or_below_zero_is_refused(
    *, stop: Level | None, target: Level | None, side: Side, plausible: bool
) -> None:
    denied = check_levels(stop, target, entry_side=side, reference=D(100), tick=CENT)
    assert (denied is None) is plausible


def test_a_refusal_names_the_leg_its_price_and_the_reference() -> None:
    denied = check_levels(level_at(105), None, entry_side=Side.BUY, reference=D(100), tick=CENT)
    words = "stop_loss 105.00 is on the wrong side of 100 to buy"
    assert denied == Denied(Denial.IMPLAUSIBLE_STOP, words)


@pytest.mark.parametrize(
    ("stop", "limit", "side", "fills"),
    [
        (95, 94, Side.BUY, True),
        (95, 95, Side.BUY, True),
        (95, "95.01", Side.BUY, False),
        (105, 106, Side.SELL, True),
        (105, 105, Side.SELL, True),
        (105, "104.99", Side.SELL, False),
    ],
)
def test_rule_30_a_limit_that_would_keep_its_stop_from_filling_is_refused(
    stop: int, limit: int | str, side: Side, *, fills: bool
) -> None:
    level = stop_limit(stop, limit)
    denied = check_levels(level, None, entry_side=side, reference=D(100), tick=CENT)
    words = f"the limit {limit} would not let the stop at {stop}.00 fill"
    assert denied == (None if fills else Denied(Denial.IMPLAUSIBLE_STOP, words))


@given(percent=st.decimals("0.01", 99, places=2), reference=PRICES, tick=TICKS, side=SIDES)
def test_rule_31_relative_levels_are_on_the_right_side_and_no_nearer_than_asked(
    *, percent: Decimal, reference: Decimal, tick: Decimal, side: Side
) -> None:
    level, asked = percent_away(percent), reference * percent / 100
    for role, sign in ((STOP, -1), (TARGET, 1)):
        price = leg_price(level, role, entry_side=side, reference=reference, tick=tick)
        away = (price - reference) * side.sign * sign
        assert asked <= away < asked + tick
        assert price % tick == 0


@pytest.mark.parametrize(
    ("stop", "target", "side", "plausible"),
    [
        (level_at(10), None, Side.BUY, True),
        (level_at("9.99"), None, Side.BUY, False),
        (None, level_at(190), Side.BUY, True),
        (None, level_at("190.01"), Side.BUY, False),
        (level_at(190), level_at(10), Side.SELL, True),
        (level_at(25900), None, Side.SELL, False),
        (percent_away(95), percent_away(300), Side.BUY, True),
        (points_away(95), points_away(300), Side.BUY, True),
    ],
)
def test_rule_30_a_premium_is_not_more_than_90_percent_away(
    *, stop: Level | None, target: Level | None, side: Side, plausible: bool
) -> None:
    denied = check_levels(
        stop, target, entry_side=side, reference=D(100), tick=CENT, farthest=D(90)
    )
    assert (denied is None) is plausible


@given(premium=PRICES, percent=st.integers(-99, 900), side=SIDES, stop=st.booleans())
def test_rule_30_a_price_passes_on_its_own_side_within_90_percent_only(
    *, premium: Decimal, percent: int, side: Side, stop: bool
) -> None:
    level = level_at(premium * (100 + percent) / 100)
    denied = check_levels(
        level if stop else None,
        None if stop else level,
        entry_side=side,
        reference=premium,
        tick=D("0.00000001"),
        farthest=D(90),
    )
    gains = percent * side.sign
    assert (denied is None) is (0 < (-gains if stop else gains) <= 90)
