"""Rows of the playbook as lines of a CSV file, and back: what one writes, the other reads."""

import csv
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TextIO

from app.adapters.playbook.cells import (
    ANY,
    NOTED,
    Unreadable,
    cell_text,
    columns,
    decided,
    name_of,
    read_row,
)
from app.domain.strategy import Strategy, rival_of
from app.engine.accounts import Accounts


class BadFile(Exception):
    """Faults of a file, each with its line."""

    def __init__(self, faults: Sequence[str]) -> None:
        super().__init__("; ".join(faults))
        self.faults = faults


def write_rows(rows: Iterable[Strategy], file: TextIO) -> None:
    """Write rows as CSV, with a heading."""
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(columns())
    for row in rows:
        writer.writerow([cell_text(name, getattr(row, name)) for name in columns()])


def read_rows(file: TextIO, known: Sequence[Strategy], accounts: Accounts) -> list[Strategy]:
    """The rows of a CSV file.

    Args:
        file: its text.
        known: the rows that there are, which those of the same key replace.
        accounts: the accounts that a row may name.

    Raises:
        BadFile: a line, or the heading, cannot be understood; every fault is told.
    """
    lines = _lines(file)
    _, first = next(lines, (1, list[str]()))
    heading = [name_of(title) for title in first]
    _check_heading(heading)
    read: dict[tuple[str, str], tuple[int, Strategy]] = {}
    faults: list[str] = []
    for number, cells in lines:
        if not any(cell.strip() for cell in cells):
            continue
        try:
            row = _row(heading, cells, accounts)
        except Unreadable as error:
            faults.append(f"line {number}: {error}")
            continue
        line, _ = read.setdefault((row.symbol, row.timeframe), (number, row))
        if line != number:
            faults.append(f"line {number}: the row of line {line} again")
    faults = faults or list(_rivals(read, known, accounts.default))
    if faults:
        raise BadFile(faults)
    return [row for _, row in read.values()]


def _lines(file: TextIO) -> Iterator[tuple[int, list[str]]]:
    """The lines of a file, each with its number."""
    reader = csv.reader(file)
    try:
        for cells in reader:
            yield reader.line_num, cells
    except csv.Error as error:
        raise BadFile([f"line {reader.line_num}: {error}"]) from None


def _check_heading(heading: Sequence[str]) -> None:
    unknown = [name for name in heading if name not in columns() and name not in NOTED]
    if "symbol" not in heading:
        raise BadFile(["line 1: there is no column `symbol`"])
    if unknown:
        raise BadFile([f"line 1: {', '.join(unknown)}: the columns are {', '.join(columns())}"])
    if len(set(heading)) < len(heading):
        raise BadFile(["line 1: a column occurs twice"])


def _rivals(
    read: Mapping[tuple[str, str], tuple[int, Strategy]],
    known: Sequence[Strategy],
    default_account: str,
) -> Iterable[str]:
    """Lines that would trade what another active row does (trading-rules 17)."""
    after = {(row.symbol, row.timeframe): row for row in known}
    after |= {key: row for key, (_, row) in read.items()}
    of_symbol: defaultdict[str, list[Strategy]] = defaultdict(list)
    for row in after.values():
        of_symbol[row.symbol].append(row)
    for line, row in read.values():
        rival = rival_of(row, of_symbol[row.symbol], default_account)
        if rival is not None:
            name = f"{rival.symbol}/{rival.timeframe or ANY}"
            yield f"line {line}: shared: the row {name} is active on the same account"


def _row(heading: Sequence[str], cells: Sequence[str], accounts: Accounts) -> Strategy:
    if len(cells) != len(heading):
        raise Unreadable(f"{len(cells)} cells, and {len(heading)} columns")
    given = zip(heading, (cell.strip() for cell in cells), strict=True)
    return read_row(decided(dict(given)), accounts)
