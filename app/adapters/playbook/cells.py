"""A row of the playbook as texts, one for each column, and back: of a CSV file, or of a sheet."""

import re
from collections.abc import Mapping
from dataclasses import Field, fields
from decimal import Decimal
from enum import StrEnum
from functools import cache
from types import NoneType, UnionType
from typing import Any, get_args, get_origin, get_type_hints

from pydantic import TypeAdapter, ValidationError

from app.domain.instrument import Ticker
from app.domain.order import Level, LevelKind
from app.domain.strategy import Strategy
from app.domain.timeframe import canonical_timeframe
from app.engine.accounts import Accounts

ANY = "any"
"""How the timeframe is written that matches every one."""
NOTED = ("order_status", "last_updated")
"""What the server notes in a row: not its owner's, and passed over when it is read."""
_ALSO = {"time_frame": "timeframe"}


class Unreadable(Exception):
    """A cell cannot be understood; the words name it."""


def columns() -> dict[str, Field[Any]]:
    """The columns of a row that an owner writes."""
    return {field.name: field for field in fields(Strategy) if field.name not in NOTED}


def name_of(title: str) -> str:
    """A column's name as our fields are called: `Time Frame` is `timeframe`."""
    name = re.sub(r"[^a-z0-9]+", "_", title.lower()).strip("_")
    return _ALSO.get(name, name)


def decided(given: Mapping[str, str]) -> Mapping[str, str]:
    """The texts of a row, where an empty `active` is no: a row that is being typed trades not."""
    return {**given, "active": given["active"] or "no"} if "active" in given else given


def key_of(given: Mapping[str, str]) -> tuple[str, str]:
    """The symbol and timeframe of a row.

    Raises:
        Unreadable: one of them is none.
    """
    return symbol_of(given), timeframe_of(given.get("timeframe", ""))


def symbol_of(given: Mapping[str, str]) -> str:
    """The symbol of a row, as alerts are looked up by it.

    Raises:
        Unreadable: it is none.
    """
    ticker = Ticker.parse(given["symbol"])
    if not ticker.is_sound:
        raise Unreadable(f"symbol: {given['symbol']!r} is none")
    return ticker.key


def read_row(given: Mapping[str, str], accounts: Accounts) -> Strategy:
    """The row that its texts describe; a column that is empty or not there has its default.

    Raises:
        Unreadable: one of them cannot be understood.
    """
    symbol, timeframe = key_of(given)
    values: dict[str, Any] = {"symbol": symbol, "timeframe": timeframe}
    for name, text in given.items():
        if name in NOTED or name in values or not text:
            continue
        values[name] = account_of(text, accounts) if name == "account" else _value(name, text)
    return Strategy(**values)


def account_of(text: str, accounts: Accounts) -> str:
    """The accounts that a row names, as they are written.

    Raises:
        Unreadable: one is not known.
    """
    try:
        return accounts.listed(text)
    except ValueError as error:
        raise Unreadable(f"account: {error}") from None


def timeframe_of(text: str) -> str:
    """The canonical form of a timeframe; empty for that of every one.

    Raises:
        Unreadable: it is none.
    """
    if text.lower() in ("", "-", ANY):
        return ""
    canonical = canonical_timeframe(text)
    if canonical is None:
        raise Unreadable(f"timeframe: {text!r} is none")
    return canonical


def cell_text(name: str, value: object) -> str:
    """A column's value as a text that is read back as the same."""
    if name == "timeframe":
        return str(value) or ANY
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Level):
        return _level_text(value)
    return f"{value:f}" if isinstance(value, Decimal) else str(value)


def _value(name: str, text: str) -> object:
    kind: Any = _kind_of(name)
    if kind is Level:
        return _level(name, text)
    try:
        value = _adapter(kind).validate_python(text.lower() if _is_word(kind) else text)
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
        value = _adapter(Decimal).validate_python(number)
    except ValidationError:
        value = Decimal(0)
    if value <= 0:
        raise Unreadable(f"{name}: {text!r}: write a price such as 180.5, or 2%, or offset 3")
    return Level(kind, value)


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


@cache
def _adapter(kind: Any) -> TypeAdapter[Any]:
    return TypeAdapter(kind)


@cache
def _kind_of(name: str) -> Any:
    """The type of a column without its None."""
    kind = get_type_hints(Strategy)[name]
    if get_origin(kind) is UnionType:
        (kind,) = (option for option in get_args(kind) if option is not NoneType)
    return kind
