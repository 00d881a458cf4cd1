"""A database that is locked, a disk that is full: refused aloud, nothing half done, no restart."""

import json
import sqlite3
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from typing import Any

import pytest

from tests.e2e.books import STARTING_CASH, read_books
from tests.e2e.conftest import Serve
from tests.e2e.live import SECRET, LiveServer
from tests.e2e.wire import JSON, Reply, exchange, http

pytestmark = pytest.mark.e2e

AT_ONCE = 20
REFUSED_WITHIN = 1.5
CASH = {"PAPER_CASH": str(STARTING_CASH)}


def buy(symbol: str, **fields: object) -> bytes:
    alert = {"secret": SECRET, "action": "buy", "symbol": symbol, "quantity": 1, "price": 10}
    return http("POST", "/webhook", json.dumps(alert | fields).encode())


def ask_at_once(server: LiveServer, requests: list[bytes]) -> list[tuple[float, Reply]]:
    """All of them at the same time, each on a connection of its own; the seconds of each."""

    def ask(request: bytes) -> tuple[float, Reply]:
        began = time.monotonic()
        reply = exchange(server.port, request)
        return time.monotonic() - began, reply

    with ThreadPoolExecutor(len(requests)) as pool:
        return list(pool.map(ask, requests))


def assert_not_journaled(reply: Reply) -> None:
    assert (reply.status, reply.header("content-type")) == (503, JSON), reply
    assert reply.json()["code"] == "not_journaled"


def failing_checks(server: LiveServer) -> dict[str, Any]:
    """The checks of `/ready` that fail."""
    answer = server.get("/ready")
    failing = {name for name, check in answer.body["checks"].items() if not check["ok"]}
    assert (answer.status == 200) == (not failing), answer
    return {name: answer.body["checks"][name] for name in failing}


def await_ready(server: LiveServer, seconds: float = 10) -> None:
    """Wait until every check is fine: some look only every now and then."""
    deadline = time.monotonic() + seconds
    while failing_checks(server) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert failing_checks(server) == {}


@contextmanager
def locked(server: LiveServer) -> Iterator[None]:
    """Somebody else writes to the database, and takes his time."""
    with closing(sqlite3.connect(server.database, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        try:
            yield
        finally:
            other.execute("ROLLBACK")


def test_while_the_database_is_locked_alerts_are_refused_in_time_and_nothing_else_suffers(
    serve: Serve,
) -> None:
    server = serve(**CASH)
    assert server.alert(wait=2.5, action="buy", symbol="A", quantity=1, price=10).status == 200
    before = len(read_books(server.database).alerts)
    with locked(server):
        alone, reply = ask_at_once(server, [buy("ALONE")])[0]
        assert_not_journaled(reply)
        crowd = ask_at_once(server, [buy(f"CROWD{n}") for n in range(AT_ONCE)])
        for _, reply in crowd:
            assert_not_journaled(reply)
        mixed = [http("GET", "/health")] * 5 + [http("GET", "/ready")] * AT_ONCE
        asked = ask_at_once(server, [*mixed, *(buy(f"MIXED{n}") for n in range(AT_ONCE))])
        health, ready, posted = asked[:5], asked[5 : 5 + AT_ONCE], asked[5 + AT_ONCE :]
        assert {reply.status for _, reply in health} == {200}
        assert {reply.status for _, reply in ready} == {503}
        assert ready[0][1].json()["checks"]["database"]["ok"] is False
        for _, reply in posted:
            assert_not_journaled(reply)
    assert len(read_books(server.database).alerts) == before
    began = time.monotonic()
    assert server.alert(wait=2.5, action="close", symbol="A").body["status"] == "success"
    again = time.monotonic() - began
    await_ready(server)
    slowest = {
        "one": alone,
        "of 20": max(seconds for seconds, _ in crowd),
        "of 20 among others": max(seconds for seconds, _ in posted),
        "/ready": max(seconds for seconds, _ in ready),
        "/health": max(seconds for seconds, _ in health),
    }
    told = ", ".join(f"{name} {seconds:.2f} s" for name, seconds in slowest.items())
    print(f"\nlocked: {told}; the first after it {again * 1000:.0f} ms")
    assert slowest.pop("/health") < 0.5
    assert max(slowest.values()) < REFUSED_WITHIN
    assert again < REFUSED_WITHIN
    read_books(server.database).check()


def test_lanes_that_find_the_database_locked_go_on_when_it_is_free(serve: Serve) -> None:
    server = serve(**CASH)
    for round_ in range(2):
        burst = [buy(f"LANE{n}", stop_loss="5%", id=f"{round_}") for n in range(AT_ONCE)]
        with ThreadPoolExecutor(AT_ONCE) as pool:
            asked = [pool.submit(exchange, server.port, request) for request in burst]
            time.sleep(0.03 * round_)
            with locked(server):
                time.sleep(1.8)
            statuses = {future.result().status for future in asked}
        assert statuses <= {200, 202, 503}
        server.await_idle()
        read_books(server.database).check()
        for n in range(AT_ONCE):
            server.alert(action="close", symbol=f"LANE{n}", price=10, id=f"close{round_}")
        server.await_idle()
    books = read_books(server.database)
    books.check()
    assert books.positions == {}
