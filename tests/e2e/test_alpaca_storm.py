"""kill -9 and faults at Alpaca: nothing is lost or doubled, the books agree, nothing stays bare."""

import random

import pytest

from tests.e2e.alpaca_storm import Storm, settings_of, simulator
from tests.e2e.conftest import Serve

pytestmark = pytest.mark.e2e

BUSY = 6
"""A machine that does other things is given so many times the time."""
RECOVERED_WITHIN, BARE_FOR = 10.0, 5.0
RATE = 0.01


def storm_and_kill(
    serve: Serve,
    *,
    kills: int,
    seed: int,
    alerts: int = 0,
    pause: float = 4.0,
    busy: float = 1,
    too_many: float = RATE,
) -> str:
    """Kill the server again and again in a storm, and hold the books against the simulator's.

    At least so many `alerts` come. `busy`: the limits of time are so many times as long.
    """
    chance = random.Random(seed)  # noqa: S311  # to be repeated
    with simulator(seed, RATE, too_many) as alpaca:
        server = serve(LOG_LEVEL="WARNING", **settings_of(alpaca))
        storm = Storm(server, alpaca, seed, pause)
        storm.begin()
        with storm.raging():
            for done in range(kills):
                storm.work(orders=chance.randint(5, 25), seconds=6)
                storm.await_alerts(alerts * (done + 1) // kills)
                storm.kill_and_start(RECOVERED_WITHIN * busy)
            storm.work(orders=10, seconds=6)
        books = storm.settle()
        assert books.theirs.fills
        assert max(storm.figures.bare, default=0) < BARE_FOR * busy, storm.figures.bare
    return (
        f"{kills} kills, {len(alpaca.faults.happened)} faults, seed {seed}:"
        f" {storm.acknowledged} alerts acknowledged, {len(books.theirs.orders)} orders at the"
        f" broker, {len(books.ours.fills)} fills; {storm.figures}"
    )


def test_three_kills_in_a_storm_of_faults_leave_books_that_agree(serve: Serve, seed: int) -> None:
    print(storm_and_kill(serve, kills=3, seed=seed, busy=BUSY, too_many=RATE / 5))
