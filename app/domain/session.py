"""Sessions: when a market is open, by its exchange's clock and dates (trading-rules 26)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from enum import StrEnum

from app.domain.instrument import AssetClass, Ticker

US = frozenset({"AMEX", "ARCA", "BATS", "CBOE", "IEX", "NASDAQ", "NYSE", "NYSEARCA", "OTC"})
INDIA = frozenset({"BFO", "BSE", "BSE_INDEX", "NFO", "NSE", "NSE_INDEX"})
CME = frozenset({"CBOT", "CBOT_MINI", "CME", "CME_MINI", "COMEX", "COMEX_MINI", "NYMEX"})
INDIAN_INDICES = ("BANKNIFTY", "FINNIFTY", "MIDCPNIFTY", "NIFTY", "SENSEX")
"""Underlyings that people name without an exchange."""

ONE_DAY = timedelta(days=1)
PLAIN = "WEEKDAYS"
"""The calendar of an exchange that nothing is known of."""


class SessionPolicy(StrEnum):
    """In which hours an instrument is traded. `always` asks no calendar."""

    ALWAYS = "always"
    REGULAR = "regular"
    EXTENDED = "extended"


class WhenClosed(StrEnum):
    """What becomes of an entry that comes while its market is closed."""

    DENY = "deny"
    QUEUE = "queue"


@dataclass(frozen=True, slots=True)
class Hours:
    """From opening to close by the exchange's clock; the evening before when not in that order."""

    opens: time
    closes: time


@dataclass(frozen=True, slots=True)
class Day:
    """The hours of one trading day, in their order.

    `extended` contains the regular hours; empty = there are none beside them.
    """

    regular: tuple[Hours, ...] = ()
    extended: tuple[Hours, ...] = ()


CLOSED = Day()


@dataclass(frozen=True, slots=True)
class Session:
    """From an opening until its close, in UTC. The close itself is outside."""

    opens: datetime
    closes: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """When an exchange is open: its usual days, and the dates that differ.

    `years` are those of which all dates are known; None = this market has no dates of its own.
    `intraday_ends`: how long before the close entries end that are for the day only;
    `intraday_flat`: how long before it such positions are closed.
    """

    name: str
    zone: tzinfo
    usual: Day
    weekdays: frozenset[int] = frozenset(range(5))
    dates: Mapping[date, Day] = field(default_factory=dict[date, Day])
    years: frozenset[int] | None = None
    intraday_ends: timedelta | None = None
    intraday_flat: timedelta | None = None

    def knows(self, at: datetime) -> bool:
        """Whether that date or its year is known; without that every weekday is a usual day."""
        day = at.astimezone(self.zone).date()
        return self.years is None or day in self.dates or day.year in self.years

    def is_open(self, at: datetime, policy: SessionPolicy) -> bool:
        """Whether the market is open at a moment."""
        return policy is SessionPolicy.ALWAYS or self._session(at, policy).opens <= at

    def next_open(self, at: datetime, policy: SessionPolicy) -> datetime:
        """When it opens next; the moment itself while it is open."""
        if policy is SessionPolicy.ALWAYS:
            return at
        return max(at, self._session(at, policy).opens)

    def close_of(self, at: datetime, policy: SessionPolicy) -> datetime:
        """When the session of a moment ends; of the next one while the market is closed.

        Where trading never stops a day still ends: `always` has the close of the regular hours.
        """
        return self._session(at, policy).closes

    def open_time(self, start: datetime, end: datetime, policy: SessionPolicy) -> timedelta:
        """For how long the market was open between two moments."""
        if policy is SessionPolicy.ALWAYS:
            return end - start
        total = timedelta(0)
        for session in self.sessions(start, policy):
            if session.opens >= end:
                break
            total += min(session.closes, end) - max(session.opens, start)
        return total

    def sessions(self, after: datetime, policy: SessionPolicy) -> Iterator[Session]:
        """The sessions that end after a moment, in their order, without end."""
        day = after.astimezone(self.zone).date()
        while True:
            for hours in self._hours(day, policy):
                session = self._on(day, hours)
                if session.closes > after:
                    yield session
            day += ONE_DAY

    def _session(self, at: datetime, policy: SessionPolicy) -> Session:
        return next(self.sessions(at, policy))

    def _hours(self, day: date, policy: SessionPolicy) -> tuple[Hours, ...]:
        usual = self.usual if day.weekday() in self.weekdays else CLOSED
        found = self.dates.get(day, usual)
        if policy is SessionPolicy.EXTENDED and found.extended:
            return found.extended
        return found.regular

    def _on(self, day: date, hours: Hours) -> Session:
        first = day if hours.opens < hours.closes else day - ONE_DAY
        return Session(self._at(first, hours.opens), self._at(day, hours.closes))

    def _at(self, day: date, wall: time) -> datetime:
        return datetime.combine(day, wall, self.zone).astimezone(UTC)


@dataclass(frozen=True, slots=True)
class SessionRules:
    """How an account takes sessions. `trusts_weekdays`: it enters in years without dates too."""

    policy: SessionPolicy = SessionPolicy.ALWAYS
    trusts_weekdays: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Market:
    """A calendar as one strategy trades by it.

    `queues`: its entries wait for the open. `intraday`: its product is closed with the day.
    `halted`: its broker says that it does not trade, in hours in which it ought to.
    """

    calendar: Calendar
    policy: SessionPolicy = SessionPolicy.ALWAYS
    queues: bool = False
    trusts_weekdays: bool = True
    intraday: bool = False
    halted: bool = False

    def is_open(self, at: datetime) -> bool:
        """Whether it is traded at a moment."""
        return self.calendar.is_open(at, self.policy)

    def next_open(self, at: datetime) -> datetime:
        """When it is traded next; the moment itself while it is open."""
        return self.calendar.next_open(at, self.policy)

    def open_time(self, start: datetime, end: datetime) -> timedelta:
        """For how long it was traded between two moments."""
        return self.calendar.open_time(start, end, self.policy)

    def knows(self, at: datetime) -> bool:
        """Whether nothing had to be assumed about the dates of that year."""
        return self.policy is SessionPolicy.ALWAYS or self.calendar.knows(at)

    def too_late_for_the_day(self, at: datetime) -> bool:
        """Whether an entry that has to be closed with the day comes too late (trading-rules 27)."""
        ends = self.calendar.intraday_ends
        if not self.intraday or ends is None or self.policy is SessionPolicy.ALWAYS:
            return False
        return self.calendar.close_of(at, SessionPolicy.REGULAR) - at <= ends

    def day_is_over(self, at: datetime) -> bool:
        """Whether what has to be closed with the day has to be closed now (trading-rules 27)."""
        flat = self.calendar.intraday_flat
        if not self.intraday or flat is None or not self.is_open(at):
            return False
        if self.policy is SessionPolicy.ALWAYS:
            return False
        return self.calendar.close_of(at, SessionPolicy.REGULAR) - at <= flat

    @property
    def has_extended_hours(self) -> bool:
        """Whether there are hours beside the regular ones."""
        return bool(self.calendar.usual.extended)

    def after_hours(self, at: datetime) -> bool:
        """Whether it is traded at a moment, and outside its regular hours."""
        regular = self.calendar.is_open(at, SessionPolicy.REGULAR)
        return self.policy is SessionPolicy.EXTENDED and not regular


def calendar_name(asset_class: AssetClass, ticker: Ticker) -> str:
    """The calendar of an instrument; PLAIN when nothing is known of its exchange."""
    exchange = ticker.exchange
    if asset_class is AssetClass.CRYPTO:
        return "24x7"
    if asset_class is AssetClass.FOREX:
        return "FX"
    if exchange in INDIA or (not exchange and ticker.name.startswith(INDIAN_INDICES)):
        return "XNSE"
    if asset_class is AssetClass.FUTURE:
        return "CMES" if exchange in CME or not exchange else PLAIN
    return "XNYS" if exchange in US or not exchange else PLAIN
