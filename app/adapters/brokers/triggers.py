"""When stops with a limit were reached: where a broker does not tell, the price has to.

A sale that waits for 95 and is quoted at 94 was triggered, and has not filled (rule 36).
"""

import threading
from collections import OrderedDict
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal

from app.domain.errors import BrokerError
from app.domain.order import Side
from app.domain.position import Quote

REMEMBERED = 2000
"""Stops that are kept; what is forgotten is seen again."""


class Triggers:
    """Remembers the first quote at which a stop was seen to be reached.

    `quote_of`: the newest quote of a symbol; None when none is known.
    """

    def __init__(self, quote_of: Callable[[str], Quote | None]) -> None:
        self._quote_of = quote_of
        self._seen: OrderedDict[str, datetime] = OrderedDict()
        self._lock = threading.Lock()

    def of(
        self, order_id: str, symbol: str, side: Side, stop: Decimal | None, *, also: str = ""
    ) -> datetime | None:
        """When a stop was reached; None while it was not, or nobody knows the price.

        `also`: another id that the same order goes by from now on.
        """
        if order_id in self._seen:
            return self._seen[order_id]
        quote = self._quote(symbol)
        if quote is None or not _reached(quote, side, stop):
            return None
        with self._lock:
            for known in filter(None, {order_id, also}):
                self._seen.setdefault(known, quote.at)
            while len(self._seen) > REMEMBERED:
                self._seen.popitem(last=False)
        return quote.at

    def _quote(self, symbol: str) -> Quote | None:
        try:
            return self._quote_of(symbol)
        except BrokerError:
            return None  # the order is known all the same


def _reached(quote: Quote, side: Side, stop: Decimal | None) -> bool:
    if stop is None:
        return False
    far = quote.bid if side.sign < 0 else quote.ask
    return ((far or quote.price) - stop) * side.sign >= 0
