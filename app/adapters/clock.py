"""The real time. The one place that turns zone names into time zones."""

import time
from datetime import UTC, datetime


class SystemClock:
    """The machine's clocks."""

    def now(self) -> datetime:
        """The present, aware UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Seconds since boot, sleep included: it counts while the process is frozen."""
        return time.clock_gettime(time.CLOCK_BOOTTIME)
