"""A1 notation: `'Config'!A2:J10`, `Config!E:F`, `Config`, `E7`."""

import re
from typing import NamedTuple

_CELL = re.compile(r"([A-Z]*)(\d*)")


class Area(NamedTuple):
    """Rows and columns from 1 on, the ends included; an end of None is that of the tab."""

    top: int = 1
    left: int = 1
    bottom: int | None = None
    right: int | None = None


def split(text: str) -> tuple[str, Area]:
    """The title of a tab, and the area in it.

    Raises:
        ValueError: the text is no range.
    """
    title, mark, cells = text.rpartition("!")
    if not mark:
        title, cells = text, ""
    if title.startswith("'") and title.endswith("'"):
        title = title[1:-1].replace("''", "'")
    return title, area(cells) if cells else Area()


def area(text: str) -> Area:
    """The area of a range without its tab."""
    first, colon, last = text.partition(":")
    left, top = _cell(first)
    if not colon:
        return Area(top or 1, left or 1, top, left)
    right, bottom = _cell(last)
    return Area(top or 1, left or 1, bottom, right)


def column(number: int) -> str:
    """The letters of a column."""
    letters = ""
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def _cell(text: str) -> tuple[int | None, int | None]:
    match = _CELL.fullmatch(text.replace("$", "").upper())
    if match is None or not text:
        raise ValueError(f"Unable to parse range: {text}")
    letters, digits = match.groups()
    number = 0
    for letter in letters:
        number = 26 * number + ord(letter) - 64
    return number or None, int(digits) if digits else None
