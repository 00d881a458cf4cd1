"""A whole, checked copy of a database that may be in use.

`VACUUM INTO` reads one snapshot on a connection of its own: nobody who writes waits for it, and
what it makes is compact. The copy bears its name only once it is on the disk and was checked.
"""

import os
import sqlite3
from collections.abc import Callable, Generator
from contextlib import closing, contextmanager
from pathlib import Path

from app.domain.errors import BackupError

STAMP = "%Y%m%dT%H%M%SZ"
"""How a moment, UTC, is written into the name of a file."""
UNFINISHED = ".part"
BREATH = 20_000
"""Steps of SQLite's machine between two looks around: some hundredths of a second."""
FLUSH = 4 * 1024 * 1024
"""Bytes to be written at a time. A disk that is handed all at once keeps commits waiting."""

Stopping = Callable[[], bool]


def copy(source: Path, target: Path, stopping: Stopping = lambda: False) -> None:
    """Copy a database that may be in use. The copy is there whole and checked, or not at all.

    Raises:
        BackupError: it cannot be read or written, or is damaged; or the target is there already.
    """
    if target.exists():
        raise BackupError(f"{target} is there already")
    draft = target.with_name(f"{target.name}{UNFINISHED}")
    draft.unlink(missing_ok=True)
    try:
        os.close(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        with _patient(draft, stopping) as watch:
            _vacuum(source, draft, watch)
            _flush(draft)
            check(draft, watch)
        draft.rename(target)
        _flush(target.parent)
    except OSError as error:
        raise BackupError(f"{target} cannot be written: {error.strerror}") from error
    finally:
        draft.unlink(missing_ok=True)


def check(file: Path, watch: Stopping = lambda: False) -> None:
    """Be sure that a database is whole.

    Raises:
        BackupError: it is damaged, or no database.
    """
    with _open(file) as connection:
        connection.set_progress_handler(watch, BREATH)
        found = connection.execute("PRAGMA integrity_check(1)").fetchone()[0]
    if found != "ok":
        raise BackupError(f"{file.name} is damaged: {found}")


def size_of(database: Path) -> int:
    """Bytes that a copy may need: those of the file, and of what is not in it yet."""
    log_file = database.with_name(f"{database.name}-wal")
    return sum(file.stat().st_size for file in (database, log_file) if file.exists())


def _vacuum(source: Path, draft: Path, watch: Stopping) -> None:
    with _open(source) as connection:
        connection.set_progress_handler(watch, BREATH)
        connection.execute("VACUUM INTO ?", (str(draft),))


@contextmanager
def _open(file: Path) -> Generator[sqlite3.Connection, None, None]:
    """A connection that makes no file and changes nothing; its faults are ours."""
    try:
        uri = f"{file.absolute().as_uri()}?mode=ro"
        with closing(sqlite3.connect(uri, uri=True, isolation_level=None)) as connection:
            yield connection
    except sqlite3.Error as error:
        raise BackupError(f"{file.name} cannot be copied: {error}") from error


@contextmanager
def _patient(draft: Path, stopping: Stopping) -> Generator[Stopping, None, None]:
    """Something for SQLite to call now and then: it flushes little by little, and may stop."""
    with closing(_Flusher(draft)) as flusher:

        def watch() -> bool:
            flusher.flush()
            return stopping()

        yield watch


class _Flusher:
    """Hands a file to the disk piece by piece while another one writes it."""

    def __init__(self, file: Path) -> None:
        self._handle = os.open(file, os.O_RDONLY | os.O_CLOEXEC)
        self._flushed = 0

    def flush(self) -> None:
        size = os.fstat(self._handle).st_size
        if size - self._flushed >= FLUSH:
            os.fdatasync(self._handle)
            self._flushed = size

    def close(self) -> None:
        os.close(self._handle)


def _flush(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
