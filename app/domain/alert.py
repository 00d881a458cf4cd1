"""An alert: what TradingView sent, read but not yet judged."""

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from app.domain.order import Level, OrderType


class Action(StrEnum):
    """What an alert asks for, in one vocabulary for all services."""

    BUY = "buy"
    SELL = "sell"
    CLOSE = "close"
    CANCEL = "cancel"
    REVERSE = "reverse"
    ADD = "add"


class AmountUnit(StrEnum):
    """What a quantity counts."""

    UNITS = "fixed_quantity"
    CASH = "dollar_amount"
    RISK_CASH = "risk_dollar_amount"
    PERCENT_OF_EQUITY = "percent_of_equity"
    PERCENT_OF_POSITION = "percent_of_position"
    PERCENT = "percent"
    LOTS = "lots"


@dataclass(frozen=True, slots=True)
class Amount:
    """How much: a positive number and what it counts.

    `PERCENT` is a bare "50%": of equity for entries, of the position for anything opposite to it.
    """

    value: Decimal
    unit: AmountUnit = AmountUnit.UNITS


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """One alert as understood, names and words in canonical form, nothing decided.

    `action` None means that the message names no side: it is kept as information and never trades.
    `wants_state`: the word names a position to be in (`long`, `entryShort`), not an order to add.
    `closes` is `long` or `short` when a close is meant for that position only (`exitLong`).
    `unusable` names fields of which a value was present but not rendered (trading-rules 14); beside
    the four of the rule the positions, and any other number written as NaN, na or null.
    `unsupported` names non-zero fields that look like protection and were not understood.
    `position_size` and `prev_position_size` are signed, negative for short.
    `fired_at` is the fire time, `bar_at` the bar's time (trading-rules 1); both aware UTC.
    """

    action: Action | None = None
    wants_state: bool = False
    closes: str | None = None
    symbol: str = ""
    exchange: str | None = None
    timeframe: str | None = None
    quantity: Amount | None = None
    order_type: OrderType | None = None
    limit_price: Decimal | None = None
    stop_price: Decimal | None = None
    price: Decimal | None = None
    stop_loss: Level | None = None
    take_profit: Level | None = None
    trail: Level | None = None
    product_type: str | None = None
    strike: str | None = None
    option_type: str | None = None
    expiry: str | None = None
    sentiment: str | None = None
    market_position: str | None = None
    prev_market_position: str | None = None
    position_size: Decimal | None = None
    prev_position_size: Decimal | None = None
    account: str | None = None
    strategy: str | None = None
    id: str | None = None
    idempotency_key: str | None = None
    fired_at: datetime | None = None
    bar_at: datetime | None = None
    time_in_force: str | None = None
    extended_hours: bool | None = None
    expires_at: datetime | None = None
    comment: str | None = None
    tags: str | None = None
    unusable: frozenset[str] = frozenset()
    unsupported: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    sent: dict[str, str] = field(default_factory=dict[str, str])

    @property
    def position_word(self) -> str | None:
        """`long`, `short` or `flat` when the alert says which position is wanted (rule 6)."""
        return self.market_position or self.sentiment

    @property
    def names_position(self) -> bool:
        """Whether it says in any way which position is wanted."""
        return self.wants_state or self.position_word is not None or self.position_size is not None

    @property
    def position_is_unusable(self) -> bool:
        """Whether it would say which position is wanted, and what stands there is no number."""
        return "position_size" in self.unusable

    @property
    def opposes_its_position(self) -> bool:
        """A sell while a long position is wanted, a buy while a short one is (rules 6 and 9)."""
        size = self.position_size or 0
        word = self.position_word or ("long" if size > 0 else "short" if size < 0 else None)
        return (self.action, word) in ((Action.SELL, "long"), (Action.BUY, "short"))

    @property
    def has_option_fields(self) -> bool:
        """Whether an option of its symbol is meant: then `price` is no premium (rules 29, 30)."""
        return bool(self.strike or self.option_type or self.expiry)

    @property
    def only_reduces(self) -> bool:
        """Whether the alert can, by its own words, never open or grow a position."""
        return (
            self.action in (Action.CLOSE, Action.CANCEL)
            or self.position_word == "flat"
            or self.position_size == 0
            or self.opposes_its_position
        )
