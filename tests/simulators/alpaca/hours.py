"""When the simulated exchange is open: a calendar of its own, which a test may set."""

from datetime import date, time, timedelta
from zoneinfo import ZoneInfo

from app.domain.session import CLOSED, Calendar, Day, Hours
from tests.simulators.hours import MarketHours

NEW_YORK = ZoneInfo("America/New_York")

_USUAL = Day((Hours(time(9, 30), time(16)),), (Hours(time(4), time(20)),))
_SHORT = Day((Hours(time(9, 30), time(13)),), (Hours(time(4), time(17)),))
_HOLIDAYS = (
    "2026-01-01 2026-01-19 2026-02-16 2026-04-03 2026-05-25 2026-06-19 2026-07-03 2026-09-07 "
    "2026-11-26 2026-12-25 2027-01-01 2027-01-18 2027-02-15 2027-03-26 2027-05-31 2027-06-18 "
    "2027-07-05 2027-09-06 2027-11-25 2027-12-24"
)
_HALF_DAYS = "2026-11-27 2026-12-24 2027-11-26"


def usual_calendar() -> Calendar:
    """The days of the New York exchanges."""
    closed = {date.fromisoformat(day): CLOSED for day in _HOLIDAYS.split()}
    short = {date.fromisoformat(day): _SHORT for day in _HALF_DAYS.split()}
    return Calendar(name="alpaca", zone=NEW_YORK, usual=_USUAL, dates=closed | short)


def usual_hours() -> MarketHours:
    """The sessions of New York."""
    return MarketHours(usual_calendar())


ONE_DAY = timedelta(days=1)
