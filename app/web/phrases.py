"""Messages in words, one alert a line: `BUY AAPL`, `sell 10 MSFT @ 433.02`, and templates.

A line is understood as a whole or not at all, and one that is not understood holds back all others:
a sentence that merely has the words in it never trades.
"""

import re
from collections.abc import Iterator, Sequence

from app.web.actions import words_for
from app.web.names import fold, may_be_secret
from app.web.readers import is_absent
from app.web.strict_json import Declined
from app.web.synonyms import fields_named
from app.web.templates import Template
from app.web.texts import Field, Understood, understood
from app.web.words import ACTIONS

LONGEST_LINE = 2000
LONGEST_PHRASE = 200
MOST_LINES = 100

PUBLISHED = tuple(
    map(
        Template.parse,
        (
            "{action} | {symbol}@{price} | {strategy}",
            "order {action} | {symbol}@{price} | {strategy}",
            "{secret} | {strategy} | {action} | {symbol}",
        ),
    )
)
"""Forms of services whose messages people bring along."""

# What stands after "buy" and "sell" in ordinary capitals, though some of it is a ticker too: with
# its exchange in front it is one.
ORDINARY = frozenset(
    """
    a again alert alerts all and another any at back bottom breakout call calls condition
    confirmed cross crossing crossover detected dip dips entries entry everything for high here
    hold if in it limit long low market me more new no not nothing now off on open or order
    orders out position positions price pullback put puts ready setup short side signal signals
    some soon stop stops strong target the them this today top trade trades trend triggered up
    volume weak zone
    """.split()  # noqa: SIM905  # a list of words is read as one
)

_NUMBER = r"(?:[0-9]{1,15}(?:\.[0-9]{1,18})?|\.[0-9]{1,18})"
_PLACEHOLDER = r"\{\{[^{}]{1,200}+\}\}"
_AMOUNT = rf"(?:\${_NUMBER}|{_NUMBER}[$%]?|{_PLACEHOLDER})"
_GAP = r"[ \t]++"
_NAMES = {"before": "quantity", "after": "quantity"}
# Capitals, as TradingView writes tickers; a `!` only behind the number of a continuous future.
_SYMBOL = (
    r"(?=[0-9._/&^*:+-]*+[A-Z])[A-Z0-9](?:[A-Z0-9._/&^*:+-]{0,61}[A-Z0-9])?(?:(?<=[0-9])!)?"
    rf"|(?:{_PLACEHOLDER}:?){{1,2}}"
)
_PHRASE = re.compile(
    rf"(?P<action>[A-Za-z_-]{{1,20}}+|{_PLACEHOLDER})"
    rf"(?:{_GAP}(?P<before>{_AMOUNT}))?"
    rf"{_GAP}(?P<symbol>{_SYMBOL})"
    rf"(?:{_GAP}(?P<after>{_AMOUNT}))?"
    rf"(?:(?:[ \t]*+@[ \t]*+|{_GAP}at{_GAP})(?P<price>{_NUMBER}|{_PLACEHOLDER}))?"
)
_PAIR = r"[ \t]*+(?P<name>[A-Za-z][A-Za-z _-]{2,20}?)[ \t]*+[=:][ \t]*+(?P<value>[^\s;]++)[ \t]*+"
_FIRST = re.compile(rf"{_PAIR}(?:;|\Z)")
_LAST = re.compile(rf"{_PAIR}\Z")
_LINE = re.compile(r"[^\r\n]+")


def read(text: str, templates: Sequence[Template] = ()) -> Understood:
    """Read a text of lines, each in one of the templates or in words.

    A line may have the secret before or behind its words, parted by `;`, or be only the secret.

    Raises:
        Declined: a line of it is not understood, or none says anything.
    """
    alerts: list[list[Field]] = []
    secrets: list[Field] = []
    for number, line in enumerate(_lines_of(text), start=1):
        fields = _fields_of(line, templates)
        if fields is None or number > MOST_LINES:
            raise Declined(f"line {number} of the body is not understood")
        if all(field.secret for field in fields):
            secrets += fields
        else:
            alerts.append(fields)
    if not alerts:
        raise Declined("the body says nothing")
    alerts[0] += secrets
    return understood(text, alerts)


def _lines_of(text: str) -> Iterator[tuple[str, int]]:
    """The lines that are not blank, and where they begin."""
    for line in _LINE.finditer(text):
        if not line[0].isspace():
            yield line[0], line.start()


def _fields_of(line: tuple[str, int], templates: Sequence[Template]) -> list[Field] | None:
    text, place = line
    if len(text) > LONGEST_LINE:
        return None
    secrets, words = _without_secret(text)
    fields = _said(words, templates) if words.strip() else []
    if fields is None and secrets:
        # What looked like the secret beside the words may be a part of the owner's form.
        secrets, fields = [], _said(text, templates)
    if fields is None:
        return None
    return [field._replace(start=field.start + place) for field in (*secrets, *fields)]


def _without_secret(line: str) -> tuple[list[Field], str]:
    """The secrets at the ends of a line, and the line with blanks in their place."""
    secrets: list[Field] = []
    first = _FIRST.match(line)
    if first and may_be_secret(first["name"]):
        secrets.append(Field(first["name"], first["value"], first.start("value")))
        line = " " * first.end() + line[first.end() :]
    words, parted, end = line.rstrip("; \t").rpartition(";")
    last = _LAST.match(end) if parted else None
    if last and may_be_secret(last["name"]):
        secrets.append(Field(last["name"], last["value"], len(words) + 1 + last.start("value")))
        line = words
    return secrets, line


def _said(line: str, templates: Sequence[Template]) -> list[Field] | None:
    """What the words of a line say, blanks around them aside."""
    words = line.strip()
    fields = _by_template(words, templates) or _phrase(words)
    start = len(line) - len(line.lstrip())
    return fields and [field._replace(start=field.start + start) for field in fields]


def _by_template(words: str, templates: Sequence[Template]) -> list[Field] | None:
    for template in (*templates, *PUBLISHED):
        fields = template.match(words)
        if fields and all(map(_is_readable, fields)):
            return fields
    return None


def _is_readable(field: Field) -> bool:
    """Whether a field that must be an action is one, or was left empty or unrendered."""
    if "action" not in fields_named(field.name) or fold(field.name) == "type":
        return True
    return is_absent(field.value) or fold(field.value) in words_for(fold(field.name))


def _phrase(words: str) -> list[Field] | None:
    found = _PHRASE.fullmatch(words) if len(words) <= LONGEST_PHRASE else None
    if found is None or (found["before"] and found["after"]):
        return None
    action, symbol = found["action"], fold(found["symbol"])
    if not (is_absent(action) or fold(action) in ACTIONS) or symbol in ORDINARY | ACTIONS.keys():
        return None
    return [
        Field(_NAMES.get(group, group), value, found.start(group))
        for group, value in found.groupdict().items()
        if value is not None
    ]
