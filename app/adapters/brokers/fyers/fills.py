"""What orders were filled with, one by one: what the trade book told once stays true."""

import threading
from collections import OrderedDict
from collections.abc import Sequence
from decimal import Decimal

from app.adapters.brokers.fyers.answers import ZERO, Row, Trade
from app.adapters.brokers.fyers.books import Books
from app.adapters.brokers.fyers.naming import Trades

REMEMBERED = 2000
"""Orders whose executions are kept; what is forgotten can be read again."""


class Fills:
    """The executions of orders. The trade book is read for what is not known yet."""

    def __init__(self, books: Books) -> None:
        self._books = books
        self._known: OrderedDict[str, dict[str, Trade]] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, rows: Sequence[Row]) -> Trades:
        """The executions of orders, as far as each is told of.

        Raises:
            BrokerError: the trade book could not be read.
        """
        untold = [row for row in rows if self._told(row) < row.filled]
        if untold:
            self._note(self._books.trades(untold[0].symbol))
        return {row.id: tuple(self._known.get(row.id, {}).values()) for row in rows}

    def knows(self, order_id: str, trade: str) -> bool:
        """Whether an execution was told of before."""
        return trade in self._known.get(order_id, {})

    def _told(self, row: Row) -> Decimal:
        return sum((trade.quantity for trade in self._known.get(row.id, {}).values()), ZERO)

    def _note(self, trades: Sequence[Trade]) -> None:
        with self._lock:
            for trade in trades:
                known = self._known.get(trade.order_id, {})
                # Another dictionary: whoever reads the old one at this moment is not disturbed.
                self._known[trade.order_id] = known | {trade.number: trade}
            while len(self._known) > REMEMBERED:
                self._known.popitem(last=False)
