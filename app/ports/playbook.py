"""The playbook: which strategies exist, how large, and how they stand."""

from collections.abc import Sequence
from typing import Protocol

from app.domain.strategy import Strategy


class Playbook(Protocol):
    """The owner's rows, one per (symbol, timeframe)."""

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

    def delete(self, symbol: str, timeframe: str) -> bool:
        """Remove a row; whether there was one."""
        ...
