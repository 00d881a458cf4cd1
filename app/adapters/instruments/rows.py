"""A row of a list of instruments, as Fyers publishes them: 21 columns, no heading.

Columns that matter: 2 type, 3 lot, 4 tick, 8 expiry (seconds since 1970; empty where there is
none), 9 symbol, 13 underlying (of an index the name that its contracts go by), 15 strike, 16 CE or
PE.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from enum import IntEnum
from typing import NamedTuple

COLUMNS = 21
STRIKE_UNIT = Decimal("0.0001")
"""Strikes are kept as whole numbers of this, so that they sort as they count."""
_INDEX, _SHARES = "10", frozenset({"0", "9"})
_ON_SHARES = frozenset({"13", "15"})
"""Futures and options of shares, which are settled by delivery."""
_RIGHTS = frozenset({"CE", "PE"})
_LATEST = 32_503_680_000
"""The year 3000: an expiry beyond it is counted in something else than seconds."""


class Kind(IntEnum):
    """What a row is. `OTHER`: bonds, funds and the like, which only their whole name finds."""

    INDEX = 1
    SHARE = 2
    OTHER = 3
    FUTURE = 4
    OPTION = 5


class Unreadable(ValueError):
    """A row does not hold what it should."""


class SymbolRow(NamedTuple):
    """What is kept of a row. `folded`: the underlying as TradingView can write it."""

    symbol: str
    exchange: str
    root: str
    folded: str
    kind: int
    option_type: str
    expiry: int
    strike: int
    lot: int
    tick: str
    freeze: int | None
    delivered: bool


def read_row(cells: Sequence[str], exchange: str, freezes: Mapping[str, int]) -> SymbolRow:
    """Read one row of the list of an exchange.

    Args:
        cells: the columns.
        exchange: what its symbol begins with.
        freezes: the freeze quantity of each underlying, for contracts.

    Raises:
        Unreadable: it is not such a row.
    """
    if len(cells) < COLUMNS:
        raise Unreadable(f"{len(cells)} columns instead of {COLUMNS}")
    symbol, root = cells[9].strip().upper(), cells[13].strip().upper()
    if not root or not symbol.startswith(f"{exchange}:"):
        raise Unreadable(f"{symbol!r} of {root!r} is no symbol of {exchange}")
    kind = _kind_of(cells)
    is_contract = kind in (Kind.FUTURE, Kind.OPTION)
    return SymbolRow(
        symbol=symbol,
        exchange=exchange,
        root=root,
        folded=fold(root),
        kind=kind,
        option_type=cells[16] if kind is Kind.OPTION else "",
        expiry=_expiry(cells[8]) if is_contract else 0,
        strike=_strike(cells[15]) if kind is Kind.OPTION else 0,
        lot=_lot(cells[3], may_be_none=kind is Kind.INDEX),
        tick=_tick(cells[4]),
        freeze=freezes.get(root) if is_contract else None,
        delivered=is_contract and cells[2] in _ON_SHARES,
    )


def fold(name: str) -> str:
    """A name as TradingView can write it, which has `_` for other characters: `M_M`."""
    return name if name.isalnum() else "".join(c if c.isalnum() else "_" for c in name)


def _kind_of(cells: Sequence[str]) -> Kind:
    if cells[8].strip():
        return Kind.OPTION if cells[16] in _RIGHTS else Kind.FUTURE
    if cells[2] == _INDEX:
        return Kind.INDEX
    return Kind.SHARE if cells[2] in _SHARES else Kind.OTHER


def _expiry(text: str) -> int:
    seconds = int(_number(text))
    if not 0 < seconds < _LATEST:
        raise Unreadable(f"{text!r} is no expiry in seconds")
    return seconds


def _strike(text: str) -> int:
    units = _number(text) / STRIKE_UNIT
    if units <= 0 or units != int(units):
        raise Unreadable(f"{text!r} is no strike")
    return int(units)


def _lot(text: str, *, may_be_none: bool) -> int:
    number = _number(text)
    if number != int(number) or number < 0 or (number == 0 and not may_be_none):
        raise Unreadable(f"{text!r} is no lot")
    return int(number)


def _tick(text: str) -> str:
    number = _number(text)
    if number <= 0:
        raise Unreadable(f"{text!r} is no tick")
    return f"{number:f}"


def _number(text: str) -> Decimal:
    try:
        number = Decimal(text)
    except InvalidOperation:
        raise Unreadable(f"{text!r} is no number") from None
    if not number.is_finite():
        raise Unreadable(f"{text!r} is no number")
    return number
