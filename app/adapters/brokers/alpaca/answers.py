"""Answers of Alpaca as values: read with care, for fields come and go and words are added.

What has to be there and is not, or is not what it should be, raises one of UNREADABLE
(`app/adapters/brokers/reading.py`).
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from app.adapters.brokers.reading import (
    Raw,
    fields_of,
    number,
    number_or_none,
    rows_of,
    text_of,
)
from app.domain.order import OrderStatus, OrderType, Side
from app.domain.position import Balance, Position, Quote
from app.domain.session import CLOSED, Day, Hours

log = logging.getLogger(__name__)

ZERO = Decimal(0)
HELD, REPLACED = "held", "replaced"
_AT_WORK = (
    *("new", "accepted", "pending_new", "accepted_for_bidding", "stopped", "suspended"),
    *("calculated", "done_for_day", "pending_cancel", "pending_replace", "partially_filled"),
    REPLACED,
)
_STATUSES: Mapping[str, OrderStatus] = {
    **dict.fromkeys(_AT_WORK, OrderStatus.LIVE),
    HELD: OrderStatus.NEW,
    "filled": OrderStatus.FILLED,
    "canceled": OrderStatus.CANCELED,
    "expired": OrderStatus.EXPIRED,
    "rejected": OrderStatus.REJECTED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """An order as Alpaca shows it. `quantity` is None for an order by its worth."""

    id: str
    client_order_id: str
    symbol: str
    side: Side
    order_type: str
    order_class: str
    word: str
    quantity: Decimal | None
    filled: Decimal
    average: Decimal | None
    limit_price: Decimal | None
    stop_price: Decimal | None
    time_in_force: str
    submitted_at: datetime
    changed_at: datetime
    replaced_by: str | None
    replaces: str | None
    legs: tuple["Told", ...]

    @property
    def status(self) -> OrderStatus:
        """What its word means; a word that is not known is taken for an order that works."""
        return _STATUSES.get(self.word, OrderStatus.LIVE)

    @property
    def stops(self) -> bool:
        """Whether it waits for a stop, as a stop loss does; a target is a limit."""
        return self.order_type in (OrderType.STOP, OrderType.STOP_LIMIT, OrderType.TRAILING_STOP)

    @property
    def is_pair(self) -> bool:
        """Whether it is the target of a pair whose stop is its leg."""
        return self.order_class == "oco"

    @property
    def nests(self) -> bool:
        """Whether it has legs, whether they are shown or not."""
        return self.order_class in ("bracket", "oto", "oco")


def read_order(raw: Any) -> Told:
    """An order, its legs with it when they are shown."""
    fields = fields_of(raw)
    word = text_of(fields, "status")
    if word not in _STATUSES:
        log.warning("an order status that is not known", extra={"order_status": word})
    submitted = _moment(fields.get("submitted_at") or fields["created_at"])
    ended = [fields.get(name) for name in ("filled_at", "canceled_at", "expired_at", "updated_at")]
    return Told(
        id=text_of(fields, "id"),
        client_order_id=text_of(fields, "client_order_id"),
        symbol=text_of(fields, "symbol"),
        side=Side(text_of(fields, "side")),
        order_type=str(fields.get("type") or fields["order_type"]),
        order_class=str(fields.get("order_class") or "simple"),
        word=word,
        quantity=number_or_none(fields.get("qty")),
        filled=number_or_none(fields.get("filled_qty")) or ZERO,
        average=number_or_none(fields.get("filled_avg_price")),
        limit_price=number_or_none(fields.get("limit_price")),
        stop_price=number_or_none(fields.get("stop_price")),
        time_in_force=str(fields.get("time_in_force") or ""),
        submitted_at=submitted,
        changed_at=max((_moment(text) for text in ended if text), default=submitted),
        replaced_by=fields.get("replaced_by") or None,
        replaces=fields.get("replaces") or None,
        legs=tuple(read_order(leg) for leg in rows_of(fields.get("legs") or [])),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Execution:
    """One execution of an order. `after`: how much of the order was filled with it."""

    order_id: str
    after: Decimal
    quantity: Decimal
    price: Decimal
    at: datetime

    @property
    def fill_id(self) -> str:
        """The same for the stream and for the activities, which have no id in common."""
        return f"{self.order_id}:{self.after.normalize():f}"


def read_activity(raw: Any) -> Execution:
    """An execution out of the account's activities."""
    fields = fields_of(raw)
    return Execution(
        order_id=text_of(fields, "order_id"),
        after=number(fields["cum_qty"]),
        quantity=number(fields["qty"]),
        price=number(fields["price"]),
        at=_moment(fields["transaction_time"]),
    )


def read_event(raw: Any) -> tuple[Told, Execution | None]:
    """What the stream tells: the order as it is now, and its execution if there was one."""
    fields = fields_of(raw)
    order = read_order(fields["order"])
    if fields.get("event") not in ("fill", "partial_fill"):
        return order, None
    execution = Execution(
        order_id=order.id,
        after=order.filled,
        quantity=number(fields["qty"]),
        price=number(fields["price"]),
        at=_moment(fields["timestamp"]),
    )
    return order, execution


def read_position(raw: Any) -> Position:
    """A position; crypto has no slash there."""
    fields = fields_of(raw)
    symbol = text_of(fields, "symbol")
    size = abs(number(fields["qty"]))
    entry = number(fields["avg_entry_price"])
    return Position(
        symbol=symbol,
        instrument=symbol.replace("/", ""),
        quantity=-size if text_of(fields, "side") == "short" else size,
        entry_price=entry,
        current_price=number_or_none(fields.get("current_price")) or entry,
        multiplier=Decimal(100 if fields.get("asset_class") == "us_option" else 1),
    )


def read_balance(raw: Any) -> Balance:
    """Money of the account."""
    fields = fields_of(raw)
    return Balance(
        cash=number(fields["cash"]),
        equity=number(fields["equity"]),
        buying_power=number(fields["buying_power"]),
    )


def read_quote(raw: Any) -> Quote | None:
    """Bid and ask, and their middle as the price; None while nobody bids or asks."""
    fields = fields_of(raw)
    bid, ask = number(fields.get("bp") or 0), number(fields.get("ap") or 0)
    sides = [price for price in (bid, ask) if price > 0]
    if not sides:
        return None
    both = len(sides) == 2  # noqa: PLR2004  # bid and ask
    return Quote(
        price=sum(sides, ZERO) / len(sides),
        at=_moment(fields["t"]),
        bid=bid if both else None,
        ask=ask if both else None,
    )


def read_days(raw: Any, first: date, last: date) -> Mapping[date, Day]:
    """The hours of all days from one to another; a day that is not told of is closed."""
    days = {first + timedelta(days=number): CLOSED for number in range((last - first).days + 1)}
    told = [fields_of(row) for row in rows_of(raw)]
    return days | {date.fromisoformat(text_of(row, "date")): _day(row) for row in told}


def _day(row: Raw) -> Day:
    """The hours as they come: `09:30`, and `0400` for those before and after."""
    regular = Hours(_time(row["open"]), _time(row["close"]))
    if not row.get("session_open") or not row.get("session_close"):
        return Day((regular,))
    return Day((regular,), (Hours(_time(row["session_open"]), _time(row["session_close"])),))


def _time(text: Any) -> time:
    return time.fromisoformat(str(text))


def read_troubles(raw: Any) -> Sequence[str]:
    """What keeps an account from trading, by its flags."""
    fields = fields_of(raw)
    flags = ("account_blocked", "trading_blocked", "trade_suspended_by_user")
    troubles = [flag.replace("_", " ") for flag in flags if fields.get(flag) is True]
    status = str(fields.get("status") or "ACTIVE")
    return troubles if status == "ACTIVE" else [f"the account is {status}", *troubles]


def _moment(text: Any) -> datetime:
    """RFC 3339, of which more than six decimals are cut off."""
    moment = datetime.fromisoformat(str(text))
    if moment.tzinfo is None:
        raise ValueError(f"no time zone: {text!r}")
    return moment.astimezone(UTC)
