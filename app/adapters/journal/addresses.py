"""The address book that brokers are lent: a look into the orders of the journal."""

from decimal import Decimal

from app.adapters.journal.codec import INTENT
from app.adapters.journal.statements import Q
from app.adapters.sql import Database, Row, from_db
from app.domain.order import OrderRole, OrderStatus
from app.ports.addresses import Address


class SqlAddresses:
    """The AddressBook over the table of orders."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def address(self, client_order_id: str) -> Address | None:
        """An order of ours; None when it was not written down."""
        with self._db.reading() as tx:
            row = tx.one(Q["order"], {"client_order_id": client_order_id})
        return None if row is None else _address(row)

    def named(self, account: str, broker_order_id: str) -> str | None:
        """Our id of what an account's broker calls so."""
        params = {"account": account, "broker_order_id": broker_order_id}
        with self._db.reading() as tx:
            row = tx.one(Q["named"], params)
        return None if row is None else row["client_order_id"]


def _address(row: Row) -> Address:
    return Address(
        client_order_id=row["client_order_id"],
        broker_order_id=row["broker_order_id"],
        role=OrderRole(row["role"]),
        parent=row["parent"],
        intent=None if row["intent"] is None else INTENT.load(row["intent"]),
        submitted_at=None if row["submitted_at"] is None else from_db(row["submitted_at"]),
        filled_quantity=Decimal(row["filled_quantity"]),
        ended=OrderStatus(row["status"]).final,
    )
