"""The calendars port on TOML files; docs/howto/sessions.md tells what stands in them.

The owner's folder comes after the package's: its file of a year takes the place of ours.
"""

import tomllib
from collections.abc import Callable, Mapping, Sequence
from datetime import date, time, timedelta, tzinfo
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from app.domain.errors import ConfigError
from app.domain.session import CLOSED, PLAIN, Calendar, Day, Hours

PACKAGED = Path(__file__).parent
USUAL = "hours.toml"
LAST_WEEKDAY = 7

Made = TypeVar("Made")
Zone = Callable[[str], tzinfo]
Table = Mapping[str, Any]


class FileCalendars:
    """Reads every file at once, so that a bad one is found at the start."""

    def __init__(self, zone: Zone, *own: Path) -> None:
        """`zone` makes a time zone of a name; `own` are folders of the owner's own files."""
        folders = (PACKAGED, *own)
        names = {file.parent.name for folder in folders for file in folder.glob("*/*.toml")}
        self._calendars = {name: _read(name, folders, zone) for name in names}

    def get(self, name: str) -> Calendar:
        """A calendar; that of plain weekdays when there is none of the name."""
        return self._calendars.get(name) or self._calendars[PLAIN]


def _read(name: str, folders: Sequence[Path], zone: Zone) -> Calendar:
    files = {file.name: file for folder in folders for file in (folder / name).glob("*.toml")}
    if USUAL not in files:
        raise ConfigError(f"the calendar {name} has no {USUAL}")
    dates: dict[date, Day] = {}
    years: set[int] = set()
    for file in (file for file in files.values() if file.name != USUAL):
        dates.update(_parsed(file, _year))
        years.add(int(file.stem))
    return _parsed(files[USUAL], partial(_usual, name, zone, dates, frozenset(years)))


def _parsed(file: Path, make: Callable[[Path, Table], Made]) -> Made:
    try:
        return make(file, tomllib.loads(file.read_text(encoding="utf-8")))
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ConfigError(f"{file} is not a calendar: {error!r}") from error


def _usual(
    name: str,
    zone: Zone,
    dates: Mapping[date, Day],
    years: frozenset[int],
    _: Path,
    table: Table,
) -> Calendar:
    weekdays = frozenset(_weekday(number) for number in table.get("weekdays", range(1, 6)))
    if not weekdays or not table["regular"]:
        raise ValueError("it would never open")
    return Calendar(
        name=name,
        zone=zone(table["zone"]),
        usual=_day(table),
        weekdays=weekdays,
        dates=dates,
        years=None if table.get("no_dates") else years,
        intraday_ends=_minutes(table, "intraday_ends"),
        intraday_flat=_minutes(table, "intraday_flat"),
    )


def _minutes(table: Table, name: str) -> timedelta | None:
    return timedelta(minutes=table[name]) if name in table else None


def _year(file: Path, table: Table) -> dict[date, Day]:
    closed = dict.fromkeys(table.get("closed", {}), CLOSED)
    special = {text: _day(day) for text, day in table.get("hours", {}).items()}
    both = closed.keys() & special.keys()
    days = {date.fromisoformat(text): day for text, day in (closed | special).items()}
    if both or any(day.year != int(file.stem) for day in days):
        raise ValueError("each date stands once, in the file of its year")
    return days


def _day(table: Table) -> Day:
    regular, extended = (
        tuple(_hours(text) for text in texts)
        for texts in (table["regular"], table.get("extended", ()))
    )
    return Day(regular, extended)


def _hours(text: str) -> Hours:
    opens, _, closes = text.partition("-")
    return Hours(time.fromisoformat(opens), time.fromisoformat(closes))


def _weekday(number: int) -> int:
    """Monday is 1 in a file, as in ISO 8601, and 0 in Python."""
    if not 1 <= number <= LAST_WEEKDAY:
        raise ValueError("weekdays are 1 (Monday) to 7 (Sunday)")
    return number - 1
