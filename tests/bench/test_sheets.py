"""What a Google that does not answer costs an alert: nothing."""

from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from app.domain.identity import client_order_id
from tests.bench.conftest import BenchServer, round_trips
from tests.bench.figures import Board, median, percentile
from tests.bench.load import Load, fire
from tests.simulators.sheets import Fault, Kind, SheetsSimulator
from tests.simulators.sheets.simulator import SHEET_ID

pytestmark = pytest.mark.bench

GAP = 0.02
"""50 alerts a second."""
NUMBERS = count(0, 1_000_000)


@pytest.fixture
def dead() -> Iterator[SheetsSimulator]:
    """It takes every request, and answers none."""
    with SheetsSimulator() as google:
        google.fail(Fault(Kind.SLOW, "*", times=None, seconds=3600))
        yield google


def serve(folder: Path, **settings: str) -> BenchServer:
    folder.mkdir()
    (folder / "main.py").write_text("from tests.bench.traced import app\n")
    server = BenchServer(folder, {"LOG_LEVEL": "WARNING", **settings})
    server.start()
    return server


def to_broker(server: BenchServer, alerts: int) -> list[float]:
    """Milliseconds from alerts to their orders at the broker."""
    load = Load(
        port=server.port, bodies=round_trips(), count=alerts, pause=GAP, first=next(NUMBERS)
    )
    shots = fire(load)
    server.await_health()
    server.await_idle(seconds=120)
    calls = server.get("/bench/calls").body
    found = [
        (calls[order] - shot.sent) / 1e6
        for shot in shots
        for leg in ("entry", "exit")
        if (order := client_order_id(shot.alert_id, "paper", leg)) in calls
    ]
    assert len(found) == alerts
    return found


def test_a_dead_google_changes_nothing_about_the_way_of_an_alert(
    tmp_path: Path, dead: SheetsSimulator, board: Board, *, short: bool
) -> None:
    settings = {
        "PLAYBOOK": "google_sheets",
        "GOOGLE_SHEET_ID": SHEET_ID,
        "SHEETS_API_URL": dead.url,
    }
    here, there = serve(tmp_path / "here"), serve(tmp_path / "there", **settings)
    ratios: list[float] = []
    lasting: list[float] = []
    for number in range(6 if short else 16):
        order = (here, there) if number % 2 else (there, here)
        times = {server.port: to_broker(server, 80) for server in order}
        ratios.append(median(times[there.port]) / median(times[here.port]))
        lasting += times[there.port]
    assert dead.asked, "it was asked all the while"
    board.note("alert to broker beside a dead sheet, p50", median(lasting), "ms")
    board.note("alert to broker beside a dead sheet, p99", percentile(lasting, 99), "ms")
    board.note("alert to broker, dead sheet / none, p50", median(ratios), "times", at_most=1.1)
    here.stop()
    there.stop()
