"""A paper broker that is far away: each call takes time, and what was sent is written down.

gunicorn serves `app` of this file where a test needs a short lease, or a process that is caught in
the middle of its calls. Variables say how: `LEASE` and `LATENCY` in seconds, `WIRE` the file, and
`TAGS_ONLY` for a broker that takes an id twice, and shows a fill 100 ms late.
"""

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from flask import Flask

from app import bootstrap
from app.bootstrap import loops
from app.config import Settings
from app.domain.capabilities import Capabilities
from app.domain.contract import Wish
from app.domain.decision import Denied
from app.domain.instrument import AssetClass, Instrument, Ticker
from app.domain.order import BrokerOrder, OrderIntent
from app.domain.position import Balance, Position, Quote
from app.domain.session import Day
from app.ports.broker import Broker, Hint
from tests.e2e.way import Way

LAG = timedelta(milliseconds=100)


class FarAway:
    """A Broker at the other end of a wire."""

    def __init__(self, broker: Broker, way: Way) -> None:
        self._broker = broker
        self._way = way

    @property
    def account(self) -> str:
        return self._broker.account

    @property
    def capabilities(self) -> Capabilities:
        known = self._broker.capabilities
        return replace(known, unique_client_ids=False) if self._way.tags_only else known

    def instrument(self, ticker: Ticker) -> Instrument | None:
        return self._broker.instrument(ticker)

    def contract(self, wish: Wish, at: datetime) -> Instrument | Denied:
        return self._broker.contract(wish, at)

    def submit(self, intent: OrderIntent) -> BrokerOrder:
        again = self._broker.find(intent.client_order_id) is not None
        self._way.note(intent.client_order_id, again=again)
        self._way.travel()
        answer = self._broker.submit(intent)
        self._way.travel()
        return answer

    def find(self, client_order_id: str) -> BrokerOrder | None:
        self._way.travel()
        found = self._broker.find(client_order_id)
        return None if found is not None and self._is_hidden(found) else found

    def _is_hidden(self, order: BrokerOrder) -> bool:
        """Whether a broker that shows its book late does not show the order yet."""
        now = datetime.now(UTC)
        return self._way.tags_only and any(now - fill.at < LAG for fill in order.fills)

    def orders(self) -> Sequence[BrokerOrder]:
        self._way.travel()
        return [order for order in self._broker.orders() if not self._is_hidden(order)]

    def cancel(self, client_order_id: str) -> BrokerOrder | None:
        self._way.travel()
        answer = self._broker.cancel(client_order_id)
        self._way.travel()
        return answer

    def position(self, instrument: str) -> Position | None:
        self._way.travel()
        return self._broker.position(instrument)

    def positions(self) -> Sequence[Position]:
        return self._broker.positions()

    def balance(self) -> Balance:
        return self._broker.balance()

    def reprice(self, client_order_id: str, limit: Decimal) -> BrokerOrder | None:
        self._way.travel()
        answer = self._broker.reprice(client_order_id, limit)
        self._way.travel()
        return answer

    def quote(self, instrument: str) -> Quote | None:
        return self._broker.quote(instrument)

    def market_days(
        self, asset_class: AssetClass, first: date, last: date
    ) -> Mapping[date, Day] | None:
        return self._broker.market_days(asset_class, first, last)

    def skew(self) -> timedelta | None:
        return self._broker.skew()

    def take_quote(self, instrument: str, price: Decimal, at: datetime) -> Sequence[BrokerOrder]:
        answers = self._broker.take_quote(instrument, price, at)
        self._way.travel()
        return answers

    def troubles(self) -> Sequence[str]:
        return self._broker.troubles()

    def watch(self, heard: Hint) -> None:
        self._broker.watch(heard)

    def close(self) -> None:
        self._broker.close()


def make_app() -> Flask:
    """The application as `main.py` has it, but for the lease and the wire."""
    lease = timedelta(seconds=float(os.environ["LEASE"]))
    tags_only = bool(os.environ.get("TAGS_ONLY"))
    way = Way(Path(os.environ["WIRE"]), float(os.environ["LATENCY"]), tags_only)
    loops.BEAT_EVERY = lease / 4
    parts = bootstrap.Parts(lease=lease, wrap_broker=lambda broker: FarAway(broker, way))
    return bootstrap.build_app(bootstrap.build(Settings.from_env(), parts))


app = make_app()
