"""An order as a book sees it: whole ticks, whole steps, and the price that it waits for."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from app.domain.order import OrderType

# Which prices each type of order has: (limit, stop). A trailing stop finds its stop by itself.
_PRICES = {
    OrderType.MARKET: (False, False),
    OrderType.LIMIT: (True, False),
    OrderType.STOP: (False, True),
    OrderType.STOP_LIMIT: (True, True),
}


@dataclass(slots=True, kw_only=True)
class BookOrder:
    """An order in the book; everything that must survive a rebuild is in its fields.

    Attributes:
        id: unique among the working orders of the book.
        side: +1 buys, -1 sells.
        quantity: in steps, positive; the book lowers it when a reduce-only order is cut.
        type: how it is priced.
        limit: the limit price in ticks.
        stop: the stop price in ticks; that of a trailing stop moves, and is None before it starts.
        trail: how far a trailing stop follows behind the best price, in ticks.
        activation: a trailing stop starts at this price (TradingView's trail_price); at once
            without one.
        reduce_only: it only closes; it never opens, grows or flips the position.
        part: a target for a part of what its group protects: its fill takes its quantity from its
            siblings, where the fill of any other member cancels them.
        immediate: what the price it arrives at does not fill is canceled (ioc and fok).
        group: name of its OCO group.
        parent: id of the entry that armed it.
        arm: given the fill price in ticks, makes the orders that protect the fill.
        triggered: a stop_limit whose stop was reached: from there on a limit.
    """

    id: str
    side: int
    quantity: int
    type: OrderType
    limit: int | None = None
    stop: int | None = None
    trail: int | None = None
    activation: int | None = None
    reduce_only: bool = False
    part: bool = False
    immediate: bool = False
    group: str | None = None
    parent: str | None = None
    arm: Callable[[int], Iterable["BookOrder"]] | None = None
    triggered: bool = False

    def __post_init__(self) -> None:
        if self.side not in (1, -1):
            raise ValueError(f"order {self.id}: side {self.side} is neither +1 nor -1")
        if self.quantity <= 0:
            raise ValueError(f"order {self.id}: quantity {self.quantity} is not positive")
        if not self._is_priced():
            raise ValueError(f"order {self.id}: wrong prices for type {self.type}")
        if self.trail is not None and self.trail <= 0:
            raise ValueError(f"order {self.id}: a trail of {self.trail} is not positive")

    @property
    def awaits_stop(self) -> bool:
        """Whether it sleeps until its stop price is reached."""
        return self.stop is not None and not self.triggered

    @property
    def dormant(self) -> bool:
        """Whether it is a trailing stop that has not started."""
        return self.trail is not None and self.stop is None

    @property
    def trigger(self) -> int:
        """The price that it waits for now, in ticks."""
        price = self.stop if self.awaits_stop else self.limit
        if price is None:
            price = self.activation
        if price is None:
            raise ValueError(
                f"order {self.id}: a {self.type} order cannot rest in the book without a price"
            )
        return price

    @property
    def rises(self) -> bool:
        """Whether the price must rise to its trigger (buy stop, sell limit) rather than fall."""
        return self.awaits_stop == (self.side > 0)

    def reached_by(self, price: int) -> bool:
        """Whether this price is the one that it fills or is triggered at, or beyond."""
        if self.type is OrderType.MARKET:
            return True
        return not self.dormant and self._passed(self.trigger, price)

    def track(self, price: int) -> bool:
        """Let a trailing stop follow a price; whether its stop moved."""
        if self.trail is None:
            return False
        waits = self.stop is None and self.activation is not None
        if waits and not self._passed(self.trigger, price):
            return False
        stop = price + self.side * self.trail
        if self.stop is not None and (stop - self.stop) * self.side >= 0:
            return False
        self.stop = stop
        return True

    def _passed(self, trigger: int, price: int) -> bool:
        return price >= trigger if self.rises else price <= trigger

    def _is_priced(self) -> bool:
        if self.type is OrderType.TRAILING_STOP:
            return self.trail is not None and self.limit is None
        prices = (self.limit is not None, self.stop is not None)
        return prices == _PRICES[self.type] and self.trail is None and self.activation is None
