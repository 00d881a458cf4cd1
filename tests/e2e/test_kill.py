"""kill -9 at any moment: no acknowledged alert is lost, none is doubled, the books agree."""

import random
import sqlite3
import statistics
import time
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.e2e.books import STARTING_CASH, read_books
from tests.e2e.conftest import Serve
from tests.e2e.live import LiveServer
from tests.e2e.traders import Traders

pytestmark = pytest.mark.e2e


@dataclass(slots=True)
class Figures:
    """Seconds from each start to the first 200, and until what was left open had ended."""

    first_answer: list[float] = field(default_factory=list[float])
    all_final: list[float] = field(default_factory=list[float])
    left_open: list[int] = field(default_factory=list[int])

    def __str__(self) -> str:
        return "; ".join(
            f"{name}: median {statistics.median(values):.2f}, worst {max(values):.2f}"
            for name, values in (
                ("start to first 200 (s)", self.first_answer),
                ("start to all final (s)", self.all_final),
                ("alerts in work at the kill", self.left_open),
            )
        )


def kill_again_and_again(server: LiveServer, *, kills: int, seed: int) -> Figures:
    """Kill the server at random moments of a burst; the traders never stop sending."""
    chance = random.Random(seed)  # noqa: S311  # to be repeated
    figures = Figures()
    traders = Traders([server], seed)
    with traders.at_work():
        for _ in range(kills):
            time.sleep(chance.uniform(0.02, 0.5))
            kill_and_start(server, chance, figures)
    server.await_idle()
    books = read_books(server.database)
    books.check(traders.sent)
    print(
        f"\n{kills} kills, seed {seed}: {traders.acknowledged} alerts acknowledged,"
        f" {traders.sent_again} sent again, {len(books.paper_fills)} fills; {figures}"
    )
    return figures


def kill_and_start(server: LiveServer, chance: random.Random, figures: Figures) -> None:
    server.kill()
    while chance.random() < 0.15:  # it dies again while it starts
        server.start(wait=False)
        time.sleep(chance.uniform(0, 0.6))
        server.kill()
    began = time.monotonic()
    server.start()
    figures.first_answer.append(time.monotonic() - began)
    figures.left_open.append(await_what_was_open(server.database))
    figures.all_final.append(time.monotonic() - began)


def await_what_was_open(database: Path, seconds: float = 10) -> int:
    """Wait for the end of the jobs that are open now; how many there were."""
    query = "SELECT id FROM jobs WHERE state IN ('ready', 'waiting', 'running')"
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        open_jobs = was_open = {row[0] for row in connection.execute(query)}
        deadline = time.monotonic() + seconds
        while open_jobs:
            assert time.monotonic() < deadline, f"{len(open_jobs)} still open: {min(open_jobs)}.."
            time.sleep(0.01)
            open_jobs = open_jobs & {row[0] for row in connection.execute(query)}
    return len(was_open)


def test_ten_kills_in_a_burst_lose_nothing_and_double_nothing(serve: Serve) -> None:
    seed = random.randrange(10**6)  # noqa: S311  # printed, to be repeated
    server = serve(PAPER_CASH=str(STARTING_CASH), LOG_LEVEL="WARNING")
    kill_again_and_again(server, kills=10, seed=seed)
