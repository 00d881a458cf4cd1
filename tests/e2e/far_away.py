"""A paper broker that is far away: each call takes time, and what was sent is written down.

gunicorn serves `app` of this file where a test needs a short lease, or a process that is caught in
the middle of its calls. Three variables say how: `LEASE` and `LATENCY` in seconds, `WIRE` the file.
"""

import json
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

from flask import Flask

from app import bootstrap
from app.config import Settings
from app.domain.capabilities import Capabilities
from app.domain.instrument import Instrument, Ticker
from app.domain.order import BrokerOrder, OrderIntent
from app.domain.position import Balance, Position, Quote
from app.ports.broker import Broker


@dataclass(frozen=True, slots=True)
class Wire:
    """What goes to the broker, in a file that survives its process."""

    file: Path
    latency: float

    def travel(self) -> None:
        """Half a round trip."""
        time.sleep(self.latency / 2)

    def note(self, client_order_id: str) -> None:
        """An order leaves for the broker now."""
        line = json.dumps({"at": time.time(), "pid": os.getpid(), "order": client_order_id})
        with self.file.open("a") as file:
            file.write(f"{line}\n")


class FarAway:
    """A Broker at the other end of a wire."""

    def __init__(self, broker: Broker, wire: Wire) -> None:
        self._broker = broker
        self._wire = wire

    @property
    def account(self) -> str:
        return self._broker.account

    @property
    def capabilities(self) -> Capabilities:
        return self._broker.capabilities

    def instrument(self, ticker: Ticker) -> Instrument | None:
        return self._broker.instrument(ticker)

    def submit(self, intent: OrderIntent) -> BrokerOrder:
        self._wire.note(intent.client_order_id)
        self._wire.travel()
        answer = self._broker.submit(intent)
        self._wire.travel()
        return answer

    def find(self, client_order_id: str) -> BrokerOrder | None:
        self._wire.travel()
        return self._broker.find(client_order_id)

    def cancel(self, client_order_id: str) -> BrokerOrder | None:
        self._wire.travel()
        answer = self._broker.cancel(client_order_id)
        self._wire.travel()
        return answer

    def position(self, instrument: str) -> Position | None:
        self._wire.travel()
        return self._broker.position(instrument)

    def positions(self) -> Sequence[Position]:
        return self._broker.positions()

    def balance(self) -> Balance:
        return self._broker.balance()

    def quote(self, instrument: str) -> Quote | None:
        return self._broker.quote(instrument)

    def take_quote(self, instrument: str, price: Decimal, at: datetime) -> Sequence[BrokerOrder]:
        answers = self._broker.take_quote(instrument, price, at)
        self._wire.travel()
        return answers


def make_app() -> Flask:
    """The application as `main.py` has it, but for the lease and the wire."""
    lease = timedelta(seconds=float(os.environ["LEASE"]))
    wire = Wire(Path(os.environ["WIRE"]), float(os.environ["LATENCY"]))
    bootstrap.BEAT_EVERY = lease / 4
    parts = bootstrap.Parts(lease=lease, wrap_broker=lambda broker: FarAway(broker, wire))
    return bootstrap.build_app(bootstrap.build(Settings.from_env(), parts))


app = make_app()
