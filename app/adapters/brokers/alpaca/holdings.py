"""Positions of the account. One that was read a moment ago serves for capping the close of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from app.adapters.brokers.alpaca.answers import read_position
from app.adapters.brokers.alpaca.wire import Wire
from app.adapters.brokers.reading import UNREADABLE, rows_of, understood
from app.domain.position import Position
from app.ports.clock import Clock

MOMENT = 0.1
"""Seconds; what a call to Alpaca may take anyway, between a read and the order that follows it."""


@dataclass(frozen=True, slots=True)
class _Seen:
    quantity: Decimal
    at: float


class Holdings:
    """What is held, as Alpaca says it."""

    def __init__(self, wire: Wire, clock: Clock) -> None:
        self._wire = wire
        self._clock = clock
        self._seen: dict[str, _Seen] = {}

    def of(self, instrument: str) -> Position | None:
        """What is held of an instrument at this moment; None when flat.

        Raises:
            BrokerError: it could not be read.
        """
        asked_at = self._clock.monotonic()
        raw = self._wire.find(f"/positions/{instrument}")
        try:
            found = None if raw is None else read_position(raw)
        except UNREADABLE as error:
            raise understood(error, writes=False) from error
        self._seen[instrument] = _Seen(Decimal(0) if found is None else found.quantity, asked_at)
        return found

    def all(self) -> Sequence[Position]:
        """Everything that is held.

        Raises:
            BrokerError: it could not be read.
        """
        raw = self._wire.get("/positions")
        try:
            return [read_position(row) for row in rows_of(raw)]
        except UNREADABLE as error:
            raise understood(error, writes=False) from error

    def take(self, instrument: str) -> Decimal:
        """What is held, for one order: as it was asked for a moment ago, else read.

        Raises:
            BrokerError: it could not be read.
        """
        seen = self._seen.pop(instrument, None)
        if seen is not None and self._clock.monotonic() - seen.at < MOMENT:
            return seen.quantity
        found = self.of(instrument)
        self._seen.pop(instrument, None)
        return Decimal(0) if found is None else found.quantity

    def forget(self, instrument: str) -> None:
        """An order of it was executed."""
        self._seen.pop(instrument, None)
