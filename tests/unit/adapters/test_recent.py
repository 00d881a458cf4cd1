"""The newest lines of the log are kept, and never more than that."""

import json
import logging

import pytest

from app.adapters.logging import configure_logging
from app.adapters.recent import LINES, LONGEST, PROBLEMS, RecentLines
from app.ports.recent import LogFilter, LogLevel

EVERYTHING = LogFilter(limit=100_000)


def a_line(event: str, level: str = "info", **more: object) -> str:
    head = {"ts": "2026-11-20T15:30:00.000000Z", "level": level, "event": event}
    return json.dumps({**head, "logger": "app", **more})


def kept(recent: RecentLines, wanted: LogFilter = EVERYTHING) -> list[object]:
    return [line["event"] for line in recent.lines(wanted).items]


def test_the_newest_lines_push_the_oldest_out() -> None:
    recent = RecentLines()
    for number in range(LINES + 10):
        recent.keep("info", a_line(str(number)))
    assert kept(recent) == [str(number) for number in reversed(range(10, LINES + 10))]


def test_problems_outlast_the_noise_that_came_after_them() -> None:
    recent = RecentLines()
    for number in range(PROBLEMS + 1):
        recent.keep("error", a_line(f"bad {number}", "error"))
    for number in range(LINES):
        recent.keep("info", a_line(str(number)))
    shown = kept(recent)
    assert len(shown) == LINES + PROBLEMS
    assert shown[LINES] == f"bad {PROBLEMS}"
    assert kept(recent, LogFilter(level=LogLevel.WARNING, limit=1)) == [f"bad {PROBLEMS}"]


@pytest.mark.parametrize("more", [{"exception": "x" * 20_000}, {"deep": {"deep": "x" * 20_000}}])
def test_a_long_line_is_cut_and_not_lost(more: dict[str, object]) -> None:
    recent = RecentLines()
    recent.keep("error", a_line("it failed", "error", **more))
    (line,) = recent.lines(EVERYTHING).items
    assert line["event"] == "it failed"
    assert len(json.dumps(line)) <= LONGEST


@pytest.mark.parametrize("log_format", ["json", "console"])
def test_what_is_kept_was_redacted_before(
    log_format: str, capsys: pytest.CaptureFixture[str]
) -> None:
    recent = RecentLines()
    configure_logging("INFO", log_format, secrets=["hush-hush"], keep=recent.keep)
    logging.getLogger("app.x").info("it is hush-hush", extra={"api_key": "other", "a": 1})
    (line,) = recent.lines(EVERYTHING).items
    assert (line["event"], line["api_key"], line["a"]) == ("it is ***", "***", 1)
    assert "it is ***" in capsys.readouterr().out


@pytest.mark.parametrize("cursor", ["x", "-1", "1.5", "²", ""])
def test_a_cursor_that_was_not_given_is_refused(cursor: str) -> None:
    with pytest.raises(ValueError, match="not given by this list"):
        RecentLines().lines(LogFilter(before=cursor))
