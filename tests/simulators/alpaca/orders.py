"""An order as Alpaca keeps it, and which orders belong together."""

from dataclasses import dataclass, field
from decimal import ROUND_DOWN, Decimal

from app.domain.book_order import BookOrder
from app.domain.grains import grains
from app.domain.order import OrderType
from tests.simulators.alpaca.assets import Asset

ZERO = Decimal(0)
NINE = Decimal("1e-9")
"""Quantities and money have up to nine decimals."""

OPEN = frozenset(("new", "partially_filled", "accepted", "pending_new", "held", "pending_cancel"))
AT_WORK = frozenset(("new", "partially_filled"))
"""Statuses in which an order can fill, be canceled and be replaced."""

COMPLEX = frozenset(("bracket", "oco", "oto"))


@dataclass(slots=True, kw_only=True, eq=False)
class Order:
    """One order. `armed`: it works as far as its parent is concerned.

    Attributes:
        hwm: best price since a trailing stop was submitted; its stop follows it.
        triggered: its stop was reached; from there on it is a market or a limit order.
        visible_at: readers do not find it before (a fault that may be asked for).
        begins_at: it waits for a session that opens then.
    """

    id: str
    client_order_id: str
    asset: Asset
    side: int
    type: OrderType
    time_in_force: str
    qty: Decimal | None = None
    notional: Decimal | None = None
    limit_price: Decimal | None = None
    stop_price: Decimal | None = None
    trail_price: Decimal | None = None
    trail_percent: Decimal | None = None
    order_class: str = ""
    extended_hours: bool = False
    intent: str | None = None
    status: str = "pending_new"
    created_at: int = 0
    updated_at: int = 0
    expires_at: int = 0
    begins_at: int = 0
    visible_at: int = 0
    ended_at: dict[str, int] = field(default_factory=dict[str, int])
    filled_qty: Decimal = ZERO
    filled_cost: Decimal = ZERO
    hwm: Decimal | None = None
    triggered: bool = False
    armed: bool = True
    liquidates: bool = False
    parent: "Order | None" = None
    legs: list["Order"] = field(default_factory=list["Order"])
    replaces: str | None = None
    replaced_by: str | None = None

    @property
    def is_open(self) -> bool:
        """Whether something may still come of it."""
        return self.status in OPEN

    @property
    def is_complex(self) -> bool:
        """Whether it is part of a bracket, an OCO or an OTO."""
        return self.order_class in COMPLEX

    @property
    def is_entry(self) -> bool:
        """Whether its fill puts its legs to work."""
        return self.parent is None and self.order_class in ("bracket", "oto")

    @property
    def siblings(self) -> list["Order"]:
        """The exits of which only one may fill, but for this one."""
        if self.parent is None:
            return list(self.legs) if self.order_class == "oco" else []
        others = [leg for leg in self.parent.legs if leg is not self]
        return [self.parent, *others] if self.order_class == "oco" else others

    @property
    def depending(self) -> list["Order"]:
        """What ends with it when it ends unfilled: a bracket before its fill is one thing."""
        if self.is_entry:
            return list(self.legs)
        waits_for = [self.parent] if self.parent is not None and not self.armed else []
        return [*self.siblings, *waits_for]

    @property
    def pair(self) -> str:
        """The name of the exits that stand for one quantity."""
        return (self.parent or self).id

    def quantity_at(self, price: Decimal) -> Decimal:
        """What is left to fill: of a quantity, or of an amount of money at a price."""
        if self.qty is not None:
            return self.qty - self.filled_qty
        left = (self.notional or ZERO) - self.filled_cost
        return max(ZERO, (left / price).quantize(NINE, ROUND_DOWN))

    @property
    def average(self) -> Decimal | None:
        """The average price of its fills."""
        return self.filled_cost / self.filled_qty if self.filled_qty else None

    def follow(self, price: Decimal) -> None:
        """Let a trailing stop follow a price."""
        if self.type is not OrderType.TRAILING_STOP or self.triggered:
            return
        best = min if self.side > 0 else max
        self.hwm = price if self.hwm is None else best(self.hwm, price)
        if self.trail_price is not None:
            away = self.trail_price
        else:
            away = self.hwm * (self.trail_percent or ZERO) / 100
        self.stop_price = self.hwm + self.side * away

    def reached_by(self, price: Decimal) -> bool:
        """Whether a price fills it, by the rules of our own book; it may trigger its stop."""
        if self._waits_for_stop:
            if not self._in_book(OrderType.STOP).reached_by(grains(price)):
                return False
            self.triggered = True
        if self.limit_price is None:
            return True
        return self._in_book(OrderType.LIMIT).reached_by(grains(price))

    @property
    def _waits_for_stop(self) -> bool:
        return self.stop_price is not None and not self.triggered

    def _in_book(self, kind: OrderType) -> BookOrder:
        price = self.stop_price if kind is OrderType.STOP else self.limit_price
        return BookOrder(
            id=self.id,
            side=self.side,
            quantity=1,
            type=kind,
            limit=grains(price or ZERO) if kind is OrderType.LIMIT else None,
            stop=grains(price or ZERO) if kind is OrderType.STOP else None,
        )
