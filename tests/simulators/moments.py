"""Moments as whole nanoseconds since 1970, in which nothing happens twice."""

from datetime import UTC, datetime, timedelta

NANOS = 1_000_000_000
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def nanos_of(at: datetime) -> int:
    """A moment in nanoseconds since 1970."""
    since = at - EPOCH
    return (since.days * 86_400 + since.seconds) * NANOS + since.microseconds * 1000


def moment_of(nanos: int) -> datetime:
    """The moment of so many nanoseconds, cut to microseconds."""
    return EPOCH + timedelta(microseconds=nanos // 1000)
