"""The books of an account: each is read as a whole, for whoever asks in the same moment.

Fyers counts calls, not rows. So a book is read by one and shared by all who look for what has not
changed since, as far as we know: what we change, and what the stream tells of, is of one symbol.
"""

import threading
from collections.abc import Callable, Sequence, Set
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Generic, TypeVar

from app.adapters.brokers.fyers.answers import (
    Gtt,
    Held,
    Row,
    Trade,
    read_gtts,
    read_holdings,
    read_orders,
    read_positions,
    read_trades,
)
from app.adapters.brokers.fyers.turns import Turns
from app.adapters.brokers.fyers.updates import Updates
from app.adapters.brokers.fyers.wire import Wire
from app.adapters.brokers.reading import UNREADABLE, understood
from app.domain.order import OrderStatus
from app.ports.clock import Clock

T = TypeVar("T")

FRESH = 0.25
"""Seconds that a book is good for: less than anybody waits between two looks."""

HEARD_FRESH = 1.0
"""The same while the stream is heard, which tells of what changes."""

QUIET_FRESH = 30.0
"""Seconds that a book of GTT orders is good for in which there is nothing that works."""

AT_HOME_FRESH = 60.0
"""Seconds that the shares at home are good for: what is traded does not change their list."""


@dataclass(frozen=True, slots=True)
class _Seen(Generic[T]):
    """What a book had, when it was asked for, and how many changes were known then."""

    rows: Sequence[T]
    at: float
    edition: int


class _Book(Generic[T]):
    """One book, read by whoever finds it old."""

    def __init__(
        self,
        wire: Wire,
        clock: Clock,
        ask: Callable[[Any], Any],
        read: Callable[[Any], Sequence[T]],
    ) -> None:
        self._wire = wire
        self._clock = clock
        self._ask = ask
        self._read = read
        self._turns = Turns()
        self._seen: _Seen[T] | None = None

    def rows(self, since: int, edition: Callable[[], int], fresh: float) -> Sequence[T]:
        """Its rows, as they were after a change and not longer ago than some seconds."""
        seen = self._turns.take(
            lambda: self._good(since, fresh),
            lambda: self._ask_for(self._clock.monotonic(), edition()),
        )
        return seen.rows

    @property
    def last(self) -> Sequence[T]:
        """What it had when it was read last."""
        return () if self._seen is None else self._seen.rows

    def forget(self) -> None:
        """What was read up to now is old."""
        self._seen = None

    def _good(self, since: int, fresh: float) -> _Seen[T] | None:
        seen = self._seen
        if seen is None or seen.edition < since or self._clock.monotonic() - seen.at >= fresh:
            return None
        return seen

    def _ask_for(self, now: float, edition: int) -> _Seen[T]:
        raw = self._wire.read(self._ask)
        try:
            rows = self._read(raw)
        except UNREADABLE as error:
            raise understood(error, writes=False) from error
        self._seen = _Seen(rows, now, edition)
        return self._seen


class Books:
    """The five books of one account.

    Those that read may raise BrokerError: a book that cannot be read is not an empty one. Asked
    for a `symbol`, they are as new as what is known to have happened to it; without, to any.

    Args:
        wire: the way to Fyers.
        clock: tells how old a book is.
        updates: what the stream tells of changes.
    """

    def __init__(self, wire: Wire, clock: Clock, updates: Updates) -> None:
        self._updates = updates
        self._lock = threading.Lock()
        self._edition = self._latest = self._latest_trade = 0
        self._touched: dict[str, int] = {}
        self._changed: dict[str, int] = {}
        self._traded: dict[str, int] = {}
        self._all_touched = self._gtts_touched = 0
        self._orders = _Book(wire, clock, lambda fyers: fyers.orderbook(), read_orders)
        self._trades = _Book(wire, clock, lambda fyers: fyers.tradebook(), read_trades)
        self._gtts = _Book(wire, clock, lambda fyers: fyers.gtt_orderbook(), read_gtts)
        self._positions = _Book(wire, clock, lambda fyers: fyers.positions(), read_positions)
        self._holdings = _Book(wire, clock, lambda fyers: fyers.holdings(), read_holdings)
        self._newest: Sequence[Row] = ()
        self._last: dict[str, tuple[OrderStatus, Decimal]] = {}
        self._carried: Set[tuple[str, str]] = frozenset()

    def orders(self, symbol: str | None = None) -> Sequence[Row]:
        """The orders of today, the legs that Fyers has made among them."""
        rows = self._orders.rows(self._since(symbol), self._editions, self._fresh)
        if rows is not self._newest:
            self._note(rows)
            self._newest = rows
        return rows

    def has(self, order_id: str, status: OrderStatus | None, filled: Decimal) -> bool:
        """Whether an order stood like this in the order book when it was last read."""
        return self._last.get(order_id) == (status, filled)

    def known_orders(self) -> Sequence[Row]:
        """The order book as it was read last, however long ago: what it had has its id still."""
        return self._newest

    def symbol_of(self, order_id: str) -> str | None:
        """The symbol of an order that the order book had when it was last read."""
        return next((row.symbol for row in self._newest if row.id == order_id), None)

    def trades(self, symbol: str | None = None) -> Sequence[Trade]:
        """The executions of today."""
        return self._trades.rows(self._since_trades(symbol), self._editions, self._fresh)

    def gtts(self) -> Sequence[Gtt]:
        """The GTT orders. One that works makes an order by itself, and is looked at as often."""
        works = any(not gtt.status.final for gtt in self._gtts.last)
        since = self._latest if works else max(self._all_touched, self._gtts_touched)
        return self._gtts.rows(since, self._editions, self._fresh if works else QUIET_FRESH)

    def positions(self, symbol: str | None = None) -> Sequence[Held]:
        """What was traded today, or is carried on."""
        rows = self._positions.rows(self._since_trades(symbol), self._editions, self._fresh)
        there = {(row.symbol, row.product) for row in rows}
        if not self._carried <= there:  # a night has passed: they are at home now, or closed
            self._holdings.forget()
        self._carried = there
        return rows

    def holdings(self) -> Sequence[Held]:
        """Shares at home, as they were when the day began. To be read after the positions."""
        return self._holdings.rows(self._all_touched, self._editions, AT_HOME_FRESH)

    def touch(self, symbol: str) -> None:
        """Something happens to a symbol: what was read of it up to now is old."""
        with self._lock:
            self._touched[symbol] = self._latest = self._next()

    def touch_orders(self, symbol: str) -> None:
        """An order of a symbol is changed. What it trades meanwhile, the order book will show."""
        with self._lock:
            self._changed[symbol] = self._latest = self._next()

    def touch_gtts(self) -> None:
        """A GTT order is placed, or taken back."""
        with self._lock:
            self._gtts_touched = self._latest = self._next()

    def stale(self) -> None:
        """What was read up to now is old."""
        with self._lock:
            self._all_touched = self._latest = self._next()

    def _note(self, rows: Sequence[Row]) -> None:
        """What the order book shows to have been traded, the others have to show as well.

        What it does not show yet, and was told of, is looked for anew by whoever asks for it.
        """
        before, now = self._last, {row.id: (row.status, row.filled) for row in rows}
        for symbol in set(self._updates.ahead_of({row.id: row for row in rows})):
            self.touch(symbol)
        with self._lock:
            for row in rows:
                if row.filled and before.get(row.id) != now[row.id]:
                    self._traded[row.symbol] = self._latest_trade = self._next()
        self._last = now

    def _since(self, symbol: str | None) -> int:
        """The latest change of a symbol's orders that is known; without one, of any."""
        if symbol is None:
            return self._latest
        touched = max(self._touched.get(symbol, 0), self._changed.get(symbol, 0))
        return max(self._all_touched, touched)

    def _since_trades(self, symbol: str | None) -> int:
        if symbol is None:
            return max(self._latest, self._latest_trade)
        traded = max(self._touched.get(symbol, 0), self._traded.get(symbol, 0))
        return max(self._all_touched, traded)

    def _next(self) -> int:
        self._edition += 1
        return self._edition

    def _editions(self) -> int:
        return self._edition

    @property
    def _fresh(self) -> float:
        return HEARD_FRESH if self._updates.listens else FRESH
