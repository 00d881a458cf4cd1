"""Moments as Alpaca writes them: RFC 3339, to the nanosecond. Inside they are whole nanoseconds."""

import re
from datetime import datetime

from tests.simulators.moments import NANOS, moment_of, nanos_of

_TEXT = re.compile(
    r"(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)?)?", re.ASCII
)


def text_of(nanos: int) -> str:
    """A moment as it stands in an answer."""
    return f"{moment_of(nanos):%Y-%m-%dT%H:%M:%S}.{nanos % NANOS:09}Z"


def nanos_from(text: str) -> int:
    """What a client wrote: a moment, or a day, which begins at midnight UTC.

    Raises:
        ValueError: it is neither.
    """
    found = _TEXT.fullmatch(text.strip())
    if not found:
        raise ValueError(f"{text!r} is no moment")
    day, clock, fraction, offset = found.groups()
    zone = "+00:00" if offset in (None, "Z") else offset
    at = datetime.fromisoformat(f"{day}T{clock or '00:00:00'}{zone}")
    return nanos_of(at) + int((fraction or "").ljust(9, "0"))
