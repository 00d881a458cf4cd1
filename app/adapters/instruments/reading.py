"""Is a file the list that it should be? A half one, or a page of HTML, must never become one."""

import csv
from collections.abc import Iterator, Mapping
from pathlib import Path

from app.adapters.instruments.rows import SymbolRow, Unreadable, read_row

MOST_BAD = 0.01
"""So many of the rows may be unreadable, or be there twice."""
LEAST_OF_BEFORE = 0.5
"""A list that shrinks below this share of the one before is not believed."""


class NotAList(Exception):
    """The file is not a whole list of instruments; the message says why."""


class Reading:
    """Goes through a file row by row, and knows at its end whether it was a list."""

    def __init__(self, path: Path, exchange: str, freezes: Mapping[str, int]) -> None:
        self._path = path
        self._exchange = exchange
        self._freezes = freezes
        self._total = 0
        self._last_bad = 0
        self._why = "it is empty"

    def __iter__(self) -> Iterator[SymbolRow]:
        """The rows that can be read."""
        for cells in _cells(self._path):
            self._total += 1
            try:
                yield read_row(cells, self._exchange, self._freezes)
            except Unreadable as error:
                self._why = f"row {self._total}: {error}"
                self._last_bad = self._total

    def check(self, taken: int, rows_before: int) -> None:
        """Hold what was read against what a list is.

        Args:
            taken: how many different rows it had.
            rows_before: how many the one before had; 0 believes any number.

        Raises:
            NotAList: it is no such list, or not a whole one.
        """
        bad = self._total - taken
        if not taken or bad > MOST_BAD * self._total:
            raise NotAList(f"{bad} of {self._total} rows are of no use; {self._why}")
        if self._last_bad == self._total:
            raise NotAList(f"it breaks off: {self._why}")
        if taken < LEAST_OF_BEFORE * rows_before:
            raise NotAList(f"it has {taken} rows, and the one before had {rows_before}")


def _cells(path: Path) -> Iterator[list[str]]:
    with path.open(encoding="utf-8", errors="replace", newline="") as file:
        try:
            yield from (cells for cells in csv.reader(file) if cells)
        except csv.Error as error:
            raise NotAList(f"it is no CSV: {error}") from error
