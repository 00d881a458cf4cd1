"""Time and waiting, given to whoever needs them."""

from datetime import datetime
from typing import Protocol


class Clock(Protocol):
    """The time. `now` for stamps and sessions, `monotonic` for durations."""

    def now(self) -> datetime:
        """The present, aware UTC."""
        ...

    def monotonic(self) -> float:
        """Seconds on a clock that counts on while the process is frozen or the machine sleeps."""
        ...
