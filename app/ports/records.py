"""Records: the journal as people read it. Cold queries, newest first, page by page."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, Protocol, TypeVar

from app.domain.events import Event
from app.domain.order import Fill
from app.ports.journal import AlertRecord, OrderRecord

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertFilter:
    """Which alerts are wanted; None = all. `before` is a cursor: an alert_id, exclusive."""

    status: str | None = None
    symbol: str | None = None
    before: str | None = None
    limit: int = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderFilter:
    """Which orders are wanted; None = all. `before` is an opaque cursor, exclusive."""

    status: str | None = None
    symbol: str | None = None
    account: str | None = None
    alert_id: str | None = None
    before: str | None = None
    limit: int = 50


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """A page of a list, and the cursor of the next one."""

    items: Sequence[T]
    next_cursor: str | None


class Records(Protocol):
    """Reads of the journal. Every method may raise JournalError."""

    def alerts(self, wanted: AlertFilter) -> "Page[AlertRecord]":
        """Alerts, newest first."""
        ...

    def timeline(self, alert_id: str) -> Sequence[Event]:
        """The events of an alert, oldest first."""
        ...

    def orders(self, wanted: OrderFilter) -> "Page[OrderRecord]":
        """Orders, newest first, legs included."""
        ...

    def fills(self, client_order_id: str) -> Sequence[Fill]:
        """The fills of an order, oldest first."""
        ...

    def unprotected_since(self, account: str, instrument: str) -> datetime | None:
        """Since when a position stands without the stop that its entry asked for.

        To be asked of a position that no live stop covers; None when its entry asked for none.
        """
        ...

    def counts(self) -> "Counts":
        """What the metrics tell of the journal's state."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """How many of what there are now."""

    orders_by_status: dict[str, int]
    jobs_by_state: dict[str, int]
    unknown_orders: int
    oldest_ready_at: datetime | None
