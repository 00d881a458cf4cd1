"""The journal's cold queries: SQLAlchemy Core on read-only connections of their own.

They hold neither the lock nor the connection that orders are written through. Newest first, and one
row more than a page holds where there are more.
"""

from collections.abc import Sequence
from typing import Any
from weakref import finalize

from sqlalchemy import (
    URL,
    ColumnElement,
    Executable,
    QueuePool,
    RowMapping,
    Select,
    Text,
    create_engine,
    event,
    func,
    literal_column,
    or_,
    select,
    tuple_,
    union_all,
)
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from app.adapters.journal.migrate import database_file
from app.adapters.journal.schema import alerts, events, fills, jobs, orders
from app.adapters.sql import BUSY_SECONDS
from app.domain.errors import JournalError
from app.domain.instrument import Ticker
from app.ports.records import AlertFilter, OrderFilter

READERS = 2


class ColdQueries:
    """Reads that people ask for. Every method may raise JournalError."""

    def __init__(self, database_url: str) -> None:
        self._engine = create_engine(
            URL.create("sqlite", database=str(database_file(database_url))),
            poolclass=QueuePool,
            pool_size=READERS,
            max_overflow=0,
            pool_timeout=BUSY_SECONDS,
            isolation_level="AUTOCOMMIT",
            connect_args={"timeout": BUSY_SECONDS, "check_same_thread": False},
        )
        event.listen(self._engine, "connect", _read_only)
        finalize(self, self._engine.dispose)

    def alerts(self, wanted: AlertFilter) -> Sequence[RowMapping]:
        """Alerts before a cursor."""
        query = select(alerts).order_by(alerts.c.id.desc()).limit(wanted.limit + 1)
        if wanted.before is not None:
            query = query.where(alerts.c.id < wanted.before)
        if wanted.status is not None:
            query = query.where(alerts.c.status == wanted.status)
        if wanted.symbol is not None:
            query = query.where(_names(wanted.symbol))
        return self._all(query)

    def orders(self, wanted: OrderFilter, before: tuple[int, str] | None) -> Sequence[RowMapping]:
        """Orders before (created_at, client_order_id)."""
        place = tuple_(orders.c.created_at, orders.c.client_order_id)
        query = select(orders).order_by(orders.c.created_at.desc(), orders.c.client_order_id.desc())
        if before is not None:
            query = query.where(place < tuple_(*before))
        for column in ("status", "account", "alert_id"):
            value = getattr(wanted, column)
            if value is not None:
                query = query.where(orders.c[column] == value)
        if wanted.symbol is not None:
            key = Ticker.parse(wanted.symbol).key
            query = query.where(or_(orders.c.symbol == wanted.symbol, orders.c.instrument == key))
        return self._all(query.limit(wanted.limit + 1))

    def timeline(self, alert_id: str) -> Sequence[RowMapping]:
        """The events of an alert, oldest first."""
        return self._all(select(events).where(events.c.alert_id == alert_id).order_by(events.c.id))

    def fills(self, client_order_id: str) -> Sequence[RowMapping]:
        """The fills of an order, oldest first."""
        of_order = fills.c.client_order_id == client_order_id
        return self._all(select(fills).where(of_order).order_by(fills.c.id))

    def newest_entry(self, account: str, instrument: str) -> RowMapping | None:
        """When the newest entry that filled was placed, and when its newest stop last changed."""
        stops = orders.alias("stops")
        of_entry = (stops.c.parent == orders.c.client_order_id, stops.c.role == "stop_loss")
        newest_stop = select(func.max(stops.c.updated_at)).where(*of_entry).scalar_subquery()
        entries = (
            select(orders.c.created_at.label("entered_at"), newest_stop.label("stop_at"))
            .where(orders.c.account == account, orders.c.instrument == instrument)
            .where(orders.c.role == "entry", orders.c.filled_quantity != "0")
            .order_by(orders.c.created_at.desc(), orders.c.client_order_id.desc())
            .limit(1)
        )
        return next(iter(self._all(entries)), None)

    def orders_by_status(self) -> Sequence[RowMapping]:
        """How many orders there are in each status."""
        return self._all(
            select(orders.c.status.label("state"), func.count().label("n")).group_by("state")
        )

    def open_jobs(self) -> Sequence[RowMapping]:
        """How many unfinished jobs there are in each state, and when their oldest was due."""
        return self._all(union_all(*(_jobs_in(state) for state in ("ready", "waiting", "running"))))

    def _all(self, query: Executable) -> Sequence[RowMapping]:
        try:
            with self._engine.connect() as connection:
                return connection.execute(query).mappings().all()
        except SQLAlchemyError as error:
            # The driver's own words: SQLAlchemy's would repeat statement and parameters.
            cause = error.orig if isinstance(error, DBAPIError) else error
            raise JournalError(str(cause)) from error


def _read_only(connection: DBAPIConnection, _: object) -> None:
    cursor = connection.cursor()
    cursor.execute("PRAGMA query_only = ON")
    cursor.close()


def _names(symbol: str) -> ColumnElement[bool]:
    """Alerts that name the symbol as it was sent, or whose instrument has its key."""
    key = Ticker.parse(symbol).key
    same_instrument = select(jobs.c.alert_id).where(jobs.c.instrument == key)
    return or_(alerts.c.symbol == symbol, alerts.c.id.in_(same_instrument))


def _jobs_in(state: str) -> Select[str, int, Any]:
    """Literals, not parameters: only then SQLite uses the partial indexes."""
    return select(
        literal_column(f"'{state}'", Text).label("state"),
        func.count().label("n"),
        func.min(jobs.c.run_at).label("due"),
    ).where(literal_column(f"state = '{state}'"))
