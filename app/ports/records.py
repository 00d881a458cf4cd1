"""Records: the journal as people read it. Cold queries, newest first, page by page."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Generic, Protocol, TypeVar

from app.domain.alert import Alert
from app.domain.events import Event
from app.domain.order import Fill
from app.domain.tally import Tally, TallyKey
from app.ports.journal import AlertRecord, OrderRecord

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertFilter:
    """Which alerts are wanted; None = all. `before` is a cursor: an alert_id, exclusive.

    Here and below `since` is inclusive and `until` is not.
    """

    status: str | None = None
    symbol: str | None = None
    account: str | None = None
    strategy: str | None = None
    since: datetime | None = None
    until: datetime | None = None
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


@dataclass(frozen=True, slots=True, kw_only=True)
class FillFilter:
    """Which fills are wanted, by the time of the fill; `before` is an opaque cursor."""

    account: str | None = None
    symbol: str | None = None
    strategy: str | None = None
    alert_id: str | None = None
    client_order_id: str | None = None
    side: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    before: str | None = None
    limit: int = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class TradeFilter:
    """Which closed trades are wanted, by the time of their exit; `before` is an opaque cursor.

    `strategy` is that of the entry, `alert_id` that of either side.
    """

    account: str | None = None
    symbol: str | None = None
    strategy: str | None = None
    alert_id: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    before: str | None = None
    limit: int = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class EventFilter:
    """Which events are wanted; `before` is an opaque cursor."""

    account: str | None = None
    symbol: str | None = None
    alert_id: str | None = None
    client_order_id: str | None = None
    kind: str | None = None
    problem: bool | None = None
    since: datetime | None = None
    until: datetime | None = None
    before: str | None = None
    limit: int = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class DayFilter:
    """Which days are wanted, by their midnight (UTC); `before` is an opaque cursor."""

    account: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    before: str | None = None
    limit: int = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class FillRecord:
    """A fill as the journal knows it."""

    number: int
    account: str
    instrument: str
    strategy: str
    alert_id: str
    multiplier: Decimal
    fill: Fill


@dataclass(frozen=True, slots=True, kw_only=True)
class TradeRecord:
    """A closed trade as the ledger knows it. `quantity` is negative when it was short.

    `low` and `high`: the prices between which it was seen, its own two among them.
    """

    exit_fill: int
    entry_fill: int
    account: str
    symbol: str
    instrument: str
    quantity: Decimal
    multiplier: Decimal
    entry_price: Decimal
    exit_price: Decimal
    fees: Decimal
    pnl: Decimal
    entry_strategy: str
    exit_strategy: str
    entry_alert_id: str
    exit_alert_id: str
    entered_at: datetime
    exited_at: datetime
    low: Decimal
    high: Decimal

    @property
    def best_moment(self) -> Decimal:
        """The most that it would have earned at a price that was seen, before fees (MFE)."""
        return max(self._earned(self.low), self._earned(self.high))

    @property
    def worst_moment(self) -> Decimal:
        """The least; it is not above zero (MAE)."""
        return min(self._earned(self.low), self._earned(self.high))

    def _earned(self, price: Decimal) -> Decimal:
        return (price - self.entry_price) * self.quantity * self.multiplier


@dataclass(frozen=True, slots=True, kw_only=True)
class DayRecord:
    """What an account realised on a day (UTC), after fees, and since its first one (`cumulative`).

    `equity` is what it was last seen to be worth on that day; None when nobody looked.
    """

    account: str
    day: date
    trades: int
    realised: Decimal
    fees: Decimal
    cumulative: Decimal
    equity: Decimal | None
    equity_at: datetime | None


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

    def fills_of(self, client_order_id: str) -> Sequence[Fill]:
        """The fills of an order, oldest first."""
        ...

    def unprotected_since(self, account: str, instrument: str) -> datetime | None:
        """Since when a position stands without the stop that its entry asked for.

        To be asked of a position that no live stop covers; None when its entry asked for none.
        """
        ...

    def fills(self, wanted: FillFilter) -> "Page[FillRecord]":
        """Fills of all orders, newest first."""
        ...

    def trades(self, wanted: TradeFilter) -> "Page[TradeRecord]":
        """Closed trades, newest first."""
        ...

    def events(self, wanted: EventFilter) -> "Page[Event]":
        """Everything that happened, newest first."""
        ...

    def days(self, wanted: DayFilter) -> "Page[DayRecord]":
        """The days of accounts, newest first."""
        ...

    def days_of(self, account: str) -> "Sequence[DayRecord]":
        """All days of an account, oldest first."""
        ...

    def tallies(self, account: str | None) -> "Mapping[TallyKey, Tally]":
        """The figures of closed trades, of one account or of each."""
        ...

    def traded_by(self, account: str, instrument: str, strategy: str) -> Alert | None:
        """The alert of a strategy that entered an instrument last, else that of another order."""
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
