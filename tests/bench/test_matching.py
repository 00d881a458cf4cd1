"""How many prices the matcher takes."""

import pytest

from tests.bench.bench_matching import run
from tests.bench.figures import Board

pytestmark = pytest.mark.bench


def test_the_matcher_takes_many_prices(board: Board, *, short: bool) -> None:
    found = run(short)
    board.note("matcher, quiet bracket", found["quiet_quotes_per_second"], "prices/s")
    board.note("matcher, quiet bracket / integer compares", found["quiet_ratio"], "times")
    board.note("matcher, a trade now and then", found["bracket_quotes_per_second"], "prices/s")
    board.note("matcher, trading all the time", found["busy_events_per_second"], "events/s")
    assert found["quiet_ratio"] > 0.001
