"""Markets: which of them are open now. A day may be broken off, or have an hour of its own."""

from app.adapters.brokers.fyers.answers import read_open_segments
from app.adapters.brokers.fyers.wire import Wire
from app.adapters.brokers.reading import UNREADABLE, understood
from app.ports.clock import Clock

FRESH = 30.0
"""Seconds that an answer is good for: it is asked for once for each kind of instrument."""


class Markets:
    """The state of the markets, as Fyers tells it."""

    def __init__(self, wire: Wire, clock: Clock) -> None:
        self._wire = wire
        self._clock = clock
        self._seen: tuple[float, frozenset[int]] | None = None

    def open_segments(self) -> frozenset[int]:
        """The segments that trade now.

        Raises:
            BrokerError: it could not be read.
        """
        now, seen = self._clock.monotonic(), self._seen
        if seen is None or now - seen[0] >= FRESH:
            raw = self._wire.read(lambda fyers: fyers.market_status())
            try:
                seen = self._seen = now, read_open_segments(raw)
            except UNREADABLE as error:
                raise understood(error, writes=False) from error
        return seen[1]
