"""Prices: the newest of a symbol, asked for together with those that others look at."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass

from app.adapters.brokers.fyers.answers import read_quotes
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
    """Latest prices through the data API. Calls are counted, symbols are not."""

    def __init__(self, wire: Wire, clock: Clock) -> None:
        self._wire = wire
        self._clock = clock
        self._seen: dict[str, _Seen] = {}
        self._wanted: dict[str, float] = {}
        self._lock = threading.Lock()

    def latest(self, symbol: str) -> Quote | None:
        """The newest price; None when there is none.

        Raises:
            BrokerError: it could not be read.
        """
        now = self._clock.monotonic()
        seen = self._seen.get(symbol)
        if seen is None or now - seen.at >= FRESH:
            symbols = self._together(symbol, now)
            quotes = self._read(symbols)
            with self._lock:
                self._seen |= {each: _Seen(quotes.get(each), now) for each in symbols}
            seen = self._seen[symbol]
        return seen.quote

    def _together(self, symbol: str, now: float) -> list[str]:
        """A symbol, and others that were wanted lately; those that nobody wants are forgotten."""
        with self._lock:
            self._wanted[symbol] = now
            lately = {each: at for each, at in self._wanted.items() if now - at < WATCHED}
            self._wanted = lately
            self._seen = {each: seen for each, seen in self._seen.items() if each in lately}
        others = sorted(lately.keys() - {symbol}, key=lambda each: -lately[each])
        return [symbol, *others][:MOST]

    def _read(self, symbols: list[str]) -> Mapping[str, Quote]:
        raw = self._wire.read(lambda fyers: fyers.quotes({"symbols": ",".join(symbols)}))
        try:
            return read_quotes(raw, self._clock.now())
        except UNREADABLE as error:
            raise understood(error, writes=False) from error
