"""An order as a paper account keeps it, and how it is made from what was asked for."""

from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from app.adapters.brokers.paper.instruments import ORDER_TYPES, STEP, TIMES_IN_FORCE
from app.adapters.brokers.paper.money import EXACT, PRICE_UNIT, TOO_LARGE
from app.domain.book_order import BookOrder
from app.domain.errors import BrokerRejected
from app.domain.order import (
    IMMEDIATE,
    Leg,
    Level,
    LevelKind,
    OrderIntent,
    OrderRole,
    OrderStatus,
    OrderType,
    Side,
)
from app.domain.protection import leg_price, leg_type
from app.domain.ticks import from_ticks, round_to_tick, to_steps, to_ticks


@dataclass(slots=True, kw_only=True)
class PaperOrder:
    """One row of paper_orders.

    `seq` is its place among the orders that work on its instrument. A protective leg (`parent` is
    its entry) has a `level`, and no price before its entry fills; the target of a pair (`parent` is
    its stop) has a price and no level. `immediate` is of no use once it was submitted, and not
    kept.
    """

    client_order_id: str
    symbol: str
    instrument: str
    side: Side
    role: OrderRole
    order_type: OrderType
    quantity: Decimal
    limit_price: Decimal | None = None
    stop_price: Decimal | None = None
    trail: Decimal | None = None
    immediate: bool = False
    expires_at: datetime | None = None
    triggered_at: datetime | None = None
    parent: str | None = None
    level: Level | None = None
    seq: int = 0
    status: OrderStatus = OrderStatus.NEW
    reason: str = ""

    @property
    def root(self) -> str:
        """The order that it belongs to: a leg's entry, or itself."""
        return self.parent or self.client_order_id

    @property
    def needs_quote(self) -> bool:
        """Whether it can do nothing without a price to begin with."""
        starts = self.order_type in (OrderType.MARKET, OrderType.TRAILING_STOP)
        return starts or self.immediate

    @property
    def rests_as_limit(self) -> bool:
        """Whether it waits for its limit: always did, or since its stop was reached."""
        triggered = self.triggered_at is not None
        return self.order_type is OrderType.LIMIT or triggered

    def in_book(self) -> BookOrder:
        """The order as the matcher sees it, in whole steps and price units.

        Raises:
            ValueError: its type, quantity and prices do not make an order.
        """
        return BookOrder(
            id=self.client_order_id,
            side=self.side.sign,
            quantity=to_steps(self.quantity, STEP),
            type=self.order_type,
            limit=to_units(self.limit_price),
            stop=to_units(self.stop_price),
            trail=to_units(self.trail),
            immediate=self.immediate,
            reduce_only=self.role is not OrderRole.ENTRY,
            group=self.root if self.role.protects else None,
            parent=self.parent,
            triggered=self.triggered_at is not None,
        )

    def priced(self, reference: Decimal, tick: Decimal) -> "PaperOrder":
        """A copy of this leg with the prices that follow from its entry's fill."""
        level = self.level
        if level is None:
            raise ValueError(f"{self.client_order_id} is not a leg")
        price = leg_price(
            level, self.role, entry_side=self.side.opposite, reference=reference, tick=tick
        )
        if self.order_type is OrderType.LIMIT:
            return replace(self, limit_price=price)
        if self.order_type is OrderType.TRAILING_STOP:
            return replace(self, stop_price=price, trail=abs(reference - price))
        limit = level.limit_price
        if self.order_type is OrderType.STOP_LIMIT and limit is not None:
            limit = round_to_tick(limit, tick, side=self.side, stop=False)
            return replace(self, stop_price=price, limit_price=limit)
        return replace(self, stop_price=price)

    @property
    def is_of_pair(self) -> bool:
        """Whether it is the target of a stop that was placed with it, for an open position."""
        return self.parent is not None and self.level is None

    @property
    def possible(self) -> bool:
        """Whether its prices can exist."""
        prices = (self.limit_price, self.stop_price)
        return all(price is None or _possible(price) for price in prices)


@dataclass(frozen=True, slots=True, kw_only=True)
class PaperFill:
    """One row of paper_fills. `number` counts the fills of an order from 1."""

    client_order_id: str
    number: int
    quantity: Decimal
    price: Decimal
    fee: Decimal
    at: datetime


def to_units(price: Decimal | None) -> int | None:
    """A price as the matcher counts it.

    Raises:
        ValueError: it has more decimals than the matcher counts.
    """
    return None if price is None else to_ticks(price, PRICE_UNIT)


def to_price(units: int) -> Decimal:
    """A price that the matcher counted."""
    return EXACT.normalize(from_ticks(units, PRICE_UNIT))


def _possible(amount: Decimal) -> bool:
    return amount.is_finite() and 0 < amount < TOO_LARGE


def order_of(intent: OrderIntent) -> PaperOrder:
    """The order that an intent asks for.

    Raises:
        BrokerRejected: there is no such order here.
    """
    if intent.order_type not in ORDER_TYPES:
        raise _unsupported(f"{intent.order_type.value} orders", "UNSUPPORTED_ORDER_TYPE")
    if intent.time_in_force not in TIMES_IN_FORCE:
        raise _unsupported(f"{intent.time_in_force} orders", "UNSUPPORTED_TIME_IN_FORCE")
    amounts = (intent.quantity, intent.limit_price, intent.stop_price, intent.trail)
    if not all(amount is None or _possible(amount) for amount in amounts):
        raise BrokerRejected("quantity and prices must be positive and below 1E15")
    return PaperOrder(
        client_order_id=intent.client_order_id,
        symbol=intent.symbol,
        instrument=intent.instrument,
        side=intent.side,
        role=intent.role,
        order_type=intent.order_type,
        quantity=intent.quantity,
        limit_price=intent.limit_price,
        stop_price=intent.stop_price,
        trail=intent.trail,
        immediate=intent.time_in_force in IMMEDIATE,
        expires_at=intent.expires_at,
    )


def legs_of(intent: OrderIntent) -> list[PaperOrder]:
    """The legs that an intent asks for: they wait for its fill, or work beside a stop."""
    if intent.role.protects:
        return [_beside(intent, leg) for _, leg in intent.legs]
    return [_leg(intent, role, leg) for role, leg in intent.legs]


def _beside(intent: OrderIntent, leg: Leg) -> PaperOrder:
    if leg.level.kind is not LevelKind.PRICE or not _possible(leg.level.value):
        raise BrokerRejected("the target of a pair needs a price")
    return PaperOrder(
        client_order_id=leg.client_order_id,
        symbol=intent.symbol,
        instrument=intent.instrument,
        side=intent.side,
        role=OrderRole.TAKE_PROFIT,
        order_type=OrderType.LIMIT,
        quantity=intent.quantity,
        limit_price=leg.level.value,
        parent=intent.client_order_id,
    )


def _leg(intent: OrderIntent, role: OrderRole, leg: Leg) -> PaperOrder:
    return PaperOrder(
        client_order_id=leg.client_order_id,
        symbol=intent.symbol,
        instrument=intent.instrument,
        side=intent.side.opposite,
        role=role,
        order_type=_leg_type(leg.level, role),
        quantity=intent.quantity,
        parent=intent.client_order_id,
        level=leg.level,
    )


def _leg_type(level: Level, role: OrderRole) -> OrderType:
    kind = leg_type(level, role)
    if kind is OrderType.TRAILING_STOP and level.kind is LevelKind.PRICE:
        raise _unsupported("trailing stops at a price", "UNSUPPORTED_PROTECTION")
    return kind


def _unsupported(what: str, code: str) -> BrokerRejected:
    return BrokerRejected(f"the paper broker has no {what}", code=code)
