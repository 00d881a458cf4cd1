"""The risk gate's limits: asked before every entry, never before an exit (trading-rules 16).

Pure: facts in, a refusal or None out. `app.engine.risk_gate` gathers the facts.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from fnmatch import fnmatchcase

from app.domain.decision import Denial, Denied
from app.domain.windows import Window

HUNDRED = Decimal(100)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Limits of one account, in its currency; None or nothing = no limit."""

    max_order_quantity: Decimal | None = None
    max_order_notional: Decimal | None = None
    max_open_positions: int | None = None
    max_orders_per_second: int | None = None
    max_daily_loss: Decimal | None = None
    trading_windows: tuple[Window, ...] = ()
    cooldown: timedelta | None = None
    allowed_symbols: tuple[str, ...] = ()
    max_spread_percent: Decimal | None = None
    price_collar_percent: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """An entry and how things stand. What no limit that is set asks for may be left out.

    Attributes:
        names: what the instrument is called, without `/`: `BTCUSD`, `BINANCE:BTCUSD`.
        now: aware.
        quantity: units to be entered.
        notional: quantity x multiplier x price; None when no price is known.
        prices: what the entry is priced at: its limit and stop, else the alert's price.
        market: the newest price that did not come with the alert; None when there is none.
        spread: of bid and ask, in percent of the middle; None when it is not known.
        has_market_data: whether the broker has prices of its own, so that None is a fault.
        open_positions: other instruments of the account that are held or being entered.
        entries: entries of the account that were written for the wire within the last second.
        last_entry_at: when the instrument was last entered.
        day_result: profit of the exchange's day, realised and open, negative when lost.
    """

    names: tuple[str, ...]
    now: datetime
    quantity: Decimal
    notional: Decimal | None = None
    prices: tuple[Decimal, ...] = ()
    market: Decimal | None = None
    spread: Decimal | None = None
    has_market_data: bool = False
    open_positions: int = 0
    entries: int = 0
    last_entry_at: datetime | None = None
    day_result: Decimal = Decimal(0)


def check_entry(limits: Limits, facts: Facts) -> Denied | None:
    """The first limit that an entry breaks, in the order of docs/howto/risk.md."""
    for check in _CHECKS:
        denied = check(limits, facts)
        if denied is not None:
            return denied
    return None


def check_windows(limits: Limits, now: datetime) -> Denied | None:
    """Whether entries are allowed at this time."""
    windows = limits.trading_windows
    if not windows or any(window.holds(now) for window in windows):
        return None
    return Denied(Denial.LIMIT_WINDOW, f"{now:%a %H:%M} UTC is outside of the trading windows")


def check_positions(limits: Limits, open_positions: int) -> Denied | None:
    """Whether one more position may be opened beside so many others."""
    most = limits.max_open_positions
    if most is None or open_positions < most:
        return None
    return Denied(
        Denial.LIMIT_POSITIONS, f"{open_positions} others are open or being entered, {most} allowed"
    )


def check_rate(limits: Limits, entries: int) -> Denied | None:
    """Whether one more entry may be sent after so many within the last second."""
    most = limits.max_orders_per_second
    if most is None or entries < most:
        return None
    return Denied(Denial.LIMIT_RATE, f"{entries} entries within the last second, {most} allowed")


def check_daily_loss(limits: Limits, day_result: Decimal) -> Denied | None:
    """Whether the day's loss, realised and open, has reached its limit."""
    most = limits.max_daily_loss
    if most is None or -day_result < most:
        return None
    return Denied(Denial.LIMIT_DAILY_LOSS, f"{-day_result:f} lost today, the limit is {most:f}")


def _symbol(limits: Limits, facts: Facts) -> Denied | None:
    patterns = limits.allowed_symbols
    if not patterns or any(fnmatchcase(name, each) for name in facts.names for each in patterns):
        return None
    return Denied(Denial.SYMBOL_NOT_ALLOWED, f"{facts.names[0]} is not among the allowed symbols")


def _quantity(limits: Limits, facts: Facts) -> Denied | None:
    most = limits.max_order_quantity
    if most is None or facts.quantity <= most:
        return None
    detail = f"quantity {_figure(facts.quantity)} is above the limit of {_figure(most)}"
    return Denied(Denial.LIMIT_QUANTITY, detail)


def _notional(limits: Limits, facts: Facts) -> Denied | None:
    """A limit on money lets nothing pass of which no price is known."""
    most, notional = limits.max_order_notional, facts.notional
    if most is None or (notional is not None and notional <= most):
        return None
    shown = "unknown" if notional is None else _figure(notional)
    detail = f"notional {shown} is above the limit of {_figure(most)}"
    return Denied(Denial.LIMIT_NOTIONAL, detail)


def _spread(limits: Limits, facts: Facts) -> Denied | None:
    most, spread = limits.max_spread_percent, facts.spread
    if most is None or (spread is None and not facts.has_market_data):
        return None
    if spread is not None and spread <= most:
        return None
    shown = "unknown" if spread is None else f"{spread:.4f} %"
    return Denied(Denial.LIMIT_SPREAD, f"the spread is {shown}, at most {most:f} % are allowed")


def _collar(limits: Limits, facts: Facts) -> Denied | None:
    most, market = limits.price_collar_percent, facts.market
    if most is None or not facts.prices or (market is None and not facts.has_market_data):
        return None
    if market is None:
        return Denied(Denial.LIMIT_COLLAR, "no price of the market is known to compare with")
    for price in facts.prices:
        if abs(price - market) * HUNDRED > most * market:
            detail = f"{price:f} is more than {most:f} % away from the market's {market:f}"
            return Denied(Denial.LIMIT_COLLAR, detail)
    return None


def _cooldown(limits: Limits, facts: Facts) -> Denied | None:
    pause, last = limits.cooldown, facts.last_entry_at
    if pause is None or last is None or facts.now - last >= pause:
        return None
    left = (pause - (facts.now - last)).total_seconds()
    return Denied(Denial.LIMIT_COOLDOWN, f"{left:.0f} s are left of the pause after its last entry")


def _figure(number: Decimal) -> str:
    """A number as a person writes it, without the zeros of its step."""
    return f"{number.normalize():f}"


_CHECKS: tuple[Callable[[Limits, Facts], Denied | None], ...] = (
    _symbol,
    lambda limits, facts: check_windows(limits, facts.now),
    _quantity,
    _notional,
    _spread,
    _collar,
    _cooldown,
    lambda limits, facts: check_positions(limits, facts.open_positions),
    lambda limits, facts: check_rate(limits, facts.entries),
    lambda limits, facts: check_daily_loss(limits, facts.day_result),
)
