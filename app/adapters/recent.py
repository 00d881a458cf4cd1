"""The newest lines of the log, in memory: as many as a small machine can spare, and no more.

Lines come here after their secrets were taken out. Problems are kept apart as well, so that a busy
hour does not wash away what went wrong in the night.
"""

import json
import threading
from collections import deque
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import NamedTuple

from app.ports.recent import LogFilter, LogLevel
from app.ports.records import Page

LINES, PROBLEMS = 2000, 500
LONGEST, LONGEST_TEXT = 8000, 2000
"""Characters of a line. Of a longer one the texts are cut, and if need be only the head is kept."""

_RANKS = {level.value: level.rank for level in LogLevel}


class _Kept(NamedTuple):
    number: int
    rank: int
    line: str


class RecentLines:
    """The port `RecentLog`; `keep` is called by the log for each line that it writes."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._lines: deque[_Kept] = deque(maxlen=LINES)
        self._problems: deque[_Kept] = deque(maxlen=PROBLEMS)
        self._last = 0

    def keep(self, level: str, line: str) -> None:
        """Keep a line, written as JSON."""
        if len(line) > LONGEST:
            line = _shortened(line)
        rank = _RANKS.get(level, 0)
        with self._lock:
            self._last += 1
            kept = _Kept(self._last, rank, line)
            self._lines.append(kept)
            if rank >= LogLevel.WARNING.rank:
                self._problems.append(kept)

    def lines(self, wanted: LogFilter) -> Page[Mapping[str, object]]:
        """Lines, newest first. A cursor that is none of ours is a ValueError."""
        if wanted.before is not None and not (wanted.before.isascii() and wanted.before.isdigit()):
            raise ValueError("it was not given by this list")
        before = None if wanted.before is None else int(wanted.before)
        shown: list[Mapping[str, object]] = []
        last = 0
        for kept in self._newest_first():
            if before is not None and kept.number >= before:
                continue
            line = _wanted(kept, wanted)
            if line is None:
                continue
            if len(shown) == wanted.limit:
                return Page(shown, str(last))
            shown.append(line)
            last = kept.number
        return Page(shown, None)

    def _newest_first(self) -> Iterator[_Kept]:
        with self._lock:
            lines, problems = list(self._lines), list(self._problems)
        yield from reversed(lines)
        oldest = lines[0].number if lines else 0
        yield from (kept for kept in reversed(problems) if kept.number < oldest)


def _shortened(text: str) -> str:
    line: Mapping[str, object] = json.loads(text)
    cut = {
        name: value[:LONGEST_TEXT] if isinstance(value, str) else value
        for name, value in line.items()
    }
    shorter = json.dumps(cut)
    if len(shorter) <= LONGEST:
        return shorter
    return json.dumps({name: cut[name] for name in ("ts", "level", "event", "logger")})


def _wanted(kept: _Kept, wanted: LogFilter) -> Mapping[str, object] | None:
    """The line, if it is wanted; it is read only when it may be."""
    if wanted.level is not None and kept.rank < wanted.level.rank:
        return None
    if wanted.text is not None and wanted.text.lower() not in kept.line.lower():
        return None
    line: Mapping[str, object] = json.loads(kept.line)
    logger = f"{line['logger']}."
    fits = (
        (wanted.logger is None or logger.startswith(f"{wanted.logger}."))
        and (wanted.alert_id is None or line.get("alert_id") == wanted.alert_id)
        and _within(str(line["ts"]), wanted.since, wanted.until)
    )
    return line if fits else None


def _within(stamp: str, since: datetime | None, until: datetime | None) -> bool:
    moment = datetime.fromisoformat(stamp)
    return (since is None or moment >= since) and (until is None or moment < until)
