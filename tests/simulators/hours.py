"""When a simulated exchange is open: by a calendar, unless a test says otherwise."""

from datetime import date, datetime, time

from app.domain.session import Calendar, Session, SessionPolicy


class MarketHours:
    """The sessions by the calendar, unless a test says that it is open or closed."""

    def __init__(self, calendar: Calendar) -> None:
        self.calendar = calendar
        self.forced: bool | None = None

    def is_open(self, at: datetime, *, extended: bool = False) -> bool:
        """Whether there is trade, in the hours that an order is good for."""
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
        at = datetime.combine(first, time(), self.calendar.zone)
        for session in self.calendar.sessions(at, SessionPolicy.REGULAR):
            day = session.opens.astimezone(self.calendar.zone).date()
            if day > last:
                return found
            found.append((day, session, self.session(session.opens, extended=True)))
        raise AssertionError("the sessions have no end")

    def minutes_from_midnight(self, at: datetime) -> int:
        """The time of day by the exchange's clocks."""
        wall = at.astimezone(self.calendar.zone)
        return wall.hour * 60 + wall.minute
