"""A database that is locked, a disk that is full: refused aloud, nothing half done, no restart."""

import json
import os
import resource
import sqlite3
import subprocess
import time
from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.books import STARTING_CASH, read_books
from tests.e2e.conftest import Serve
from tests.e2e.live import SECRET, LiveServer
from tests.e2e.wire import JSON, Reply, exchange, http

pytestmark = pytest.mark.e2e

AT_ONCE = 20
REFUSED_WITHIN = 1.5
CASH = {"PAPER_CASH": str(STARTING_CASH)}


def buy(symbol: str, **fields: object) -> bytes:
    alert = {"secret": SECRET, "action": "buy", "symbol": symbol, "quantity": 1, "price": 10}
    return http("POST", "/webhook", json.dumps(alert | fields).encode())


def ask_at_once(server: LiveServer, requests: list[bytes]) -> list[tuple[float, Reply]]:
    """All of them at the same time, each on a connection of its own; the seconds of each."""

    def ask(request: bytes) -> tuple[float, Reply]:
        began = time.monotonic()
        reply = exchange(server.port, request)
        return time.monotonic() - began, reply

    with ThreadPoolExecutor(len(requests)) as pool:
        return list(pool.map(ask, requests))


def assert_not_journaled(reply: Reply) -> None:
    assert (reply.status, reply.header("content-type")) == (503, JSON), reply
    assert reply.json()["code"] == "not_journaled"


def failing_checks(server: LiveServer) -> dict[str, Any]:
    """The checks of `/ready` that fail."""
    answer = server.get("/ready")
    failing = {name for name, check in answer.body["checks"].items() if not check["ok"]}
    assert (answer.status == 200) == (not failing), answer
    return {name: answer.body["checks"][name] for name in failing}


def await_ready(server: LiveServer, seconds: float = 10) -> None:
    """Wait until every check is fine: some look only every now and then."""
    deadline = time.monotonic() + seconds
    while failing_checks(server) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert failing_checks(server) == {}


@contextmanager
def locked(server: LiveServer) -> Generator[None]:
    """Somebody else writes to the database, and takes his time."""
    with closing(sqlite3.connect(server.database, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        try:
            yield
        finally:
            other.execute("ROLLBACK")


def test_while_the_database_is_locked_alerts_are_refused_in_time_and_nothing_else_suffers(
    serve: Serve,
) -> None:
    server = serve(**CASH)
    assert server.alert(wait=2.5, action="buy", symbol="A", quantity=1, price=10).status == 200
    before = len(read_books(server.database).alerts)
    with locked(server):
        alone, reply = ask_at_once(server, [buy("ALONE")])[0]
        assert_not_journaled(reply)
        crowd = ask_at_once(server, [buy(f"CROWD{n}") for n in range(AT_ONCE)])
        for _, reply in crowd:
            assert_not_journaled(reply)
        mixed = [http("GET", "/health")] * 5 + [http("GET", "/ready")] * AT_ONCE
        asked = ask_at_once(server, [*mixed, *(buy(f"MIXED{n}") for n in range(AT_ONCE))])
        health, ready, posted = asked[:5], asked[5 : 5 + AT_ONCE], asked[5 + AT_ONCE :]
        assert {reply.status for _, reply in health} == {200}
        assert {reply.status for _, reply in ready} == {503}
        assert ready[0][1].json()["checks"]["database"]["ok"] is False
        for _, reply in posted:
            assert_not_journaled(reply)
    assert len(read_books(server.database).alerts) == before
    began = time.monotonic()
    assert server.alert(wait=2.5, action="close", symbol="A").body["status"] == "success"
    again = time.monotonic() - began
    await_ready(server)
    slowest = {
        "one": alone,
        "of 20": max(seconds for seconds, _ in crowd),
        "of 20 among others": max(seconds for seconds, _ in posted),
        "/ready": max(seconds for seconds, _ in ready),
        "/health": max(seconds for seconds, _ in health),
    }
    told = ", ".join(f"{name} {seconds:.2f} s" for name, seconds in slowest.items())
    print(f"\nlocked: {told}; the first after it {again * 1000:.0f} ms")
    assert slowest.pop("/health") < 0.5
    assert max(slowest.values()) < REFUSED_WITHIN
    assert again < REFUSED_WITHIN
    read_books(server.database).check()


def test_lanes_that_find_the_database_locked_go_on_when_it_is_free(serve: Serve) -> None:
    server = serve(**CASH)
    burst = [buy(f"LANE{n}", stop_loss="5%") for n in range(AT_ONCE)]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        asked = [pool.submit(exchange, server.port, request) for request in burst]
        while sum(future.done() for future in asked) < AT_ONCE // 2:
            time.sleep(0.001)
        with locked(server):
            time.sleep(1.5)
        statuses = [future.result().status for future in asked]
    assert set(statuses) <= {200, 202, 503}
    print(f"\nlocked in a burst of {AT_ONCE}: {statuses.count(202)} accepted before it")
    server.await_idle()
    read_books(server.database).check()
    for n in range(AT_ONCE):
        server.alert(action="close", symbol=f"LANE{n}", price=10)
    server.await_idle()
    books = read_books(server.database)
    books.check()
    assert books.positions == {}


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 40 MB."""
    if os.geteuid() != 0:
        pytest.skip("only root may mount a small disk; a limited file size is tested as anybody")
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["/bin/mount", "-t", "tmpfs", "-o", "size=40m", "tmpfs", str(disk)]
    done = subprocess.run(mount, check=False, capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"a small disk cannot be mounted here: {done.stderr.strip()}")
    yield disk
    subprocess.run(["/bin/umount", "--lazy", str(disk)], check=True)


@contextmanager
def full(disk: Path) -> Generator[None]:
    """Somebody else has filled the disk to the last byte."""
    fill(disk)
    try:
        yield
    finally:
        (disk / "filler").unlink()


def fill(disk: Path) -> None:
    with suppress(OSError), (disk / "filler").open("ab", buffering=0) as filler:
        for size in (1024 * 1024, 4096, 1):
            with suppress(OSError):
                while filler.write(bytes(size)) == size:
                    pass


def hold(server: LiveServer, count: int) -> None:
    """Open positions with a stop each."""
    for n in range(count):
        bought = server.alert(
            wait=2.5, action="buy", symbol=f"HELD{n}", quantity=2, price=10, stop_loss="5%"
        )
        assert bought.body["status"] == "success"


def close(server: LiveServer, number: int) -> str:
    """Close a position; what became of the alert."""
    return str(server.alert(wait=2.5, action="close", symbol=f"HELD{number}").body["status"])


def events(server: LiveServer) -> list[tuple[str, bool]]:
    """What was told of the disk."""
    with closing(sqlite3.connect(f"file:{server.database}?mode=ro", uri=True)) as database:
        return [
            (str(kind), bool(problem))
            for kind, problem in database.execute(
                "SELECT kind, problem FROM events WHERE kind LIKE 'disk%' ORDER BY id"
            )
        ]


def test_on_a_full_disk_entries_are_refused_exits_go_on_and_no_restart_is_needed(
    serve: Serve, small_disk: Path
) -> None:
    """Its log is on the same disk."""
    server = serve("disk", **CASH)
    hold(server, 12)
    await_ready(server)
    with full(small_disk):
        before = len(read_books(server.database).alerts)
        refused = [exchange(server.port, buy(f"NEW{n}")) for n in range(40)]
        for reply in refused:
            assert_not_journaled(reply)
        both = json.dumps([{"action": "close", "symbol": "HELD0"}, {"action": "buy"}]).encode()
        assert_not_journaled(exchange(server.port, http("POST", f"/webhook/{SECRET}", both)))
        assert len(read_books(server.database).alerts) == before
        assert [close(server, n) for n in range(4)] == ["success"] * 4
        assert_not_journaled(exchange(server.port, buy("NEW")))
        assert failing_checks(server)["disk"] == {
            "ok": False,
            "detail": "full: only exits are taken",
        }
        assert server.get("/health").status == 200
        server.await_idle()
        read_books(server.database).check()
    await_ready(server)
    assert events(server) == [("disk_full", True), ("disk_free", False)]
    assert server.alert(wait=2.5, action="buy", symbol="NEW", quantity=1, price=1).status == 200
    read_books(server.database).check()


def test_a_server_starts_on_a_full_disk_and_takes_exits(serve: Serve, small_disk: Path) -> None:
    server = serve("disk", **CASH)
    hold(server, 3)
    await_ready(server)
    server.kill()
    with full(small_disk):
        server.start()
        assert [close(server, n) for n in range(3)] == ["success"] * 3
        assert_not_journaled(exchange(server.port, buy("NEW")))
    await_ready(server)
    server.await_idle()
    read_books(server.database).check()


def test_what_a_disk_that_fills_again_interrupts_goes_on_when_there_is_room(
    serve: Serve, small_disk: Path
) -> None:
    """The room of the reserve is taken as well, in the middle of the work of several lanes."""
    held = range(4)
    server = serve("disk", **CASH)
    hold(server, len(held))
    await_ready(server)
    with full(small_disk), ThreadPoolExecutor(len(held)) as pool:
        assert_not_journaled(exchange(server.port, buy("NEW")))
        closing_all = [pool.submit(close, server, n) for n in held]
        fill(small_disk)
        told = [future.result() for future in closing_all]
    print(f"\nfull to the last byte: {', '.join(told)}")
    assert set(told) <= {"success", "accepted", "error"}
    await_ready(server)
    server.await_idle()
    read_books(server.database).check()
    again = [close(server, n) for n in held if told[n] == "error"]
    assert set(again) <= {"success"}
    books = read_books(server.database)
    books.check()
    assert books.positions == {}


def test_a_database_that_cannot_grow_refuses_everything_until_it_can_again(serve: Serve) -> None:
    """The limit on the size of files: SQLite has an I/O error then, and no reserve helps."""
    server = serve(**CASH)
    hold(server, 5)
    await_ready(server)
    worker, unlimited = server.worker_pid(), resource.RLIM_INFINITY
    wal = server.database.with_name("novalgo.db-wal").stat().st_size
    before = len(read_books(server.database).alerts)
    resource.prlimit(worker, resource.RLIMIT_FSIZE, (wal + 100, unlimited))
    assert_not_journaled(exchange(server.port, buy("NEW")))
    assert close(server, 0) == "error"
    deadline = time.monotonic() + 5
    while "database" not in failing_checks(server) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert failing_checks(server)["database"]["detail"] == "disk I/O error"
    assert len(read_books(server.database).alerts) == before
    resource.prlimit(worker, resource.RLIMIT_FSIZE, (unlimited, unlimited))
    assert close(server, 0) == "success"
    await_ready(server)
    assert server.worker_pid() == worker
    read_books(server.database).check()
