"""Records: the journal as people read it, in pages."""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, time
from functools import cached_property
from typing import TYPE_CHECKING, TypeVar

from app.adapters.journal.codec import ALERT
from app.adapters.journal.ledger import day_records, tally_key, tally_of, trade_record
from app.adapters.journal.rows import (
    alert_record,
    event_of_row,
    fill_of,
    fill_record,
    order_record,
)
from app.adapters.sql import from_db
from app.domain.alert import Alert
from app.domain.events import Event
from app.domain.order import Fill
from app.domain.tally import Tally, TallyKey
from app.ports.journal import AlertRecord, OrderRecord
from app.ports.records import (
    AlertFilter,
    Counts,
    DayFilter,
    DayRecord,
    EventFilter,
    FillFilter,
    FillRecord,
    OrderFilter,
    Page,
    TradeFilter,
    TradeRecord,
)

if TYPE_CHECKING:
    from sqlalchemy import RowMapping

    from app.adapters.journal.cold_queries import ColdQueries


Item = TypeVar("Item")

_ALERT_CURSOR = re.compile(r"[0-9A-HJKMNP-TV-Z]{26}")
_ORDER_CURSOR = re.compile(r"([0-9]{1,18})\.(\S{1,128})")
_NUMBERS = re.compile(r"[0-9]{1,18}(?:\.[0-9]{1,18})*")
_NOT_OURS = "it was not given by this list"


class SqlRecords:
    """The records port. It reads beside the engine, and opens at the first read."""

    def __init__(self, database_url: str) -> None:
        self._url = database_url

    def alerts(self, wanted: AlertFilter) -> Page[AlertRecord]:
        """Alerts, newest first.

        Raises:
            ValueError: the cursor is none of ours.
        """
        if wanted.before is not None and not _ALERT_CURSOR.fullmatch(wanted.before):
            raise ValueError(_NOT_OURS)
        rows = self._queries.alerts(wanted)
        shown = rows[: wanted.limit]
        more = len(rows) > len(shown)
        return Page([alert_record(row) for row in shown], shown[-1]["id"] if more else None)

    def timeline(self, alert_id: str) -> Sequence[Event]:
        """The events of an alert, oldest first."""
        return [event_of_row(row) for row in self._queries.timeline(alert_id)]

    def orders(self, wanted: OrderFilter) -> Page[OrderRecord]:
        """Orders, newest first, legs included.

        Raises:
            ValueError: the cursor is none of ours.
        """
        rows = self._queries.orders(wanted, _place(wanted.before))
        shown = rows[: wanted.limit]
        more = len(rows) > len(shown)
        return Page([order_record(row) for row in shown], _cursor(shown[-1]) if more else None)

    def fills_of(self, client_order_id: str) -> Sequence[Fill]:
        """The fills of an order, oldest first."""
        return [fill_of(row) for row in self._queries.fills_of(client_order_id)]

    def fills(self, wanted: FillFilter) -> Page[FillRecord]:
        """Fills of all orders, newest first.

        Raises:
            ValueError: the cursor is none of ours.
        """
        rows = self._queries.fills(wanted, _numbers(wanted.before, 2))
        return _page(rows, wanted.limit, fill_record, ("at", "id"))

    def trades(self, wanted: TradeFilter) -> Page[TradeRecord]:
        """Closed trades, newest first.

        Raises:
            ValueError: the cursor is none of ours.
        """
        rows = self._queries.trades(wanted, _numbers(wanted.before, 3))
        place = ("exited_at", "exit_fill", "entry_fill")
        return _page(rows, wanted.limit, trade_record, place)

    def events(self, wanted: EventFilter) -> Page[Event]:
        """Everything that happened, newest first.

        Raises:
            ValueError: the cursor is none of ours.
        """
        rows = self._queries.events(wanted, _numbers(wanted.before, 2))
        return _page(rows, wanted.limit, event_of_row, ("at", "id"))

    def days(self, wanted: DayFilter) -> Page[DayRecord]:
        """The days of accounts, newest first.

        Raises:
            ValueError: the cursor is none of ours.
        """
        before = _day_place(wanted.before)
        known = day_records(self._queries.days(wanted.account))
        fitting = [day for day in reversed(known) if _is_wanted(day, wanted, before)]
        shown = fitting[: wanted.limit]
        more = len(fitting) > len(shown)
        return Page(shown, f"{shown[-1].day}.{shown[-1].account}" if more else None)

    def days_of(self, account: str) -> Sequence[DayRecord]:
        """All days of an account, oldest first."""
        return day_records(self._queries.days(account))

    def tallies(self, account: str | None) -> Mapping[TallyKey, Tally]:
        """The figures of closed trades, of one account or of each."""
        return {tally_key(row): tally_of(row) for row in self._queries.tallies(account)}

    def unprotected_since(self, account: str, instrument: str) -> datetime | None:
        """Since when a position stands without the stop that its newest entry asked for."""
        row = self._queries.newest_entry(account, instrument)
        if row is None or row["stop_at"] is None:
            return None
        return from_db(max(row["entered_at"], row["stop_at"]))

    def traded_by(self, account: str, instrument: str, strategy: str) -> Alert | None:
        """The alert of a strategy that entered an instrument last, else that of another order."""
        rows = self._queries.traded_by(account, instrument, strategy)
        return ALERT.load(rows[0]["alert"]) if rows else None

    def counts(self) -> Counts:
        """What the metrics tell of the journal's state."""
        by_status = {row["state"]: row["n"] for row in self._queries.orders_by_status()}
        jobs = self._queries.open_jobs()
        due = next((row["due"] for row in jobs if row["state"] == "ready"), None)
        return Counts(
            orders_by_status=by_status,
            jobs_by_state={row["state"]: row["n"] for row in jobs},
            unknown_orders=by_status.get("unknown", 0),
            oldest_ready_at=None if due is None else from_db(due),
        )

    @cached_property
    def _queries(self) -> "ColdQueries":
        # SQLAlchemy costs 12 MB and 0.2 s: not before somebody reads.
        from app.adapters.journal.cold_queries import ColdQueries  # noqa: PLC0415

        return ColdQueries(self._url)


def _cursor(row: "RowMapping") -> str:
    return f"{row['created_at']}.{row['client_order_id']}"


def _place(cursor: str | None) -> tuple[int, str] | None:
    if cursor is None:
        return None
    match = _ORDER_CURSOR.fullmatch(cursor)
    if match is None:
        raise ValueError(_NOT_OURS)
    return int(match[1]), match[2]


def _numbers(cursor: str | None, count: int) -> tuple[int, ...] | None:
    if cursor is None:
        return None
    if not _NUMBERS.fullmatch(cursor) or cursor.count(".") != count - 1:
        raise ValueError(_NOT_OURS)
    return tuple(map(int, cursor.split(".")))


def _page(
    rows: Sequence["RowMapping"],
    limit: int,
    record: Callable[["RowMapping"], Item],
    place: Sequence[str],
) -> Page[Item]:
    shown = rows[:limit]
    items = [record(row) for row in shown]
    if len(rows) <= limit:
        return Page(items, None)
    return Page(items, ".".join(str(shown[-1][name]) for name in place))


def _day_place(cursor: str | None) -> tuple[date, str] | None:
    if cursor is None:
        return None
    day, _, account = cursor.partition(".")
    try:
        return date.fromisoformat(day), account
    except ValueError:
        raise ValueError(_NOT_OURS) from None


def _is_wanted(day: DayRecord, wanted: DayFilter, before: tuple[date, str] | None) -> bool:
    midnight = datetime.combine(day.day, time(), UTC)
    return (
        (wanted.since is None or midnight >= wanted.since)
        and (wanted.until is None or midnight < wanted.until)
        and (before is None or (day.day, day.account) < before)
    )
