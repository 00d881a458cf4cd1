"""Secrets in a delivery: found in order to be compared, hidden before anything is kept."""

import json
import re
from collections.abc import Iterator
from typing import cast

from app.web.names import SECRET_NAMES, SECRET_PARTS, TYPOGRAPHIC, fold
from app.web.strict_json import JsonObject, Refused

MASK = "***"
# More guesses than these in one delivery are not looked at.
MOST_PRESENTED = 16


def secrets_in(document: object) -> tuple[str, ...]:
    """The values of secret names in a JSON document: top level and one level of nesting."""
    found: dict[str, None] = {}
    for top in _objects_in(document):
        for name, value in top.pairs:
            _present(found, name, value)
            for nested in _objects_in(value):
                for inner_name, inner in nested.pairs:
                    _present(found, inner_name, inner)
    found.pop("", None)
    return tuple(found)[:MOST_PRESENTED]


def hide_secrets(text: str) -> tuple[tuple[str, ...], str]:
    """The secrets of a text that is not JSON, and the text with `***` in their place.

    Every `name: value` and `name=value` pair counts, quoted or not, also when the name is written
    with JSON escapes, when the text breaks off within the value, and when a name stands in what
    was taken for another one's value. The time is linear: no value is read to its end twice.
    """
    found: dict[str, None] = {}
    parts: list[str] = []
    hidden_to = bare_to = 0
    for head in _HEAD.finditer(text):
        start = head.end()
        if len(found) < MOST_PRESENTED:
            found.update(dict.fromkeys(_candidates(text, start)))
        if start >= hidden_to:
            parts += [text[hidden_to:start], MASK]
        if start < bare_to and text[start] not in _OPENING:
            continue
        end, bare = _value_end(text, start)
        hidden_to = max(hidden_to, end)
        bare_to = end if bare else bare_to
    return tuple(found)[:MOST_PRESENTED], "".join([*parts, text[hidden_to:]])


def _value_end(text: str, start: int) -> tuple[int, bool]:
    """Where a value ends, and whether it is a bare one. An array or object hides all the rest."""
    value = _VALUE.match(text, start)
    if value is None:
        return start, False
    return (len(text) if value["rest"] else value.end()), value["bare"] is not None


def _candidates(text: str, start: int) -> Iterator[str]:
    value = _CANDIDATE.match(text, start)
    if value is None:
        return
    if value["double"]:
        yield _unescaped(value["double"])
    yield value[0].strip(f"\\\"'{TYPOGRAPHIC}")


def _objects_in(value: object) -> Iterator[JsonObject]:
    if isinstance(value, JsonObject):
        yield value
    elif isinstance(value, list):
        for item in cast("list[object]", value):
            if isinstance(item, JsonObject):
                yield item


def _present(found: dict[str, None], name: str, value: object) -> None:
    if fold(name) not in SECRET_NAMES or value is None or isinstance(value, bool | list):
        return
    if not isinstance(value, JsonObject):
        found[value.text if isinstance(value, Refused) else str(value)] = None


def _unescaped(quoted: str) -> str:
    try:
        return str(json.loads(quoted, strict=False))
    except ValueError:
        return quoted.strip('"')


def _letter(char: str) -> str:
    codes = "|".join(f"{ord(form):02x}" for form in (char, char.upper()))
    return rf"(?:{char}|\\u00(?:{codes}))"


def _spelled(name: str) -> str:
    gap = r"(?:[\s_\-]|\\[nrt]|\\u00(?:20|2d|5f|09|0a|0d)){0,3}"
    return gap.join(_letter(char) for char in name)


_SHORT_NAMES = sorted(SECRET_NAMES - set(SECRET_PARTS))
_HEAD = re.compile(
    rf"(?:(?:{'|'.join(map(_spelled, SECRET_PARTS))})[\w\-]{{0,16}}+"
    rf"|(?:(?<![A-Za-z0-9])|(?<=\\[nrt]))(?:{'|'.join(map(_spelled, _SHORT_NAMES))}))"
    rf"""(?:\s|\\[nrt])*+\\*+["'`{TYPOGRAPHIC}]?(?:\s|\\[nrt])*+[:=](?:\s|\\[nrt])*+""",
    re.IGNORECASE,
)
_OPENING = "\"'\\[{"
_VALUE = re.compile(
    r"""  "(?:[^"\\]++|\\.)*+"?
        | '(?:[^'\\]++|\\.)*+'?
        | \\++"[^"]*+"?
        | \\++'[^']*+'?
        | (?P<rest>[\[{])
        | (?P<bare>[^,;}\]\r\n]++)""",
    re.VERBOSE | re.DOTALL,
)
_CANDIDATE = re.compile(
    r"""  (?P<double>"(?:[^"\\]|\\.){1,512}+")
        | '[^']{1,512}+'
        | \\++"[^"]{1,512}+"
        | [^\s,;|&}\]\[{]{1,512}+""",
    re.VERBOSE | re.DOTALL,
)
