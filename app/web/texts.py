"""Texts that are not JSON: what a reader makes of one, and what may be kept of it."""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from app.web.names import may_be_secret
from app.web.redaction import MASK
from app.web.strict_json import JsonObject

Content = JsonObject | list[object]


class Field(NamedTuple):
    """A value in a text, the name that it is given under, and where it stands."""

    name: str
    value: str
    start: int

    @property
    def secret(self) -> bool:
        """Whether the value is hidden in what is kept."""
        return may_be_secret(self.name)


class Understood(NamedTuple):
    """What a reader made of a text: its alerts as JSON would have them, and the text to keep."""

    content: Content
    kept: str


def understood(text: str, alerts: Sequence[Sequence[Field]]) -> Understood:
    """The alerts of a text, each a list of fields: one is an object, several are a list."""
    objects = [JsonObject([(name, value) for name, value, _ in fields]) for fields in alerts]
    content: Content = objects[0] if len(objects) == 1 else list[object](objects)
    return Understood(content, "".join(_masked(text, (one for each in alerts for one in each))))


def _masked(text: str, fields: Iterable[Field]) -> Iterator[str]:
    end = 0
    for field in sorted((one for one in fields if one.secret and one.value), key=_start):
        yield text[end : field.start]
        yield MASK
        end = field.start + len(field.value)
    yield text[end:]


def _start(field: Field) -> int:
    return field.start
