"""Rates: how many calls a broker takes within a time, and how long the next one has to wait.

Counted are the calls themselves, not tokens that come back: within no stretch of the given length,
wherever it begins, are there more calls than the rate allows. A bucket would let twice as many
through, once when it is full and once more while it fills.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Rate:
    """So many calls within so many seconds."""

    calls: int
    seconds: float


class Purpose(StrEnum):
    """What a call is for. `REDUCE`: exits, protection and cancels."""

    ENTER = "enter"
    LOOK = "look"
    REDUCE = "reduce"


SHARES = {Purpose.ENTER: 0.7, Purpose.LOOK: 0.85, Purpose.REDUCE: 1.0}
"""What part of a rate each may use: the last calls are kept for exits (trading-rules 41)."""


def pause(rates: Sequence[Rate], purpose: Purpose, calls: Sequence[float], now: float) -> float:
    """Seconds until one more call is within all rates; 0 when it is now.

    Args:
        rates: what the broker takes.
        purpose: what the call is for.
        calls: when the latest calls were made, by the clock of `now`. What is not before `now` was
            noted before the clock began anew, and does not count.
        now: the present.
    """
    return max((_pause(rate, purpose, calls, now) for rate in rates), default=0.0)


def _pause(rate: Rate, purpose: Purpose, calls: Sequence[float], now: float) -> float:
    within = sorted(at for at in calls if now - rate.seconds < at <= now)
    allowed = max(int(rate.calls * SHARES[purpose]), 1)
    if len(within) < allowed:
        return 0.0
    return max(within[-allowed] + rate.seconds - now, 0.0)
