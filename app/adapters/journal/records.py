"""Records: the journal as people read it, in pages."""

import json
import re
from collections.abc import Sequence
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING

from app.adapters.journal.rows import alert_record, fill_of, order_record
from app.adapters.sql import from_db
from app.domain.events import Event, EventKind
from app.domain.order import Fill
from app.ports.journal import AlertRecord, OrderRecord
from app.ports.records import AlertFilter, Counts, OrderFilter, Page

if TYPE_CHECKING:
    from sqlalchemy import RowMapping

    from app.adapters.journal.cold_queries import ColdQueries


_ALERT_CURSOR = re.compile(r"[0-9A-HJKMNP-TV-Z]{26}")
_ORDER_CURSOR = re.compile(r"([0-9]{1,18})\.(\S{1,128})")
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
        return [_event(row) for row in self._queries.timeline(alert_id)]

    def orders(self, wanted: OrderFilter) -> Page[OrderRecord]:
        """Orders, newest first, legs included.

        Raises:
            ValueError: the cursor is none of ours.
        """
        rows = self._queries.orders(wanted, _place(wanted.before))
        shown = rows[: wanted.limit]
        more = len(rows) > len(shown)
        return Page([order_record(row) for row in shown], _cursor(shown[-1]) if more else None)

    def fills(self, client_order_id: str) -> Sequence[Fill]:
        """The fills of an order, oldest first."""
        return [fill_of(row) for row in self._queries.fills(client_order_id)]

    def unprotected_since(self, account: str, instrument: str) -> datetime | None:
        """Since when a position stands without the stop that its newest entry asked for."""
        row = self._queries.newest_entry(account, instrument)
        if row is None or row["stop_at"] is None:
            return None
        return from_db(max(row["entered_at"], row["stop_at"]))

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


def _event(row: "RowMapping") -> Event:
    return Event(
        kind=EventKind(row["kind"]),
        at=from_db(row["at"]),
        alert_id=row["alert_id"],
        account=row["account"],
        symbol=row["symbol"],
        client_order_id=row["client_order_id"],
        problem=bool(row["problem"]),
        facts=json.loads(row["facts"]),
    )
