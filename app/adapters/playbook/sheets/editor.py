"""What the owner changes in the sheet through us: rows, and the tabs themselves."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import fields
from decimal import Decimal
from typing import Any

from app.adapters.playbook.cells import cell_text, columns
from app.adapters.playbook.sheets import dashboard
from app.adapters.playbook.sheets.copy import SheetCopy
from app.adapters.playbook.sheets.heading import (
    CONFIG,
    PERFORMANCE,
    TITLES,
    look,
    title_of,
)
from app.adapters.playbook.sheets.reading import Key, Reading, Value
from app.adapters.playbook.sheets.sync import Sync
from app.adapters.playbook.sheets.wire import Cells, Patch, Wire
from app.domain.errors import PlaybookRefused
from app.domain.order import Level, LevelKind
from app.domain.strategy import Strategy

DEFAULTS = {field.name: field.default for field in fields(Strategy)}


class Editor:
    """Writes rows where their keys are at this moment, and new ones below the last."""

    def __init__(self, wire: Callable[[], Wire], sync: Sync, copy: SheetCopy) -> None:
        self._wire = wire
        self._sync = sync
        self._copy = copy

    def put(self, rows: Sequence[Strategy]) -> None:
        """Write rows, all or none.

        Raises:
            PlaybookError: it could not be done.
        """
        with self._sync.alone():
            self._write(rows)
        self._sync.run()

    def delete(self, key: Key) -> bool:
        """Take a row out; whether there was one.

        Raises:
            PlaybookError: it could not be done.
        """
        with self._sync.alone():
            numbers = self._sync.read().lines_of(key)
            for number in sorted(numbers, reverse=True):
                self._wire().delete_row(CONFIG, number)
        self._copy.forget(key)
        self._sync.run()
        return bool(numbers)

    def init(self) -> Sequence[str]:
        """Make or mend both tabs; a `Config` without rows gets those that we know. What was done.

        Raises:
            PlaybookError: it could not be done.
        """
        with self._sync.alone():
            wire = self._wire()
            done = [f"made the tab {tab}" for tab in (CONFIG, PERFORMANCE) if wire.make(tab)]
            done += self._mend(PERFORMANCE, list(_first_of_dashboard(wire.read(PERFORMANCE))))
            cells = wire.read(CONFIG)
            done += self._mend(CONFIG, list(_missing(cells)))
            rows = list(self._copy.rows().values())
            if rows and not cells[1:]:
                self._write(rows)
                done.append(f"wrote the rows of the playbook: {len(rows)}")
        return done

    def _write(self, rows: Sequence[Strategy]) -> None:
        patches = list(_patches(self._sync.read(), rows))
        if patches:
            self._wire().write(CONFIG, patches)

    def _mend(self, tab: str, patches: Sequence[Patch]) -> Sequence[str]:
        if not patches:
            return []
        self._wire().write(tab, patches)
        titles = [str(title) for patch in patches for title in patch.cells[0]]
        return [f"wrote into the first line of {tab}: {', '.join(titles)}"]


def _patches(reading: Reading, rows: Sequence[Strategy]) -> Iterator[Patch]:
    """The cells that make rows of the sheet what they are to be."""
    at = dict(reading.heading.at)
    for name in columns():
        if name not in at and any(getattr(row, name) != DEFAULTS[name] for row in rows):
            at[name] = reading.width + 1 + len(at) - len(reading.heading.at)
            yield Patch(1, at[name], [[title_of(name)]])
    new = 0
    for row in rows:
        number = _line_of(reading, row)
        new += not number
        known = _known(reading, row, number)
        for name in columns():
            value = getattr(row, name)
            if name in at and (name not in known or known[name] != value):
                yield Patch(number or reading.height + new, at[name], [[_cell(name, value)]])


def _line_of(reading: Reading, row: Strategy) -> int:
    """Where a row is now; 0 when it is nowhere.

    Raises:
        PlaybookRefused: it is there twice, or says what we cannot overwrite.
    """
    numbers = reading.lines_of((row.symbol, row.timeframe))
    if len(numbers) > 1:
        lines = " and ".join(map(str, numbers))
        raise PlaybookRefused(f"lines {lines} of the sheet are of the same row: leave one of them")
    number = next(iter(numbers), 0)
    for line in reading.lines:
        if line.number == number and line.strange:
            words = f"line {number} of the sheet has something in {line.strange[0]}"
            raise PlaybookRefused(f"{words}, which is no column of ours")
    return number


def _known(reading: Reading, row: Strategy, number: int) -> Mapping[str, Any]:
    """What the sheet says of a row already, as far as it is understood."""
    if not number:
        return {}
    key = {"symbol": row.symbol, "timeframe": row.timeframe}
    if number in reading.refused_lines:
        return key
    found = reading.rows[row.symbol, row.timeframe]
    return {name: getattr(found, name) for name in columns()} | key


def _cell(name: str, value: object) -> Value:
    """A column's value as Sheets keeps it: numbers as numbers, where a float is exact."""
    if isinstance(value, bool):
        return value
    if isinstance(value, Level) and value.kind is LevelKind.PRICE:
        value = value.value
    if isinstance(value, Decimal) and Decimal(repr(float(value))) == value:
        return float(value)
    return cell_text(name, value)


def _missing(cells: Cells) -> Iterator[Patch]:
    """The columns of `Config` that are not there: each in its place, or behind all others."""
    first = [str(cell).strip() for cell in next(iter(cells), ())]
    found = look(first)
    behind = max(len(TITLES), *(len(line) for line in cells), 0)
    for place, (name, title) in enumerate(TITLES.items(), 1):
        if name in found.at:
            continue
        is_free = place > len(first) or not first[place - 1]
        behind += not is_free
        yield Patch(1, place if is_free else behind, [[title]])


def _first_of_dashboard(cells: Sequence[Sequence[Value]]) -> Iterator[Patch]:
    titles = list(dashboard.TITLES)
    if list(next(iter(cells), ()))[: len(titles)] != titles:
        yield Patch(1, 1, [titles])
