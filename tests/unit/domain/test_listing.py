"""Choosing among what is listed, against an oracle that reads the rules word for word."""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.contract import Ahead, Expiry, Moneyness, Month, OptionType, Series
from app.domain.listing import (
    IST,
    choose_expiry,
    choose_strike,
    day_of,
    nearest_days,
    nearest_strikes,
)

CALL, PUT = OptionType.CALL, OptionType.PUT


def closing(day: date) -> datetime:
    return datetime.combine(day, time(15, 30), IST).astimezone(UTC)


AUGUST = [closing(date(2025, 8, day)) for day in (14, 21, 28)]
SEPTEMBER = [closing(date(2025, 9, day)) for day in (2, 9, 16, 23, 30)]
NIFTY = [*AUGUST, *SEPTEMBER]
"""Thursdays became Tuesdays, and nothing is reckoned from weekdays."""

days = st.dates(date(2025, 1, 1), date(2025, 6, 30))
listings = st.sets(days, max_size=20).map(lambda found: sorted(map(closing, found)))
moments = st.datetimes(datetime(2025, 1, 1), datetime(2025, 7, 1), timezones=st.just(UTC))  # noqa: DTZ001  # hypothesis adds the zone
expiries: st.SearchStrategy[Expiry] = st.one_of(
    st.sampled_from(Series),
    st.integers(0, 5).map(Ahead),
    st.builds(Month, st.just(2025), st.integers(1, 6)),
    days,
)


def naive_expiry(listed: list[datetime], wanted: Expiry, at: datetime) -> datetime | None:
    alive = sorted(expiry for expiry in listed if not at >= expiry)
    months = {day_of(expiry).strftime("%Y-%m") for expiry in listed}
    last = [max(e for e in listed if day_of(e).strftime("%Y-%m") == month) for month in months]
    match wanted:
        case Series.WEEKLY:
            fits = alive[:1]
        case Series.MONTHLY:
            fits = sorted(set(alive) & set(last))[:1]
        case Ahead(expiries=number):
            fits = alive[number : number + 1]
        case Month():
            name = f"{wanted.year}-{wanted.month:02}"
            fits = [expiry for expiry in last if day_of(expiry).strftime("%Y-%m") == name]
            fits = [expiry for expiry in fits if expiry in alive]
        case _:
            fits = [expiry for expiry in alive if day_of(expiry) == wanted]
    return fits[0] if fits else None


@given(listings, expiries, moments)
def test_an_expiry_is_the_one_of_the_rule(
    listed: list[datetime], wanted: Expiry, at: datetime
) -> None:
    assert choose_expiry(listed, wanted, at) == naive_expiry(listed, wanted, at)


def test_at_half_past_three_of_its_day_the_next_expiry_is_the_nearest() -> None:
    last_moment = AUGUST[1] - timedelta(seconds=1)
    assert choose_expiry(NIFTY, Series.WEEKLY, last_moment) == AUGUST[1]
    assert choose_expiry(NIFTY, Series.WEEKLY, AUGUST[1]) == AUGUST[2]
    assert choose_expiry(NIFTY, Series.MONTHLY, AUGUST[2] - timedelta(seconds=1)) == AUGUST[2]
    assert choose_expiry(NIFTY, Series.MONTHLY, AUGUST[2]) == SEPTEMBER[4]


def test_a_month_that_ends_on_another_weekday_is_still_the_month() -> None:
    december = [closing(date(2025, 12, day)) for day in (2, 9, 16, 24)]
    assert choose_expiry(december, Series.MONTHLY, AUGUST[0]) == december[3]
    assert choose_expiry(december, Month(2025, 12), AUGUST[0]) == december[3]


def test_without_weekly_contracts_the_nearest_expiry_is_the_month() -> None:
    months = [AUGUST[2], SEPTEMBER[4]]
    assert choose_expiry(months, Series.WEEKLY, AUGUST[0]) == AUGUST[2]
    assert choose_expiry(months, Ahead(1), AUGUST[0]) == SEPTEMBER[4]


@pytest.mark.parametrize(
    ("wanted", "near"),
    [
        (date(2025, 9, 1), ["2025-08-28", "2025-09-02", "2025-09-09"]),
        (Month(2026, 1), ["2025-09-16", "2025-09-23", "2025-09-30"]),
        (Ahead(30), ["2025-09-16", "2025-09-23", "2025-09-30"]),
    ],
)
def test_the_nearest_expiries_are_told_without_those_that_are_over(
    wanted: Expiry, near: list[str]
) -> None:
    assert list(map(str, nearest_days(NIFTY, wanted, AUGUST[1]))) == near


strikes = st.sets(st.integers(1, 400), max_size=20).map(
    lambda found: [Decimal(each) * Decimal("2.5") for each in sorted(found)]
)
prices = st.decimals(Decimal("0.05"), 1100, places=2)


def naive_strike(
    listed: list[Decimal], steps: int, option_type: OptionType, price: Decimal
) -> Decimal | None:
    if not listed:
        return None
    chosen = min(listed, key=lambda strike: (abs(strike - price), strike))
    goes_down = (steps > 0) is (option_type is CALL)
    for _ in range(abs(steps)):
        beyond = [k for k in listed if (k < chosen if goes_down else k > chosen)]
        if not beyond:
            return None
        chosen = max(beyond) if goes_down else min(beyond)
    return chosen


@given(strikes, st.integers(-4, 4), st.sampled_from(OptionType), prices)
def test_a_strike_is_the_one_of_the_rule(
    listed: list[Decimal], steps: int, option_type: OptionType, price: Decimal
) -> None:
    chosen = choose_strike(listed, Moneyness(steps), option_type, price)
    assert chosen == naive_strike(listed, steps, option_type, price)


def test_into_the_money_is_down_for_a_call_and_up_for_a_put() -> None:
    listed = [Decimal(strike) for strike in (24500, 24550, 24600, 24700)]
    price = Decimal(24560)
    assert choose_strike(listed, Moneyness(1), CALL, price) == 24500
    assert choose_strike(listed, Moneyness(1), PUT, price) == 24600
    assert choose_strike(listed, Moneyness(-2), CALL, price) == 24700
    assert choose_strike(listed, Moneyness(-2), PUT, price) is None


@given(strikes, prices)
def test_the_nearest_strikes_leave_out_none_that_is_nearer(
    listed: list[Decimal], wanted: Decimal
) -> None:
    near = nearest_strikes(listed, wanted)
    assert near == sorted(near)
    assert len(near) == min(3, len(listed))
    widest = max((abs(strike - wanted) for strike in near), default=Decimal(0))
    assert all(abs(strike - wanted) >= widest for strike in listed if strike not in near)
