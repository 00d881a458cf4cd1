"""Trading windows: the times of a day and the days of a week in which entries are allowed."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

ZoneOf = Callable[[str], tzinfo]
"""A time zone by its name; ValueError when there is none."""

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DAY = 24 * 60
"""Minutes of a day, as the clock on the wall counts them."""

_PART = re.compile(
    r"(?:(?P<days>[a-z]{3}(?:\s*[-,]\s*[a-z]{3})*)\s+)?"
    r"(?P<times>[0-9:]+\s*-\s*[0-9:]+(?:\s*,\s*[0-9:]+\s*-\s*[0-9:]+)*)"
    r"(?:\s+(?P<zone>[A-Za-z][A-Za-z0-9_+/-]*))?",
    re.IGNORECASE,
)
_TIME = re.compile(r"(\d{1,2}):(\d{2})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """From one minute of the day to another, on some days, by the clocks of a zone.

    The end is not in it. A window whose end is not after its start goes on past midnight and
    belongs to the day on which it starts. `days` counts from 0, Monday.
    """

    start: int
    end: int
    days: frozenset[int]
    zone: tzinfo

    def holds(self, moment: datetime) -> bool:
        """Whether a moment (aware) lies in it."""
        local = moment.astimezone(self.zone)
        minute, today = local.hour * 60 + local.minute, local.weekday()
        if self.start < self.end:
            return today in self.days and self.start <= minute < self.end
        yesterday = (local - timedelta(days=1)).weekday()
        return (today in self.days and minute >= self.start) or (
            yesterday in self.days and minute < self.end
        )


def parse_windows(text: str, zone_of: ZoneOf) -> tuple[Window, ...]:
    """Read windows such as `Mon-Fri 09:30-12:00,13:00-15:45 America/New_York; 10:00-11:00`.

    Windows are separated by `;`. Days are optional (every day), and so is the zone (UTC).

    Raises:
        ValueError: it says which part cannot be read.
    """
    parts = [part.strip() for part in text.split(";") if part.strip()]
    if not parts:
        raise ValueError("there is no window in it")
    return tuple(window for part in parts for window in _windows(part, zone_of))


def _windows(part: str, zone_of: ZoneOf) -> Iterator[Window]:
    match = _PART.fullmatch(part)
    if match is None:
        raise ValueError(f"{part!r} is not like `Mon-Fri 09:30-15:45 America/New_York`")
    days = _days(match["days"]) if match["days"] else frozenset(range(7))
    zone = zone_of(match["zone"] or "UTC")
    for times in match["times"].split(","):
        start, end = (_minute(time.strip()) for time in times.split("-"))
        if start in (end, DAY):
            raise ValueError(f"{times.strip()!r} is no span of time")
        yield Window(start=start, end=end, days=days, zone=zone)


def _days(text: str) -> frozenset[int]:
    days: set[int] = set()
    for item in text.lower().split(","):
        first, _, last = (word.strip() for word in item.partition("-"))
        start, end = _day(first), _day(last or first)
        days.update(day % 7 for day in range(start, end + 1 if start <= end else end + 8))
    return frozenset(days)


def _day(word: str) -> int:
    if word not in DAYS:
        raise ValueError(f"{word!r} is not one of {', '.join(day.title() for day in DAYS)}")
    return DAYS.index(word)


def _minute(text: str) -> int:
    match = _TIME.fullmatch(text)
    minute = int(match[1]) * 60 + int(match[2]) if match else DAY + 1
    if match is None or int(match[2]) >= 60 or minute > DAY:  # noqa: PLR2004  minutes of an hour
        raise ValueError(f"{text!r} is not a time between 00:00 and 24:00")
    return minute
