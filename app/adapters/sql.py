"""The database as the hot path uses it: named statements on one connection and one lock.

SQLAlchemy Core costs about twice the CPU of the driver on these statements (docs/adr/0003), so it
serves schema and cold queries only. SQLite is opened with WAL and synchronous=FULL: a commit that
was answered survives a power cut.
"""

import fcntl
import os
import re
import sqlite3
import threading
import time
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

from app.domain.errors import DiskFull, JournalError

BUSY_SECONDS = 1.0
"""The longest wait for another process that writes, and for the connection."""
FIRST_PAUSE, LONGEST_PAUSE = 0.001, 0.025
_HEADING = re.compile(r"^-- (\w+) --$", re.MULTILINE)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

Row = sqlite3.Row
Params = Mapping[str, Any]


class Query(NamedTuple):
    """One named statement of a queries.sql."""

    name: str
    sql: str


def load_queries(path: Path) -> dict[str, Query]:
    """Read statements under `-- name --` headings; what stands before the first is a comment."""
    _, *parts = _HEADING.split(path.read_text("utf-8"))
    names, bodies = parts[::2], parts[1::2]
    return {
        name: Query(name, body.strip().rstrip(";"))
        for name, body in zip(names, bodies, strict=True)
    }


def to_db(moment: datetime) -> int:
    """An aware time as microseconds since 1970, UTC."""
    return (moment - _EPOCH) // _MICROSECOND


def from_db(stamp: int) -> datetime:
    """The aware UTC time of a stamp."""
    return _EPOCH + stamp * _MICROSECOND


class Transaction:
    """Statements of one transaction."""

    def __init__(
        self, connection: sqlite3.Connection, observe: Callable[[str], None] | None
    ) -> None:
        self._connection = connection
        self._observe = observe

    def run(self, query: Query, params: Params) -> sqlite3.Cursor:
        """Execute one statement. Read a RETURNING result before the next statement."""
        if self._observe is not None:
            self._observe(query.name)
        return self._connection.execute(query.sql, params)

    def one(self, query: Query, params: Params) -> Row | None:
        """The first row of a statement."""
        rows = self.run(query, params).fetchall()
        return rows[0] if rows else None


class Database:
    """One SQLite file, shared by threads through one connection.

    `observe` hears the name of every statement before it runs (and `commit`, `committed`): the
    crash tests stop the world there. `on_full` is called when there was no room on the disk.
    """

    def __init__(
        self,
        path: Path,
        observe: Callable[[str], None] | None = None,
        on_full: Callable[[], None] | None = None,
    ) -> None:
        self.path = path
        self._observe = observe
        self._on_full = on_full
        self._lock = threading.Lock()
        self._never = threading.Event()
        self._use = Hold(path, fcntl.LOCK_SH)
        self._connection = open_sqlite(path)

    @contextmanager
    def transaction(self) -> Generator[Transaction, None, None]:
        """Run statements as one durable commit.

        Raises:
            JournalError: the database is locked or broken, or (DiskFull) the disk is full; nothing
                was written.
        """
        self._begin()
        try:
            yield Transaction(self._connection, self._observe)
            self._commit()
        except BaseException as error:
            self._roll_back()
            if isinstance(error, sqlite3.Error):
                raise self._told(error) from error
            raise
        finally:
            self._lock.release()

    @contextmanager
    def reading(self) -> Generator[Transaction, None, None]:
        """Run reads, each in its own snapshot."""
        self._acquire(BUSY_SECONDS)
        try:
            yield Transaction(self._connection, self._observe)
        except sqlite3.Error as error:
            raise JournalError(str(error)) from error
        finally:
            self._lock.release()

    def close(self) -> None:
        """Close the connection; whatever was not committed is gone."""
        with self._lock:
            self._connection.close()
            self._use.close()

    def _begin(self) -> None:
        """Take the connection and begin to write.

        While another process writes, we wait without the connection: reads go on meanwhile, and
        nobody waits longer because others wait too.
        """
        deadline, pause = time.monotonic() + BUSY_SECONDS, FIRST_PAUSE
        while True:
            self._acquire(deadline - time.monotonic())
            try:
                self._connection.execute("BEGIN IMMEDIATE")
            except sqlite3.Error as error:
                self._lock.release()
                if _code(error) != sqlite3.SQLITE_BUSY or time.monotonic() >= deadline:
                    raise JournalError(str(error)) from error
            else:
                return
            self._never.wait(pause)
            pause = min(2 * pause, LONGEST_PAUSE)

    def _acquire(self, seconds: float) -> None:
        if not self._lock.acquire(timeout=max(seconds, 0)):
            raise JournalError("the database is busy")

    def _told(self, error: sqlite3.Error) -> JournalError:
        if _code(error) != sqlite3.SQLITE_FULL:
            return JournalError(str(error))
        if self._on_full is not None:
            self._on_full()
        return DiskFull(str(error))

    def _commit(self) -> None:
        if self._observe is not None:
            self._observe("commit")
        self._connection.execute("COMMIT")
        if self._observe is not None:
            self._observe("committed")

    def _roll_back(self) -> None:
        try:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
        except sqlite3.Error:
            # The first error is the one to report; an open transaction dies with the connection.
            self._connection.close()
            self._connection = open_sqlite(self.path)


class Hold:
    """A lock on the use of a database, until it is closed, dropped, or its process dies.

    Whoever works on the database holds it with others (`LOCK_SH`); whoever puts another file in its
    place must be alone (`LOCK_EX`).

    Raises:
        JournalError: somebody holds it otherwise.
    """

    def __init__(self, path: Path, how: int) -> None:
        self._handle: int | None = None
        try:
            self._handle = os.open(path.with_suffix(".lock"), os.O_CREAT | os.O_RDWR, 0o600)
            fcntl.flock(self._handle, how | fcntl.LOCK_NB)
        except BlockingIOError as error:
            shared = how == fcntl.LOCK_SH
            other = "is being restored" if shared else "is in use: stop the server first"
            raise JournalError(f"the database {path.name} {other}") from error
        except OSError as error:
            raise JournalError(f"cannot lock the database {path.name}: {error}") from error

    def close(self) -> None:
        """Let go."""
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None

    __del__ = close


def open_sqlite(path: Path) -> sqlite3.Connection:
    """A connection in autocommit, durable at every commit.

    Raises:
        JournalError: the file cannot be opened.
    """
    try:
        connection = sqlite3.connect(
            path,
            timeout=BUSY_SECONDS,
            isolation_level=None,
            check_same_thread=False,
            cached_statements=256,
        )
        connection.row_factory = sqlite3.Row
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA busy_timeout = 0")  # who waits, waits without the lock
    except sqlite3.Error as error:
        raise JournalError(f"cannot open the database {path.name}: {error}") from error
    return connection


def _code(error: sqlite3.Error) -> int:
    """SQLite's primary code of an error; the driver's own errors have none."""
    code: int = getattr(error, "sqlite_errorcode", 0)
    return code & 0xFF
