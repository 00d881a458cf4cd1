"""What the server itself costs: its start, its memory, its end."""

from pathlib import Path
from time import perf_counter

import pytest

from tests.bench.conftest import Bench, BenchServer, round_trips
from tests.bench.figures import Board, median

pytestmark = pytest.mark.bench


def test_it_starts_and_stops_quickly(tmp_path: Path, board: Board, *, short: bool) -> None:
    fresh, existing, stops = list[float](), list[float](), list[float]()
    for number in range(2 if short else 5):
        server = BenchServer(tmp_path / f"{number}")
        for starts in (fresh, existing):
            starts.append(seconds_to_start(server))
            stops.append(seconds_to_stop(server))
    start = board.note("start on a new database", median(fresh), "s", at_most=1.5)
    board.note("start on an existing database", median(existing), "s", at_most=1.5)
    board.note("SIGTERM to exit, an idle connection open", median(stops), "s")
    assert start < 15


def seconds_to_start(server: BenchServer) -> float:
    begin = perf_counter()
    server.start()
    return perf_counter() - begin


def seconds_to_stop(server: BenchServer) -> float:
    begin = perf_counter()
    assert server.stop() == 0
    return perf_counter() - begin


def test_it_fits_into_little_memory(bench: Bench, tmp_path: Path) -> None:
    server = BenchServer(tmp_path / "idle")
    server.start()
    idle = memory(server.worker_pid())
    server.stop()
    bench.webhook(bodies=round_trips(), count=400, connections=8)
    busy = memory(bench.real.worker_pid())
    for state, now in (("after start", idle), ("after all of the above", busy)):
        bench.board.note(f"memory of the worker, {state}, PSS", now["Pss"], "MB", at_most=90)
        bench.board.note(f"memory of the worker, {state}, RSS", now["Rss"], "MB")
    assert busy["Pss"] < 500


def memory(pid: int) -> dict[str, float]:
    """Megabytes of a process: RSS counts what it shares in full, PSS its part of it."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]
    pairs = (line.split() for line in lines)
    return {name.rstrip(":"): int(kilobytes) / 1024 for name, kilobytes, *_ in pairs}
