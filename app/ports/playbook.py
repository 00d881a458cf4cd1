"""The playbook: which strategies exist, how large, and how they stand."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from app.domain.strategy import Strategy

OLDEST = timedelta(minutes=5)
"""A copy that is older deserves a look."""


@dataclass(frozen=True, slots=True)
class RefusedRow:
    """A row that does not trade, by its number where the rows are kept, and why."""

    number: int
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How our copy of rows stands that are kept elsewhere.

    `read_at`: when they were last read, None for never. `trouble`: why they cannot be read now, or
    not written to; empty when all is well.
    """

    read_at: datetime | None = None
    trouble: str = ""
    refused: Sequence[RefusedRow] = ()

    def is_fresh(self, now: datetime) -> bool:
        """Whether it is as new as it should be. Trading goes on with an older copy too."""
        return self.read_at is not None and now - self.read_at <= OLDEST

    def in_words(self, now: datetime) -> str:
        """The same for people."""
        age = "never read"
        if self.read_at is not None:
            age = f"read {(now - self.read_at).total_seconds():.0f} s ago"
        lines = ", ".join(str(row.number) for row in self.refused)
        refused = f"lines that are refused: {lines}" if lines else ""
        return "; ".join(part for part in (age, refused, self.trouble) if part)


class Playbook(Protocol):
    """The owner's rows, one per (symbol, timeframe).

    Reading never leaves the database. Where the rows are kept elsewhere, writing does, and may
    raise PlaybookError: then they are here as they were.
    """

    def find(self, symbol: str, timeframe: str | None) -> Strategy | None:
        """The row of a symbol key and canonical timeframe; else the row of any timeframe."""
        ...

    def rows(self) -> Sequence[Strategy]:
        """All rows, by symbol and timeframe."""
        ...

    def put(self, row: Strategy) -> None:
        """Write a row, replacing the one of the same key."""
        ...

    def put_all(self, rows: Sequence[Strategy]) -> None:
        """Write rows as `put` does, all of them or none."""
        ...

    def standing(self) -> Standing | None:
        """How the copy of the rows stands; None when they are kept here."""
        ...

    def delete(self, symbol: str, timeframe: str) -> bool:
        """Remove a row; whether there was one."""
        ...
