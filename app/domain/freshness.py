"""How old an alert is, and whether that is too old (trading-rules 1-3, 5)."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from app.domain.alert import Alert
from app.domain.session import Market

_LENGTH = re.compile(r"^(\d+)([smhdwM])$")
_UNITS = {
    "s": timedelta(seconds=1),
    "m": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
    "w": timedelta(weeks=1),
    "M": timedelta(days=31),
}
UNKNOWN_BAR = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class AgeLimits:
    """How old an alert may be when it is executed."""

    entry: timedelta = timedelta(seconds=60)
    exit: timedelta = timedelta(seconds=900)


def bar_length(timeframe: str | None) -> timedelta:
    """The length of a bar of a canonical timeframe (`15m`); 24 hours when it is not known."""
    match = _LENGTH.match(timeframe or "")
    return int(match[1]) * _UNITS[match[2]] if match else UNKNOWN_BAR


def age(alert: Alert, received_at: datetime, now: datetime) -> timedelta:
    """The larger of the alert's own age and the time since it was received.

    A bar's time counts from the end of the bar: the alert fires when the bar closes, or before.
    """
    ages = [now - received_at]
    if alert.fired_at is not None:
        ages.append(now - alert.fired_at)
    elif alert.bar_at is not None:
        ages.append(now - alert.bar_at - bar_length(alert.timeframe))
    return max(ages)


def age_in_session(alert: Alert, received_at: datetime, now: datetime, market: Market) -> timedelta:
    """The age that an alert had when it came, and the time that its market was open since then."""
    return age(alert, received_at, received_at) + market.open_time(received_at, now)
