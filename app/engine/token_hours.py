"""When a dead token costs trades: while its exchange is open, and shortly before."""

from collections.abc import Callable
from datetime import datetime, timedelta

from app.domain.session import Calendar, SessionPolicy
from app.ports.clock import Clock

BEFORE_OPEN = timedelta(minutes=45)
"""So long before the open a token is tried, and its owner told."""


class TokenHours:
    """The regular hours of the exchange that tokens are for. `calendar` is read when asked."""

    def __init__(self, calendar: Callable[[], Calendar], clock: Clock) -> None:
        self._calendar = calendar
        self._clock = clock

    def now(self) -> bool:
        """Whether the exchange is open, or opens soon."""
        is_open = self._calendar().is_open(self._clock.now(), SessionPolicy.REGULAR)
        return is_open or self.opens_soon() is not None

    def opens_soon(self) -> datetime | None:
        """The open that is less than three quarters of an hour away."""
        now = self._clock.now()
        opens = self._calendar().next_open(now, SessionPolicy.REGULAR)
        return opens if timedelta(0) < opens - now <= BEFORE_OPEN else None

    def closes(self, opens: datetime) -> datetime:
        """When the session ends that begins then."""
        return self._calendar().close_of(opens, SessionPolicy.REGULAR)
