"""The real time. The one place that turns zone names into time zones."""

import time
from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo


class SystemClock:
    """The machine's clocks."""

    def now(self) -> datetime:
        """The present, aware UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Seconds since boot, sleep included: it counts while the process is frozen."""
        return time.clock_gettime(time.CLOCK_BOOTTIME)


def zone(name: str) -> tzinfo:
    """The time zone of a name such as `America/New_York`.

    Raises:
        ValueError: there is none.
    """
    try:
        return ZoneInfo(name)
    except (OSError, ValueError, LookupError):
        raise ValueError(f"{name!r} is no time zone") from None
