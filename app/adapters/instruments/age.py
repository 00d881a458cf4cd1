"""How old lists may be: contracts change overnight, with their lots."""

from collections.abc import Iterable, Mapping
from datetime import datetime, time, timedelta

from app.adapters.instruments.generation import Source
from app.domain.decision import Denial, Denied
from app.domain.listing import IST

REFRESHED_AT = (time(8, 0), time(8, 45))
"""By Indian time. The first look may come before the lists of the day are there."""
TRADED_FROM = time(9, 0)
"""At this hour the lists of the day before are too old; no exchange opens before it."""
CONTRACTS = {"NSE": "NSE_FO", "BSE": "BSE_FO", "MCX": "MCX_COM"}
"""The list that has the contracts of an exchange."""
DAY = timedelta(days=1)


def good_until(checked_at: datetime) -> datetime:
    """From when on contracts are not traded by a list that was the newest at a moment."""
    local = checked_at.astimezone(IST)
    day = local.date() if local.time() >= REFRESHED_AT[0] else local.date() - DAY
    return datetime.combine(day + DAY, TRADED_FROM, IST)


def is_due(sources: Iterable[Source], now: datetime) -> bool:
    """Whether a list, of those that there are, was last looked at before it should have been."""
    return any(source.checked_at < _last_moment(now) for source in sources)


def stale(sources: Mapping[str, Source], exchange: str, at: datetime) -> Denied | None:
    """Why the contracts of an exchange are not traded now; None when they are."""
    source = sources.get(CONTRACTS[exchange])
    if source is not None and at < good_until(source.checked_at):
        return None
    name = CONTRACTS[exchange]
    if source is None:
        return Denied(Denial.SYMBOLS_STALE, f"the list {name} is missing")
    of = f"{source.checked_at.astimezone(IST):%Y-%m-%d %H:%M}"
    detail = f"the list {name} is of {of} IST and may not be that of the day"
    return Denied(Denial.SYMBOLS_STALE, detail)


def _last_moment(now: datetime) -> datetime:
    today = now.astimezone(IST).date()
    moments = (
        datetime.combine(day, moment, IST)
        for day in (today, today - DAY)
        for moment in REFRESHED_AT
    )
    return max(moment for moment in moments if moment <= now)
