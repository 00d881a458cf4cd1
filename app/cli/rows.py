"""Rows of the playbook as lines of a CSV file, and back: what one writes, the other reads."""

import csv
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import Field, fields
from decimal import Decimal
from enum import StrEnum
from types import NoneType, UnionType
from typing import Any, TextIO, get_args, get_origin, get_type_hints

from pydantic import TypeAdapter, ValidationError

from app.domain.instrument import Ticker
from app.domain.order import Level, LevelKind
from app.domain.strategy import Strategy, rival_of
from app.domain.timeframe import canonical_timeframe
from app.engine.accounts import Accounts

ANY = "any"
"""How the timeframe is written that matches every one."""
NOTED = ("order_status", "last_updated")
"""What the server notes in a row: not written, and passed over when it is read."""


class Unreadable(Exception):
    """A line cannot be understood."""


class BadFile(Exception):
    """Faults of a file, each with its line."""

    def __init__(self, faults: Sequence[str]) -> None:
        super().__init__("; ".join(faults))
        self.faults = faults


def columns() -> dict[str, Field[Any]]:
    """The columns of a row that an owner writes."""
    return {field.name: field for field in fields(Strategy) if field.name not in NOTED}


def write_rows(rows: Iterable[Strategy], file: TextIO) -> None:
    """Write rows as CSV, with a heading."""
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(columns())
    for row in rows:
        writer.writerow([_text(name, getattr(row, name)) for name in columns()])


def read_rows(file: TextIO, known: Sequence[Strategy], accounts: Accounts) -> list[Strategy]:
    """The rows of a CSV file.

    Args:
        file: its text.
        known: the rows that there are, which those of the same key replace.
        accounts: the accounts that a row may name.

    Raises:
        BadFile: a line, or the heading, cannot be understood; every fault is told.
    """
    reader = csv.reader(file)
    heading = [name.strip().lower() for name in next(reader, list[str]())]
    _check_heading(heading)
    read: dict[tuple[str, str], tuple[int, Strategy]] = {}
    faults: list[str] = []
    for cells in reader:
        if not any(cell.strip() for cell in cells):
            continue
        try:
            row = _row(heading, cells, accounts)
        except Unreadable as error:
            faults.append(f"line {reader.line_num}: {error}")
            continue
        line, _ = read.setdefault((row.symbol, row.timeframe), (reader.line_num, row))
        if line != reader.line_num:
            faults.append(f"line {reader.line_num}: the row of line {line} again")
    faults = faults or list(_rivals(read, known, accounts.default))
    if faults:
        raise BadFile(faults)
    return [row for _, row in read.values()]


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
    for line, row in read.values():
        rival = rival_of(row, after.values(), default_account)
        if rival is not None:
            name = f"{rival.symbol}/{rival.timeframe or ANY}"
            yield f"line {line}: shared: the row {name} is active on the same account"


def _row(heading: Sequence[str], cells: Sequence[str], accounts: Accounts) -> Strategy:
    if len(cells) != len(heading):
        raise Unreadable(f"{len(cells)} cells, and {len(heading)} columns")
    given = dict(zip(heading, (cell.strip() for cell in cells), strict=True))
    symbol = Ticker.parse(given["symbol"]).key
    if not symbol or not symbol.isprintable():
        raise Unreadable(f"symbol: {given['symbol']!r} is none")
    values: dict[str, Any] = {"symbol": symbol, "timeframe": _timeframe(given.get("timeframe", ""))}
    for name, text in given.items():
        if name in NOTED or name in values or not text:
            continue
        values[name] = _value(name, text)
    if "account" in values:
        try:
            values["account"] = accounts.listed(values["account"])
        except ValueError as error:
            raise Unreadable(f"account: {error}") from None
    return Strategy(**values)


def _timeframe(text: str) -> str:
    if text.lower() in ("", "-", ANY):
        return ""
    canonical = canonical_timeframe(text)
    if canonical is None:
        raise Unreadable(f"timeframe: {text!r} is none")
    return canonical


def _value(name: str, text: str) -> object:
    kind: Any = _kind_of(name)
    if kind is Level:
        return _level(name, text)
    adapter: TypeAdapter[object] = TypeAdapter(kind)
    try:
        value = adapter.validate_python(text.lower() if _is_word(kind) else text)
    except ValidationError as error:
        raise Unreadable(f"{name}: {text!r}: {error.errors()[0]['msg']}") from None
    if isinstance(value, Decimal) and value <= 0:
        raise Unreadable(f"{name}: {text!r} is not positive")
    return value


def _level(name: str, text: str) -> Level:
    """A price `180.5`, `2%`, or `offset 3`."""
    kind, number = LevelKind.PRICE, text
    if text.endswith("%"):
        kind, number = LevelKind.PERCENT, text[:-1].strip()
    elif text.lower().startswith(LevelKind.OFFSET):
        kind, number = LevelKind.OFFSET, text[len(LevelKind.OFFSET) :].strip()
    try:
        value = TypeAdapter(Decimal).validate_python(number)
    except ValidationError:
        value = Decimal(0)
    if value <= 0:
        raise Unreadable(f"{name}: {text!r}: write a price such as 180.5, or 2%, or offset 3")
    return Level(kind, value)


def _text(name: str, value: object) -> str:
    if name == "timeframe":
        return str(value) or ANY
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Level):
        return _level_text(value)
    return f"{value:f}" if isinstance(value, Decimal) else str(value)


def _level_text(level: Level) -> str:
    number = f"{level.value:f}"
    match level.kind:
        case LevelKind.PERCENT:
            return f"{number}%"
        case LevelKind.OFFSET:
            return f"{LevelKind.OFFSET.value} {number}"
        case LevelKind.PRICE:
            return number


def _is_word(kind: object) -> bool:
    return isinstance(kind, type) and issubclass(kind, StrEnum)


def _kind_of(name: str) -> Any:
    """The type of a column without its None."""
    kind = get_type_hints(Strategy)[name]
    if get_origin(kind) is UnionType:
        (kind,) = (option for option in get_args(kind) if option is not NoneType)
    return kind
