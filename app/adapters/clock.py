"""The real time. The one place that turns zone names into time zones."""

import time
from datetime import UTC, datetime, tzinfo
from functools import cache
from typing import BinaryIO, cast
from zoneinfo import ZoneInfo

import pytz


class SystemClock:
    """The machine's clocks."""

    def now(self) -> datetime:
        """The present, aware UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Seconds since boot, sleep included: it counts while the process is frozen."""
        return time.clock_gettime(time.CLOCK_BOOTTIME)


@cache
def zone(name: str) -> tzinfo:
    """The time zone of a name such as `America/New_York`, from pytz's data.

    The machine's own may be missing: a slim image has none.

    Raises:
        ValueError: there is none.
    """
    try:
        opened = pytz.open_resource(name)  # type: ignore[attr-defined]  # its stubs leave it out
        with cast("BinaryIO", opened) as data:
            return ZoneInfo.from_file(data, key=name)
    except (OSError, ValueError):
        raise ValueError(f"{name!r} is no time zone") from None
