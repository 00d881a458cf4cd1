"""The newest lines of this process's log, kept for whoever cannot reach its output."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from app.ports.records import Page


class LogLevel(StrEnum):
    """How grave a line is; in this order."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        """Its place among the levels."""
        return list(LogLevel).index(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class LogFilter:
    """Which lines are wanted; None = all. `before` is a cursor.

    `level` or worse, of `logger` or one below it. `text` occurs anywhere in the line, in capitals
    or not.
    """

    level: LogLevel | None = None
    logger: str | None = None
    alert_id: str | None = None
    text: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    before: str | None = None
    limit: int = 50


class RecentLog(Protocol):
    """The newest lines, without secrets."""

    def lines(self, wanted: LogFilter) -> Page[Mapping[str, object]]:
        """Lines, newest first. A cursor that is none of ours is a ValueError."""
        ...
