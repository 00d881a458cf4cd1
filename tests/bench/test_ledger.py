"""How long it takes to count a ledger anew."""

import pytest

from tests.bench.bench_ledger import run
from tests.bench.figures import Board

pytestmark = pytest.mark.bench


def test_the_ledger_is_counted_anew_quickly(board: Board, *, short: bool) -> None:
    found = run(short)
    millions = found["fills"] / 1_000_000
    board.note("ledger, 1,000,000 fills", found["seconds"] / millions, "s", at_most=3)
    board.note("ledger / reading and multiplying", found["ratio"], "times")
    board.note("ledger, memory that it took", found["megabytes"], "MB")
    stored = found["stored_fills"] / 1_000_000
    board.note("ledger, 1,000,000 rows checked", found["check_seconds"] / stored, "s")
    board.note("ledger, 1,000,000 rows written", found["write_seconds"] / stored, "s")
    board.note("ledger, one more fill", 1e3 * found["fill_seconds"], "ms")
    assert found["ratio"] < 50
    assert found["megabytes"] < 50
