"""Trading windows are read from text and tell whether a moment lies in them."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from app.domain.windows import Window, parse_windows

MONDAY = datetime(2026, 11, 23, tzinfo=UTC)


def at(day: int, time: str) -> datetime:
    """A time of a week that begins on Monday, UTC."""
    hour, minute = time.split(":")
    return MONDAY + timedelta(days=day, hours=int(hour), minutes=int(minute))


def holds(text: str, moment: datetime) -> bool:
    return any(window.holds(moment) for window in parse_windows(text, ZoneInfo))


@pytest.mark.parametrize(
    ("text", "moment", "inside"),
    [
        ("09:30-15:45", at(0, "09:29"), False),
        ("09:30-15:45", at(0, "09:30"), True),
        ("09:30-15:45", at(0, "15:44"), True),
        ("09:30-15:45", at(0, "15:45"), False),
        ("9:30-15:45", at(6, "09:30"), True),
        ("00:00-24:00", at(2, "23:59"), True),
        ("Mon-Fri 09:30-15:45", at(4, "10:00"), True),
        ("mon-fri 09:30 - 15:45", at(5, "10:00"), False),
        ("Mon,Wed 09:30-15:45", at(2, "10:00"), True),
        ("Mon, Wed 09:30-15:45", at(1, "10:00"), False),
        ("Sat-Mon 09:30-15:45", at(0, "10:00"), True),
        ("Sat-Mon 09:30-15:45", at(5, "10:00"), True),
        ("Sat-Mon 09:30-15:45", at(1, "10:00"), False),
        ("09:30-11:00,14:00-15:45", at(0, "12:00"), False),
        ("09:30-11:00, 14:00-15:45", at(0, "14:00"), True),
        ("09:30-10:00; Sat 12:00-13:00", at(5, "12:30"), True),
        ("09:30-15:45 America/New_York", at(0, "14:29"), False),
        ("09:30-15:45 America/New_York", at(0, "14:30"), True),
        ("Sun 20:00-21:00 America/New_York", at(0, "01:30"), True),
        ("09:15-15:30 Asia/Kolkata", at(0, "03:45"), True),
    ],
)
def test_a_window_holds_its_start_and_not_its_end_by_the_clocks_of_its_zone(
    text: str, moment: datetime, inside: bool
) -> None:
    assert holds(text, moment) is inside


@pytest.mark.parametrize(
    ("moment", "inside"),
    [
        (at(4, "21:59"), False),
        (at(4, "22:00"), True),
        (at(5, "01:59"), True),
        (at(5, "02:00"), False),
        (at(5, "22:00"), False),
        (at(4, "01:00"), False),
    ],
)
def test_a_window_past_midnight_belongs_to_the_day_on_which_it_starts(
    moment: datetime, inside: bool
) -> None:
    assert holds("Fri 22:00-02:00", moment) is inside


def test_a_window_follows_the_clocks_when_they_are_put_forward() -> None:
    for_new_york = "09:30-10:00 America/New_York"
    assert holds(for_new_york, datetime(2027, 3, 12, 14, 30, tzinfo=UTC))
    assert holds(for_new_york, datetime(2027, 3, 15, 13, 30, tzinfo=UTC))


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ; ",
        "always",
        "09:30",
        "09:30-",
        "9-17",
        "09:30-09:30",
        "24:00-02:00",
        "08:60-10:00",
        "09:30-24:01",
        "25:00-26:00",
        "Mo-Fr 09:30-15:45",
        "Mon-Xyz 09:30-15:45",
        "Mon Fri 09:30-15:45",
        "09:30-15:45 New York",
        "09:30-15:45 14:00-15:00",
        "09:30-15:45; noon",
    ],
)
def test_what_is_no_window_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        parse_windows(text, lambda _: UTC)


def test_an_unknown_zone_is_refused_by_whoever_knows_zones() -> None:
    def none(name: str) -> ZoneInfo:
        raise ValueError(f"no zone {name}")

    with pytest.raises(ValueError, match="no zone Mars/Base"):
        parse_windows("09:30-15:45 Mars/Base", none)


@given(st.text(alphabet="0123456789:-,; MonFriSatUTC/", max_size=40))
def test_any_text_is_windows_or_refused(text: str) -> None:
    try:
        windows = parse_windows(text, lambda _: UTC)
    except ValueError:
        return
    assert windows
    assert all(window.days for window in windows)


@settings(max_examples=25)
@given(
    start=st.integers(0, 1439),
    end=st.integers(1, 1440),
    days=st.frozensets(st.integers(0, 6), min_size=1),
)
def test_a_week_has_as_many_minutes_in_a_window_as_it_says(
    *, start: int, end: int, days: frozenset[int]
) -> None:
    assume(start != end)
    window = Window(start=start, end=end, days=days, zone=UTC)
    length = end - start if start < end else 1440 - start + end
    minutes = sum(window.holds(MONDAY + timedelta(minutes=each)) for each in range(7 * 1440))
    assert minutes == length * len(days)
