"""JSON as people write it by hand: what is missing is forgiven, what is unclear is refused.

Beside JSON it takes commas after the last item, single and typographic quotes, names and words
without quotes, comments, line ends within a text, placeholders without quotes, rendered or not,
and several documents, each beginning on a line of its own.
"""

import json
import re
from collections.abc import Callable
from typing import Final, TypeVar

from app.domain.errors import MalformedAlert
from app.web.names import TYPOGRAPHIC
from app.web.strict_json import (
    DEEPEST_TEXT,
    TOO_DEEP,
    Declined,
    JsonObject,
    not_a_number,
    number,
)

Item = TypeVar("Item")

MOST_DOCUMENTS = 100

# Possessive: one pass over any text.
_BLANK = r"(?:\s++|//[^\r\n]*+|/\*.*?\*/)*+"
_STRING = "|".join(
    rf"[{quotes}](?:[^{quotes}\\]++|\\.)*+[{quotes}]"
    for quotes in ('"', "'", TYPOGRAPHIC[:2], TYPOGRAPHIC[2:])
)
_PLACEHOLDER = r"\{\{[^{}\r\n]{1,200}+\}\}"
_PLAIN = rf"[^\s,:{{}}\[\]\"'{TYPOGRAPHIC}]"
_OPENING = re.compile(rf"{_BLANK}[{{\[]", re.DOTALL)
_NAME = re.compile(rf"{_BLANK}(?:(?P<string>{_STRING})|(?P<word>{_PLAIN}++))", re.DOTALL)
_VALUE = re.compile(
    rf"{_BLANK}(?:(?P<string>{_STRING})|(?P<word>(?:{_PLACEHOLDER}|{_PLAIN}|:(?!\s))++)"
    r"|(?P<open>[{\[]))",
    re.DOTALL,
)
_MARKS = {mark: re.compile(_BLANK + re.escape(mark), re.DOTALL) for mark in ",:{}]"}
_END = re.compile(_BLANK, re.DOTALL)
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*+)(?:\.[0-9]++)?(?:[eE][-+]?[0-9]++)?")
_TO_ESCAPE = re.compile(r"\\(.)|\"", re.DOTALL)
_WORDS: Final[dict[str, bool | None]] = {"null": None, "true": True, "false": False}
_NOT_NUMBERS = frozenset({"NaN", "Infinity", "-Infinity"})


def read(text: str) -> object:
    """Read a text as `strict_json.read` does; several documents become one list.

    Raises:
        Declined: it does not begin like an object or an array.
        MalformedAlert: it does, and something in it is unclear; the message says where.
    """
    if not _OPENING.match(text) or text.lstrip().startswith("{{"):
        raise Declined("the body is not JSON")
    return _Reader(text).documents()


class _Reader:
    """A text, and the place up to which it was read."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._place = 0

    def documents(self) -> object:
        found = [self._value(1)]
        while not self._is_over():
            self._need("{")
            found.append(self._object(1))
            if len(found) > MOST_DOCUMENTS:
                raise MalformedAlert(f"more than {MOST_DOCUMENTS} alerts in one delivery")
        return found[0] if len(found) == 1 else found

    def _is_over(self) -> bool:
        """Whether nothing follows. Another document begins on another line."""
        gap = _END.match(self._text, self._place)
        blank = gap[0] if gap else ""
        if self._place + len(blank) == len(self._text):
            return True
        if "\n" not in blank and "\r" not in blank:
            raise self._unclear("something follows its end")
        return False

    def _value(self, depth: int) -> object:
        token = self._next(_VALUE, "a value")
        if token["open"]:
            if depth > DEEPEST_TEXT:
                raise MalformedAlert(TOO_DEEP)
            return self._object(depth) if token["open"] == "{" else self._array(depth)
        return self._text_of(token["string"]) if token["string"] else _meaning(token["word"])

    def _object(self, depth: int) -> JsonObject:
        return JsonObject(self._items("}", lambda: self._pair(depth)))

    def _array(self, depth: int) -> list[object]:
        return self._items("]", lambda: self._value(depth + 1))

    def _items(self, end: str, read_one: Callable[[], Item]) -> list[Item]:
        """What stands between commas up to the closing mark; the last may have a comma too."""
        items: list[Item] = []
        while not self._took(end):
            items.append(read_one())
            if not self._took(","):
                self._need(end)
                break
        return items

    def _pair(self, depth: int) -> tuple[str, object]:
        token = self._next(_NAME, "a name")
        name = self._text_of(token["string"]) if token["string"] else token["word"]
        self._need(":")
        return name, self._value(depth + 1)

    def _next(self, pattern: re.Pattern[str], what: str) -> re.Match[str]:
        token = pattern.match(self._text, self._place)
        if token is None:
            raise self._unclear(f"{what} is missing or unclear")
        self._place = token.end()
        return token

    def _took(self, mark: str) -> bool:
        token = _MARKS[mark].match(self._text, self._place)
        self._place = token.end() if token else self._place
        return token is not None

    def _need(self, mark: str) -> None:
        if not self._took(mark):
            raise self._unclear(f"'{mark}' is missing")

    def _text_of(self, quoted: str) -> str:
        inner = quoted[1:-1]
        if "\\" not in inner:
            return inner
        try:
            return str(json.loads(f'"{_TO_ESCAPE.sub(_escaped, inner)}"', strict=False))
        except ValueError:
            raise self._unclear("a text has an escape that is none") from None

    def _unclear(self, what: str) -> MalformedAlert:
        """An error that says where, and repeats nothing of the text: it may be a secret."""
        blank = _END.match(self._text, self._place)
        place = blank.end() if blank else self._place
        line = self._text.count("\n", 0, place) + 1
        column = place - self._text.rfind("\n", 0, place)
        return MalformedAlert(f"the body is not JSON: {what} (line {line}, column {column})")


def _escaped(match: re.Match[str]) -> str:
    """A quote as JSON has it within double quotes; other escapes as they are."""
    if match[1] is None:
        return '\\"'
    return "'" if match[1] == "'" else match[0]


def _meaning(word: str) -> object:
    """What a word without quotes stands for; a text when it is nothing else."""
    if word in _WORDS:
        return _WORDS[word]
    if word in _NOT_NUMBERS:
        return not_a_number(word)
    return number(word) if _NUMBER.fullmatch(word) else word
