"""What the rest needs of Google: one spreadsheet, read and written in few requests."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from app.adapters.playbook.sheets.reading import Value

Cells = Sequence[Sequence[Value]]


class Patch(NamedTuple):
    """Cells to write, from a row and a column on; both count from 1."""

    row: int
    column: int
    cells: Cells


class Wire(Protocol):
    """One spreadsheet. Every call may raise PlaybookUnavailable or PlaybookRefused."""

    def read(self, tab: str, *, as_shown: bool = False) -> Cells:
        """All cells of a tab, without what is empty at its ends; one request.

        `as_shown`: as people see them, texts; else numbers are numbers.
        """
        ...

    def write(self, tab: str, patches: Sequence[Patch]) -> None:
        """Write cells as they are, all or none; texts stay texts. The tab grows for them."""
        ...

    def delete_row(self, tab: str, number: int) -> None:
        """Take a row out; those below move up."""
        ...

    def make(self, tab: str) -> bool:
        """Add a tab when there is none of that title; whether there was none."""
        ...
