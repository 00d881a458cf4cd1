"""Hundreds of kills: of the only process, of one of two, of one whose broker takes an id twice."""

from pathlib import Path

import pytest

from tests.e2e.books import STARTING_CASH
from tests.e2e.conftest import Serve
from tests.e2e.test_kill import kill_again_and_again
from tests.e2e.test_two_processes import kill_by_turns
from tests.e2e.way import sent_twice

pytestmark = pytest.mark.torture


def test_two_hundred_kills_lose_nothing_and_double_nothing(
    serve: Serve, figures: list[str], seed: int
) -> None:
    server = serve(PAPER_CASH=str(STARTING_CASH), LOG_LEVEL="WARNING")
    figures.append(kill_again_and_again(server, kills=200, seed=seed))


def test_fifty_kills_of_one_of_two_processes_lose_nothing_and_double_nothing(
    serve: Serve, tmp_path: Path, figures: list[str], seed: int
) -> None:
    figures.append(kill_by_turns(serve, tmp_path, kills=50, seed=seed))


def test_thirty_kills_double_nothing_at_a_broker_that_takes_an_id_twice(
    serve: Serve, tmp_path: Path, figures: list[str], seed: int
) -> None:
    wire = tmp_path / "wire.jsonl"
    server = serve(
        application="tests.e2e.far_away:app",
        PAPER_CASH=str(STARTING_CASH),
        LOG_LEVEL="WARNING",
        LEASE="30",
        LATENCY="0.04",
        TAGS_ONLY="yes",
        WIRE=str(wire),
    )
    figures.append(f"tags only: {kill_again_and_again(server, kills=30, seed=seed, pause=2)}")
    assert not sent_twice(wire)
