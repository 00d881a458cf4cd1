"""The database on the hot path: what waits, what does not, and what a full disk is called."""

import sqlite3
import time
from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from app.adapters.sql import BUSY_SECONDS, Database, Query
from app.domain.errors import DiskFull, JournalError

READ = Query("read", "SELECT count(*) AS n FROM things")
WRITE = Query("write", "INSERT INTO things (bytes) VALUES (zeroblob(:size))")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "things.db"


@pytest.fixture
def full() -> list[str]:
    """Grows by a word each time that the database says that the disk is full."""
    return []


@pytest.fixture
def database(file: Path, full: list[str]) -> Iterator[Database]:
    database = Database(file, on_full=lambda: full.append("full"))
    with database.transaction() as tx:
        tx.run(Query("make", "CREATE TABLE things (bytes BLOB)"), {})
    yield database
    database.close()


@contextmanager
def locked(file: Path) -> Generator[None]:
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield


def write(database: Database, size: int = 1) -> None:
    with database.transaction() as tx:
        tx.run(WRITE, {"size": size})


def count(database: Database) -> int:
    with database.reading() as tx:
        row = tx.one(READ, {})
    assert row is not None
    return int(row["n"])


def test_a_full_disk_is_told_and_leaves_nothing_behind(database: Database, full: list[str]) -> None:
    with database.reading() as tx:
        tx.one(Query("limit", "PRAGMA max_page_count = 5"), {})
    with pytest.raises(DiskFull, match="full"):
        write(database, 100_000)
    assert (full, count(database)) == (["full"], 0)
    write(database)
    assert (full, count(database)) == (["full"], 1)


def test_another_fault_is_no_full_disk(database: Database, full: list[str]) -> None:
    with pytest.raises(JournalError) as error, database.transaction() as tx:
        tx.run(Query("wrong", "INSERT INTO nothing VALUES (1)"), {})
    assert (type(error.value), full) == (JournalError, [])


def test_many_writers_wait_no_longer_than_one_for_a_locked_database(
    database: Database, file: Path
) -> None:
    def refused(_: int) -> float:
        began = time.monotonic()
        with pytest.raises(JournalError, match=r"locked|busy"):
            write(database)
        return time.monotonic() - began

    with locked(file), ThreadPoolExecutor(10) as pool:
        waited = list(pool.map(refused, range(10)))
    assert all(BUSY_SECONDS / 2 < seconds < 2 * BUSY_SECONDS for seconds in waited), waited
    write(database)
    assert count(database) == 1


def test_reads_do_not_wait_behind_a_writer_that_waits(database: Database, file: Path) -> None:
    with locked(file), ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(write, database)
        reads = 0
        while not waiting.done():
            assert count(database) == 0
            reads += 1
        assert isinstance(waiting.exception(), JournalError)
    assert reads > 10


def test_a_writer_goes_on_as_soon_as_the_database_is_free(database: Database, file: Path) -> None:
    with ThreadPoolExecutor(1) as pool:
        with locked(file):
            waiting = pool.submit(write, database)
            with pytest.raises(TimeoutError):
                waiting.result(timeout=0.1)
        waiting.result(timeout=BUSY_SECONDS)
    assert count(database) == 1
