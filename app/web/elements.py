"""From a document to its alerts: one element each, checked, without secrets."""

import re
from collections.abc import Iterator
from operator import itemgetter
from typing import cast

from app.domain.errors import MalformedAlert
from app.web.names import fold, may_be_secret, shown
from app.web.strict_json import JsonObject, Refused
from app.web.synonyms import fields_named, never_defaulted

Element = dict[str, object]

MOST_ALERTS = 100
MOST_KEYS = 64
DEEPEST = 8

# Tab and line ends may stand in a comment; the readers refuse them elsewhere.
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_SURROGATE = re.compile(r"[\ud800-\udfff]")
_NAME = itemgetter(0)


def elements_of(document: JsonObject | list[object]) -> tuple[Element | MalformedAlert, ...]:
    """The alerts of a document: an object is one, an array or `order_legs` several.

    Raises:
        MalformedAlert: none can be read. One bad alert among several is a value, not an error.
    """
    if isinstance(document, JsonObject):
        found = tuple(_alerts_of(document, depth=1))
    else:
        found = tuple(_alerts_in(document))
    if len(found) > MOST_ALERTS:
        raise MalformedAlert(f"more than {MOST_ALERTS} alerts in one delivery")
    return found


def _alerts_in(items: list[object]) -> Iterator[Element | MalformedAlert]:
    if not items:
        raise MalformedAlert("the array holds no alert")
    for item in items:
        if not isinstance(item, JsonObject):
            yield MalformedAlert(f"an alert is a JSON object, not {kind_of(item)}")
            continue
        try:
            yield from _alerts_of(item, depth=2)
        except MalformedAlert as error:
            yield error


def _alerts_of(item: JsonObject, *, depth: int) -> list[Element | MalformedAlert]:
    legs = [value for name, value in item.pairs if fold(name) == "orderlegs" and value is not None]
    if not legs:
        return [_tidy(item, depth)]
    rest = JsonObject([pair for pair in item.pairs if fold(pair[0]) != "orderlegs"])
    envelope = _tidy(rest, depth)
    if len(legs) > 1 or not isinstance(legs[0], list) or not legs[0]:
        raise MalformedAlert("'order_legs' must be one array of at least one object")
    return [_leg(leg, envelope, depth + 2) for leg in cast("list[object]", legs[0])]


def _leg(leg: object, envelope: Element, depth: int) -> Element | MalformedAlert:
    """A leg with the envelope's fields, except those that it gives itself under any name."""
    if not isinstance(leg, JsonObject):
        return MalformedAlert(f"a leg is a JSON object, not {kind_of(leg)}")
    try:
        own = _tidy(leg, depth)
    except MalformedAlert as error:
        return error
    given = frozenset[str]().union(*map(fields_named, own))
    return {name: value for name, value in envelope.items() if fields_named(name) - given} | own


def _tidy(item: JsonObject, depth: int, *, may_be_nan: bool = False) -> Element:
    if len(item.pairs) > MOST_KEYS:
        raise MalformedAlert(f"an object has more than {MOST_KEYS} fields")
    if len(set(map(_NAME, item.pairs))) < len(item.pairs):
        raise MalformedAlert(f"the field {shown(_repeated(item))} occurs twice")
    tidied: Element = {}
    for name, value in item.pairs:
        if may_be_secret(name):
            continue
        _check_text(name, name)
        tidied[name] = _tidy_value(name, value, depth, may_be_nan=may_be_nan)
    return tidied


def _repeated(item: JsonObject) -> str:
    names = [name for name, _ in item.pairs]
    return next(name for name in names if names.count(name) > 1)


def _tidy_value(name: str, value: object, depth: int, *, may_be_nan: bool) -> object:
    if isinstance(value, str):
        _check_text(name, value)
        return value
    if not isinstance(value, Refused | JsonObject | list):
        return value
    may_be_nan = may_be_nan or never_defaulted(name)
    if isinstance(value, Refused):
        return _tidy_number(name, value, may_be_nan=may_be_nan)
    if depth >= DEEPEST:
        raise MalformedAlert(f"the body is nested deeper than {DEEPEST}")
    if isinstance(value, JsonObject):
        return _tidy(value, depth + 1, may_be_nan=may_be_nan)
    items = cast("list[object]", value)
    return [_tidy_value(name, item, depth + 1, may_be_nan=may_be_nan) for item in items]


def _tidy_number(name: str, number: Refused, *, may_be_nan: bool) -> str:
    """NaN stays, as text, in the fields of rule 14: there it means present but unusable."""
    if number.text == "NaN" and may_be_nan:
        return number.text
    raise MalformedAlert(f"{shown(name)}: {number.why}")


def _check_text(name: str, text: str) -> None:
    if text.isascii() and text.isprintable():
        return
    if _CONTROL.search(text):
        raise MalformedAlert(f"{shown(name)} holds a control character")
    if _SURROGATE.search(text):
        raise MalformedAlert(f"{shown(name)} holds half a character (a lone surrogate)")


def kind_of(value: object) -> str:
    """What a JSON value is, in words of an error message."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, str):
        return "a text"
    return "an array" if isinstance(value, list) else "a number"
