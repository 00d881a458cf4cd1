"""How many prices the matcher takes."""

import json
import subprocess
import sys

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


def test_a_million_bars_are_traded_in_seconds_and_little_memory(
    board: Board, *, short: bool
) -> None:
    count = 100_000 if short else 1_000_000
    command = [sys.executable, "-m", "tests.bench.bench_bars", str(count)]
    done = subprocess.run(command, check=True, capture_output=True, timeout=300)  # ours
    found = json.loads(done.stdout)
    aims = {} if short else {"at_most": 3}
    board.note(f"{count:,} bars with brackets", found["seconds"], "s", **aims)
    board.note("bars with brackets", count / found["seconds"], "bars/s")
    board.note("bars with brackets / reading and comparing", found["ratio"], "times")
    board.note(f"{count:,} bars, order events", found["events"], "events")
    memory = board.note(f"{count:,} bars, peak memory", found["peak_mb"], "MB", at_most=150)
    assert found["fills"] > count / 1000
    assert found["ratio"] < 200
    assert memory < 300
