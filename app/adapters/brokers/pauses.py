"""Pauses: no calls while a host has said that there were too many."""

import logging
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from app.domain.errors import BrokerUnavailable
from app.ports.clock import Clock

log = logging.getLogger(__name__)

TOO_MANY = 429
USUAL_PAUSE, LONGEST_PAUSE = 3.0, 60.0
"""Seconds without a call after `too many`: where nothing else is said, and at most."""


class Pause:
    """No calls while a host has said that there were too many: it would refuse them anyway."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._until = float("-inf")

    def check(self) -> None:
        """Go on, or say how long to wait.

        Raises:
            BrokerUnavailable: it is too early for another call.
        """
        left = self._until - self._clock.monotonic()
        if left > 0:
            raise BrokerUnavailable(f"too many calls: none for another {left:.0f} s", after=left)

    def hear(self, status: int, headers: Mapping[str, str]) -> None:
        """Take note of an answer."""
        if status == TOO_MANY:
            pause = pause_of(headers, self._clock.now())
            self._until = self._clock.monotonic() + pause
            log.warning("too many calls to the broker", extra={"pause": pause})


def pause_of(headers: Mapping[str, str], now: datetime) -> float:
    """How many seconds a `too many` asks for: until its reset, by the broker's own clock."""
    asked: list[Callable[[], float]] = [
        lambda: float(headers["Retry-After"]),
        lambda: float(headers["X-RateLimit-Reset"]) - _broker_time(headers, now).timestamp(),
    ]
    for seconds in asked:
        with suppress(KeyError, ValueError):
            return min(max(seconds(), 1.0), LONGEST_PAUSE)
    return USUAL_PAUSE


def _broker_time(headers: Mapping[str, str], now: datetime) -> datetime:
    try:
        return parsedate_to_datetime(headers["Date"]).astimezone(UTC)
    except (KeyError, ValueError):
        return now
