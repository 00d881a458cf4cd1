"""A till: a journal of its own, into which fills are paid as a broker reports them."""

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from itertools import count
from pathlib import Path
from typing import Any

from app.adapters.journal.journal import SqlJournal
from app.adapters.journal.rebuild import SqlLedger
from app.adapters.journal.statements import Q
from app.adapters.sql import Database, Row, open_sqlite
from app.domain.order import BrokerOrder, Fill, OrderIntent, OrderRole, OrderStatus, Side
from app.domain.share import Share
from app.ports.journal import NewAlert, NewJob
from tests.builders import Number, an_alert
from tests.fakes.clock import FakeClock


@dataclass(slots=True)
class Till:
    """The account `paper`, which trades AAPL unless an order says otherwise."""

    file: Path
    statements: list[str] = field(default_factory=list[str])
    clock: FakeClock = field(default_factory=FakeClock)
    database: Database = field(init=False)
    journal: SqlJournal = field(init=False)
    _numbers: Iterator[int] = field(default_factory=count)

    def __post_init__(self) -> None:
        self.database = Database(self.file, self.statements.append)
        self.journal = SqlJournal(self.database, self.clock, lambda _: None)
        with self.database.transaction() as tx:
            tx.run(Q["add_owner"], {"id": "us", "pid": 1, "now": 0})

    @classmethod
    def on(cls, migrated: Path, folder: Path) -> "Till":
        """A till on a fresh copy of an empty database."""
        shutil.copy(migrated, folder / "till.db")
        return cls(folder / "till.db")

    def order(self, *, strategy: str = "", **fields: Any) -> str:
        """Send an order for an alert of its own; its id."""
        number = next(self._numbers)
        new = NewAlert(
            alert_id=f"A{number}",
            alert=an_alert(strategy=strategy),
            raw="",
            received_at=self.clock.now(),
            request_id="",
            jobs=[NewJob(share=Share("paper"), instrument="AAPL", lane=f"lane{number}")],
        )
        (admission,) = self.journal.admit([new], "us")
        sent: dict[str, Any] = {
            "client_order_id": f"O{number}",
            "account": "paper",
            "symbol": "AAPL",
            "instrument": "AAPL",
            "side": Side.BUY,
            "quantity": Decimal(1000),
            "role": OrderRole.ENTRY,
            "strategy": strategy,
        }
        intent = OrderIntent(**(sent | fields))
        with self.journal.unit(*admission.jobs) as unit:
            unit.open_order(intent, OrderStatus.SUBMITTING)
        return intent.client_order_id

    def settle(self, order_id: str, *fills: Fill) -> int:
        """The broker tells of fills of an order; how many of them were new."""
        known = self.journal.order(order_id)
        assert known is not None
        answer = BrokerOrder(
            client_order_id=order_id,
            broker_order_id=f"B{order_id}",
            symbol=known.symbol,
            side=known.side,
            quantity=known.quantity,
            status=OrderStatus.PARTIALLY_FILLED,
            fills=fills,
        )
        with self.journal.unit() as unit:
            (changes,) = unit.settle(answer)
        return len(changes.fills)

    def fill(
        self,
        order_id: str,
        quantity: Number = 10,
        price: Number = 100,
        fee: Number = 0,
        at: datetime | None = None,
    ) -> Fill:
        """A fill of an order that was not told of before."""
        known = self.journal.order(order_id)
        assert known is not None
        return Fill(
            fill_id=f"F{next(self._numbers)}",
            client_order_id=order_id,
            symbol=known.symbol,
            side=known.side,
            quantity=Decimal(quantity),
            price=Decimal(price),
            fee=Decimal(fee),
            at=at or self.clock.now(),
        )

    def trade(
        self,
        side: Side,
        quantity: Number = 10,
        price: Number = 100,
        fee: Number = 0,
        at: datetime | None = None,
        **order: Any,
    ) -> Fill:
        """An order that fills at once."""
        order_id = self.order(side=side, **order)
        fill = self.fill(order_id, quantity, price, fee, at)
        self.settle(order_id, fill)
        return fill

    def rebuild(self) -> bool:
        """Count the ledger anew; whether it differed."""
        return SqlLedger(self.database).rebuild()

    def ledger(self) -> dict[str, list[dict[str, Any]]]:
        """Everything that the ledger stores."""
        tables = ("trades", "open_lots", "tallies", "days")
        return {name: [dict(row) for row in self.rows(f"SELECT * FROM {name}")] for name in tables}  # noqa: S608

    def rows(self, sql: str) -> Sequence[Row]:
        """Rows of the database, read or changed beside the till."""
        connection = open_sqlite(self.file)
        try:
            return connection.execute(sql).fetchall()
        finally:
            connection.close()
