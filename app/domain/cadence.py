"""How often alerts of one kind come, learned from what came: when has one become quiet?

Gaps are measured in the hours in which the market of the alert was open. Of each day only the
longest gap is kept, so that an alert of every minute and one of every week are learned alike.
"""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

LEAST_ALERTS, LEAST_DAYS = 10, 3
"""Before so many came, on so many days, nothing is known."""
DAYS = 20
"""So many of the last days on which any came are remembered."""
MARGIN = 4
"""So many times the usual longest gap is quiet."""
LEAST_PATIENCE = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Kind:
    """What makes alerts alike."""

    account: str
    strategy: str
    symbol: str
    timeframe: str


@dataclass(slots=True)
class Cadence:
    """The rhythm of one kind of alert."""

    last: datetime
    alerts: int = 1
    _longest: dict[date, timedelta] = field(default_factory=dict[date, timedelta])

    def hear(self, at: datetime, gap: timedelta) -> None:
        """Another one came, after a gap."""
        self.last = at
        self.alerts += 1
        day = at.date()
        self._longest[day] = max(gap, self._longest.get(day, timedelta(0)))
        while len(self._longest) > DAYS:
            del self._longest[min(self._longest)]

    @property
    def usual(self) -> timedelta | None:
        """The longest gap that happens again: of the days' longest the second; None: not known."""
        if self.alerts < LEAST_ALERTS or len(self._longest) < LEAST_DAYS:
            return None
        return sorted(self._longest.values())[-2]

    @property
    def patience(self) -> timedelta | None:
        """How long none may come before that is worth a word."""
        return None if self.usual is None else max(MARGIN * self.usual, LEAST_PATIENCE)
