"""When the simulated exchange is open: a calendar of its own, which a test may set."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from app.domain.session import CLOSED, Calendar, Day, Hours, Session, SessionPolicy

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


class MarketHours:
    """The sessions by the calendar, unless a test says that it is open or closed."""

    def __init__(self, calendar: Calendar | None = None) -> None:
        self.calendar = calendar or usual_calendar()
        self.forced: bool | None = None

    def is_open(self, at: datetime, *, extended: bool = False) -> bool:
        """Whether stocks trade, in the hours that an order is good for."""
        if self.forced is not None:
            return self.forced
        policy = SessionPolicy.EXTENDED if extended else SessionPolicy.REGULAR
        return self.calendar.is_open(at, policy)

    def session(self, at: datetime, *, extended: bool = False) -> Session:
        """The session of a moment; the next one while there is none."""
        policy = SessionPolicy.EXTENDED if extended else SessionPolicy.REGULAR
        return next(self.calendar.sessions(at, policy))

    def next_open(self, at: datetime) -> datetime:
        """The next opening, even while it is open."""
        sessions = self.calendar.sessions(at, SessionPolicy.REGULAR)
        return next(session.opens for session in sessions if session.opens > at)

    def next_close(self, at: datetime) -> datetime:
        """The next close."""
        return self.session(at).closes

    def days(self, first: date, last: date) -> list[tuple[date, Session, Session]]:
        """The trading days of a span, each with its regular and its extended hours."""
        found: list[tuple[date, Session, Session]] = []
        at = datetime.combine(first, time(), NEW_YORK)
        for session in self.calendar.sessions(at, SessionPolicy.REGULAR):
            day = session.opens.astimezone(NEW_YORK).date()
            if day > last:
                return found
            found.append((day, session, self.session(session.opens, extended=True)))
        raise AssertionError("the sessions have no end")

    def minutes_from_midnight(self, at: datetime) -> int:
        """The time of day in New York."""
        wall = at.astimezone(NEW_YORK)
        return wall.hour * 60 + wall.minute


ONE_DAY = timedelta(days=1)
