"""A paper account on a desk of its own: short words for what the tests do to it."""

import sqlite3
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

from app.adapters.brokers.paper.broker import PaperBroker, open_broker
from app.adapters.brokers.registry import Resources
from app.adapters.sql import Database
from app.domain.order import BrokerOrder, Leg, Level, LevelKind, OrderIntent, OrderRole, Side
from tests.fakes.addresses import AddressPages
from tests.fakes.budget import NoLimit
from tests.fakes.clock import FakeClock


def percent(value: str) -> Level:
    return Level(LevelKind.PERCENT, Decimal(value))


def at_price(value: str, kind: str | None = None, limit: str | None = None) -> Level:
    return Level(LevelKind.PRICE, Decimal(value), kind, Decimal(limit) if limit else None)


def offset(value: str) -> Level:
    return Level(LevelKind.OFFSET, Decimal(value))


def intent_of(order_id: str, side: Side, quantity: str, **more: Any) -> OrderIntent:
    """An intent; `stop` and `target` are levels of its legs, named S and T and its id."""
    stop, target = more.pop("stop", None), more.pop("target", None)
    symbol = more.pop("symbol", "AAPL")
    limit, stop_at = more.pop("limit_price", None), more.pop("stop_price", None)
    return OrderIntent(
        client_order_id=order_id,
        account="paper",
        symbol=symbol,
        instrument=symbol.replace("/", ""),
        side=side,
        quantity=Decimal(quantity),
        role=more.pop("role", OrderRole.ENTRY),
        stop_loss=Leg(f"S{order_id}", stop) if stop else None,
        take_profit=Leg(f"T{order_id}", target) if target else None,
        limit_price=Decimal(limit) if limit else None,
        stop_price=Decimal(stop_at) if stop_at else None,
        **more,
    )


class Desk:
    """A paper account on a file, with a clock that the test moves."""

    def __init__(self, path: Path, options: Mapping[str, str] | None = None) -> None:
        self.path = path
        self.clock = FakeClock()
        self.options = options or {}
        self.statements: list[str] = []
        self._databases: list[Database] = []
        self.broker = self.another()

    def another(self, account: str = "paper") -> PaperBroker:
        """A broker object of another process on the same file."""
        resources = Resources(
            database=self.another_database(),
            clock=self.clock,
            addresses=AddressPages(),
            budgets=NoLimit(),
        )
        return open_broker(account, self.options, resources)

    def another_database(self) -> Database:
        """Another connection to the same file."""
        self._databases.append(Database(self.path, self.statements.append))
        return self._databases[-1]

    def quote(self, price: str, symbol: str = "AAPL") -> list[BrokerOrder]:
        """Quote a price a second later; what it changed."""
        at = self.clock.advance(1)
        return list(self.broker.take_quote(symbol, Decimal(price), at))

    def buy(self, order_id: str, quantity: str, **more: Any) -> BrokerOrder:
        return self.broker.submit(intent_of(order_id, Side.BUY, quantity, **more))

    def sell(self, order_id: str, quantity: str, **more: Any) -> BrokerOrder:
        return self.broker.submit(intent_of(order_id, Side.SELL, quantity, **more))

    def close_out(self, order_id: str, quantity: str, **more: Any) -> BrokerOrder:
        """Sell out of a long position."""
        return self.sell(order_id, quantity, role=OrderRole.EXIT, **more)

    def look(self, order_id: str) -> BrokerOrder:
        order = self.broker.find(order_id)
        assert order is not None
        return order

    def held(self, instrument: str = "AAPL") -> Decimal:
        position = self.broker.position(instrument)
        return Decimal(0) if position is None else position.quantity

    def close(self) -> None:
        for database in self._databases:
            database.close()


def dump(path: Path) -> dict[str, list[tuple[object, ...]]]:
    """All rows of the paper tables."""
    connection = sqlite3.connect(path)
    tables = "SELECT name FROM sqlite_master WHERE type = 'table' AND name LIKE 'paper%'"
    rows = {
        name: sorted(connection.execute(f"SELECT * FROM {name}"), key=repr)  # noqa: S608  # ours
        for (name,) in connection.execute(tables).fetchall()
    }
    connection.close()
    return rows
