"""The books of an account: each is read as a whole, for whoever asks in the same moment.

Fyers counts calls, not rows. What we change, and what the stream tells of, makes them stale.
"""

import threading
from collections.abc import Callable, Sequence
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
from app.adapters.brokers.fyers.wire import Wire
from app.adapters.brokers.reading import UNREADABLE, understood
from app.domain.order import OrderStatus
from app.ports.clock import Clock

T = TypeVar("T")

FRESH = 0.25
"""Seconds that a book is good for: less than anybody waits between two looks."""


@dataclass(frozen=True, slots=True)
class _Seen(Generic[T]):
    rows: Sequence[T]
    at: float


class Books:
    """The five books of one account.

    Every method but `stale` may raise BrokerError: a book that cannot be read is not an empty one.
    """

    def __init__(self, wire: Wire, clock: Clock) -> None:
        self._wire = wire
        self._clock = clock
        self._lock = threading.Lock()
        self._edition = 0
        self._seen: dict[str, _Seen[Any]] = {}
        self._newest: Sequence[Row] = ()
        self._last: dict[str, tuple[OrderStatus, Decimal]] = {}

    def orders(self) -> Sequence[Row]:
        """The orders of today, the legs that Fyers has made among them."""
        rows = self._read("orders", lambda fyers: fyers.orderbook(), read_orders)
        if rows is not self._newest:
            self._newest = rows
            self._last = {row.id: (row.status, row.filled) for row in rows}
        return rows

    def has(self, order_id: str, status: OrderStatus | None, filled: Decimal) -> bool:
        """Whether an order stood like this in the order book when it was last read."""
        return self._last.get(order_id) == (status, filled)

    def trades(self) -> Sequence[Trade]:
        """The executions of today."""
        return self._read("trades", lambda fyers: fyers.tradebook(), read_trades)

    def gtts(self) -> Sequence[Gtt]:
        """The GTT orders."""
        return self._read("gtts", lambda fyers: fyers.gtt_orderbook(), read_gtts)

    def positions(self) -> Sequence[Held]:
        """What was traded today, or is carried on."""
        return self._read("positions", lambda fyers: fyers.positions(), read_positions)

    def holdings(self) -> Sequence[Held]:
        """Shares at home, as they were when the day began."""
        return self._read("holdings", lambda fyers: fyers.holdings(), read_holdings)

    def stale(self) -> None:
        """What was read up to now is old."""
        with self._lock:
            self._edition += 1
            self._seen.clear()

    def _read(
        self, name: str, ask: Callable[[Any], Any], read: Callable[[Any], Sequence[T]]
    ) -> Sequence[T]:
        edition, now = self._edition, self._clock.monotonic()
        seen: _Seen[T] | None = self._seen.get(name)
        if seen is not None and now - seen.at < FRESH:
            return seen.rows
        raw = self._wire.read(ask)
        try:
            rows = read(raw)
        except UNREADABLE as error:
            raise understood(error, writes=False) from error
        with self._lock:
            if edition == self._edition:  # nothing was changed while it was read
                self._seen[name] = _Seen(rows, now)
        return rows
