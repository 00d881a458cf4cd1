"""Clients that take their time do not take ours: an alert between them is answered as ever."""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing

import pytest

from tests.e2e.live import LiveServer
from tests.e2e.slow import (
    Crowd,
    alert,
    dripping,
    half_sent,
    lingering,
    not_reading,
    reset,
    seconds_to_answer,
    silent,
    told,
)
from tests.e2e.wire import exchange

pytestmark = pytest.mark.e2e

SLOWEST = 1.0
"""Seconds. TradingView waits for three."""


CROWDS: dict[str, list[tuple[Crowd, int]]] = {
    "nobody": [],
    "40 silent": [(silent, 40)],
    "12 half-sent headers": [(half_sent, 12)],
    "12 bodies of a byte a second": [(dripping, 12)],
    "6 that linger": [(lingering, 6)],
    "6 that read no answer": [(not_reading, 6)],
    "all of them": [(silent, 20), (half_sent, 12), (dripping, 12), (lingering, 6)],
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    server = LiveServer(tmp_path_factory.mktemp("slow"), {"LOG_LEVEL": "WARNING"})
    server.start()
    seconds_to_answer(server, 10)
    yield server
    server.hang_up()
    server.kill()


def rows(server: LiveServer) -> int:
    with closing(sqlite3.connect(f"file:{server.database}?mode=ro", uri=True)) as database:
        return int(database.execute("SELECT count(*) FROM alerts").fetchone()[0])


@pytest.mark.parametrize("crowd", CROWDS.values(), ids=CROWDS.keys())
def test_an_alert_is_answered_at_once_between_slow_clients(
    crowd: list[tuple[Crowd, int]], server: LiveServer, request: pytest.FixtureRequest
) -> None:
    with ExitStack() as others:
        for slow, count in crowd:
            others.enter_context(slow(server, count))
        time.sleep(0.2)
        taken = seconds_to_answer(server)
    print(f"\n{told(request.node.callspec.id, taken)}")
    assert max(taken) < SLOWEST


def test_connections_that_break_off_leave_no_row(server: LiveServer) -> None:
    before = rows(server)
    whole = alert("RESET")
    reset(server, [whole[:cut] for cut in range(1, len(whole), 7)])
    reset(server, [whole[:-1]] * 10)
    assert exchange(server.port, alert("WHOLE")).status == 202
    assert rows(server) == before + 1
