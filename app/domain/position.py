"""A position as a broker reports it."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum


class Direction(StrEnum):
    """Which way a position looks."""

    LONG = "LONG"
    SHORT = "SHORT"


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """What an account holds of one instrument. `quantity` is negative when short."""

    symbol: str
    instrument: str
    quantity: Decimal
    entry_price: Decimal
    current_price: Decimal
    multiplier: Decimal = Decimal(1)

    @property
    def direction(self) -> Direction:
        """LONG or SHORT."""
        return Direction.LONG if self.quantity > 0 else Direction.SHORT

    @property
    def market_value(self) -> Decimal:
        """Worth at the current price, negative when short."""
        return self.quantity * self.current_price * self.multiplier

    @property
    def unrealized_pl(self) -> Decimal:
        """Profit that closing at the current price would realise, before fees."""
        return self.quantity * (self.current_price - self.entry_price) * self.multiplier

    @property
    def unrealized_plpc(self) -> Decimal:
        """The same in percent of the cost (2 = 2 %)."""
        cost = abs(self.quantity) * self.entry_price * self.multiplier
        return 100 * self.unrealized_pl / cost if cost else Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Balance:
    """Money of an account, in its currency."""

    cash: Decimal
    equity: Decimal
    buying_power: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """The newest known price of an instrument and when it was seen (aware UTC).

    `bid` and `ask` are None where the broker does not tell them. `before` is the price before this
    one, where quotes come from alerts: what an alert's own price can be compared with.
    """

    price: Decimal
    at: datetime
    bid: Decimal | None = None
    ask: Decimal | None = None
    before: "Quote | None" = None

    @property
    def spread(self) -> Decimal | None:
        """How far bid and ask are apart, in percent of their middle; None when not known."""
        if self.bid is None or self.ask is None or self.bid + self.ask <= 0:
            return None
        return 200 * (self.ask - self.bid) / (self.ask + self.bid)
