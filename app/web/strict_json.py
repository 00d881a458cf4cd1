"""JSON without surprises: numbers are Decimal, nothing is lost, only MalformedAlert is raised."""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from json.encoder import encode_basestring
from operator import itemgetter
from typing import cast

from app.domain.errors import MalformedAlert
from app.web.names import may_be_secret

LONGEST_NUMBER = 40
LARGEST_EXPONENT = 40
DEEPEST_TEXT = 32
TOO_DEEP = f"the body is nested deeper than {DEEPEST_TEXT}"
MASK = '"***"'

# Possessive, and the closing quote optional: one pass over any text.
_BRACKETS = re.compile(r'"(?:[^"\\]++|\\.)*+"?|[\[{]|[\]}]', re.DOTALL)


class Declined(MalformedAlert):
    """The text is not in the form of this reader. Another one may understand it."""


@dataclass(slots=True)
class JsonObject:
    """An object as written: every pair in its order, repeated names included."""

    pairs: list[tuple[str, object]]


@dataclass(frozen=True, slots=True)
class Refused:
    """A number as written that cannot be used, and why. It spoils only the alert it stands in."""

    text: str
    why: str


def read(text: str) -> object:
    """Read a JSON text: JsonObject, list, str, Decimal, bool, None or Refused.

    Raises:
        Declined: the text is not JSON.
        MalformedAlert: it is, and it is nested too deeply to be looked at.
    """
    if text.count("[") + text.count("{") > DEEPEST_TEXT and _depth(text) > DEEPEST_TEXT:
        raise MalformedAlert(TOO_DEEP)
    try:
        return cast("object", _DECODER.decode(text))
    except json.JSONDecodeError as error:
        raise Declined(f"the body is not valid JSON: {error.msg}") from None


def dump(value: object, *, ordered: bool = False) -> str:
    """The value as JSON text, numbers as written, secrets masked at every depth.

    `ordered` sorts the names, so that the text depends on nothing but the content.
    """
    if isinstance(value, str):
        return encode_basestring(value)
    if isinstance(value, Refused):
        return value.text
    if isinstance(value, JsonObject):
        return _dump_pairs(value.pairs, ordered=ordered)
    if isinstance(value, Mapping):
        return _dump_pairs(cast("Mapping[str, object]", value).items(), ordered=ordered)
    if isinstance(value, list):
        items = cast("list[object]", value)
        return "[" + ",".join([dump(item, ordered=ordered) for item in items]) + "]"
    return _WORDS.get(value, "") if value is None or isinstance(value, bool) else str(value)


def _dump_pairs(pairs: Iterable[tuple[str, object]], *, ordered: bool) -> str:
    if ordered:
        pairs = sorted(pairs, key=itemgetter(0))
    texts = [
        f"{encode_basestring(name)}:{MASK if may_be_secret(name) else dump(value, ordered=ordered)}"
        for name, value in pairs
    ]
    return "{" + ",".join(texts) + "}"


def _depth(text: str) -> int:
    depth = deepest = 0
    for match in _BRACKETS.finditer(text):
        if match[0] in "[{":
            depth += 1
            deepest = max(deepest, depth)
        elif match[0] in "]}":
            depth -= 1
    return deepest


def number(text: str) -> Decimal | Refused:
    """A number of JSON as written, or why it cannot be used."""
    if len(text) > LONGEST_NUMBER:
        return Refused(text, f"a number has more than {LONGEST_NUMBER} characters")
    try:
        number = Decimal(text)
    except InvalidOperation:
        return Refused(text, "a number has an exponent that cannot be used")
    if abs(number.adjusted()) > LARGEST_EXPONENT:
        return Refused(text, "a number has an exponent that cannot be used")
    return number


def not_a_number(text: str) -> Refused:
    """NaN and the infinities, which JSON does not have and programs write all the same."""
    return Refused(text, f"{text} is not a number")


_WORDS: dict[object, str] = {None: "null", True: "true", False: "false"}
_DECODER = json.JSONDecoder(
    object_pairs_hook=JsonObject,
    parse_float=number,
    parse_int=number,
    parse_constant=not_a_number,
)
