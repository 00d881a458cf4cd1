"""Values: what a field holds, read as a number, a text or a word, or an error that names it."""

import re
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import TypeVar, cast

from app.domain.errors import MalformedAlert
from app.web.names import UNREADABLE, fold, shown
from app.web.synonyms import NEVER_DEFAULTED, Candidate, Given
from app.web.words import YES_OR_NO

Word = TypeVar("Word")

PLAIN_NUMBER = r"-?(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+)"
LONGEST_NUMBER = 40
MOST_DIGITS = 15
MOST_DECIMALS = 18
LONGEST_TEXT = 100

_NUMBER = re.compile(PLAIN_NUMBER)
_WHOLE = re.compile(r"[0-9]+")
# Text that a chart writes where it has no number.
_NO_NUMBER = frozenset({"nan", "na", "n/a", "null", "none", "undefined"})


class Reading:
    """One element while it is read: what it gives, and what is remarked on the way."""

    def __init__(self, given: Given, now: datetime) -> None:
        self.given = given
        self.now = now
        self.notes: list[str] = []
        self.unusable: set[str] = set()
        self.unsupported: list[str] = []

    def first(self, field: str) -> Candidate | None:
        """The best name of a field that holds something."""
        for candidate in self.given.of(field):
            if not is_absent(candidate.value):
                return candidate
            self.remark_unrendered(candidate)
        return None

    def text(self, field: str, longest: int = LONGEST_TEXT, *, lines: bool = False) -> str | None:
        """A text as sent, of one line unless `lines`."""
        candidate = self.first(field)
        return None if candidate is None else text_of(candidate, longest, lines=lines)

    def word(self, field: str, words: Mapping[str, Word]) -> Word | None:
        """What a word of an enumeration stands for."""
        candidate = self.first(field)
        return None if candidate is None else word_of(candidate, words)

    def yes_or_no(self, field: str) -> bool | None:
        """True or false, also as a word."""
        candidate = self.first(field)
        if candidate is None:
            return None
        if isinstance(candidate.value, bool):
            return candidate.value
        return word_of(candidate, YES_OR_NO)

    def number(self, field: str, *, names: str = "", zero: bool = False) -> Decimal | None:
        """A number; zero counts as absent unless `zero`. `names`: a row of names of its own."""
        for candidate in self.given.of(names or field):
            if self.is_usable(field, candidate):
                number = number_of(candidate.name, candidate.value)
                if number or zero:
                    return number
            elif field in self.unusable:
                return None
        return None

    def price(self, field: str, *, names: str = "") -> Decimal | None:
        """A positive number; zero counts as absent."""
        number = self.number(field, names=names)
        if number is not None and number < 0:
            raise MalformedAlert(f"{shown(field)} must not be negative")
        return number

    def is_usable(self, field: str, candidate: Candidate) -> bool:
        """Whether there is a value to read; one that is present but unusable is remarked."""
        value = candidate.value
        if not isinstance(value, str):
            return value is not None
        if value.strip().lower() in _NO_NUMBER:
            self.unusable.add(field)
            return False
        if is_unrendered(value) and field in NEVER_DEFAULTED:
            self.unusable.add(field)
        if is_absent(value):
            self.remark_unrendered(candidate)
            return False
        return True

    def remark_unrendered(self, candidate: Candidate) -> None:
        """Note that a placeholder was left where a value should be."""
        note = f"{shown(candidate.name)} was not rendered"
        if isinstance(candidate.value, str) and candidate.value.strip() and note not in self.notes:
            self.notes.append(note)


def is_unrendered(text: str) -> bool:
    """Whether a placeholder `{{...}}` was left in the text."""
    start = text.find("{{")
    return start >= 0 and text.find("}}", start) > 0


def is_absent(value: object) -> bool:
    """Whether a field counts as not given: null, nothing but blanks, or unrendered."""
    if isinstance(value, str):
        return not value or value.isspace() or ("{{" in value and is_unrendered(value))
    return value is None


def mapping_of(value: object) -> Mapping[str, object] | None:
    """The value when it is an object."""
    return cast("Mapping[str, object]", value) if isinstance(value, Mapping) else None


def list_of(value: object) -> list[object] | None:
    """The value when it is an array."""
    return cast("list[object]", value) if isinstance(value, list) else None


def text_of(candidate: Candidate, longest: int = LONGEST_TEXT, *, lines: bool = False) -> str:
    """The value as text without blanks around it; whole numbers count as text."""
    value = candidate.value
    text = (
        value.strip(None if lines else " ") if isinstance(value, str) else _whole_number(candidate)
    )
    if len(text) > longest:
        raise MalformedAlert(f"{shown(candidate.name)} has more than {longest} characters")
    if UNREADABLE.search(" ".join(text.split()) if lines else text):
        raise MalformedAlert(f"{shown(candidate.name)} holds a control character")
    return text


def _whole_number(candidate: Candidate) -> str:
    value = candidate.value
    text = str(value) if isinstance(value, Decimal | int) else ""
    if not _WHOLE.fullmatch(text):
        raise MalformedAlert(f"{shown(candidate.name)} must be a text")
    return text


def word_of(candidate: Candidate, words: Mapping[str, Word]) -> Word:
    """What the word in a field stands for; without regard to case, spaces, `-` and `_`."""
    word = candidate.value
    found = words.get(fold(word)) if isinstance(word, str) and word.isprintable() else None
    if found is None:
        what = shown(word) if isinstance(word, str) else "this value"
        raise MalformedAlert(f"{shown(candidate.name)}: {what} is not understood")
    return found


def number_of(name: str, value: object) -> Decimal:
    """A number in plain decimal notation: no blanks, `1_0` or `1e5` as text, no true or false."""
    number = _decimal(value)
    if number is None or not number.is_finite():
        what = shown(value) if isinstance(value, str) else "this value"
        raise MalformedAlert(f"{shown(name)}: {what} is not a number")
    places = -int(number.as_tuple().exponent)
    if number.adjusted() >= MOST_DIGITS or places > MOST_DECIMALS:
        raise MalformedAlert(f"{shown(name)} is too large or has too many decimals")
    return number if places >= 0 else Decimal(f"{number:f}")


def _decimal(value: object) -> Decimal | None:
    if isinstance(value, str):
        return Decimal(value) if len(value) <= LONGEST_NUMBER and _NUMBER.fullmatch(value) else None
    if isinstance(value, Decimal):
        return value
    return Decimal(value) if isinstance(value, int) and not isinstance(value, bool) else None
