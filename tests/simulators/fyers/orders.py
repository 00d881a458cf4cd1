"""An order as Fyers keeps it, and what belongs to it."""

from dataclasses import dataclass, field
from decimal import Decimal
from enum import IntEnum
from typing import Any

from app.domain.book_order import BookOrder
from app.domain.order import OrderType
from tests.simulators.fyers.instruments import Instrument

ZERO = Decimal(0)
UNTAGGED = "2:Untagged"
Row = dict[str, Any]


class Type(IntEnum):
    """How an order is priced."""

    LIMIT = 1
    MARKET = 2
    STOP = 3
    STOP_LIMIT = 4

    @property
    def has_limit(self) -> bool:
        """Whether it has a limit price."""
        return self in (Type.LIMIT, Type.STOP_LIMIT)

    @property
    def has_stop(self) -> bool:
        """Whether it sleeps until its stop price."""
        return self in (Type.STOP, Type.STOP_LIMIT)


class Status(IntEnum):
    """What became of an order."""

    CANCELLED = 1
    TRADED = 2
    TRANSIT = 4
    REJECTED = 5
    PENDING = 6
    EXPIRED = 7


@dataclass(slots=True, kw_only=True)
class Legs:
    """A stop loss and a target that come with an order: points, or percents, from its price."""

    take_profit: Decimal | None = None
    stop_loss: Decimal | None = None
    percent: bool = False

    @property
    def asked(self) -> bool:
        """Whether there is any."""
        return bool(self.take_profit or self.stop_loss)

    def prices(self, side: int, price: Decimal, tick: Decimal) -> tuple[Decimal | None, ...]:
        """The target and the stop of what was bought (+1) or sold (-1) at a price."""
        return (
            self._away(self.take_profit, side, price, tick),
            self._away(self.stop_loss, -side, price, tick),
        )

    def _away(
        self, offset: Decimal | None, side: int, price: Decimal, tick: Decimal
    ) -> Decimal | None:
        if not offset:
            return None
        points = price * offset / 100 if self.percent else offset
        return max(tick, ((price + side * points) / tick).to_integral_value() * tick)


@dataclass(slots=True, kw_only=True, eq=False)
class Order:
    """One order.

    Attributes:
        parent: id of the entry, or of the position, that it protects.
        mate: the other leg: one cancels the other.
        triggered: its stop was reached; from there on it is a market or a limit order.
        day: the day on which it works, and after which it is over.
        versions: what readers were shown, each from a moment on.
        lag: how many nanoseconds after something happened readers see it.
    """

    id: str
    exchange_id: str
    instrument: Instrument
    side: int
    type: Type
    product: str
    qty: int
    limit_price: Decimal = ZERO
    stop_price: Decimal = ZERO
    validity: str = "DAY"
    disclosed: int = 0
    offline: bool = False
    tag: str = UNTAGGED
    source: str = "API"
    legs: Legs = field(default_factory=Legs)
    parent: str = ""
    mate: "Order | None" = None
    children: list["Order"] = field(default_factory=list["Order"])
    status: Status = Status.TRANSIT
    filled: int = 0
    fills: int = 0
    cost: Decimal = ZERO
    message: str = ""
    day: str = ""
    created_at: int = 0
    updated_at: int = 0
    triggered: bool = False
    lag: int = 0
    versions: list[tuple[int, Row]] = field(default_factory=list[tuple[int, Row]])

    @property
    def is_open(self) -> bool:
        """Whether something may still come of it."""
        return self.status in (Status.PENDING, Status.TRANSIT)

    @property
    def left(self) -> int:
        """What is not filled."""
        return self.qty - self.filled

    @property
    def average(self) -> Decimal:
        """The average price of its fills; 0 without any."""
        return self.cost / self.filled if self.filled else ZERO

    def seen_at(self, now: int) -> Row | None:
        """What a reader is shown; None = nothing yet."""
        for since, row in reversed(self.versions):
            if since <= now:
                return row
        return None

    def waits_for_stop(self, last: Decimal) -> bool:
        """Whether it sleeps on; the last trade may wake it."""
        if not self.type.has_stop or self.triggered:
            return False
        self.triggered = self._in_book(OrderType.STOP).reached_by(self._ticks(last))
        return not self.triggered

    def accepts(self, price: Decimal) -> bool:
        """Whether it trades at a price, by the rules of our own book."""
        if not self.type.has_limit:
            return True
        return self._in_book(OrderType.LIMIT).reached_by(self._ticks(price))

    def _in_book(self, kind: OrderType) -> BookOrder:
        stops = kind is OrderType.STOP
        return BookOrder(
            id=self.id,
            side=self.side,
            quantity=max(1, self.left),
            type=kind,
            limit=None if stops else self._ticks(self.limit_price),
            stop=self._ticks(self.stop_price) if stops else None,
        )

    def _ticks(self, price: Decimal) -> int:
        """Hundredths of a tick: quotes may lie between two."""
        return int((price / self.instrument.tick * 100).to_integral_value())
