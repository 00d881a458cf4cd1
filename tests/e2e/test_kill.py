"""kill -9 at any moment: no acknowledged alert is lost, none is doubled, the books agree."""

import random
import statistics
import time
from dataclasses import dataclass, field

import pytest

from tests.e2e.books import STARTING_CASH, await_books
from tests.e2e.conftest import Serve
from tests.e2e.live import LiveServer
from tests.e2e.processes import dwindle, not_ended
from tests.e2e.traders import Traders

pytestmark = pytest.mark.e2e

STUCK_AFTER = 10.0
"""Seconds in which at least one of the jobs that a kill left open has to end."""


@dataclass(slots=True)
class Figures:
    """Seconds from each start to the first 200, and until what was left open had ended."""

    first_answer: list[float] = field(default_factory=list[float])
    all_final: list[float] = field(default_factory=list[float])
    left_open: list[int] = field(default_factory=list[int])
    killed_at_start: int = 0

    def __str__(self) -> str:
        spans = (
            ("start to first 200 (s)", self.first_answer),
            ("start to all final (s)", self.all_final),
            ("alerts in work at the kill", self.left_open),
        )
        return "; ".join(
            f"{name}: median {statistics.median(values):.2f}, worst {max(values):.2f}"
            for name, values in spans
        )


def kill_again_and_again(server: LiveServer, *, kills: int, seed: int, pause: float = 0.5) -> str:
    """Kill the server at random moments of a burst; the traders never stop sending."""
    chance = random.Random(seed)  # noqa: S311  # to be repeated
    figures = Figures()
    traders = Traders([server], seed, pause=pause)
    with traders.at_work():
        for _ in range(kills):
            time.sleep(chance.uniform(0.02, 0.4))
            kill_and_start(server, chance, figures)
    server.await_idle()
    books = await_books(server.database, traders.sent)
    return (
        f"{kills} kills and {figures.killed_at_start} more during a start, seed {seed}:"
        f" {traders.acknowledged} alerts acknowledged, {traders.sent_again} sent again,"
        f" {len(books.paper_fills)} fills; {figures}"
    )


def kill_and_start(server: LiveServer, chance: random.Random, figures: Figures) -> None:
    """kill -9 of master and worker, sometimes again while they start; then wait for the rest."""
    server.kill()
    while chance.random() < 0.15:
        server.start(wait=False)
        time.sleep(chance.uniform(0, 0.6))
        server.kill()
        figures.killed_at_start += 1
    began = time.monotonic()
    server.start()
    figures.first_answer.append(time.monotonic() - began)
    left = not_ended(server.database)
    what = f"{len(left)} jobs that a kill left open"
    dwindle(lambda: not_ended(server.database) & left, STUCK_AFTER, what)
    figures.left_open.append(len(left))
    figures.all_final.append(time.monotonic() - began)


def test_ten_kills_in_a_burst_lose_nothing_and_double_nothing(serve: Serve, seed: int) -> None:
    server = serve(PAPER_CASH=str(STARTING_CASH), LOG_LEVEL="WARNING")
    print(kill_again_and_again(server, kills=10, seed=seed))
