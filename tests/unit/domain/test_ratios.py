"""Sharpe and Sortino, as everybody counts them and as TradingView does."""

import math
import statistics
from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.ratios import Earned, daily_returns, monthly_returns, ratios_of

D = Decimal
MONDAY = date(2026, 3, 2)


def days_of(*realised: float, first: date = MONDAY, start: int = 1000) -> list[Earned]:
    """Weekdays on each of which so much was earned; what the account is worth follows."""
    found: list[Earned] = []
    day, worth = first, D(start)
    for amount in realised:
        earned = D(str(amount))
        worth += earned
        found.append(Earned(day, 1, earned, worth))
        day += timedelta(days=3 if day.weekday() == 4 else 1)  # Friday
    return found


def returns(days: Sequence[Earned]) -> list[float]:
    return [each.value for each in daily_returns(days)]


def test_a_return_is_a_part_of_what_was_there_before() -> None:
    assert returns(days_of(100, -110, 0)) == pytest.approx([0.1, -0.1, 0])


def test_what_is_paid_in_is_no_profit() -> None:
    days = days_of(100, 0)
    days[1] = Earned(days[1].day, 0, D(0), D(5000))
    third = Earned(MONDAY + timedelta(days=2), 1, D(50), D(5050))

    assert returns([*days, third]) == pytest.approx([0.1, 0, 0.01])


def test_before_an_account_was_looked_at_nothing_is_known() -> None:
    first, second, third = days_of(100, 100, 100)
    blind = Earned(first.day, 1, first.realised, None)
    assert returns([blind, second, third]) == pytest.approx([100 / 1100, 100 / 1200])


def test_a_day_on_which_nobody_looked_is_worth_what_it_earned() -> None:
    first, second, third = days_of(100, 100, 110)
    blind = Earned(second.day, 1, second.realised, None)
    assert returns([first, blind, third]) == pytest.approx([0.1, 100 / 1100, 110 / 1200])


def test_a_quiet_weekend_is_no_trading_day_and_a_busy_one_is() -> None:
    saturday = MONDAY - timedelta(days=2)
    quiet, busy = (Earned(saturday, trades, D(trades), D(1000)) for trades in (0, 1))
    assert returns([quiet]) == []
    assert len(returns([busy])) == 1


def test_who_has_nothing_has_no_returns() -> None:
    assert returns([Earned(MONDAY, 1, D(5), D(5))]) == []
    assert returns([Earned(MONDAY, 1, D(5), None)]) == []


def test_a_month_is_compared_with_what_was_there_at_its_start() -> None:
    days = [
        *days_of(100, 100, first=date(2026, 3, 30)),
        Earned(date(2026, 4, 1), 1, D(60), D(1260)),
    ]
    months = monthly_returns(daily_returns(days))

    assert [each.day.month for each in months] == [3, 4]
    assert [each.value for each in months] == pytest.approx([0.2, 0.05])


EARNED = st.lists(st.integers(-90, 90), min_size=3, max_size=40)


def by_the_year(above: float, risk: float) -> object:
    """A ratio of daily returns for a year; without risk there is none."""
    return pytest.approx(above / risk * math.sqrt(252)) if risk else None


@given(EARNED)
def test_the_usual_ratios_are_of_daily_returns_for_a_year(earned: list[int]) -> None:
    days = days_of(*earned, start=100_000)
    drawn, ratios = returns(days), ratios_of(days)
    mean = statistics.fmean(drawn)
    down = math.sqrt(sum(min(each, 0) ** 2 for each in drawn) / len(drawn))

    assert ratios.days == len(earned)
    assert ratios.sortino == by_the_year(mean, down)
    if len(set(drawn)) > 1:
        assert ratios.sharpe == by_the_year(mean, statistics.stdev(drawn))


def test_tradingview_counts_days_while_there_are_fewer_than_three_months() -> None:
    days = days_of(100, -50, 30, 20, first=date(2026, 3, 30))
    drawn, free = returns(days), 0.02 / 252
    above = statistics.fmean(drawn) - free
    down = math.sqrt(sum(min(r - free, 0) ** 2 for r in drawn) / 4)
    ratios = ratios_of(days)

    assert ratios.sharpe_tradingview == pytest.approx(above / statistics.pstdev(drawn))
    assert ratios.sortino_tradingview == pytest.approx(above / down)


def test_tradingview_counts_months_from_the_third_on() -> None:
    days = days_of(*[-10] * 20, *[20] * 44, first=date(2026, 3, 2), start=10_000)
    drawn = [each.value for each in monthly_returns(daily_returns(days))]
    free = 0.02 / 12
    down = math.sqrt(sum(min(r - free, 0) ** 2 for r in drawn) / len(drawn))
    above = statistics.fmean(drawn) - free
    ratios = ratios_of(days)

    assert len(drawn) == 3
    assert ratios.sharpe_tradingview == pytest.approx(above / statistics.pstdev(drawn))
    assert ratios.sortino_tradingview == pytest.approx(above / down)


@pytest.mark.parametrize("earned", [(), (10,), (10, -10), (0, 0, 0)])
def test_too_few_days_and_days_without_risk_say_nothing(earned: tuple[float, ...]) -> None:
    ratios = ratios_of(days_of(*earned))
    assert (ratios.sharpe, ratios.sortino) == (None, None)
    assert ratios.days == len(earned)


def test_without_a_loss_there_is_no_sortino() -> None:
    ratios = ratios_of(days_of(10, 20, 30))
    assert ratios.sortino is None
    assert ratios.sharpe is not None
