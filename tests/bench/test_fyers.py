"""What Fyers costs: the way of an alert to its socket, its calls, the budget, memory, start."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from time import monotonic_ns, perf_counter_ns

import pytest

from app.adapters.budget import FileBudgets
from app.adapters.clock import SystemClock
from app.domain.errors import BrokerUnavailable
from app.domain.identity import client_order_id
from app.domain.rates import Purpose, Rate
from tests.bench.conftest import BenchServer, alert
from tests.bench.figures import Board, percentile
from tests.bench.load import Load, fire
from tests.bench.test_life import memory, seconds_to_start
from tests.e2e.processes import until
from tests.e2e.test_fyers import log_in, settings_of
from tests.simulators.fyers import FyersSimulator
from tests.simulators.wire import Asked

pytestmark = pytest.mark.bench

GAP = 0.2
"""5 alerts a second: more than Fyers would take, so that the server is measured and not that."""
SYMBOLS = ("SBIN", "TCS", "INFY", "ITC", "RELIANCE", "HDFCBANK")


class Stamped(list[Asked]):
    """What was asked, and when the order of each tag was asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.orders: dict[str, int] = {}

    def append(self, asked: Asked) -> None:
        if asked.method == "POST":
            body: dict[str, object] = asked.body or {}
            self.orders.setdefault(str(body.get("orderTag")), monotonic_ns())
        super().append(asked)


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


def round_trips() -> list[str]:
    """An entry into each symbol with its stop, then an exit from each."""
    more = {"account": "fyers", "exchange": "NSE", "price": None}
    entries = [alert(s, action="buy", quantity=1, stop_loss="5%", **more) for s in SYMBOLS]
    return entries + [alert(s, action="close", **more) for s in SYMBOLS]


def test_an_alert_is_at_fyers_soon(
    tmp_path: Path, fyers: FyersSimulator, board: Board, *, short: bool
) -> None:
    server, seconds = serve(tmp_path / "server", fyers)
    try:
        board.note("start with a Fyers account", seconds, "s", at_most=1.5)
        fyers.state.requests = stamped = Stamped()
        load = Load(port=server.port, bodies=round_trips(), count=60 if short else 300, pause=GAP)
        shots = fire(load)
        server.await_health()
        server.await_idle(seconds=180)
        took = [
            (at - shot.sent) / 1e6
            for shot in shots
            for leg in ("entry", "exit")
            if (at := stamped.orders.get(client_order_id(shot.alert_id, "fyers", leg))) is not None
        ]
        assert len(took) > len(shots) / 2
        board.note("alert to Fyers' socket, p50", percentile(took, 50), "ms", at_most=8)
        board.note("alert to Fyers' socket, p99", percentile(took, 99), "ms", at_most=40)
        board.note("calls of Fyers for each alert", len(stamped) / len(shots))
        resident = memory(server.worker_pid())["Rss"]
        board.note("memory of the worker with Fyers, RSS", resident, "MB", at_most=200)
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
