"""When an alert fired, and of which bar it speaks (trading-rules 1)."""

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

from app.domain.errors import MalformedAlert
from app.web.names import shown
from app.web.readers import Reading, is_absent

FUTURE_TOLERANCE = timedelta(seconds=30)
LONGEST_TIME = 40

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NUMBER = re.compile(r"[0-9]{9,16}(?:\.[0-9]{1,9})?")
_EARLIEST = Decimal(946_684_800)  # the year 2000 in seconds: less is not a time of a market
_MILLISECONDS_FROM = Decimal(10**11)
_LATEST = Decimal(10**14)


class Moments(NamedTuple):
    """`fired_at` is the fire time, `bar_at` the bar's; `sent_at` is the first of them as sent."""

    fired_at: datetime | None
    bar_at: datetime | None
    sent_at: datetime | None


def read_moments(reading: Reading) -> Moments:
    """`timenow`, else `timestamp`, tells the fire time; `time` and `date` the bar's time.

    A `time` or `date` that is not on a whole minute is a fire time too.

    What cannot be read is ignored with a note: an exit must not be lost for a bad time, and an
    entry's age still counts from its receipt. More than 30 s in the future: the time of receipt.
    """
    fired_at = _first(reading, "timenow") or _first(reading, "timestamp")
    bar_at: datetime | None = None
    for field in ("time", "date"):
        moment = _first(reading, field)
        if moment is None:
            continue
        if _whole_minute(moment):
            bar_at = bar_at or moment
        else:
            fired_at = fired_at or moment
    return Moments(_not_ahead(reading, fired_at), _not_ahead(reading, bar_at), fired_at or bar_at)


def read_deadline(reading: Reading, field: str) -> datetime | None:
    """A time that limits the alert: unlike the others it must be readable."""
    candidate = reading.first(field)
    if candidate is None:
        return None
    moment = moment_of(candidate.value)
    if moment is None:
        raise MalformedAlert(f"{shown(candidate.name)} is not a time that can be read")
    return moment


def moment_of(value: object) -> datetime | None:
    """ISO 8601 (no zone = UTC) or epoch in seconds or milliseconds; None when it is neither."""
    text = value.strip() if isinstance(value, str) else str(value)
    if len(text) > LONGEST_TIME:
        return None
    if _NUMBER.fullmatch(text):
        return _from_epoch(Decimal(text))
    if not isinstance(value, str):
        return None
    try:
        moment = datetime.fromisoformat(text)
        return moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _from_epoch(number: Decimal) -> datetime | None:
    if not _EARLIEST <= number < _LATEST:
        return None
    seconds = number / 1000 if number >= _MILLISECONDS_FROM else number
    return _EPOCH + timedelta(microseconds=int(seconds * 1_000_000))


def _first(reading: Reading, field: str) -> datetime | None:
    for candidate in reading.given.of(field):
        if is_absent(candidate.value) or candidate.value in (0, "0"):
            continue
        moment = moment_of(candidate.value)
        if moment is not None:
            return moment
        reading.notes.append(f"{shown(candidate.name)} is not a time that can be read: ignored")
    return None


def _whole_minute(moment: datetime) -> bool:
    return moment.second == 0 and moment.microsecond == 0


def _not_ahead(reading: Reading, moment: datetime | None) -> datetime | None:
    if moment is None or moment <= reading.now + FUTURE_TOLERANCE:
        return moment
    reading.notes.append("the time is in the future: the time of receipt is used")
    return reading.now
