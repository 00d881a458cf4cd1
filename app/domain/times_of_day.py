"""A time of day in a zone, as a person means it: what was its last moment?"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo

_TEXT = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)(?:\s+(\S+))?")


@dataclass(frozen=True, slots=True)
class TimeOfDay:
    """A time by the clock of a zone.

    One that there is twice is its first; one that there is not comes as much later as the clock was
    set forward.
    """

    at: time
    zone: tzinfo

    @classmethod
    def parse(cls, text: str, zone: Callable[[str], tzinfo]) -> "TimeOfDay":
        """`17:00 America/New_York`; without a zone it is UTC.

        Raises:
            ValueError: it is none, or there is no such zone.
        """
        match = _TEXT.fullmatch(text.strip())
        if match is None:
            raise ValueError("must be a time and a zone like `17:00 America/New_York`")
        return cls(time(int(match[1]), int(match[2])), zone(match[3] or "UTC"))

    def last(self, now: datetime) -> datetime:
        """When it was this time last, at a moment or before it; aware UTC."""
        today = now.astimezone(self.zone).date()
        moments = (self._on(today - timedelta(days=back)) for back in range(3))
        return next(moment for moment in moments if moment <= now)

    def _on(self, day: date) -> datetime:
        return datetime.combine(day, self.at, self.zone).astimezone(UTC)
