"""Prices: the latest quote of an instrument, asked for once however often it is needed at once."""

import threading
from dataclasses import dataclass

from app.adapters.brokers.alpaca.answers import read_quote
from app.adapters.brokers.alpaca.wire import Wire
from app.adapters.brokers.reading import UNREADABLE, understood
from app.domain.instrument import AssetClass, Instrument
from app.domain.position import Quote
from app.ports.clock import Clock

FRESH = 1.0
"""Seconds that an answer is good for: the walk of one alert needs the price several times."""

KEPT = 500


@dataclass(frozen=True, slots=True)
class _Seen:
    quote: Quote | None
    at: float


class Quotes:
    """Latest quotes through the data API.

    However old it is, it is what the exchange has: an order meets it, or what comes after it.
    """

    def __init__(self, wire: Wire, clock: Clock) -> None:
        self._wire = wire
        self._clock = clock
        self._seen: dict[str, _Seen] = {}
        self._lock = threading.Lock()

    def latest(self, instrument: Instrument) -> Quote | None:
        """The newest quote; None when nobody bids or asks.

        Raises:
            BrokerError: it could not be read.
        """
        now = self._clock.monotonic()
        seen = self._seen.get(instrument.key)
        if seen is None or now - seen.at >= FRESH:
            seen = _Seen(self._read(instrument), now)
            self._keep(instrument.key, seen)
        return seen.quote

    def seen(self, instrument: Instrument, within: float) -> Quote | None:
        """A quote that was read within so many seconds; nothing is asked."""
        seen = self._seen.get(instrument.key)
        recent = seen is not None and self._clock.monotonic() - seen.at < within
        return seen.quote if seen is not None and recent else None

    def _keep(self, key: str, seen: _Seen) -> None:
        with self._lock:
            self._seen.pop(key, None)
            self._seen[key] = seen
            if len(self._seen) > KEPT:
                del self._seen[next(iter(self._seen))]

    def _read(self, instrument: Instrument) -> Quote | None:
        version, path = _PLACES.get(instrument.asset_class, _STOCKS)
        raw = self._wire.data(path, {"symbols": instrument.symbol}, version)
        try:
            found = None if raw is None else raw["quotes"].get(instrument.symbol)
            return None if found is None else read_quote(found)
        except (*UNREADABLE, AttributeError) as error:
            raise understood(error, writes=False) from error


_STOCKS = ("v2", "/stocks/quotes/latest")
_PLACES = {
    AssetClass.CRYPTO: ("v1beta3", "/crypto/us/latest/quotes"),
    AssetClass.OPTION: ("v1beta1", "/options/quotes/latest"),
}
