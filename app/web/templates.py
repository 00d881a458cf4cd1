"""Text forms of the owner's own: `{action} | {symbol}@{price} | {strategy}`."""

import re
from collections.abc import Sequence
from typing import NamedTuple

from app.domain.errors import ConfigError
from app.web.names import SECRET_NAMES, fold, shown
from app.web.synonyms import INDEX, fields_named
from app.web.texts import Field

IGNORED = "_"
"""The name of a place whose text is not looked at."""

BLANKS = {ord(blank): " " for blank in "\t\xa0"}
_PLACE = re.compile(r"\{([^{}]*)\}")


class Template(NamedTuple):
    """A form of one line: the text before its first value, then each name and what follows it."""

    text: str
    head: str
    places: Sequence[tuple[str, str]]

    @classmethod
    def parse(cls, text: str) -> "Template":
        """Read a template.

        Raises:
            ConfigError: it could never be told what a message means by it; it is named.
        """
        fault = _fault(text)
        if fault:
            raise ConfigError(f"TEXT_TEMPLATES: {fault} in {text!r}")
        head, *rest = _PLACE.split(text.translate(BLANKS).strip())
        return cls(text, head, list(zip(rest[::2], map(_core, rest[1::2]), strict=True)))

    def match(self, line: str) -> list[Field] | None:
        """The values of a line that has this form. Each ends where the next literal begins."""
        line = line.translate(BLANKS).rstrip()
        if not line.startswith(self.head):
            return None
        fields: list[Field] = []
        place, last = len(self.head), len(self.places) - 1
        for index, (name, core) in enumerate(self.places):
            start = place + len(line[place:]) - len(line[place:].lstrip())
            end = _last(line, core) if index == last else line.find(core, start)
            if end < start:
                return None
            if name != IGNORED:
                fields.append(Field(name, line[start:end].rstrip(), start))
            place = end + len(core)
        return fields


def _last(line: str, core: str) -> int:
    """Where the last value ends; -1 when the line ends otherwise."""
    return len(line) - len(core) if line.endswith(core) else -1


def _core(literal: str) -> str:
    """What to look for: blanks around signs do not matter, those around letters do."""
    core = literal.strip()
    if not core:
        return literal[:1]
    before = " " if literal[0].isspace() and core[0].isalnum() else ""
    after = " " if literal[-1].isspace() and core[-1].isalnum() else ""
    return before + core + after


def _fault(text: str) -> str:
    names = _PLACE.findall(text)
    if not names:
        return "there is no {name}"
    if "{" in _PLACE.sub("", text) or "}" in _PLACE.sub("", text):
        return "a brace stands alone"
    if "}{" in text:
        return "two values touch each other"
    unknown = next((name for name in names if not _is_known(name)), None)
    if unknown is not None:
        return f"{shown(unknown)} is no field"
    return "one field is named twice" if _is_twice(names) else ""


def _is_known(name: str) -> bool:
    return name == IGNORED or fold(name) in INDEX or fold(name) in SECRET_NAMES


def _is_twice(names: Sequence[str]) -> bool:
    known = [field for name in names if name != IGNORED for field in sorted(fields_named(name))]
    return len(set(known)) < len(known)
