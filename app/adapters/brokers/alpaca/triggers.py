"""When stops with a limit were reached: Alpaca does not tell, so the price has to.

A sale that waits for 95 and is quoted at 94 was triggered, and has not filled (rule 36).
"""

import threading
from collections import OrderedDict
from datetime import datetime

from app.adapters.brokers.alpaca.answers import Told
from app.adapters.brokers.alpaca.assets import Assets
from app.adapters.brokers.alpaca.fills import REMEMBERED
from app.adapters.brokers.alpaca.quotes import Quotes
from app.domain.errors import BrokerError
from app.domain.position import Quote


class Triggers:
    """Remembers the first quote at which a stop was seen to be reached."""

    def __init__(self, assets: Assets, quotes: Quotes) -> None:
        self._assets = assets
        self._quotes = quotes
        self._seen: OrderedDict[str, datetime] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, order: Told) -> datetime | None:
        """When it was reached; None while it was not, or nobody knows the price."""
        root = order.replaces or order.id
        if root in self._seen:
            return self._seen[root]
        quote = self._quote(order)
        if quote is None or not _reached(order, quote):
            return None
        with self._lock:
            for known in {root, order.id}:
                self._seen.setdefault(known, quote.at)
            while len(self._seen) > REMEMBERED:
                self._seen.popitem(last=False)
        return quote.at

    def _quote(self, order: Told) -> Quote | None:
        try:
            instrument = self._assets.by_key(order.symbol.replace("/", ""))
            return None if instrument is None else self._quotes.latest(instrument)
        except BrokerError:
            return None  # the order is known all the same


def _reached(order: Told, quote: Quote) -> bool:
    if order.stop_price is None:
        return False
    far = quote.bid if order.side.sign < 0 else quote.ask
    return ((far or quote.price) - order.stop_price) * order.side.sign >= 0
