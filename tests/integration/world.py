"""A whole server without gunicorn: one thread, a clock that stands still, a world that can end."""

import json
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor, Future
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from app.adapters.journal.migrate import database_file, migrate
from app.adapters.sql import open_sqlite
from app.bootstrap import Parts, Server, build
from app.config import Settings
from app.domain.alert import Alert
from app.domain.contract import Wish
from app.domain.decision import Denied
from app.domain.errors import MalformedAlert
from app.domain.instrument import AssetClass, Instrument, Ticker
from app.domain.order import BrokerOrder, OrderIntent
from app.domain.position import Balance, Position, Quote
from app.domain.session import Day
from app.engine.intake import Receipt, Submission
from app.ports.broker import Broker, Hint, TellsHours
from app.ports.journal import AlertRecord, Job, OrderRecord
from app.web.alert_fields import parse_alert
from app.web.payloads import canonical, read_delivery
from tests.fakes.broker import FakeBroker
from tests.fakes.clock import FakeClock
from tests.fakes.messenger import FakeMessenger

LEASE = timedelta(seconds=2)
SETTINGS = {"WEBHOOK_SECRET": "s3cret-of-the-world", "API_KEY": "k3y-of-the-world"}


class Crash(BaseException):
    """The process dies here: no handler runs, whatever was not committed is gone."""


@dataclass(slots=True)
class Fuse:
    """Ends the world at its n-th step; counts the steps when it never burns."""

    at: int | None = None
    step: int = 0
    last: str = ""

    def __call__(self, name: str) -> None:
        self.step += 1
        self.last = name
        if self.step == self.at:
            raise Crash(name)


@dataclass(slots=True)
class DiskFault(Fuse):
    """The database fails at the n-th step, once; the process lives on.

    Not at a commit that is through, not at a call of the broker (two words), and not where the
    kill switch is read: unreadable counts as set (trading-rules 25).
    """

    def __call__(self, name: str) -> None:
        self.step += 1
        self.last = name
        if self.step == self.at and " " not in name and name not in ("committed", "switch"):
            raise sqlite3.OperationalError("database or disk is full")


class InlineExecutor(Executor):
    """Runs work at once on the calling thread, so that a crash reaches the test."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        future.set_result(fn(*args, **kwargs))
        return future


class WatchedBroker:
    """A broker whose every call is a step of the fuse, before it is made and after."""

    def __init__(self, broker: Broker, fuse: Callable[[str], None]) -> None:
        self._broker = broker
        self._fuse = fuse
        self.account = broker.account
        self.capabilities = broker.capabilities

    def instrument(self, ticker: Ticker) -> Instrument | None:
        return self._broker.instrument(ticker)

    def contract(self, wish: Wish, at: datetime) -> Instrument | Denied:
        return self._broker.contract(wish, at)

    def submit(self, intent: OrderIntent) -> BrokerOrder:
        self._fuse("before submit")
        answer = self._broker.submit(intent)
        self._fuse("after submit")
        return answer

    def find(self, client_order_id: str) -> BrokerOrder | None:
        self._fuse("before find")
        return self._broker.find(client_order_id)

    def orders(self) -> Sequence[BrokerOrder]:
        self._fuse("before orders")
        return self._broker.orders()

    def cancel(self, client_order_id: str) -> BrokerOrder | None:
        self._fuse("before cancel")
        answer = self._broker.cancel(client_order_id)
        self._fuse("after cancel")
        return answer

    def reprice(self, client_order_id: str, limit: Decimal) -> BrokerOrder | None:
        self._fuse("before reprice")
        answer = self._broker.reprice(client_order_id, limit)
        self._fuse("after reprice")
        return answer

    def position(self, instrument: str) -> Position | None:
        self._fuse("before position")
        return self._broker.position(instrument)

    def positions(self) -> Sequence[Position]:
        return self._broker.positions()

    def balance(self) -> Balance:
        return self._broker.balance()

    def quote(self, instrument: str) -> Quote | None:
        return self._broker.quote(instrument)

    def troubles(self) -> Sequence[str]:
        return self._broker.troubles()

    def watch(self, heard: Hint) -> None:
        self._broker.watch(heard)

    def close(self) -> None:
        self._broker.close()

    def market_days(
        self, asset_class: AssetClass, first: date, last: date
    ) -> Mapping[date, Day] | None:
        return self._broker.market_days(asset_class, first, last)

    def is_open(self, asset_class: AssetClass) -> bool | None:
        broker = self._broker
        return broker.is_open(asset_class) if isinstance(broker, TellsHours) else None

    def skew(self) -> timedelta | None:
        return self._broker.skew()

    def take_quote(self, instrument: str, price: Decimal, at: Any) -> Sequence[BrokerOrder]:
        self._fuse("before quote")
        answers = self._broker.take_quote(instrument, price, at)
        self._fuse("after quote")
        return answers


@cache
def _empty_database() -> bytes:
    """A migrated database, made once."""
    with TemporaryDirectory() as folder:
        file = Path(folder) / "empty.db"
        migrate(f"sqlite:///{file}")
        return file.read_bytes()


def _lay_database(file: Path) -> None:
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(_empty_database())


@dataclass(slots=True)
class World:
    """One database, one broker (the paper one when none is given), and servers that come and go.

    `brokers`: those of accounts that have one of their own.
    """

    folder: Path
    broker: Broker | None = None
    brokers: dict[str, Broker] = field(default_factory=dict[str, Broker])
    clock: FakeClock = field(default_factory=FakeClock)
    settings: dict[str, str] = field(default_factory=dict[str, str])
    servers: list[Server] = field(default_factory=list[Server])
    fuse: Fuse = field(default_factory=Fuse)
    messenger: FakeMessenger = field(default_factory=FakeMessenger)
    reduce: Callable[[Broker], Broker] = lambda broker: broker

    def boot(self) -> Server:
        """Start a server: it takes over what dead ones left, and reconciles."""
        server = build(self._settings(), self._parts())
        server.services.ownership.start()
        server.post.open()
        self.servers.append(server)
        self.turn()
        return server

    def crash_and_boot(self) -> Server:
        """What is left of the dying server is closed; after the lease another one starts."""
        self.fuse = Fuse()
        self.server.database.close()
        self.clock.advance(LEASE + timedelta(milliseconds=100))
        return self.boot()

    @property
    def server(self) -> Server:
        """The server that runs."""
        return self.servers[-1]

    def send(self, **fields: object) -> Receipt:
        """Post an alert, as TradingView would; its lane runs at once, on this thread."""
        return self.send_by(self.server, **fields)

    def send_by(self, server: Server, /, **fields: object) -> Receipt:
        """The same by one of several servers."""
        body = read_delivery(json.dumps(fields).encode())
        (element,) = body.elements
        assert isinstance(element, dict), element
        submission = Submission(
            alert=self._understood(element),
            raw=body.redacted,
            canonical=canonical(element),
            scope="",
            request_id="test",
        )
        (receipt,) = server.services.intake.admit([submission])
        return receipt

    def _understood(self, element: dict[str, object]) -> Alert | MalformedAlert:
        try:
            return parse_alert(element, now=self.clock.now())
        except MalformedAlert as error:
            return error

    def own(self, symbol: str, quantity: int, strategy: str = "") -> None:
        """Put a position into the account of the fake broker and let a strategy adopt it."""
        assert isinstance(self.broker, FakeBroker)
        self.broker.hold(symbol, Decimal(quantity))
        account = self.broker.account
        adopted = self.server.services.adoption.adopt(account, symbol, strategy)
        assert adopted == quantity, adopted

    def stakes(self) -> dict[tuple[str, str], Decimal]:
        """What each (instrument, strategy) holds by the journal's table, on all accounts."""
        sums: dict[tuple[str, str], Decimal] = {}
        for row in self.rows("SELECT * FROM stakes"):
            key = (row["instrument"], row["strategy"])
            sums[key] = sums.get(key, Decimal(0)) + Decimal(row["quantity"])
        return {key: total for key, total in sums.items() if total}

    def filled(self) -> dict[tuple[str, str], Decimal]:
        """The signed sum of the fills of each (instrument, strategy of the alert)."""
        sums: dict[tuple[str, str], Decimal] = {}
        for row in self.rows(
            "SELECT fills.*, alerts.strategy FROM fills JOIN orders USING (client_order_id)"
            " JOIN alerts ON alerts.id = orders.alert_id"
        ):
            key = (row["instrument"], row["strategy"])
            sign = 1 if row["side"] == "buy" else -1
            sums[key] = sums.get(key, Decimal(0)) + sign * Decimal(row["quantity"])
        return {key: total for key, total in sums.items() if total}

    def turn(self) -> None:
        """One turn of the background: lease, take-over, recovery, due work."""
        services = self.server.services
        fuse, self.fuse = self.fuse, Fuse()  # heartbeats are no steps of an alert
        services.ownership.beat()
        services.ownership.take_over()
        services.recovery.run()
        self.fuse = fuse
        services.lanes.resume_stranded()
        if services.journal.ready_lanes(self.clock.now()):
            services.lanes.sweep()

    def run(self, seconds: float = 20, step: float = 0.25) -> None:
        """Let time pass, with a turn of the background at each step."""
        for _ in range(int(seconds / step)):
            self.clock.advance(step)
            self.turn()

    def record(self, alert_id: str) -> AlertRecord:
        """How an alert stands."""
        record = self.server.services.journal.alert(alert_id)
        assert record is not None
        return record

    def orders(self) -> list[OrderRecord]:
        """Every order in the journal, oldest first."""
        rows = self.rows("SELECT client_order_id FROM orders ORDER BY job_id, role")
        found = [self.server.services.journal.order(row["client_order_id"]) for row in rows]
        return [order for order in found if order is not None]

    def events(self, alert_id: str) -> list[str]:
        """The timeline of an alert."""
        query = "SELECT kind FROM events WHERE alert_id = ? ORDER BY id"
        return [row["kind"] for row in self.rows(query, alert_id)]

    def count(self, table: str) -> int:
        """How many rows a table has."""
        return int(self.rows(f"SELECT count(*) AS n FROM {table}")[0]["n"])  # noqa: S608

    def job(self) -> Job:
        """The newest job."""
        (row,) = self.rows("SELECT max(id) AS id FROM jobs")
        return self.server.services.journal.job(row["id"])

    def journaled_position(self) -> dict[str, Decimal]:
        """The signed sum of the journal's fills by instrument, flat ones left out."""
        sums: dict[str, Decimal] = {}
        for row in self.rows("SELECT instrument, side, quantity FROM fills"):
            sign = 1 if row["side"] == "buy" else -1
            known = sums.get(row["instrument"], Decimal(0))
            sums[row["instrument"]] = known + sign * Decimal(row["quantity"])
        return {name: total for name, total in sums.items() if total}

    def broker_position(self) -> dict[str, Decimal]:
        """What the brokers hold by instrument."""
        sums: dict[str, Decimal] = {}
        for account in self.server.services.accounts:
            for held in account.broker.positions():
                sums[held.instrument] = sums.get(held.instrument, Decimal(0)) + held.quantity
        return sums

    def rows(self, sql: str, *params: object) -> list[Any]:
        connection = open_sqlite(self.server.database.path)
        try:
            return connection.execute(sql, params).fetchall()
        finally:
            connection.close()

    def _settings(self) -> Settings:
        name = self.broker.account if self.broker is not None else "paper"
        accounts = {"ACCOUNTS": f"{name}=paper", "DEFAULT_ACCOUNT": name}
        variables = {**SETTINGS, **accounts, "DATA_DIR": str(self.folder), **self.settings}
        settings = Settings.from_env(variables, dotenv=None)
        _lay_database(database_file(settings.database_url))
        return settings

    def _parts(self) -> Parts:
        return Parts(
            clock=self.clock,
            pool=InlineExecutor(),
            wrap_broker=lambda paper: WatchedBroker(
                self.brokers.get(paper.account) or self.broker or self.reduce(paper), self.step
            ),
            observe=self.step,
            messenger=self.messenger,
            lease=LEASE,
        )

    def step(self, name: str) -> None:
        """Something begins, or has been done."""
        self.fuse(name)


def fake(world: World) -> FakeBroker:
    """The broker of a world, as one that does what it is told."""
    assert isinstance(world.broker, FakeBroker)
    return world.broker
