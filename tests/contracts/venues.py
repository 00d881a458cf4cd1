"""Brokers under test, each with what a test must be able to do to the world around it."""

import shutil
import sqlite3
from collections.abc import Generator
from contextlib import AbstractContextManager, contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Protocol

from sqlalchemy import create_engine

from app.adapters.brokers.registry import Resources, open_broker
from app.adapters.journal.schema import metadata
from app.adapters.metered import MeteredBroker
from app.adapters.sql import Database
from app.domain.errors import BrokerUnavailable
from app.domain.instrument import Ticker
from app.domain.order import BrokerOrder
from app.ports.broker import Broker
from tests.fakes.addresses import AddressPages
from tests.fakes.broker import FakeBroker, reject
from tests.fakes.budget import NoLimit
from tests.fakes.clock import FakeClock

AAPL = Ticker("NASDAQ", "AAPL")
MORE_THAN_THERE_IS_MONEY = Decimal(1_000_000_000)
READS = ("find", "orders", "position", "positions", "balance", "quote")


class Venue(Protocol):
    """A broker, its market and the way to it. An account starts flat, with money."""

    @property
    def ticker(self) -> Ticker:
        """Something that can be traded in whole units, long and short."""
        ...

    def open(self) -> Broker:
        """A new broker object on the account, as after a restart."""
        ...

    def trade_at(self, price: Decimal) -> None:
        """Let the market trade at a price, and all that it reaches be executed."""
        ...

    def settle(self) -> None:
        """Come back when what was accepted is executed, as far as the price allows."""
        ...

    def refused_quantity(self) -> Decimal:
        """So much that the broker refuses the next order for it."""
        ...

    def down(self) -> AbstractContextManager[None]:
        """Meanwhile nothing at the broker can be read."""
        ...


class PaperVenue:
    """The paper broker on a file; `path` must hold the tables."""

    ticker = AAPL

    def __init__(self, path: Path, clock: FakeClock, **options: str) -> None:
        self.path = path
        self.clock = clock
        self.options = options
        self._open: list[Database] = []
        self._is_down = False

    def database(self) -> Database:
        """A new connection."""
        database = Database(self.path, self._observe)
        self._open.append(database)
        return database

    def open(self) -> Broker:
        """A new broker object on a new connection."""
        resources = Resources(
            database=self.database(), clock=self.clock, addresses=AddressPages(), budgets=NoLimit()
        )
        return open_broker("paper", "paper", self.options, resources)

    def trade_at(self, price: Decimal) -> None:
        """Quote a price."""
        self.open().take_quote(self.ticker.key, price, self.clock.advance(1))

    def settle(self) -> None:
        """Nothing is pending: what can be executed was, at once."""

    def refused_quantity(self) -> Decimal:
        """Nobody lends money on paper."""
        return MORE_THAN_THERE_IS_MONEY

    @contextmanager
    def down(self) -> Generator[None]:
        """The disk fails."""
        self._is_down = True
        yield
        self._is_down = False

    def close(self) -> None:
        """Close all connections."""
        for database in self._open:
            database.close()

    def _observe(self, _: str) -> None:
        if self._is_down:
            raise sqlite3.OperationalError("disk I/O error")


class FakeVenue:
    """The FakeBroker of the engine's tests, which must not promise what no broker does."""

    ticker = AAPL

    def __init__(self, clock: FakeClock) -> None:
        self.broker = FakeBroker(clock=clock)

    def open(self) -> Broker:
        """The one there is: it lives in memory."""
        return self.broker

    def trade_at(self, price: Decimal) -> None:
        """Set the price, and execute by hand what it reaches."""
        self.broker.prices[self.ticker.key] = price
        self.broker.follow(self.ticker.key, price)
        for order in self.broker.working:
            if not _reached(order, price) or not _still_works(self.broker, order):
                continue
            if order.stop_price is not None and order.limit_price is not None:
                self.broker.trigger(order.client_order_id)
                if not _within(order, price):
                    continue
            self.broker.fill(order.client_order_id)

    def settle(self) -> None:
        """Nothing is pending."""

    def refused_quantity(self) -> Decimal:
        """The script says no, to whatever comes next."""
        self.broker.script.append(reject())
        return Decimal(1)

    @contextmanager
    def down(self) -> Generator[None]:
        """The next call of each read fails."""
        for method in READS:
            self.broker.fail(method, BrokerUnavailable("connection refused"))
        yield


class MeteredVenue(FakeVenue):
    """The same behind the counter that all brokers are behind."""

    def __init__(self, clock: FakeClock) -> None:
        super().__init__(clock)
        self.clock = clock

    def open(self) -> Broker:
        """The one there is, counted."""
        return MeteredBroker(self.broker, _hear_nothing, self.clock)


def new_paper_file(path: Path) -> Path:
    """Make an empty database with all tables."""
    engine = create_engine(f"sqlite:///{path}")
    metadata.create_all(engine)
    engine.dispose()
    return path


def copy_file(source: Path, target: Path) -> Path:
    """Copy a database that nobody has open."""
    shutil.copy(source, target)
    return target


def _hear_nothing(asked: str, outcome: str, seconds: float) -> None:
    """Nobody counts."""


def _reached(order: BrokerOrder, price: Decimal) -> bool:
    if order.triggered_at is not None:
        return _within(order, price)
    if order.stop_price is not None:
        return (price - order.stop_price) * order.side.sign >= 0
    return _within(order, price)


def _within(order: BrokerOrder, price: Decimal) -> bool:
    return order.limit_price is None or (price - order.limit_price) * order.side.sign <= 0


def _still_works(broker: Broker, order: BrokerOrder) -> bool:
    now = broker.find(order.client_order_id)
    return now is not None and now.status.working
