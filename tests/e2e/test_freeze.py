"""A process freezes longer than its lease: another one does its work, and nothing is done twice."""

import random
import time
from pathlib import Path

import pytest

from tests.e2e.books import STARTING_CASH, await_books
from tests.e2e.conftest import Serve
from tests.e2e.live import LiveServer
from tests.e2e.processes import ask, is_locked, name_of, not_ended, run_by, until
from tests.e2e.traders import Traders
from tests.e2e.tradingview import PATIENCE
from tests.e2e.way import sent_after

pytestmark = pytest.mark.e2e

WINDOW = 15.0
"""Seconds of a freeze for which a repeat is surely told by its body alone."""
FIRST_TRIES = 200
"""So often the one whose turn it is."""


def serve_two(serve: Serve, folder: Path, *, lease: float) -> tuple[LiveServer, LiveServer]:
    """Two processes on one database, whose broker is 40 ms away."""
    settings = {
        "DATA_DIR": str(folder / "shared"),
        "PAPER_CASH": str(STARTING_CASH),
        "LOG_LEVEL": "WARNING",
        "LEASE": str(lease),
        "LATENCY": "0.04",
        "WIRE": str(folder / "wire.jsonl"),
    }
    application = "tests.e2e.far_away:app"
    return (
        serve("first", application, **settings),
        serve("second", application, **settings),
    )


def freeze_and_thaw(
    pair: tuple[LiveServer, LiveServer], wire: Path, *, lease: float, chance: random.Random
) -> float:
    """Freeze a process in the middle of its work until the other one has done all of that."""
    (frozen, other), name, jobs = freeze_in_the_middle(pair, chance)
    what = f"the work of a frozen process: {jobs}"
    seconds = until(lambda: not not_ended(other.database) & jobs, lease + 10, what)
    time.sleep(PATIENCE - lease if lease < PATIENCE else 0)  # some senders turn to the other one
    thawed_at = time.time()
    frozen.thaw()
    until(lambda: name_of(frozen) not in (None, name), lease + 5, "a new name")
    assert "another process took over our work" in frozen.log()
    time.sleep(0.5)
    late = sent_after(wire, thawed_at, frozen.worker_pid())
    assert not late & orders_of(other.database, jobs)
    return seconds


def freeze_in_the_middle(
    pair: tuple[LiveServer, LiveServer], chance: random.Random
) -> tuple[tuple[LiveServer, LiveServer], str, set[int]]:
    """SIGSTOP when it runs jobs and is not writing: frozen there, it locks all others out.

    The second of the pair is taken when the first has nothing to do: a lane in which alerts queue
    stays with the process that has it. Answers the frozen one and the other.
    """
    for attempt in range(3000):
        frozen, other = pair if attempt < FIRST_TRIES else pair[::-1]
        time.sleep(chance.uniform(0.01, 0.05))
        frozen.freeze()
        if not is_locked(frozen.database):
            name = name_of(frozen)
            jobs = run_by(frozen.database, name)
            if name is not None and jobs:
                return (frozen, other), name, jobs
        frozen.thaw()
    raise AssertionError("neither was ever caught in the middle of its work")


def orders_of(database: Path, jobs: set[int]) -> set[str]:
    """Our ids of the orders of some jobs."""
    marks = ",".join("?" * len(jobs))
    query = f"SELECT client_order_id FROM orders WHERE job_id IN ({marks})"  # noqa: S608
    return set(ask(database, query, *jobs))


def freeze_again_and_again(
    serve: Serve, folder: Path, *, times: int, lease: float, seed: int, pause: float = 0.2
) -> str:
    """Freeze two processes by turns while alerts come to both; then both serve as before.

    What a sender gave up on still lies in the frozen process's sockets. It is told for a repeat
    when it thaws by its id; by its body alone only within the window.
    """
    chance = random.Random(seed)  # noqa: S311  # to be repeated
    first, second = serve_two(serve, folder, lease=lease)
    traders, seconds = Traders((first, second), seed, pause=pause), list[float]()
    traders.always_ids = lease > WINDOW
    with traders.at_work():
        for turn in range(times):
            pair = (second, first) if turn % 2 else (first, second)
            took = freeze_and_thaw(pair, folder / "wire.jsonl", lease=lease, chance=chance)
            seconds.append(took)
    for number, server in enumerate((first, second)):
        answer = server.alert(wait=2.5, action="buy", symbol=f"LAST{number}", price=9, quantity=1)
        assert answer.body["status"] == "success", answer
    books = await_books(first.database, traders.sent)
    return (
        f"{times} freezes, lease {lease} s, seed {seed}: {traders.acknowledged} alerts"
        f" acknowledged, {traders.sent_again} sent again, {len(books.paper_fills)} fills;"
        f" the work had ended elsewhere after {max(seconds):.1f} s at worst"
    )


def test_a_frozen_process_does_nothing_twice_when_it_thaws(
    serve: Serve, tmp_path: Path, seed: int
) -> None:
    print(freeze_again_and_again(serve, tmp_path, times=2, lease=2, seed=seed))
