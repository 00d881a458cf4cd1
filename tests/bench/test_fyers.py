"""What Fyers costs: the way of an alert to its socket, its calls, the budget, memory, start."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from time import perf_counter_ns

import pytest

from app.adapters.budget import FileBudgets
from app.adapters.clock import SystemClock
from app.domain.errors import BrokerUnavailable
from app.domain.rates import Purpose, Rate
from tests.bench.brokers import Stamped, note_the_way, round_trips
from tests.bench.conftest import BenchServer
from tests.bench.figures import Board, percentile
from tests.bench.load import Load
from tests.bench.test_life import seconds_to_start
from tests.e2e.processes import until
from tests.e2e.test_fyers import log_in, settings_of
from tests.simulators.fyers import FyersSimulator

pytestmark = pytest.mark.bench

GAP = 0.2
"""5 alerts a second: more than Fyers would take, so that the server is measured and not that."""
SYMBOLS = ("SBIN", "TCS", "INFY", "ITC", "RELIANCE", "HDFCBANK")


@pytest.fixture
def fyers() -> Iterator[FyersSimulator]:
    with FyersSimulator() as simulator:
        simulator.market(is_open=True)
        simulator.money(10**9)
        yield simulator


def serve(folder: Path, fyers: FyersSimulator) -> tuple[BenchServer, float]:
    """A server that trades there; and how long it took to its first answer."""
    more = {"ORDERS_PER_SECOND": "100", "FYERS_SESSION_POLICY": "always", "LOG_LEVEL": "WARNING"}
    server = BenchServer(folder, settings_of(fyers) | more)
    seconds = seconds_to_start(server)
    log_in(server, fyers)
    until(lambda: server.get("/ready").status == 200, 60, "lists and login are there")
    return server, seconds


def test_an_alert_is_at_fyers_soon(
    tmp_path: Path, fyers: FyersSimulator, board: Board, *, short: bool
) -> None:
    server, seconds = serve(tmp_path / "server", fyers)
    try:
        board.note("start with a Fyers account", seconds, "s", at_most=1.5)
        fyers.state.requests = stamped = Stamped("orderTag")
        bodies = round_trips(SYMBOLS, account="fyers", exchange="NSE", price=None)
        load = Load(port=server.port, bodies=bodies, count=60 if short else 300, pause=GAP)
        note_the_way(board, server, stamped, "fyers", load)
    finally:
        server.stop()


def test_counting_a_call_is_cheap(tmp_path: Path, board: Board) -> None:
    budget = FileBudgets(tmp_path, SystemClock()).of("bench", (Rate(8, 1), Rate(160, 60)))
    took: list[float] = []
    for _ in range(500):
        began = perf_counter_ns()
        with suppress(BrokerUnavailable):
            budget.spend(Purpose.REDUCE)
        took.append((perf_counter_ns() - began) / 1e6)
    board.note("counting a call against its budget, p50", percentile(took, 50), "ms", at_most=1)
