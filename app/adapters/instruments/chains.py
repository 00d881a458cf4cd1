"""Looking things up in one generation: symbols, expiries, strikes."""

import difflib
import sqlite3
import threading
from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, NamedTuple

from app.adapters.instruments.generation import open_to_read, sources_of
from app.adapters.instruments.rows import STRIKE_UNIT, Kind, fold
from app.domain.contract import OptionType
from app.domain.errors import JournalError
from app.domain.instrument import AssetClass, Instrument, Ticker

MOST_CACHED = 1024
PREFERRED = "EQ"
"""The series that a share is traded in usually; others are for shares with restrictions."""
EXCHANGES = {
    "NSE": ("NSE",),
    "NFO": ("NSE",),
    "NSE_INDEX": ("NSE",),
    "BSE": ("BSE",),
    "BFO": ("BSE",),
    "BSE_INDEX": ("BSE",),
    "MCX": ("MCX",),
    "MCX_INDEX": ("MCX",),
    "": ("NSE", "BSE", "MCX"),
}
"""Exchanges as alerts call them, and whose lists they mean, the likeliest first."""
HIGHEST = Decimal(10**12)
"""Above every strike; SQLite's integers end where ten million times as much would be."""
_IN_ONE = int(1 / STRIKE_UNIT)
_CLASSES = {Kind.FUTURE: AssetClass.FUTURE, Kind.OPTION: AssetClass.OPTION}
_COLUMNS = "symbol, root, kind, option_type, expiry, strike, lot, tick, freeze, delivered"
_SYMBOL = f"SELECT {_COLUMNS} FROM symbols WHERE symbol = ?"  # noqa: S608  # our words
_CHAIN = "exchange = ? AND folded = ? AND kind = ?"
_ROOTS = f"SELECT {_COLUMNS} FROM symbols WHERE {_CHAIN}"  # noqa: S608  # our words
_EXPIRIES = f"SELECT expiry FROM expiries WHERE {_CHAIN} ORDER BY expiry"  # noqa: S608  # our words
_FUTURE = f"{_ROOTS} AND option_type = '' AND expiry = ?"
_SERIES = f"SELECT strike FROM symbols WHERE {_CHAIN} AND option_type = ? AND expiry = ?"  # noqa: S608
_STRIKES = f"{_SERIES} ORDER BY strike"
_BELOW = f"{_SERIES} AND strike <= ? ORDER BY strike DESC LIMIT ?"
_ABOVE = f"{_SERIES} AND strike > ? ORDER BY strike LIMIT ?"
_OPTION = f"{_ROOTS} AND option_type = ? AND expiry = ? AND strike = ?"
_NAMES = (
    "SELECT DISTINCT root FROM symbols "
    "WHERE exchange = ? AND folded >= ? AND folded < ? AND kind IN (1, 2, 4)"
)


class Chain(NamedTuple):
    """The contracts of one kind of an underlying."""

    exchange: str
    folded: str
    kind: Kind


class Generation:
    """One generation, looked up by threads through one connection. It never changes."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.sources = sources_of(path)
        self._connection = open_to_read(path)
        self._lock = threading.Lock()
        self.symbol = lru_cache(MOST_CACHED)(self._symbol)
        self.expiries = lru_cache(MOST_CACHED)(self._expiries)
        self.quoted = lru_cache(MOST_CACHED)(self._quoted)
        self.option = lru_cache(MOST_CACHED)(self._option)

    def named(self, ticker: Ticker) -> Instrument | None:
        """The instrument of a name; None when there is none, or several that are as likely."""
        for exchange in EXCHANGES.get(ticker.exchange, ()):
            found = self.symbol(f"{exchange}:{ticker.name}") or self._share(exchange, ticker.name)
            if found is not None:
                return found
        return None

    def chain(self, underlying: Ticker, kind: Kind) -> Chain | None:
        """The contracts of an underlying: `NIFTY`, `NIFTY50`, `M_M`; None when it has none."""
        for exchange in EXCHANGES.get(underlying.exchange, ()):
            for name_of in (fold, partial(self._root_of_index, exchange)):
                chain = Chain(exchange, name_of(underlying.name), kind)
                if self.expiries(chain):
                    return chain
        return None

    def future(self, chain: Chain, expiry: datetime) -> Instrument | None:
        """The future of an expiry."""
        return _one(self._rows(_FUTURE, (*chain, _stamp(expiry))))

    def strikes(self, chain: Chain, option_type: OptionType, expiry: datetime) -> Sequence[Decimal]:
        """The strikes of an expiry, the lowest first."""
        rows = self._rows(_STRIKES, (*chain, option_type.value, _stamp(expiry)))
        return [_strike(units) for (units,) in rows]

    def around(
        self,
        chain: Chain,
        option_type: OptionType,
        expiry: datetime,
        price: Decimal,
        count: int,
    ) -> Sequence[Decimal]:
        """So many strikes below a price, and so many above it, the lowest first."""
        of = (*chain, option_type.value, _stamp(expiry), _units(price), count)
        below, above = self._rows(_BELOW, of), self._rows(_ABOVE, of)
        return [_strike(units) for (units,) in (*reversed(below), *above)]

    def near(self, ticker: Ticker, count: int) -> Sequence[str]:
        """The names that look most like one that there is not, of those with its first letter."""
        name = ticker.name.partition("-")[0]
        first = fold(name[:1])
        by_root: dict[str, str] = {}
        for exchange in EXCHANGES.get(ticker.exchange, EXCHANGES[""]) if first else ():
            for (root,) in self._rows(_NAMES, (exchange, first, chr(ord(first) + 1))):
                by_root.setdefault(root, f"{exchange}:{root}")
        return [by_root[root] for root in difflib.get_close_matches(name, by_root, count)]

    def _quoted(self, underlying: Ticker) -> str | None:
        """The symbol whose price is the underlying's: its index, or its share."""
        for exchange in EXCHANGES.get(underlying.exchange, ()):
            name = self._root_of_index(exchange, underlying.name) or underlying.name
            index = self._rows(_ROOTS, (exchange, fold(name), Kind.INDEX))
            if index:
                symbol: str = index[0][0]
                return symbol
            share = self._share(exchange, name)
            if share is not None:
                return share.symbol
        return None

    def _option(
        self, chain: Chain, option_type: OptionType, expiry: datetime, strike: Decimal
    ) -> Instrument | None:
        """The option of a strike."""
        units = _units(strike)
        if _strike(units) != strike:
            return None
        return _one(self._rows(_OPTION, (*chain, option_type.value, _stamp(expiry), units)))

    def _symbol(self, symbol: str) -> Instrument | None:
        return _one(self._rows(_SYMBOL, (symbol,)))

    def _expiries(self, chain: Chain) -> tuple[datetime, ...]:
        rows = self._rows(_EXPIRIES, chain)
        return tuple(datetime.fromtimestamp(stamp, UTC) for (stamp,) in rows)

    def _share(self, exchange: str, name: str) -> Instrument | None:
        found = self._rows(_ROOTS, (exchange, fold(name), Kind.SHARE))
        usual = [row for row in found if row[0].endswith(f"-{PREFERRED}")]
        return _one(usual or found)

    def _root_of_index(self, exchange: str, name: str) -> str:
        """What contracts of an index go by, folded: NIFTY for `NIFTY50`; empty when it is none."""
        rows = self._rows(_SYMBOL, (f"{exchange}:{name.removesuffix('-INDEX')}-INDEX",))
        return fold(rows[0][1]) if rows else ""

    def _rows(self, sql: str, values: Sequence[object]) -> list[Any]:
        try:
            with self._lock:
                return self._connection.execute(sql, tuple(values)).fetchall()
        except sqlite3.Error as error:
            raise JournalError(f"the symbol master cannot be read: {error}") from error


def _one(rows: Sequence[Any]) -> Instrument | None:
    return _instrument(*rows[0]) if len(rows) == 1 else None


def _instrument(  # noqa: PLR0913, PLR0917  # the columns
    symbol: str,
    root: str,
    kind: int,
    option_type: str,
    expiry: int,
    strike: int,
    lot: int,
    tick: str,
    freeze: int | None,
    delivered: int,
) -> Instrument | None:
    """An instrument; None of an index, which nobody can trade."""
    if kind == Kind.INDEX:
        return None
    is_contract = kind in (Kind.FUTURE, Kind.OPTION)
    units = Decimal(lot)
    return Instrument(
        symbol=symbol,
        key=symbol,
        asset_class=_CLASSES.get(Kind(kind), AssetClass.EQUITY),
        tick=Decimal(tick),
        step=units,
        lot=units if is_contract or lot > 1 else None,
        underlying=root if is_contract else None,
        expiry=datetime.fromtimestamp(expiry, UTC) if is_contract else None,
        strike=_strike(strike) if option_type else None,
        option_type=option_type or None,
        freeze=None if freeze is None else Decimal(freeze),
        delivered=bool(delivered),
    )


def _units(price: Decimal) -> int:
    """A price in the units that strikes are kept in; beyond all strikes, just that."""
    return int(min(max(price, -HIGHEST), HIGHEST) / STRIKE_UNIT)


def _strike(units: int) -> Decimal:
    whole, rest = divmod(units, _IN_ONE)
    return (units * STRIKE_UNIT).normalize() if rest else Decimal(whole)


def _stamp(moment: datetime) -> int:
    return int(moment.timestamp())
