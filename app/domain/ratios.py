"""Ratios: what the days of an account earned for the risk that was taken.

The usual ones are of daily returns, for a year of 252 trading days, without an interest that could
have been had instead. Those of TradingView are of monthly returns when there are three months,
else of daily ones, above an interest of 2 % a year
(https://www.tradingview.com/support/solutions/43000681697).

They are statistics: binary fractions are good enough, and nothing is traded by them.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import groupby

YEAR, MONTHS = 252, 12
"""Trading days and months of a year."""
INTEREST = 0.02
LEAST = 3
"""Returns, below which nothing is said; months, from which on TradingView counts by them."""


@dataclass(frozen=True, slots=True)
class Earned:
    """What an account realised on a day, and what it was worth at its end; None: not known."""

    day: date
    trades: int
    realised: Decimal
    equity: Decimal | None


@dataclass(frozen=True, slots=True)
class Return:
    """What was earned on a day or in a month, as a part of what was there at its start."""

    day: date
    value: float
    worth: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Ratios:
    """The ratios of an account; None where there is too little to tell, or no risk at all."""

    days: int
    sharpe: float | None
    sortino: float | None
    sharpe_tradingview: float | None
    sortino_tradingview: float | None


def ratios_of(days: Iterable[Earned]) -> Ratios:
    """The ratios of an account's days, the oldest first."""
    returns = daily_returns(days)
    daily = [each.value for each in returns]
    theirs, interest = _as_tradingview_counts(returns)
    return Ratios(
        days=len(daily),
        sharpe=_times(_sharpe(daily, spare=1), math.sqrt(YEAR)),
        sortino=_times(_sortino(daily), math.sqrt(YEAR)),
        sharpe_tradingview=_sharpe(theirs, interest),
        sortino_tradingview=_sortino(theirs, interest),
    )


def daily_returns(days: Iterable[Earned]) -> Sequence[Return]:
    """What was realised on each trading day, as a part of what the account was worth before it.

    What is paid in or out is no profit: it only changes what the next day is compared with.
    Weekends count when something was traded. Before the account's worth is known there is nothing.
    """
    found: list[Return] = []
    worth: Decimal | None = None
    for day in days:
        if worth is None and day.equity is not None:
            worth = day.equity - day.realised
        if worth is not None and worth > 0 and (day.trades or day.day.weekday() < 5):  # noqa: PLR2004
            found.append(Return(day.day, float(day.realised / worth), float(worth)))
        if worth is not None:
            worth = day.equity if day.equity is not None else worth + day.realised
    return found


def monthly_returns(returns: Iterable[Return]) -> Sequence[Return]:
    """What was realised in each month, as a part of what the account was worth at its start."""
    found: list[Return] = []
    for _, group in groupby(returns, key=lambda each: (each.day.year, each.day.month)):
        month = list(group)
        realised = sum(each.value * each.worth for each in month)
        found.append(Return(month[0].day, realised / month[0].worth, month[0].worth))
    return found


def _as_tradingview_counts(returns: Sequence[Return]) -> tuple[Sequence[float], float]:
    """The returns, and the interest for each of them."""
    months = monthly_returns(returns)
    if len(months) >= LEAST:
        return [each.value for each in months], INTEREST / MONTHS
    return [each.value for each in returns], INTEREST / YEAR


def _sharpe(returns: Sequence[float], interest: float = 0, *, spare: int = 0) -> float | None:
    """Above interest, by the deviation of all. `spare`: 1 for the deviation of a sample."""
    if len(returns) < LEAST:
        return None
    mean = math.fsum(returns) / len(returns)
    squares = math.fsum((each - mean) ** 2 for each in returns)
    return _by(mean - interest, squares / (len(returns) - spare))


def _sortino(returns: Sequence[float], interest: float = 0) -> float | None:
    """Above interest, by the deviation of those below it."""
    if len(returns) < LEAST:
        return None
    mean = math.fsum(returns) / len(returns)
    squares = math.fsum(min(0.0, each - interest) ** 2 for each in returns)
    return _by(mean - interest, squares / len(returns))


def _by(above: float, variance: float) -> float | None:
    return above / math.sqrt(variance) if variance > 0 else None


def _times(ratio: float | None, factor: float) -> float | None:
    return None if ratio is None else ratio * factor
