"""A spreadsheet: tabs of cells, as the values and the batches of the API see them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.simulators.sheets.ranges import Area

Value = str | float | bool


class Refused(Exception):
    """The API says no."""

    def __init__(self, code: int, status: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.status = status


@dataclass(frozen=True, slots=True)
class Formula:
    """What was typed as one; it shows what it comes to."""

    text: str
    value: Value = "#REF!"


@dataclass(frozen=True, slots=True)
class Formatted:
    """A number that is shown otherwise: `2%`, `$5,000.00`."""

    value: float
    shown: str


Cell = Value | Formula | Formatted


@dataclass(slots=True)
class Tab:
    """One tab: its cells by row and column from 1 on, within a grid."""

    sheet_id: int
    title: str
    rows: int = 1000
    columns: int = 26
    cells: dict[tuple[int, int], Cell] = field(default_factory=dict[tuple[int, int], Cell])

    @property
    def lines(self) -> list[list[Value]]:
        """What it holds, without what is empty at the ends."""
        return [[value_of(cell) for cell in row] for row in self.read(Area())]

    def read(self, area: Area) -> list[list[Cell]]:
        """The cells of an area, without what is empty at the ends."""
        bottom, right = area.bottom or self.rows, area.right or self.columns
        inside = [
            (row, column)
            for row, column in self.cells
            if area.top <= row <= bottom and area.left <= column <= right
        ]
        last = max((row for row, _ in inside), default=area.top - 1)
        ends: dict[int, int] = {}
        for row, column in inside:
            ends[row] = max(column, ends.get(row, 0))
        return [
            [self.cells.get((row, at), "") for at in range(area.left, ends.get(row, 0) + 1)]
            for row in range(area.top, last + 1)
        ]

    def write(self, area: Area, lines: Sequence[Sequence[Any]], *, typed: bool) -> int:
        """Write cells; how many. `typed`: as if a person typed them.

        Raises:
            Refused: they do not fit into the area or the tab.
        """
        for down, line in enumerate(lines):
            for along, value in enumerate(line):
                if value is not None:
                    self._put(area, area.top + down, area.left + along, value, typed=typed)
        return sum(len(line) for line in lines)

    def clear(self, area: Area) -> None:
        """Empty an area."""
        for row, line in enumerate(self.read(area), area.top):
            for column in range(area.left, area.left + len(line)):
                self.cells.pop((row, column), None)

    def end(self) -> int:
        """The last row that holds something."""
        return max((row for row, _ in self.cells), default=0)

    def delete_rows(self, first: int, count: int) -> None:
        """Take rows out; those below move up."""
        kept = {at: cell for at, cell in self.cells.items() if not first <= at[0] < first + count}
        self.cells = {
            (row - count if row >= first else row, column): cell
            for (row, column), cell in kept.items()
        }
        self.rows -= count

    def set_lines(self, lines: Iterable[Sequence[Cell]]) -> None:
        """Let it hold these lines and nothing else, as when its owner has edited it."""
        self.cells = {
            (row, column): cell
            for row, line in enumerate(lines, 1)
            for column, cell in enumerate(line, 1)
            if cell != ""
        }

    def _put(self, area: Area, row: int, column: int, value: Any, *, typed: bool) -> None:
        if row > self.rows or column > self.columns:
            words = f"Range ({self.title}) exceeds grid limits. Max rows: {self.rows}"
            raise Refused(400, "INVALID_ARGUMENT", f"{words}, max columns: {self.columns}")
        if row > (area.bottom or row) or column > (area.right or column):
            raise Refused(400, "INVALID_ARGUMENT", "tried writing outside of the range")
        if value == "":
            self.cells.pop((row, column), None)
        else:
            self.cells[row, column] = _typed(value) if typed else value


@dataclass(slots=True)
class Book:
    """A spreadsheet."""

    sheet_id: str
    tabs: dict[str, Tab] = field(default_factory=dict[str, Tab])

    def add(self, title: str, rows: int = 1000, columns: int = 26) -> Tab:
        """A new tab.

        Raises:
            Refused: there is one of that title.
        """
        if title in self.tabs:
            raise Refused(
                400, "INVALID_ARGUMENT", f'A sheet with the name "{title}" already exists.'
            )
        tab = Tab(len(self.tabs), title, rows, columns)
        self.tabs[title] = tab
        return tab

    def tab(self, title: str) -> Tab:
        """The tab of a title.

        Raises:
            Refused: there is none.
        """
        if title not in self.tabs:
            raise Refused(400, "INVALID_ARGUMENT", f"Unable to parse range: {title}")
        return self.tabs[title]

    def tab_of(self, sheet_id: int) -> Tab:
        """The tab of an id."""
        for tab in self.tabs.values():
            if tab.sheet_id == sheet_id:
                return tab
        raise Refused(400, "INVALID_ARGUMENT", f"No grid with id: {sheet_id}")

    def properties(self) -> list[dict[str, Any]]:
        """What the metadata tell of the tabs."""
        return [_properties(tab, at) for at, tab in enumerate(self.tabs.values())]


def value_of(cell: Cell) -> Value:
    """A cell's value, as `UNFORMATTED_VALUE` has it."""
    return cell.value if isinstance(cell, Formula | Formatted) else cell


def shown(cell: Cell) -> str:
    """A cell as people see it, `FORMATTED_VALUE`."""
    if isinstance(cell, Formatted):
        return cell.shown
    value = value_of(cell)
    if isinstance(value, bool):
        return str(value).upper()
    return f"{value:g}" if isinstance(value, float) else str(value)


def _typed(value: Any) -> Cell:
    """What becomes of something that is typed into a cell."""
    if isinstance(value, str) and value.startswith(("=", "+")):
        return Formula(value)
    try:
        return float(value)
    except ValueError:
        return str(value)


def _properties(tab: Tab, index: int) -> dict[str, Any]:
    grid = {"rowCount": tab.rows, "columnCount": tab.columns}
    return {
        "properties": {
            "sheetId": tab.sheet_id,
            "title": tab.title,
            "index": index,
            "sheetType": "GRID",
            "gridProperties": grid,
        }
    }
