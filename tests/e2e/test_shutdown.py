"""Stopping under load: nothing acknowledged is lost, nobody waits, the next start goes on."""

import random
import socket
import time
from collections.abc import Iterator
from http.client import HTTPConnection

import pytest

from tests.e2e.books import STARTING_CASH, await_books
from tests.e2e.conftest import Serve
from tests.e2e.live import LiveServer
from tests.e2e.processes import until
from tests.e2e.traders import Traders

pytestmark = pytest.mark.e2e

PROMPT = 5.0
"""Seconds in which a server must have stopped."""


@pytest.fixture
def server(serve: Serve) -> LiveServer:
    return serve(PAPER_CASH=str(STARTING_CASH), LOG_LEVEL="WARNING")


@pytest.fixture
def idle(server: LiveServer) -> Iterator[HTTPConnection]:
    """A connection that was used, and is kept open."""
    connection = HTTPConnection("127.0.0.1", server.port, timeout=15)
    connection.request("GET", "/health")
    assert connection.getresponse().read()
    yield connection
    connection.close()


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    """A socket that listens, as systemd holds one for the server."""
    with socket.create_server(("127.0.0.1", 0), backlog=1024) as held:
        yield held


def stop(server: LiveServer) -> tuple[int, float]:
    """SIGTERM; the exit code, and the seconds it took."""
    began = time.monotonic()
    return server.stop(), time.monotonic() - began


def restart_under_load(server: LiveServer, *, restarts: int, seed: int) -> tuple[Traders, str]:
    """Stop and start a server while alerts come; the slowest stop is printed."""
    chance = random.Random(seed)  # noqa: S311  # to be repeated
    traders, seconds = Traders([server], seed), list[float]()
    with traders.at_work():
        for _ in range(restarts):
            time.sleep(chance.uniform(0.1, 0.6))
            code, took = stop(server)
            assert (code, took < PROMPT) == (0, True), (code, took)
            seconds.append(took)
            server.start()
    books = await_books(server.database, traders.sent)
    assert all(each.delivery.alert_id for each in traders.sent)
    return traders, (
        f"{restarts} restarts, seed {seed}: {traders.acknowledged} alerts acknowledged,"
        f" {traders.sent_again} sent again, {traders.refused} connections refused,"
        f" {len(books.paper_fills)} fills; slowest stop {max(seconds):.2f} s,"
        f" slowest answer {traders.slowest:.2f} s"
    )


def reload_under_load(server: LiveServer, *, reloads: int, seed: int) -> str:
    """Let new workers take the place of old ones while alerts come; nobody is refused."""
    traders = Traders([server], seed, pause=0.5)
    with traders.at_work():
        for _ in range(reloads):
            time.sleep(0.3)
            reload(server)
    await_books(server.database, traders.sent)
    assert traders.refused == 0
    assert all(each.delivery.alert_id for each in traders.sent)
    return (
        f"{reloads} reloads, seed {seed}: {traders.acknowledged} alerts acknowledged,"
        f" {traders.sent_again} sent again, slowest answer {traders.slowest:.2f} s"
    )


def reload(server: LiveServer) -> None:
    """SIGHUP; returns when the new worker is alone."""
    before = set(server.workers())
    server.reload()
    until(lambda: len(set(server.workers()) - before) == len(server.workers()), 10, "the new one")


def faults_in(log: str) -> list[str]:
    """Lines of a log that tell of an error."""
    return [line for line in log.splitlines() if '"level": "error"' in line or "Traceback" in line]


def test_a_stop_under_load_loses_nothing_and_the_next_start_goes_on(
    server: LiveServer, seed: int
) -> None:
    print(restart_under_load(server, restarts=2, seed=seed)[1])
    assert not faults_in(server.log())


def test_an_idle_connection_does_not_delay_a_stop(server: LiveServer, idle: HTTPConnection) -> None:
    code, seconds = stop(server)
    assert code == 0
    assert seconds < PROMPT


def test_an_idle_connection_does_not_delay_a_reload(
    server: LiveServer, idle: HTTPConnection
) -> None:
    began = time.monotonic()
    reload(server)
    assert time.monotonic() - began < PROMPT
    assert server.get("/health").status == 200


def test_a_reload_under_load_loses_nothing(server: LiveServer, seed: int) -> None:
    print(reload_under_load(server, reloads=2, seed=seed))


def test_a_restart_behind_an_inherited_socket_refuses_nobody(
    serve: Serve, listener: socket.socket, seed: int
) -> None:
    server = serve(listener=listener, PAPER_CASH=str(STARTING_CASH), LOG_LEVEL="WARNING")
    traders, figures = restart_under_load(server, restarts=2, seed=seed)
    print(figures)
    assert traders.refused == 0
