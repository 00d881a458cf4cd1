"""Messages of `name=value` pairs, separated by `;`, by `,` or by line ends."""

import re
from collections.abc import Iterator, Sequence
from itertools import groupby

from app.web.names import fold
from app.web.strict_json import Declined
from app.web.synonyms import fields_named
from app.web.texts import Field, Understood, understood

MOST_PAIRS = 1000

_NAME = r"[A-Za-z_][A-Za-z0-9_. \t-]{0,63}+"
# A comma within a value separates only when a name and `=` follow, or nothing.
_PAIR = re.compile(
    rf"[\s;,]*+(?P<name>{_NAME})=[ \t]*+"
    r"(?:\"(?P<double>[^\"\r\n]*+)\"|'(?P<single>[^'\r\n]*+)'"
    rf"|(?![\"'])(?P<bare>(?:[^;,\r\n]++|,(?![ \t]*+(?:[;,\r\n]|\Z|{_NAME}=)))*+))"
    r"[ \t]*+(?=[;,\r\n]|\Z)"
)
_REST = re.compile(r"[\s;,]*+\Z")


def read(text: str) -> Understood:
    """Read a text of pairs: one alert, or one each line when every line names an action anew.

    Raises:
        Declined: it is not made of pairs.
    """
    pairs = list(_pairs_in(text))
    lines = [list(line) for _, line in groupby(pairs, lambda pair: text.count("\n", 0, pair.start))]
    return understood(text, _alerts(lines))


def _pairs_in(text: str) -> Iterator[Field]:
    place = 0
    for number in range(1, MOST_PAIRS + 1):
        pair = _PAIR.match(text, place)
        if pair is None:
            raise Declined(f"part {number} of the body is not a pair of name=value")
        group = pair.lastgroup or "bare"
        yield Field(pair["name"].strip(), pair[group].rstrip(), pair.start(group))
        place = pair.end()
        if _REST.match(text, place):
            return
    raise Declined(f"the body holds more than {MOST_PAIRS} pairs")


def _alerts(lines: Sequence[Sequence[Field]]) -> Sequence[Sequence[Field]]:
    """The lines as alerts of their own when they repeat the action's name, otherwise as one."""
    secrets = [line for line in lines if all(pair.secret for pair in line)]
    alerts = [list(line) for line in lines if line not in secrets]
    several = alerts[1:] and frozenset[str].intersection(*map(_action_names, alerts))
    if not several:
        return [[pair for line in lines for pair in line]]
    alerts[0] += [pair for line in secrets for pair in line]
    return alerts


def _action_names(line: Sequence[Field]) -> frozenset[str]:
    return frozenset(fold(pair.name) for pair in line if "action" in fields_named(pair.name))
