"""The calendars: when each exchange is open."""

from typing import Protocol

from app.domain.session import Calendar


class Calendars(Protocol):
    """Every calendar that there is, by its name."""

    def get(self, name: str) -> Calendar:
        """A calendar; that of plain weekdays when there is none of the name."""
        ...
