"""The calendars that come with the package, against what the exchanges published; bad files."""

from datetime import UTC, date, datetime
from itertools import takewhile
from pathlib import Path

import pytest

from app.adapters.calendars.files import PACKAGED, FileCalendars
from app.adapters.clock import zone
from app.domain.errors import ConfigError
from app.domain.session import Calendar, SessionPolicy

REGULAR, EXTENDED = SessionPolicy.REGULAR, SessionPolicy.EXTENDED


@pytest.fixture(scope="module")
def calendars() -> FileCalendars:
    return FileCalendars(zone)


def hours_of(calendar: Calendar, day: str, policy: SessionPolicy = REGULAR) -> str:
    """The session of a date by the exchange's clock, or nothing."""
    noon = datetime.combine(date.fromisoformat(day), datetime.min.time(), calendar.zone)
    session = next(calendar.sessions(noon.astimezone(UTC), policy))
    opens, closes = (end.astimezone(calendar.zone) for end in (session.opens, session.closes))
    return f"{opens:%H:%M}-{closes:%H:%M}" if closes.date().isoformat() == day else ""


@pytest.mark.parametrize(
    ("name", "day", "hours"),
    [
        ("XNYS", "2025-01-09", ""),
        ("XNYS", "2025-07-03", "09:30-13:00"),
        ("XNYS", "2026-07-03", ""),
        ("XNYS", "2026-07-02", "09:30-16:00"),
        ("XNYS", "2026-11-26", ""),
        ("XNYS", "2026-11-27", "09:30-13:00"),
        ("XNYS", "2026-12-24", "09:30-13:00"),
        ("XNYS", "2026-12-25", ""),
        ("XNYS", "2027-06-18", ""),
        ("XNYS", "2027-12-24", ""),
        ("XNYS", "2027-12-23", "09:30-16:00"),
        ("XNSE", "2025-02-01", "09:15-15:30"),  # a Saturday
        ("XNSE", "2025-10-21", "13:45-14:45"),  # muhurat
        ("XNSE", "2025-10-22", ""),
        ("XNSE", "2026-01-15", ""),
        ("XNSE", "2026-02-01", "09:15-15:30"),  # a Sunday
        ("XNSE", "2026-11-08", ""),
        ("XNSE", "2026-11-24", ""),
        ("XNSE", "2026-11-25", "09:15-15:30"),
        ("FX", "2026-11-27", "17:00-17:00"),
        ("FX", "2026-11-28", ""),
    ],
)
def test_the_days_that_were_published(
    calendars: FileCalendars, name: str, day: str, hours: str
) -> None:
    assert hours_of(calendars.get(name), day) == hours


@pytest.mark.parametrize(("year", "days"), [(2025, 250), (2026, 251), (2027, 251)])
def test_new_york_trades_as_many_days_as_the_exchange_says(
    calendars: FileCalendars, year: int, days: int
) -> None:
    calendar = calendars.get("XNYS")
    start = datetime(year, 1, 1, tzinfo=calendar.zone).astimezone(UTC)
    sessions = calendar.sessions(start, REGULAR)
    assert len(list(takewhile(lambda session: session.opens.year == year, sessions))) == days


def test_crypto_is_never_closed_and_its_day_ends_at_midnight(calendars: FileCalendars) -> None:
    christmas = datetime(2026, 12, 25, 23, 59, tzinfo=UTC)
    assert calendars.get("24x7").is_open(christmas, REGULAR)
    assert calendars.get("24x7").close_of(christmas, REGULAR) == datetime(2026, 12, 26, tzinfo=UTC)


def test_half_days_shorten_the_evening_too(calendars: FileCalendars) -> None:
    assert hours_of(calendars.get("XNYS"), "2026-11-27", EXTENDED) == "04:00-17:00"
    assert hours_of(calendars.get("XNYS"), "2026-11-25", EXTENDED) == "04:00-20:00"
    assert hours_of(calendars.get("XNSE"), "2026-11-25", EXTENDED) == "09:15-15:30"


def test_an_unknown_exchange_has_plain_weekdays_and_says_that_it_is_not_known(
    calendars: FileCalendars,
) -> None:
    plain = calendars.get("XLON")
    assert plain.name == "WEEKDAYS"
    for day, is_open in [(22, False), (23, True), (27, True), (28, False)]:
        assert plain.is_open(datetime(2026, 11, day, 12, tzinfo=UTC), REGULAR) is is_open
    assert not plain.knows(datetime(2026, 11, 23, tzinfo=UTC))


@pytest.mark.parametrize(
    ("name", "year", "known"),
    [
        ("XNYS", 2027, True),
        ("XNSE", 2026, True),
        ("XNSE", 2027, False),
        ("CMES", 2026, False),
        ("FX", 2099, True),
        ("24x7", 2099, True),
    ],
)
def test_years_that_are_not_published_are_not_known(
    calendars: FileCalendars, name: str, year: int, known: bool
) -> None:
    assert calendars.get(name).knows(datetime(year, 6, 1, tzinfo=UTC)) is known


@pytest.mark.parametrize(
    "file", sorted(PACKAGED.glob("*/*.toml")), ids=lambda file: str(file)[-15:]
)
def test_every_file_names_its_source(file: Path) -> None:
    assert "\nsource = " in f"\n{file.read_text(encoding='utf-8')}"


def test_the_owners_file_of_a_year_takes_the_place_of_ours(tmp_path: Path) -> None:
    folder = tmp_path / "XNSE"
    folder.mkdir()
    (folder / "2027.toml").write_text('[closed]\n2027-01-26 = "Republic Day"\n')
    calendar = FileCalendars(zone, tmp_path).get("XNSE")
    assert calendar.knows(datetime(2027, 6, 1, tzinfo=UTC))
    assert hours_of(calendar, "2027-01-26") == ""
    assert hours_of(calendar, "2026-01-26") == ""


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("XNSE/2027.toml", "closed"),
        ("XNSE/2027.toml", '[closed]\n2026-01-26 = "of another year"\n'),
        ("XNSE/2027.toml", '[closed]\n2027-02-30 = "no such day"\n'),
        ("XNSE/2027.toml", '[closed]\n2027-01-26 = ""\n[hours.2027-01-26]\nregular = []\n'),
        ("XNSE/2027.toml", '[hours.2027-01-26]\nregular = ["nine to five"]\n'),
        ("XNSE/next.toml", '[closed]\n2027-01-26 = ""\n'),
        ("XASX/2027.toml", '[closed]\n2027-01-26 = ""\n'),
        ("XASX/hours.toml", 'zone = "Australia/Atlantis"\nregular = ["10:00-16:00"]\n'),
        ("XASX/hours.toml", 'zone = "Australia/Sydney"\nregular = []\n'),
        ("XASX/hours.toml", 'zone = "UTC"\nregular = ["10:00-16:00"]\nweekdays = [0]\n'),
    ],
)
def test_a_file_that_is_wrong_stops_the_start(tmp_path: Path, name: str, text: str) -> None:
    file = tmp_path / name
    file.parent.mkdir()
    file.write_text(text)
    with pytest.raises(ConfigError, match=r"calendar|time zone"):
        FileCalendars(zone, tmp_path)
