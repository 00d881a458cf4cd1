"""A time of day by a person's clock: once a day, also on the days on which clocks are set."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.times_of_day import TimeOfDay

HOUR = timedelta(hours=1)
zones = st.sampled_from(["UTC", "America/New_York", "Asia/Kolkata", "Pacific/Apia", "Asia/Gaza"])
moments = st.datetimes(
    min_value=datetime(2020, 1, 1),  # noqa: DTZ001  # the zone is the next argument
    max_value=datetime(2030, 1, 1),  # noqa: DTZ001
    timezones=st.just(UTC),
)


def last(text: str, now: str) -> str:
    moment = datetime.fromisoformat(now).replace(tzinfo=UTC)
    return f"{TimeOfDay.parse(text, ZoneInfo).last(moment):%Y-%m-%d %H:%M}"


@pytest.mark.parametrize(
    ("text", "now", "expected"),
    [
        ("21:00", "2026-11-20T20:59", "2026-11-19 21:00"),
        ("21:00 UTC", "2026-11-20T21:00", "2026-11-20 21:00"),
        ("17:00 America/New_York", "2026-03-07T23:00", "2026-03-07 22:00"),
        ("17:00 America/New_York", "2026-03-08T21:00", "2026-03-08 21:00"),
        ("17:00 America/New_York", "2026-11-01T21:59", "2026-10-31 21:00"),
        ("17:00 America/New_York", "2026-11-01T22:00", "2026-11-01 22:00"),
        ("02:30 America/New_York", "2026-03-08T07:29", "2026-03-07 07:30"),
        ("02:30 America/New_York", "2026-03-08T07:30", "2026-03-08 07:30"),
        ("01:30 America/New_York", "2026-11-01T05:30", "2026-11-01 05:30"),
        ("01:30 America/New_York", "2026-11-01T06:30", "2026-11-01 05:30"),
        ("9:15 Asia/Kolkata", "2026-11-20T03:45", "2026-11-20 03:45"),
    ],
)
def test_its_last_moment(text: str, now: str, expected: str) -> None:
    assert last(text, now) == expected


@given(moments, zones, st.times())
def test_it_is_never_ahead_and_never_more_than_a_day_and_a_change_behind(
    now: datetime, zone: str, at: object
) -> None:
    time_of_day = TimeOfDay.parse(f"{at}"[:5] + f" {zone}", ZoneInfo)
    found = time_of_day.last(now)
    assert timedelta(0) <= now - found <= timedelta(hours=26)
    assert time_of_day.last(found) == found


@given(zones, st.times(), st.integers(0, 3000))
def test_each_day_has_one(zone: str, at: object, start: int) -> None:
    time_of_day = TimeOfDay.parse(f"{at}"[:5] + f" {zone}", ZoneInfo)
    first = datetime(2021, 1, 1, tzinfo=UTC) + timedelta(days=start)
    found = {time_of_day.last(first + hour * HOUR) for hour in range(24 * 14)}
    assert len(found) in (14, 15)


@pytest.mark.parametrize("text", ["", "25:00", "17", "17:60", "noon", "17:00 Mars/Base", "17:0"])
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises((ValueError, KeyError)):
        TimeOfDay.parse(text, ZoneInfo)
