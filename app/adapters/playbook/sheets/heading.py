"""The first line of the tab `Config`: which column is what."""

import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from app.adapters.playbook.cells import NOTED, columns, name_of
from app.domain.errors import PlaybookRefused

CONFIG, PERFORMANCE = "Config", "Performance"
"""The titles of our tabs."""

TITLES = {
    "symbol": "symbol",
    "position_size": "position_size",
    "active": "active",
    "timeframe": "Time Frame",
    "order_status": "Order Status",
    "last_updated": "Last Updated",
}
"""The columns that there must be, as `sheets init` writes them; others are called by their name."""

INIT = "`flask --app main sheets init` mends it"

_PROTECTS = re.compile(r"stop|target|trail|break|(^|_)(sl|tp)(_|$)")
_LIKENESS = 0.8


@dataclass(frozen=True, slots=True)
class Heading:
    """The columns of `Config`, by the name of what they hold; numbers count from 1.

    `strange`: columns that look like one of ours and are not. A row that has something in one may
    not say what its owner thinks it says.
    """

    at: Mapping[str, int]
    strange: Mapping[str, int]

    @classmethod
    def read(cls, cells: Sequence[str]) -> "Heading":
        """The columns that a first line names.

        Raises:
            PlaybookRefused: one that must be there is not, or stands there twice.
        """
        found = look(cells)
        missing = [title for name, title in TITLES.items() if name not in found.at]
        if missing:
            words = f"the tab {CONFIG} has no column {', '.join(missing)} in its first line"
            raise PlaybookRefused(f"{words}; {INIT}")
        return found


def look(cells: Sequence[str]) -> Heading:
    """The columns of a first line, whatever is missing.

    Raises:
        PlaybookRefused: one stands there twice.
    """
    known = {*columns(), *NOTED}
    at: dict[str, int] = {}
    strange: dict[str, int] = {}
    for number, title in enumerate(cells, 1):
        name = name_of(title)
        if name in at:
            raise PlaybookRefused(f"the tab {CONFIG} has two columns {title}")
        if name in known:
            at[name] = number
        elif _PROTECTS.search(name) or difflib.get_close_matches(name, known, 1, _LIKENESS):
            strange[title] = number
    return Heading(at, strange)


def title_of(name: str) -> str:
    """A column's name as it stands in the sheet."""
    return TITLES.get(name, name)
