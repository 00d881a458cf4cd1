"""What we decide about an alert. A refusal by our own rules is a value, closed with `match`."""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from app.domain.alert import Amount
from app.domain.instrument import AssetClass, Instrument
from app.domain.order import OrderIntent, Side


class Denial(StrEnum):
    """Stable reasons of a refusal by our own rules; the docstring table of docs/errors.md."""

    NO_SIZE = "NO_SIZE"
    NO_QUOTE = "NO_QUOTE"
    NO_PRICE = "NO_PRICE"
    NO_STOP = "NO_STOP"
    TOO_SMALL = "TOO_SMALL"
    WRONG_LOT = "WRONG_LOT"
    UNKNOWN_SYMBOL = "UNKNOWN_SYMBOL"
    UNCLEAR_CONTRACT = "UNCLEAR_CONTRACT"
    SYMBOLS_STALE = "SYMBOLS_STALE"
    UNKNOWN_ACCOUNT = "UNKNOWN_ACCOUNT"
    DELAYED_DATA = "DELAYED_DATA"
    KILL_SWITCH = "KILL_SWITCH"
    MARKET_CLOSED = "MARKET_CLOSED"
    NO_STOP_IN_SESSION = "NO_STOP_IN_SESSION"
    LIMIT_QUANTITY = "LIMIT_QUANTITY"
    LIMIT_NOTIONAL = "LIMIT_NOTIONAL"
    LIMIT_POSITIONS = "LIMIT_POSITIONS"
    LIMIT_RATE = "LIMIT_RATE"
    LIMIT_DAILY_LOSS = "LIMIT_DAILY_LOSS"
    LIMIT_WINDOW = "LIMIT_WINDOW"
    LIMIT_COOLDOWN = "LIMIT_COOLDOWN"
    LIMIT_SPREAD = "LIMIT_SPREAD"
    LIMIT_COLLAR = "LIMIT_COLLAR"
    SYMBOL_NOT_ALLOWED = "SYMBOL_NOT_ALLOWED"
    NO_POSITION = "NO_POSITION"
    NOT_SHORTABLE = "NOT_SHORTABLE"
    CRYPTO_SHORT = "CRYPTO_SHORT"
    UNRENDERED_FIELD = "UNRENDERED_FIELD"
    UNSUPPORTED_PROTECTION = "UNSUPPORTED_PROTECTION"
    UNSUPPORTED_ORDER_TYPE = "UNSUPPORTED_ORDER_TYPE"
    UNSUPPORTED_TIME_IN_FORCE = "UNSUPPORTED_TIME_IN_FORCE"
    UNSUPPORTED_QUANTITY = "UNSUPPORTED_QUANTITY"
    AMBIGUOUS_QUANTITY = "AMBIGUOUS_QUANTITY"
    CONFLICT = "CONFLICT"
    IMPLAUSIBLE_STOP = "IMPLAUSIBLE_STOP"
    NAKED_OPTION = "NAKED_OPTION"
    NEAR_EXPIRY = "NEAR_EXPIRY"
    SIDE_NOT_ALLOWED = "SIDE_NOT_ALLOWED"
    CANCELED_BY_EXIT = "CANCELED_BY_EXIT"
    EXIT_MISSED = "EXIT_MISSED"
    MISMATCH = "MISMATCH"
    NOT_FLAT = "NOT_FLAT"
    FOREIGN_POSITION = "FOREIGN_POSITION"
    OUT_OF_SYNC = "OUT_OF_SYNC"
    STOP_REFUSED = "STOP_REFUSED"


class Skip(StrEnum):
    """Stable reasons why an alert needs no order: understood, allowed, nothing to do."""

    ALREADY_LONG = "ALREADY_LONG"
    ALREADY_SHORT = "ALREADY_SHORT"
    INACTIVE = "INACTIVE"
    OUT_OF_ORDER = "OUT_OF_ORDER"
    STOPPED_OUT = "STOPPED_OUT"
    REPLACED = "REPLACED"


class Note(StrEnum):
    """Stable reasons of alerts that are information: understood, and nothing to trade."""

    NO_ACTION = "NO_ACTION"
    NO_POSITION = "NO_POSITION"
    NOTHING_TO_CANCEL = "NOTHING_TO_CANCEL"
    AT_TARGET = "AT_TARGET"


class Lapse(StrEnum):
    """Stable reasons of alerts that were not executed in time."""

    STALE = "STALE"
    NOT_FILLED = "NOT_FILLED"
    EXIT_MISSED = "EXIT_MISSED"


class TradeType(StrEnum):
    """What an alert amounts to, given what is held."""

    ENTRY = "entry"
    EXIT = "exit"
    REVERSE = "reverse"
    ADD = "add"
    CANCEL = "cancel"


@dataclass(frozen=True, slots=True)
class Denied:
    """Our own rules say no."""

    reason: Denial
    detail: str


@dataclass(frozen=True, slots=True)
class Skipped:
    """Understood and allowed, but there is nothing to trade."""

    reason: Skip
    detail: str


@dataclass(frozen=True, slots=True)
class Noted:
    """Information only: there is nothing that could be traded."""

    reason: Note
    detail: str


@dataclass(frozen=True, slots=True)
class Expired:
    """Too late to be executed."""

    reason: Lapse
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Signal:
    """An alert as understood against the held position.

    `side` is the side of the order (for a reversal: of the new entry); None only for a cancel.
    `reduce`: how much of the held position to close first (None = nothing).
    `size`: how much to enter after that (None = nothing, or the size is not known yet).
    `target`: what is to be left of the position, when that is what was asked for.
    `barred`: why nothing is entered after the close.
    """

    asset_class: AssetClass
    trade_type: TradeType
    side: Side | None
    reduce: Amount | None = None
    size: Amount | None = None
    target: Decimal | None = None
    barred: Denied | None = None

    @property
    def enters(self) -> bool:
        """Whether the signal opens or grows a position."""
        return self.trade_type in (TradeType.ENTRY, TradeType.ADD, TradeType.REVERSE)

    @property
    def reduces(self) -> bool:
        """Whether the signal closes something."""
        return self.trade_type in (TradeType.EXIT, TradeType.REVERSE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What to do for one alert on one account, decided once and journaled.

    The signal's `reduce` is resolved against a fresh read of the position when the close is sent.
    `entry` is complete, or says why there is none: what forbids an entry never blocks the close
    that comes before it. `budget` is the notional of the entry, in the account's currency.
    `out_of_sync`: how the position differs from the one that the alert knew.

    Of an option or a future: `contract` is the one that the alert is about, `into` the one that is
    entered when that is another one, after a roll (trading-rules 28).
    """

    signal: Signal
    entry: OrderIntent | Denied | None = None
    budget: Decimal | None = None
    out_of_sync: str = ""
    contract: Instrument | None = None
    into: Instrument | None = None


Refusal = Denied | Skipped | Noted | Expired
Decision = Plan | Refusal
