"""Choosing among what is listed: an expiry of an underlying, a strike of an expiry.

Only what is listed can be chosen. All lists are sorted and hold each thing once.
"""

from bisect import bisect_left
from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal

from app.domain.contract import Ahead, Expiry, Moneyness, Month, OptionType, Series

IST = timezone(timedelta(hours=5, minutes=30), "IST")
"""The clock of Indian exchanges, which never changes."""
NEAREST = 3
"""So many of the nearest are told when what was wanted is not listed."""


def day_of(expiry: datetime) -> date:
    """The day of an expiry by the clock of its exchange."""
    return expiry.astimezone(IST).date()


def choose_expiry(listed: Sequence[datetime], wanted: Expiry, at: datetime) -> datetime | None:
    """The expiry that is wanted at a moment; one is over from its own moment on.

    The last of a month is the last one that is listed in it, whatever the weekday.
    """
    alive = [expiry for expiry in listed if expiry > at]
    match wanted:
        case Series.WEEKLY:
            return alive[0] if alive else None
        case Series.MONTHLY:
            return _first_last_of_a_month(alive)
        case Ahead(expiries=number):
            return alive[number] if number < len(alive) else None
        case Month(year=year, month=month):
            return _last(alive, lambda day: (day.year, day.month) == (year, month))
        case _:
            return _last(alive, lambda day: day == wanted)


def choose_strike(
    listed: Sequence[Decimal], wanted: Moneyness, option_type: OptionType, price: Decimal
) -> Decimal | None:
    """The listed strike at a place; at the money is the nearest to the price, of two the lower."""
    if not listed:
        return None
    deeper = -1 if option_type is OptionType.CALL else 1
    place = _nearest(listed, price) + deeper * wanted.steps
    return listed[place] if 0 <= place < len(listed) else None


def nearest_days(listed: Sequence[datetime], wanted: Expiry, at: datetime) -> list[date]:
    """The days of the expiries that are nearest to what was wanted, the earliest first."""
    days = [day_of(expiry) for expiry in listed if expiry > at]
    match wanted:
        case date():
            aim = wanted
        case Month(year=year, month=month):
            aim = date(year, month, 28)
        case Ahead() if days:
            aim = days[-1]
        case _:
            aim = day_of(at)
    return sorted(sorted(days, key=lambda day: abs(day - aim))[:NEAREST])


def nearest_strikes(listed: Sequence[Decimal], wanted: Decimal) -> list[Decimal]:
    """The strikes that are nearest to one that is not listed, the lowest first."""
    return sorted(sorted(listed, key=lambda strike: abs(strike - wanted))[:NEAREST])


def _first_last_of_a_month(listed: Sequence[datetime]) -> datetime | None:
    days = [day_of(expiry) for expiry in listed]
    for expiry, day, following in zip(listed, days, [*days[1:], date.max], strict=False):
        if (day.year, day.month) != (following.year, following.month):
            return expiry
    return None


def _last(listed: Sequence[datetime], fits: Callable[[date], bool]) -> datetime | None:
    return next((expiry for expiry in reversed(listed) if fits(day_of(expiry))), None)


def _nearest(listed: Sequence[Decimal], price: Decimal) -> int:
    above = bisect_left(listed, price)
    if above == 0:
        return 0
    if above == len(listed):
        return above - 1
    return above if listed[above] - price < price - listed[above - 1] else above - 1
