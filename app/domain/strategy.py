"""A playbook row: what the owner wants for one (symbol, timeframe)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from app.domain.alert import Amount, AmountUnit
from app.domain.order import Level, Side
from app.domain.session import SessionPolicy, WhenClosed
from app.domain.share import shares_of


class Sides(StrEnum):
    """Which positions a strategy may open."""

    LONG = "long"
    SHORT = "short"
    BOTH = "both"

    def allow(self, side: Side) -> bool:
        """Whether an entry of this side may be opened."""
        return self is Sides.BOTH or (self is Sides.LONG) == (side is Side.BUY)


class Sync(StrEnum):
    """What is done when a position is not the one that the alert knew (trading-rules 20)."""

    RESYNC = "resync"
    FLATTEN = "flatten"
    IGNORE = "ignore"
    DENY = "deny"


class AfterStop(StrEnum):
    """What an opposite alert means after a leg closed the position (trading-rules 7)."""

    SKIP = "skip"
    TRADE = "trade"


class Sizing(StrEnum):
    """What a row's `position_size` counts."""

    NOTIONAL = "notional"
    QUANTITY = "quantity"
    PERCENT_OF_EQUITY = "percent_of_equity"
    RISK = "risk"
    LOTS = "lots"

    @property
    def unit(self) -> AmountUnit:
        """The same in the words of alerts."""
        return _UNITS[self]


_UNITS = {
    Sizing.NOTIONAL: AmountUnit.CASH,
    Sizing.QUANTITY: AmountUnit.UNITS,
    Sizing.PERCENT_OF_EQUITY: AmountUnit.PERCENT_OF_EQUITY,
    Sizing.RISK: AmountUnit.RISK_CASH,
    Sizing.LOTS: AmountUnit.LOTS,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Strategy:
    """One row. Money is in the account's currency.

    `account`: the account, or several with their shares: `paper, alpaca*0.5, second=$2000`.
    `position_size` sizes an entry that gives no size; `sizing_type` says what it counts.
    `symbol` and `timeframe` are keys in canonical form; an empty timeframe matches every one.
    `sides` None = both where the broker can short, long otherwise. `shared`: other rows may trade
    the same instrument in the same account. `session_policy` None = the account's. `when_closed`:
    what becomes of entries that come while the market is closed. `emulated_stop`: entries that are
    too small for a stop at their broker are made, and watched by us.
    """

    symbol: str
    timeframe: str = ""
    position_size: Decimal | None = None
    sizing_type: Sizing = Sizing.NOTIONAL
    active: bool = True
    account: str | None = None
    sides: Sides | None = None
    stop_loss: Level | None = None
    take_profit: Level | None = None
    pyramiding: bool = False
    max_quantity: Decimal | None = None
    shared: bool = False
    sync: Sync = Sync.RESYNC
    after_stop: AfterStop = AfterStop.SKIP
    session_policy: SessionPolicy | None = None
    when_closed: WhenClosed = WhenClosed.DENY
    emulated_stop: bool = False
    order_status: str = "READY"
    last_updated: datetime | None = None

    @property
    def size(self) -> Amount | None:
        """The size of an entry that gives none."""
        if self.position_size is None:
            return None
        return Amount(self.position_size, self.sizing_type.unit)


def rival_of(row: Strategy, rows: Iterable[Strategy], default_account: str) -> Strategy | None:
    """Another active row that trades what this one does, unless both are shared (rule 17).

    Args:
        row: the row that is to be written.
        rows: those that there are.
        default_account: where a row trades that names no account.
    """
    for other in rows if row.active else ():
        same = other.symbol == row.symbol and other.timeframe != row.timeframe
        alone = other.active and not (row.shared and other.shared)
        if (
            same
            and alone
            and accounts_of(row, default_account) & accounts_of(other, default_account)
        ):
            return other
    return None


def accounts_of(row: Strategy, default_account: str) -> frozenset[str]:
    """The accounts that a row trades on."""
    return frozenset(share.account for share in shares_of(row.account or default_account))
