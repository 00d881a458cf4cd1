"""Notifications of a real server: they leave it, hold no secret, and none is lost by a kill -9."""

import json
import sqlite3
import threading
from collections.abc import Generator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler

import pytest

from tests.e2e.commands import command
from tests.e2e.conftest import Serve
from tests.e2e.live import API_KEY, SECRET, LiveServer
from tests.fakes.services import mail_server, reply, web_server

pytestmark = pytest.mark.e2e

PATIENCE = 90.0
"""Seconds: each notification is a process of its own, and the machine may be busy."""


@dataclass(slots=True)
class Hook:
    """Keeps what is posted to it."""

    host: str = ""
    bodies: list[str] = field(default_factory=list[str])
    came: threading.Condition = field(default_factory=threading.Condition)

    def take(self, handler: BaseHTTPRequestHandler) -> None:
        body = json.loads(reply(handler))
        with self.came:
            self.bodies.append(f"{body['title']}\n{body['message']}")
            self.came.notify_all()

    def await_words(self, *words: str) -> str:
        """All that came, as soon as each word is in it."""
        with self.came:
            there = self.came.wait_for(
                lambda: all(word in "\n".join(self.bodies) for word in words), PATIENCE
            )
            assert there, (words, self.bodies)
            return "\n".join(self.bodies)


@contextmanager
def hook() -> Generator[Hook, None, None]:
    ours = Hook()
    with web_server(ours.take) as host:
        ours.host = host
        yield ours


def denied(server: LiveServer, reason: str) -> None:
    """Post an alert that is denied, with a name of its own in its symbol."""
    body = {"secret": SECRET, "action": "buy", "symbol": reason, "comment": f"key {API_KEY}"}
    assert server.post("/webhook", json.dumps(body).encode()).status == 202


def test_a_problem_is_told_by_mail_and_by_hook_without_a_secret(serve: Serve) -> None:
    with hook() as ours, mail_server() as box:
        token = "canary-token-4711"
        urls = f"json://{ours.host}/{token} mailto://{box.host}?from=a@b.cd&to=me@example.com"
        server = serve(NOTIFY_URLS=urls)
        told = command(server, "notify", "test")
        assert (told.returncode, told.stdout.count(": sent: ")) == (0, 2), told
        denied(server, "AAPL")
        words = ours.await_words("A test of NovAlgo", "Denied: buy AAPL on paper", "NO_QUOTE")
        log = server.log()
    assert not [each for each in (SECRET, API_KEY) if each in words]
    assert token not in log + told.stdout + told.stderr
    assert box.letters


def test_a_kill_loses_no_notification(serve: Serve) -> None:
    with hook() as ours:
        server = serve(NOTIFY_URLS=f"json://{ours.host}/")
        names = [f"SYM{number}" for number in range(4)]
        for number, name in enumerate(names):
            denied(server, name)
            if number % 2:
                ours.await_words(names[0])
            server.kill()
            server.start()
        ours.await_words(*(f"buy {name} on paper" for name in names))


def test_a_dead_service_is_told_by_the_command(serve: Serve) -> None:
    server = serve(NOTIFY_URLS="json://127.0.0.1:1/")
    told = command(server, "notify", "test")
    assert told.returncode == 1
    assert "not sent" in told.stdout
    assert command(server, "notify", "test", NOTIFY_URLS="").returncode == 1


def test_what_was_given_up_is_listed_and_sent_once_more(serve: Serve) -> None:
    with hook() as ours:
        server = serve(NOTIFY_URLS=f"json://{ours.host}/")
        (sink,) = server.get("/api/v1/notifications").body["sinks"]
        with closing(sqlite3.connect(server.database)) as connection, connection:
            connection.execute(
                "INSERT INTO dead_letters (sink, at, title, body, events, tries, error)"
                " VALUES (?, 0, 'Denied: buy 10 AAPL', 'the reason', 1, 12, 'nobody was there')",
                (sink["sink"],),
            )
        assert "1 given up" in command(server, "doctor").stdout
        listed = command(server, "notify", "list").stdout
        assert f"{sink['sink']}: fine\n1 {sink['sink']} 1970-01-01 00:00 UTC Denied" in listed
        assert command(server, "notify", "resend").returncode == 0
        ours.await_words("Denied: buy 10 AAPL\nthe reason")
        assert "Denied" not in command(server, "notify", "list").stdout
