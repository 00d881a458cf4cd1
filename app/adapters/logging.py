"""The log: one JSON line per record on standard output, without a secret in it."""

import json
import logging
import re
import sys
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, TextIO, cast
from urllib.parse import quote

import structlog

from app.domain.events import Event

Render = Callable[[dict[str, object]], str]
Keep = Callable[[str, str], None]

HIDDEN = "***"
MOMENT = "%Y-%m-%dT%H:%M:%S.%fZ"
MOST_HIDDEN_LATER = 64
"""Secrets that came later, of which the latest are hidden by value: those of many days."""
DEEPEST = 6
"""What lies deeper than this in a value is shown as text."""

_SECRET_NAME = re.compile(
    "secret|passw|passphrase|authorization|cookie|credential"
    "|(?:api|auth|access|private|signing)key|^key$|pin$|token$"
)
_SEPARATORS = str.maketrans("", "", " -_.")
_RESERVED = frozenset(vars(logging.makeLogRecord({}))) | {
    "asctime",
    "event",
    "level",
    "logger",
    "message",
    "ts",
}

events_log = logging.getLogger("app.events")


def configure_logging(
    level: str, log_format: str, *, secrets: Sequence[str], keep: Keep | None = None
) -> "Redaction":
    """Write the log of this process to standard output. Calling it again replaces what was set.

    Args:
        level: for our own lines; libraries speak from WARNING on.
        log_format: `json`, or `console` for people.
        secrets: values that must not appear in any line, whatever they stand in.
        keep: is given the level and, as JSON, the text of each line.

    Returns:
        What hides secrets in it, and takes more of them.
    """
    ours = logging.getLevelNamesMapping()[level]
    root = logging.getLogger()
    for handler in root.handlers[:]:
        if isinstance(handler, _StandardOutput):
            root.removeHandler(handler)
    handler = _StandardOutput()
    redaction = Redaction(secrets)
    handler.setFormatter(_Lines(redaction, _rendering(log_format), keep))
    root.addHandler(handler)
    root.setLevel(max(ours, logging.WARNING))
    logging.getLogger("app").setLevel(ours)
    # gunicorn has a handler of its own, which would show whatever a stranger sent.
    gunicorn = logging.getLogger("gunicorn.error")
    gunicorn.handlers.clear()
    gunicorn.propagate = True
    return redaction


def log_event(event: Event) -> None:
    """One line per event; what deserves the owner's attention as a warning."""
    subject = {
        "alert_id": event.alert_id,
        "account": event.account,
        "symbol": event.symbol,
        "client_order_id": event.client_order_id,
    }
    known = {name: value for name, value in subject.items() if value is not None}
    facts = {f"{name}_" if name in _RESERVED else name: event.facts[name] for name in event.facts}
    level = logging.WARNING if event.problem else logging.INFO
    events_log.log(level, event.kind.value, extra={**facts, **known})


class Redaction:
    """Hides secrets: by value wherever it occurs, by the name that it stands under."""

    def __init__(self, secrets: Iterable[str]) -> None:
        self._always = [secret for secret in secrets if secret]
        self._lately: deque[str] = deque(maxlen=MOST_HIDDEN_LATER)
        self._values = _pattern_of(self._always)

    def hide(self, secret: str) -> None:
        """Hide one more, which was not known at the start: a token, say."""
        if secret and secret not in self._lately:
            self._lately.append(secret)
            self._values = _pattern_of([*self._always, *self._lately])

    def __call__(self, line: Mapping[str, object]) -> dict[str, object]:
        """The line without secrets, made of what JSON knows."""
        return self._mapping(line, 0)

    def text(self, text: str) -> str:
        """A text without secrets."""
        return self._clean(text)

    def _mapping(self, pairs: Mapping[Any, object], depth: int) -> dict[str, object]:
        return {
            self._clean(str(name)): HIDDEN
            if value and _is_secret(str(name))
            else self._value(value, depth + 1)
            for name, value in pairs.items()
        }

    def _value(self, value: object, depth: int) -> object:
        if isinstance(value, str):
            return self._clean(value)
        if value is None or isinstance(value, bool):
            return value
        if depth <= DEEPEST and isinstance(value, Mapping):
            return self._mapping(cast("Mapping[Any, object]", value), depth)
        if depth <= DEEPEST and isinstance(value, list | tuple | set | frozenset):
            return [self._value(item, depth + 1) for item in cast("Iterable[object]", value)]
        text = self._clean(str(value))
        return value if isinstance(value, int | float) and text == str(value) else text

    def _clean(self, text: str) -> str:
        return text if self._values is None else self._values.sub(HIDDEN, text)


@lru_cache(maxsize=1024)
def _is_secret(name: str) -> bool:
    return _SECRET_NAME.search(name.lower().translate(_SEPARATORS)) is not None


class _Lines(logging.Formatter):
    """One line of each record: what every line has, then what the record has of its own."""

    def __init__(self, redaction: Redaction, render: Render, keep: Keep | None) -> None:
        super().__init__()
        self._redaction = redaction
        self._render = render
        self._keep = keep

    def format(self, record: logging.LogRecord) -> str:
        """The record's line."""
        line: dict[str, object] = {
            "ts": datetime.fromtimestamp(record.created, UTC).strftime(MOMENT),
            "level": record.levelname.lower(),
            "event": record.getMessage(),
            "logger": record.name,
        }
        fields = vars(record)
        line |= {name: fields[name] for name in fields if name not in _RESERVED}
        if record.stack_info:
            line["stack_info"] = record.stack_info
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        clean = self._redaction(line)
        shown = self._render(clean.copy())  # for people it takes the line apart
        if self._keep is not None:
            kept = shown if self._render is json.dumps else json.dumps(clean)
            self._keep(record.levelname.lower(), kept)
        return shown


class _StandardOutput(logging.StreamHandler[TextIO]):
    """Whatever standard output is at the moment of writing."""

    def __init__(self) -> None:
        logging.Handler.__init__(self)

    @property
    def stream(self) -> TextIO:  # type: ignore[override]  # as the standard library's last resort
        """Standard output."""
        return sys.stdout

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802  # its name there
        """Say that a line was lost, not what was in it: it may not have been redacted.

        When there is no room for that either, the line is lost silently: a full disk, or a reader
        of the log that went away, must not stop what was to be logged.
        """
        with suppress(OSError, ValueError):
            sys.stderr.write(f"a log line of {record.name} could not be written\n")


def _pattern_of(secrets: Iterable[str]) -> re.Pattern[str] | None:
    forms = {form for secret in secrets for form in _forms_of(secret)}
    longest_first = sorted(forms, key=len, reverse=True)
    return re.compile("|".join(map(re.escape, longest_first))) if forms else None


def _forms_of(secret: str) -> Iterable[str]:
    """The secret as it is, as a URL has it, and as a quoted text has it."""
    yield secret
    yield quote(secret, safe="")
    yield json.dumps(secret)[1:-1]
    yield repr(secret)[1:-1]


def _rendering(log_format: str) -> Render:
    if log_format == "json":
        return json.dumps
    # Its own way to show an exception would show local variables too, secrets among them.
    console = structlog.dev.ConsoleRenderer(
        colors=sys.stdout.isatty(),
        timestamp_key="ts",
        exception_formatter=structlog.dev.plain_traceback,
    )
    return lambda line: console(None, "", line)
