"""Two processes on one database: an alert is executed once, in its lane's order, by either."""

import random
import statistics
import time
from pathlib import Path

import pytest

from tests.e2e.books import STARTING_CASH, await_books
from tests.e2e.conftest import Serve
from tests.e2e.crowd import deliver_side_by_side
from tests.e2e.live import LiveServer
from tests.e2e.processes import name_of, not_ended, run_by, until
from tests.e2e.traders import Traders

pytestmark = pytest.mark.e2e

TAKEN_OVER_WITHIN = 5.0


def serve_two(serve: Serve, folder: Path) -> tuple[LiveServer, LiveServer]:
    settings = {
        "DATA_DIR": str(folder / "shared"),
        "PAPER_CASH": str(STARTING_CASH),
        "LOG_LEVEL": "WARNING",
    }
    return serve("first", **settings), serve("second", **settings)


def kill_by_turns(serve: Serve, folder: Path, *, kills: int, seed: int, pause: float = 0.5) -> str:
    """Kill one of two processes in the middle of its work; the other one ends that work."""
    chance = random.Random(seed)  # noqa: S311  # to be repeated
    servers = serve_two(serve, folder)
    traders, taken = Traders(servers, seed, pause=pause), list[float]()
    with traders.at_work():
        for turn in range(kills):
            victim = servers[turn % 2]
            jobs = kill_in_the_middle(victim, chance)
            taken.append(await_end_of(jobs, victim.database))
            victim.start()
    books = await_books(servers[0].database, traders.sent)
    return (
        f"{kills} kills of one of two processes, seed {seed}:"
        f" {traders.acknowledged} alerts acknowledged, {traders.sent_again} sent again,"
        f" {len(books.paper_fills)} fills; its work had ended elsewhere after"
        f" {statistics.median(taken):.2f} s, {max(taken):.2f} s at worst"
    )


def await_end_of(jobs: set[int], database: Path) -> float:
    """How long it takes until the jobs of a killed process have ended."""
    what = f"the jobs of a killed process: {jobs}"
    return until(lambda: not not_ended(database) & jobs, TAKEN_OVER_WITHIN, what)


def kill_in_the_middle(server: LiveServer, chance: random.Random) -> set[int]:
    """kill -9 of a server that runs jobs; which they were."""
    for _ in range(500):
        time.sleep(chance.uniform(0.01, 0.05))
        name = name_of(server)
        if name is not None and run_by(server.database, name):
            server.kill()
            jobs = run_by(server.database, name)
            if jobs:
                return jobs
            server.start()
    raise AssertionError("it was never killed in the middle of its work")


def test_alerts_that_go_to_both_processes_at_once_are_one_order_each(
    serve: Serve, tmp_path: Path
) -> None:
    servers = serve_two(serve, tmp_path)
    ids = deliver_side_by_side(servers, 24)
    books = await_books(servers[0].database)
    assert sorted(ids) == sorted(alert["id"] for alert in books.alerts)


def test_a_killed_process_has_its_work_ended_by_the_other_one(
    serve: Serve, tmp_path: Path, seed: int
) -> None:
    print(kill_by_turns(serve, tmp_path, kills=3, seed=seed))
