"""A playbook row: what the owner wants for one (symbol, timeframe)."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from app.domain.order import Level, Side


class Sides(StrEnum):
    """Which positions a strategy may open."""

    LONG = "long"
    SHORT = "short"
    BOTH = "both"

    def allow(self, side: Side) -> bool:
        """Whether an entry of this side may be opened."""
        return self is Sides.BOTH or (self is Sides.LONG) == (side is Side.BUY)


@dataclass(frozen=True, slots=True, kw_only=True)
class Strategy:
    """One row. `position_size` is the notional of an entry, in the account's currency.

    `symbol` and `timeframe` are keys in canonical form; an empty timeframe matches every one.
    `sides` None = both where the broker can short, long otherwise.
    """

    symbol: str
    timeframe: str = ""
    position_size: Decimal | None = None
    active: bool = True
    account: str | None = None
    sides: Sides | None = None
    stop_loss: Level | None = None
    take_profit: Level | None = None
    pyramiding: bool = False
    max_quantity: Decimal | None = None
    order_status: str = "READY"
    last_updated: datetime | None = None
