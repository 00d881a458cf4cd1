"""The journal's cold queries: SQLAlchemy Core on read-only connections of their own.

They hold neither the lock nor the connection that orders are written through. Newest first, and one
row more than a page holds where there are more.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any
from weakref import finalize

from sqlalchemy import (
    URL,
    Column,
    ColumnElement,
    Executable,
    QueuePool,
    RowMapping,
    Select,
    Table,
    Text,
    case,
    create_engine,
    event,
    func,
    literal,
    literal_column,
    or_,
    select,
    tuple_,
    union_all,
)
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from app.adapters.journal.migrate import database_file
from app.adapters.journal.schema import (
    alerts,
    days,
    events,
    fills,
    jobs,
    orders,
    tallies,
    trades,
)
from app.adapters.sql import BUSY_SECONDS, to_db
from app.domain.errors import JournalError
from app.domain.identity import alert_id_of, alert_number_at
from app.domain.instrument import Ticker
from app.domain.share import SEPARATOR
from app.ports.records import (
    AlertFilter,
    EventFilter,
    FillFilter,
    OrderFilter,
    TradeFilter,
)

READERS = 2
SET_BACK = timedelta(days=1)
"""How far a clock may have been set back."""

Place = tuple[int, ...] | None
"""Where a page begins: before the row with these values."""


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
        if wanted.account is not None:
            query = query.where(_trades_on(wanted.account))
        if wanted.strategy is not None:
            query = query.where(alerts.c.strategy == wanted.strategy)
        return self._all(query.where(*_received_between(wanted.since, wanted.until)))

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

    def fills(self, wanted: FillFilter, before: Place) -> Sequence[RowMapping]:
        """Fills before (at, id)."""
        conditions = [
            *_equal(fills, wanted, "account", "strategy", "alert_id", "client_order_id", "side"),
            *_instrument(fills, wanted.symbol),
            *_between(fills.c.at, wanted.since, wanted.until),
        ]
        return self._page((fills.c.at, fills.c.id), before, wanted.limit, conditions)

    def trades(self, wanted: TradeFilter, before: Place) -> Sequence[RowMapping]:
        """Trades before (exited_at, exit_fill, entry_fill)."""
        conditions = [
            *_equal(trades, wanted, "account"),
            *_instrument(trades, wanted.symbol),
            *_between(trades.c.exited_at, wanted.since, wanted.until),
        ]
        if wanted.strategy is not None:
            conditions.append(trades.c.entry_strategy == wanted.strategy)
        if wanted.alert_id is not None:
            sides = (trades.c.entry_alert_id, trades.c.exit_alert_id)
            conditions.append(or_(*(side == wanted.alert_id for side in sides)))
        place = (trades.c.exited_at, trades.c.exit_fill, trades.c.entry_fill)
        return self._page(place, before, wanted.limit, conditions)

    def events(self, wanted: EventFilter, before: Place) -> Sequence[RowMapping]:
        """Events before (at, id)."""
        conditions = [
            *_equal(events, wanted, "account", "alert_id", "client_order_id", "kind"),
            *_between(events.c.at, wanted.since, wanted.until),
        ]
        if wanted.symbol is not None:
            of_alerts = events.c.alert_id.in_(_alerts_on(wanted.symbol))
            conditions.append(or_(events.c.symbol == wanted.symbol, of_alerts))
        if wanted.problem is not None:
            # As the partial index has it: a comparison would not use it.
            conditions.append(literal_column("problem" if wanted.problem else "NOT problem"))
        return self._page((events.c.at, events.c.id), before, wanted.limit, conditions)

    def days(self, account: str | None) -> Sequence[RowMapping]:
        """All days of an account, or of all, the oldest first: at most 366 a year and account."""
        query = select(days).order_by(days.c.day, days.c.account)
        return self._all(query if account is None else query.where(days.c.account == account))

    def fills_of(self, client_order_id: str) -> Sequence[RowMapping]:
        """The fills of an order, oldest first."""
        of_order = fills.c.client_order_id == client_order_id
        return self._all(select(fills).where(of_order).order_by(fills.c.id))

    def newest_entry(self, account: str, instrument: str) -> RowMapping | None:
        """When the newest entry that filled was placed, and when its newest stop last changed.

        Of a stop that was never placed, and is ours to place: when the entry last changed.
        """
        stops = orders.alias("stops")
        of_entry = (stops.c.parent == orders.c.client_order_id, stops.c.role == "stop_loss")
        newest_stop = select(func.max(stops.c.updated_at)).where(*of_entry).scalar_subquery()
        wanted = orders.c.intent.like('%"guard":{"stop_loss"%')
        unplaced = case((wanted, orders.c.updated_at))
        stop_at = func.coalesce(newest_stop, unplaced).label("stop_at")
        entries = (
            select(orders.c.created_at.label("entered_at"), stop_at)
            .where(orders.c.account == account, orders.c.instrument == instrument)
            .where(orders.c.role == "entry", orders.c.filled_quantity != "0")
            .order_by(orders.c.created_at.desc(), orders.c.client_order_id.desc())
            .limit(1)
        )
        return next(iter(self._all(entries)), None)

    def tallies(self, account: str | None) -> Sequence[RowMapping]:
        """The figures of closed trades, by account and symbol."""
        query = select(tallies)
        return self._all(query if account is None else query.where(tallies.c.account == account))

    def traded_by(self, account: str, instrument: str, strategy: str) -> Sequence[RowMapping]:
        """The alert of the latest entry of a strategy in an instrument, else of another order."""
        same = orders.c.account == account, orders.c.instrument == instrument
        query = select(alerts.c.alert).join(orders, orders.c.alert_id == alerts.c.id)
        query = query.where(*same, orders.c.strategy == strategy)
        entries_first = (orders.c.role == "entry").desc(), orders.c.created_at.desc()
        return self._all(query.order_by(*entries_first).limit(1))

    def orders_by_status(self) -> Sequence[RowMapping]:
        """How many orders there are in each status."""
        return self._all(
            select(orders.c.status.label("state"), func.count().label("n")).group_by("state")
        )

    def open_jobs(self) -> Sequence[RowMapping]:
        """How many unfinished jobs there are in each state, and when their oldest was due."""
        return self._all(union_all(*(_jobs_in(state) for state in ("ready", "waiting", "running"))))

    def _page(
        self,
        place: tuple[Column[int], ...],
        before: Place,
        limit: int,
        conditions: Sequence[ColumnElement[bool]],
    ) -> Sequence[RowMapping]:
        """Rows of a table in the order of some of its columns, newest first, before a place."""
        query = select(place[0].table).where(*conditions)
        query = query.order_by(*(column.desc() for column in place)).limit(limit + 1)
        if before is not None:
            query = query.where(tuple_(*place) < tuple_(*before))
        return self._all(query)

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
    return or_(alerts.c.symbol == symbol, alerts.c.id.in_(_alerts_on(symbol)))


def _trades_on(account: str) -> ColumnElement[bool]:
    """Alerts of an account, also when it is one of several."""
    listed = literal(SEPARATOR) + alerts.c.account + SEPARATOR
    return or_(
        alerts.c.account == account,
        listed.contains(f"{SEPARATOR}{account}{SEPARATOR}", autoescape=True),
    )


def _alerts_on(symbol: str) -> Select[str]:
    return select(jobs.c.alert_id).where(jobs.c.instrument == Ticker.parse(symbol).key)


def _instrument(table: Table, symbol: str | None) -> Iterator[ColumnElement[bool]]:
    if symbol is not None:
        yield table.c.instrument == Ticker.parse(symbol).key


def _equal(table: Table, wanted: object, *names: str) -> Iterator[ColumnElement[bool]]:
    for name in names:
        value = getattr(wanted, name)
        if value is not None:
            yield table.c[name] == value


def _between(
    column: Column[int], since: datetime | None, until: datetime | None
) -> Iterator[ColumnElement[bool]]:
    if since is not None:
        yield column >= to_db(since)
    if until is not None:
        yield column < to_db(until)


def _received_between(
    since: datetime | None, until: datetime | None
) -> Iterator[ColumnElement[bool]]:
    """By the time of receipt; an id begins with it, or a little more when a clock was set back."""
    yield from _between(alerts.c.received_at, since, until)
    if since is not None:
        yield alerts.c.id >= alert_id_of(alert_number_at(since, 0))
    if until is not None:
        yield alerts.c.id < alert_id_of(alert_number_at(until + SET_BACK, 0))


def _jobs_in(state: str) -> Select[str, int, Any]:
    """Literals, not parameters: only then SQLite uses the partial indexes."""
    return select(
        literal_column(f"'{state}'", Text).label("state"),
        func.count().label("n"),
        func.min(jobs.c.run_at).label("due"),
    ).where(literal_column(f"state = '{state}'"))
