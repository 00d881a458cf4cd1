"""Prices: the newest of a symbol, asked for together with those that others look at."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass

from app.adapters.brokers.fyers.answers import read_quotes
from app.adapters.brokers.fyers.turns import Turns
from app.adapters.brokers.fyers.wire import Wire
from app.adapters.brokers.reading import UNREADABLE, understood
from app.domain.position import Quote
from app.ports.clock import Clock

FRESH = 1.0
"""Seconds that an answer is good for: the walk of one alert needs the price several times."""

WATCHED = 10.0
"""Seconds that a symbol is asked for together with others after it was wanted by itself."""

MOST = 50
"""Symbols in one call, as Fyers has it."""


@dataclass(frozen=True, slots=True)
class _Seen:
    quote: Quote | None
    at: float


class Quotes:
    """Latest prices through the data API. Calls are counted, symbols are not.

    Who asks while an answer is on its way waits for it, and is asked for together with all others
    who wait.
    """

    def __init__(self, wire: Wire, clock: Clock) -> None:
        self._wire = wire
        self._clock = clock
        self._seen: dict[str, _Seen] = {}
        self._wanted: dict[str, float] = {}
        self._lock = threading.Lock()
        self._turns = Turns()

    def latest(self, symbol: str) -> Quote | None:
        """The newest price; None when there is none.

        Raises:
            BrokerError: it could not be read.
        """
        seen = self._good(symbol)
        if seen is None:
            self._want(symbol)
            seen = self._turns.take(lambda: self._good(symbol), lambda: self._ask_for(symbol))
        return seen.quote

    def _good(self, symbol: str) -> _Seen | None:
        seen = self._seen.get(symbol)
        return seen if seen is not None and self._clock.monotonic() - seen.at < FRESH else None

    def _ask_for(self, symbol: str) -> _Seen:
        now = self._clock.monotonic()
        symbols = self._together(symbol)
        quotes = self._read(symbols)
        found = {each: _Seen(quotes.get(each), now) for each in symbols}
        self._seen = {each: old for each, old in self._seen.items() if each in self._wanted} | found
        return found[symbol]

    def _want(self, symbol: str) -> None:
        """Note it, and forget what nobody wants any more."""
        now = self._clock.monotonic()
        with self._lock:
            lately = {each: at for each, at in self._wanted.items() if now - at < WATCHED}
            self._wanted = lately | {symbol: now}

    def _together(self, symbol: str) -> list[str]:
        """A symbol, and others that were wanted lately."""
        wanted = self._wanted
        others = sorted(wanted.keys() - {symbol}, key=lambda each: -wanted[each])
        return [symbol, *others][:MOST]

    def _read(self, symbols: list[str]) -> Mapping[str, Quote]:
        raw = self._wire.read(lambda fyers: fyers.quotes({"symbols": ",".join(symbols)}))
        try:
            return read_quotes(raw, self._clock.now())
        except UNREADABLE as error:
            raise understood(error, writes=False) from error
