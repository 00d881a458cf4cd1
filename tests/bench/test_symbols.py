"""How long a look-up takes, what the lists cost, and whether anybody waits for a refresh."""

import json
import shutil
import subprocess
import sys
import threading
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from itertools import count
from pathlib import Path

import pytest

from app.adapters.instruments.build import Order
from app.adapters.instruments.generation import FOLDER
from tests.bench.bench_symbols import NOW, write_lists
from tests.bench.conftest import Bench, entry
from tests.bench.figures import Board, percentile
from tests.bench.test_latency import times

pytestmark = pytest.mark.bench


@pytest.fixture(scope="module")
def lists(tmp_path_factory: pytest.TempPathFactory, board: Board) -> Path:
    """A folder of 150,000 rows."""
    folder = tmp_path_factory.mktemp("lists")
    board.note("symbol master, rows", write_lists(folder), "rows")
    return folder


def order(lists: Path, folder: str = FOLDER) -> list[str]:
    """The child that makes a generation."""
    told = Order(folder=str(lists / folder), base=str(lists), now=NOW.timestamp())
    return [sys.executable, "-m", "app.adapters.instruments.build", json.dumps(asdict(told))]


def test_a_contract_is_found_in_microseconds_and_little_memory(
    board: Board, lists: Path, *, short: bool
) -> None:
    seconds, megabytes = used_by(order(lists))
    board.note("symbol master, refresh", seconds, "s")
    board.note("symbol master, memory of the refresh", megabytes, "MB")
    number = 2_000 if short else 20_000
    command = [sys.executable, "-m", "tests.bench.bench_symbols", str(lists), str(number)]
    done = subprocess.run(command, check=True, capture_output=True, timeout=300)  # ours
    found = json.loads(done.stdout)
    board.note("look-up, a symbol", found["symbol_us"], "us", at_most=50)
    board.note("look-up, an option by its strike", found["strike_us"], "us", at_most=50)
    board.note("look-up, an option by moneyness", found["at_money_us"], "us", at_most=50)
    board.note("look-up, the same again", found["again_us"], "us")
    ratio = board.note(
        "look-up, a symbol / a row of SQLite", found["symbol_us"] / found["least_us"]
    )
    memory = board.note("symbol master, memory", found["megabytes"], "MB", at_most=10)
    assert ratio < 20
    assert memory < 20


def test_nobody_waits_for_a_refresh(bench: Bench, lists: Path) -> None:
    bodies = [entry(f"R{number}") for number in range(20)]
    load = {"bodies": bodies, "count": 150 if bench.short else 600, "pause": 0.02}
    quiet = times(bench.webhook(**load))
    with refreshing(lists):
        busy = times(bench.webhook(**load))
    bench.board.note("receipt, p99", percentile(quiet, 99), "ms")
    bench.board.note("receipt while lists are refreshed, p99", percentile(busy, 99), "ms")
    ratio = percentile(busy, 50) / percentile(quiet, 50)
    bench.board.note("receipt while lists are refreshed / before, p50", ratio, "times")
    assert ratio < 5


def used_by(command: Sequence[str]) -> tuple[float, float]:
    """Seconds of the processor, and the most megabytes, that a command took."""
    program = (
        "import resource, subprocess, sys\n"
        f"subprocess.run({command!r}, check=True, stdout=subprocess.DEVNULL)\n"
        "used = resource.getrusage(resource.RUSAGE_CHILDREN)\n"
        "print(used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)"
    )
    # In between, for what a process has taken of memory counts for those that it becomes, too.
    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True)  # ours
    seconds, megabytes = map(float, done.stdout.split())
    return seconds, megabytes


@contextmanager
def refreshing(lists: Path) -> Generator[None]:
    """Refresh all the while, one after the other, each time from nothing."""
    stop = threading.Event()

    def refresh() -> None:
        for number in count():
            if stop.is_set():
                return
            used_by(order(lists, f"again{number}"))
            shutil.rmtree(lists / f"again{number}")

    worker = threading.Thread(target=refresh)
    worker.start()
    yield
    stop.set()
    worker.join()
