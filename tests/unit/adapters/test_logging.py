"""The log: what a line holds, and what it never holds."""

import json
import logging
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, cast

import pytest

from app.adapters.logging import configure_logging, log_event
from app.domain.events import Event, EventKind

SECRET = 'canary/ü"7'
log = logging.getLogger("app.some.room")


@pytest.fixture(autouse=True)
def leave_no_trace() -> Iterator[None]:
    root, ours = logging.getLogger(), logging.getLogger("app")
    before = root.handlers[:], root.level, ours.level
    yield
    root.handlers[:], root.level, ours.level = before


@pytest.fixture
def lines(capsys: pytest.CaptureFixture[str]) -> "Lines":
    configure_logging("INFO", "json", secrets=[SECRET, "123456", ""])
    return Lines(capsys)


class Lines:
    """What was written since it was asked last."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def text(self) -> str:
        return self._capsys.readouterr().out

    def all(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.text().splitlines()]

    def one(self) -> dict[str, Any]:
        (line,) = self.all()
        return line


def test_a_line_says_when_how_bad_what_and_who_first(lines: Lines) -> None:
    log.info("request", extra={"status": 200, "request_id": "r-1", "duration_ms": 1.5})
    line = lines.one()
    assert list(line) == ["ts", "level", "event", "logger", "status", "request_id", "duration_ms"]
    assert datetime.fromisoformat(line["ts"]).tzinfo == UTC
    del line["ts"]
    assert line == {
        "level": "info",
        "event": "request",
        "logger": "app.some.room",
        "status": 200,
        "request_id": "r-1",
        "duration_ms": 1.5,
    }


def test_values_that_json_does_not_know_become_text(lines: Lines) -> None:
    values = {"price": Decimal("1.50"), "at": datetime(2026, 1, 1, tzinfo=UTC), "both": (1, None)}
    log.info("odd", extra={"values": values})
    assert lines.one()["values"] == {
        "price": "1.50",
        "at": "2026-01-01 00:00:00+00:00",
        "both": [1, None],
    }


def test_a_secret_that_comes_later_is_hidden_from_then_on(
    capsys: pytest.CaptureFixture[str],
) -> None:
    redaction = configure_logging("INFO", "json", secrets=["first-secret"])
    lines = Lines(capsys)
    log.info("before later-secret")
    redaction.hide("later-secret")
    redaction.hide("")
    log.info("after later-secret and first-secret")
    assert [line["event"] for line in lines.all()] == ["before later-secret", "after *** and ***"]


def test_of_very_many_that_came_later_the_latest_are_hidden(
    capsys: pytest.CaptureFixture[str],
) -> None:
    redaction = configure_logging("INFO", "json", secrets=["first-secret"])
    for number in range(1000):
        redaction.hide(f"token-{number:04}")
    log.info("token-0000 token-0999 first-secret")
    assert Lines(capsys).one()["event"] == "token-0000 *** ***"


def test_to_configure_twice_does_not_say_things_twice(lines: Lines) -> None:
    configure_logging("INFO", "json", secrets=[])
    configure_logging("INFO", "json", secrets=[])
    log.info("once")
    assert len(lines.all()) == 1


def test_libraries_speak_from_warning_on(lines: Lines) -> None:
    library = logging.getLogger("some.library")
    library.info("chatter")
    library.warning("trouble")
    assert [line["event"] for line in lines.all()] == ["trouble"]


def test_our_own_level_is_the_one_that_was_set(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("ERROR", "json", secrets=[])
    log.warning("no")
    logging.getLogger("some.library").warning("no")
    log.error("yes")
    assert [line["event"] for line in Lines(capsys).all()] == ["yes"]


@pytest.mark.parametrize(
    "extra",
    [
        {"why": f"<{SECRET}>"},
        {"deep": {"in": [{"here": SECRET}, (SECRET,)]}},
        {"names": {SECRET: 1}},
        {"count": 123456, "more": [123456.0]},
        {"url": "/x?key=canary%2F%C3%BC%227&y"},
        {"body": json.dumps({"a": SECRET})},
        {"call": repr({"a": SECRET})},
        {"it": ValueError(SECRET)},
    ],
    ids=["text", "nested", "name", "number", "url", "json", "repr", "object"],
)
def test_a_secret_is_hidden_by_its_value(extra: dict[str, object], lines: Lines) -> None:
    log.info("told", extra=extra)
    text = lines.text()
    assert "***" in text
    assert not any(part in text for part in ("canary", "123456"))


@pytest.mark.parametrize("name", ["app.some.room", "some.library"])
def test_a_secret_is_hidden_in_a_message(name: str, lines: Lines) -> None:
    logging.getLogger(name).warning("the secret is %s", SECRET)
    assert lines.one()["event"] == "the secret is ***"


def test_a_secret_is_hidden_in_an_exception(lines: Lines) -> None:
    log.error("a request failed", exc_info=RuntimeError(f"GET /webhook/{SECRET} failed"))
    line = lines.one()
    assert "RuntimeError: GET /webhook/*** failed" in line["exception"]
    assert "canary" not in json.dumps(line)


@pytest.mark.parametrize(
    "name",
    [
        "secret",
        "WEBHOOK_SECRET",
        "token",
        "access_token",
        "accessToken",
        "password",
        "Authorization",
        "api_key",
        "apiKey",
        "X-API-Key",
        "key",
        "FYERS_PIN",
        "passphrase",
        "Set-Cookie",
        "credentials",
    ],
)
def test_a_secret_is_hidden_by_its_name(name: str, lines: Lines) -> None:
    log.info("told", extra={name: "unheard-of", "inner": {name: ["unheard-of"]}})
    line = lines.one()
    assert line[name] == "***"
    assert line["inner"] == {name: "***"}


@pytest.mark.parametrize("name", ["tokens_left", "monkey", "spinning", "keyed", "request_id"])
def test_an_ordinary_name_is_shown(name: str, lines: Lines) -> None:
    log.info("told", extra={name: 3})
    assert lines.one()[name] == 3


def test_what_is_not_set_is_no_secret(lines: Lines) -> None:
    log.info("told", extra={"token": None, "has_secret": False, "password": ""})
    line = lines.one()
    assert (line["token"], line["has_secret"], line["password"]) == (None, False, "")


def test_a_value_without_an_end_ends(lines: Lines) -> None:
    endless: dict[str, Any] = {}
    endless["again"] = endless
    log.info("endless", extra={"value": endless})
    assert lines.one()["value"]["again"]["again"]


class Unspeakable:
    def __str__(self) -> str:
        raise ValueError(SECRET)


def test_a_line_that_cannot_be_written_is_not_shown_raw(
    lines: Lines, capsys: pytest.CaptureFixture[str]
) -> None:
    log.info(SECRET, extra={"it": Unspeakable()})
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err == "a log line of app.some.room could not be written\n"


def test_the_console_form_is_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("DEBUG", "console", secrets=[SECRET])
    log.error("it failed", exc_info=ValueError(SECRET), extra={"alert_id": "A1"})
    text = capsys.readouterr().out
    assert "it failed" in text
    assert "alert_id=A1" in text
    assert "ValueError: ***" in text
    assert "canary" not in text


def an_event(**overrides: Any) -> Event:
    fields: dict[str, Any] = {"kind": EventKind.FILLED, "at": datetime(2026, 11, 20, tzinfo=UTC)}
    return Event(**(fields | overrides))


def test_an_event_is_one_line_named_after_its_kind(lines: Lines) -> None:
    log_event(an_event(alert_id="A1", symbol="AAPL", facts={"quantity": Decimal(10)}))
    line = lines.one()
    del line["ts"]
    assert line == {
        "level": "info",
        "event": "filled",
        "logger": "app.events",
        "alert_id": "A1",
        "symbol": "AAPL",
        "quantity": "10",
    }


def test_a_problem_is_a_warning(lines: Lines) -> None:
    log_event(an_event(kind=EventKind.UNPROTECTED, problem=True))
    assert lines.one()["level"] == "warning"


def test_no_fact_takes_the_place_of_what_every_line_has(lines: Lines) -> None:
    facts = dict.fromkeys(("event", "level", "logger", "ts", "name", "msg", "message"), "mine")
    log_event(an_event(facts=facts))
    line = cast("dict[str, object]", lines.one())
    assert (line["event"], line["level"], line["logger"]) == ("filled", "info", "app.events")
    assert {line[f"{name}_"] for name in facts} == {"mine"}
