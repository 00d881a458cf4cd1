"""More slow clients than threads, and no proxy in front: an alert waits, but not for ever."""

import time
from pathlib import Path

import pytest

from app.workers.http import LONGEST_READ, LONGEST_SEND
from tests.e2e.books import read_books
from tests.e2e.live import LiveServer
from tests.e2e.slow import (
    Crowd,
    alert,
    dripping,
    half_sent,
    not_reading,
    seconds_to_answer,
    told,
)
from tests.e2e.wire import Wire

pytestmark = pytest.mark.torture

THREADS = 8
MARGIN = 5.0


@pytest.mark.parametrize(
    ("crowd", "longest"),
    [(dripping, LONGEST_READ), (half_sent, LONGEST_READ), (not_reading, LONGEST_SEND)],
)
def test_more_slow_clients_than_threads_are_cut_off(
    crowd: Crowd, longest: float, tmp_path: Path
) -> None:
    server = LiveServer(tmp_path, {"THREADS": str(THREADS), "LOG_LEVEL": "WARNING"})
    server.start()
    try:
        with crowd(server, THREADS + 4):
            time.sleep(1)
            began = time.monotonic()
            with Wire(server.port, seconds=60) as wire:
                assert wire.send(alert("PATIENT")).status == 202
            waited = time.monotonic() - began
            time.sleep(longest)
            print(
                f"\n{THREADS + 4} of {crowd.__name__} on {THREADS} threads: an alert waited for"
                f" {waited:.1f} s; {told('afterwards', seconds_to_answer(server))}"
            )
        assert waited < 2 * longest + MARGIN
        assert not [row for row in read_books(server.database).alerts if row["symbol"] == "SLOW"]
    finally:
        server.hang_up()
        server.kill()
