"""Orders: what is decided, what is sent, what the broker says of it."""

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum


class Side(StrEnum):
    """Which way an order trades."""

    BUY = "buy"
    SELL = "sell"

    @property
    def sign(self) -> int:
        """+1 for a buy, -1 for a sell."""
        return 1 if self is Side.BUY else -1

    @property
    def opposite(self) -> "Side":
        """The side that undoes this one."""
        return Side.SELL if self is Side.BUY else Side.BUY


class OrderType(StrEnum):
    """How an order is priced."""

    MARKET = "market"
    LIMIT = "limit"
    STOP = "stop"
    STOP_LIMIT = "stop_limit"
    TRAILING_STOP = "trailing_stop"


class OrderRole(StrEnum):
    """What an order is for. Only entries open or grow a position."""

    ENTRY = "entry"
    EXIT = "exit"
    STOP_LOSS = "stop_loss"
    TAKE_PROFIT = "take_profit"

    @property
    def protects(self) -> bool:
        """Whether it is a protective leg."""
        return self in (OrderRole.STOP_LOSS, OrderRole.TAKE_PROFIT)


class OrderStatus(StrEnum):
    """The life of an order.

    new -> submitting (journaled before the wire) -> live -> partially_filled -> filled,
    or canceled, rejected, expired; `unknown` = it may have reached the broker. A protective leg
    stays `new` until its entry fills.
    """

    NEW = "new"
    SUBMITTING = "submitting"
    LIVE = "live"
    PARTIALLY_FILLED = "partially_filled"
    FILLED = "filled"
    CANCELED = "canceled"
    REJECTED = "rejected"
    EXPIRED = "expired"
    UNKNOWN = "unknown"

    @property
    def final(self) -> bool:
        """Whether nothing more will happen to the order."""
        return self in FINAL_STATUSES

    @property
    def in_flight(self) -> bool:
        """Whether its broker has said nothing of it yet: not sent, on its way, or in doubt."""
        return self in (OrderStatus.NEW, OrderStatus.SUBMITTING, OrderStatus.UNKNOWN)

    @property
    def working(self) -> bool:
        """Whether the order rests at the broker and can still fill."""
        return self in (OrderStatus.LIVE, OrderStatus.PARTIALLY_FILLED)


FINAL_STATUSES = frozenset(
    {OrderStatus.FILLED, OrderStatus.CANCELED, OrderStatus.REJECTED, OrderStatus.EXPIRED}
)


IMMEDIATE = frozenset({"ioc", "fok"})
"""Times in force of orders that fill when they arrive, or are canceled."""


class LevelKind(StrEnum):
    """How a stop-loss or take-profit level is given."""

    PRICE = "price"
    PERCENT = "percent"
    OFFSET = "offset"


@dataclass(frozen=True, slots=True)
class Level:
    """A stop-loss or take-profit level, relative ones to the average fill.

    `value` is a price, a percentage (2 = 2 %) or a distance in price; always positive. `type` is
    the kind of order that was asked for (`stop`, `stop_limit`, `trailing_stop`), `limit_price` its
    limit. The value of a trailing stop is how far it follows behind; never a price.
    """

    kind: LevelKind
    value: Decimal
    type: str | None = None
    limit_price: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Leg:
    """One protective leg of a bracket, named before it exists."""

    client_order_id: str
    level: Level


@dataclass(frozen=True, slots=True)
class Guard:
    """What protects an entry whose broker does not take it along: we arm it from the fills.

    `watched`: its broker takes no stop for so little. Nothing rests; we close at the price.
    """

    stop_loss: Level | None = None
    take_profit: Level | None = None
    watched: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderIntent:
    """An order that was decided and not yet sent: it has no broker_order_id.

    `quantity` is in units of the instrument (shares, coins, contracts), always positive;
    `multiplier` is the instrument's: money per unit and point of price. `notional`: its worth, for
    a broker that takes it instead of the quantity, which is then what it comes to at the newest
    price. `strategy` is the name of
    the one whose order it is; its fills, and those of its legs, are that one's. `trail` is the
    distance in price of a trailing stop. `expires_at`: when it ends unless it has filled (aware
    UTC); None: by no clock of ours. `extended_hours`: it may be executed outside the regular hours
    of its market. `product`: under which product of its broker an entry is held, as its alert has
    it; "" where it names none. `parent`: the entry that a leg protects which is armed alone. A
    STOP_LOSS with a `take_profit` is a pair that cancels each other, for an open position.

    `guard` and `target` are not the broker's business: what we arm once the entry fills, and the
    price at which we sell what this stop protects, where its broker cannot hold both.
    """

    client_order_id: str
    account: str
    symbol: str
    instrument: str
    side: Side
    quantity: Decimal
    role: OrderRole
    order_type: OrderType = OrderType.MARKET
    limit_price: Decimal | None = None
    stop_price: Decimal | None = None
    trail: Decimal | None = None
    time_in_force: str = "day"
    expires_at: datetime | None = None
    multiplier: Decimal = Decimal(1)
    notional: Decimal | None = None
    stop_loss: Leg | None = None
    take_profit: Leg | None = None
    strategy: str = ""
    extended_hours: bool = False
    product: str = ""
    parent: str | None = None
    guard: Guard | None = None
    target: Decimal | None = None

    @property
    def legs(self) -> tuple[tuple[OrderRole, Leg], ...]:
        """The protective legs that were asked for, each with its role."""
        pairs = ((OrderRole.STOP_LOSS, self.stop_loss), (OrderRole.TAKE_PROFIT, self.take_profit))
        return tuple((role, leg) for role, leg in pairs if leg is not None)

    @property
    def protection(self) -> Guard:
        """Where its stop and target were asked for, whoever arms them."""
        if self.guard is not None:
            return self.guard
        stop, target = self.stop_loss, self.take_profit
        return Guard(stop.level if stop else None, target.level if target else None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fill:
    """A part of an order that was executed. `fill_id` is the broker's, unique in the account."""

    fill_id: str
    client_order_id: str
    symbol: str
    side: Side
    quantity: Decimal
    price: Decimal
    fee: Decimal = Decimal(0)
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerOrder:
    """What the broker says of an order, its legs and fills included. `quantity` in units.

    `stop_price` of a trailing stop is where it is now. `triggered_at`: when the stop of a
    stop_limit was reached; from there on it is a limit that may not fill.
    """

    client_order_id: str
    broker_order_id: str
    symbol: str
    side: Side
    quantity: Decimal
    status: OrderStatus
    filled_quantity: Decimal = Decimal(0)
    average_price: Decimal | None = None
    limit_price: Decimal | None = None
    stop_price: Decimal | None = None
    expires_at: datetime | None = None
    triggered_at: datetime | None = None
    reason: str = ""
    fills: tuple[Fill, ...] = ()
    legs: tuple["BrokerOrder", ...] = field(default=())
