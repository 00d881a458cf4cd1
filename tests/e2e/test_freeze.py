"""A process freezes longer than its lease: another one does its work, and nothing is done twice."""

import json
import random
import time
from pathlib import Path

import pytest

from tests.e2e.books import STARTING_CASH, await_books
from tests.e2e.conftest import Serve
from tests.e2e.live import LiveServer
from tests.e2e.processes import ask, is_locked, name_of, not_ended, run_by, until
from tests.e2e.traders import Traders
from tests.e2e.tradingview import PATIENCE

pytestmark = pytest.mark.e2e


def serve_two(serve: Serve, folder: Path, *, lease: float) -> tuple[LiveServer, LiveServer]:
    """Two processes on one database, whose broker is 40 ms away."""
    settings = {
        "DATA_DIR": str(folder / "shared"),
        "PAPER_CASH": str(STARTING_CASH),
        "LOG_LEVEL": "WARNING",
        "LEASE": str(lease),
        "LATENCY": "0.04",
        "WIRE": str(folder / "wire.jsonl"),
    }
    application = "tests.e2e.far_away:app"
    return (
        serve("first", application, **settings),
        serve("second", application, **settings),
    )


def freeze_and_thaw(
    frozen: LiveServer, other: LiveServer, wire: Path, *, lease: float, chance: random.Random
) -> None:
    """Freeze a process in the middle of its work until the other one has done all of that."""
    name, jobs = freeze_in_the_middle(frozen, chance)
    seconds = until(
        lambda: not not_ended(other.database, jobs),
        lease + 10,
        f"the work of a frozen process {jobs}",
    )
    print(f"froze in {len(jobs)} jobs; all of them ended {seconds:.1f} s later elsewhere")
    time.sleep(PATIENCE - lease if lease < PATIENCE else 0)  # some senders turn to the other one
    thawed_at = time.time()
    frozen.thaw()
    until(lambda: name_of(frozen) not in (None, name), lease + 5, "a new name")
    assert "another process took over our work" in frozen.log()
    time.sleep(0.5)
    assert not sent_after(wire, thawed_at, frozen.worker_pid(), orders_of(other.database, jobs))


def freeze_in_the_middle(server: LiveServer, chance: random.Random) -> tuple[str, set[int]]:
    """SIGSTOP when it runs jobs and is not writing: frozen there, it locks all others out."""
    for _ in range(500):
        time.sleep(chance.uniform(0.01, 0.05))
        server.freeze()
        name = name_of(server)
        jobs = run_by(server.database, name)
        if name is not None and jobs and not is_locked(server.database):
            return name, jobs
        server.thaw()
    raise AssertionError("it was never caught in the middle of its work")


def orders_of(database: Path, jobs: set[int]) -> set[str]:
    """Our ids of the orders of some jobs."""
    marks = ",".join("?" * len(jobs))
    query = f"SELECT client_order_id FROM orders WHERE job_id IN ({marks})"  # noqa: S608
    return set(ask(database, query, *jobs))


def sent_after(wire: Path, moment: float, pid: int, orders: set[str]) -> list[str]:
    """Which of the orders a process has sent after a moment."""
    lines = [json.loads(line) for line in wire.read_text().splitlines()]
    late = [line for line in lines if line["at"] > moment and line["pid"] == pid]
    return [line["order"] for line in late if line["order"] in orders]


def freeze_again_and_again(
    serve: Serve, folder: Path, *, times: int, lease: float, seed: int
) -> None:
    chance = random.Random(seed)  # noqa: S311  # to be repeated
    servers = serve_two(serve, folder, lease=lease)
    traders = Traders(servers, seed)
    with traders.at_work():
        for turn in range(times):
            frozen, other = servers if turn % 2 == 0 else reversed(servers)
            freeze_and_thaw(frozen, other, folder / "wire.jsonl", lease=lease, chance=chance)
    for number, server in enumerate(servers):
        answer = server.alert(wait=2.5, action="buy", symbol=f"LAST{number}", price=9, quantity=1)
        assert answer.body["status"] == "success", answer
    books = await_books(servers[0].database, traders.sent)
    print(
        f"{times} freezes, seed {seed}: {traders.acknowledged} alerts acknowledged,"
        f" {traders.sent_again} sent again, {len(books.paper_fills)} fills"
    )


def test_a_frozen_process_does_nothing_twice_when_it_thaws(serve: Serve, tmp_path: Path) -> None:
    seed = random.randrange(10**6)  # noqa: S311  # printed, to be repeated
    print(f"\nseed {seed}")
    freeze_again_and_again(serve, tmp_path, times=2, lease=2, seed=seed)
