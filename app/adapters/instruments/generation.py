"""A generation: the lists of one refresh as one file of SQLite, written once and then only read.

It is a file of its own, not tables of the journal: a hundred thousand rows that can be downloaded
again would hold up its one writer, and stand in each of its backups. `current` in the folder is a
link to the file that counts; whoever looks something up follows it when it points elsewhere.
"""

import contextlib
import os
import sqlite3
from collections.abc import Generator, Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from app.adapters.instruments.rows import SymbolRow
from app.domain.listing import IST, day_of

FOLDER = "symbols"
CURRENT = "current"
FORMAT = 2
"""Of the tables below. A generation of another one is no generation: it is made anew."""
STAMP = "%Y-%m-%dT%H%M%SZ"
KEPT_DAYS = 5
BREATH = 20_000
"""Steps of SQLite's machine between two looks at the size of a draft."""
FLUSH = 4 * 1024 * 1024
SCHEMA = f"""
PRAGMA user_version = {FORMAT};
CREATE TABLE sources (
    name TEXT PRIMARY KEY, digest TEXT NOT NULL, etag TEXT NOT NULL, modified TEXT NOT NULL,
    checked_at INTEGER NOT NULL, rows INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE symbols (
    symbol TEXT PRIMARY KEY, source TEXT NOT NULL, exchange TEXT NOT NULL, root TEXT NOT NULL,
    folded TEXT NOT NULL, kind INTEGER NOT NULL, option_type TEXT NOT NULL,
    expiry INTEGER NOT NULL, strike INTEGER NOT NULL, lot INTEGER NOT NULL, tick TEXT NOT NULL,
    freeze INTEGER, delivered INTEGER NOT NULL
) WITHOUT ROWID;
"""
FINISH = """
CREATE INDEX chains ON symbols (exchange, folded, kind, option_type, expiry, strike);
CREATE TABLE expiries (
    exchange TEXT, folded TEXT, kind INTEGER, expiry INTEGER,
    PRIMARY KEY (exchange, folded, kind, expiry)
) WITHOUT ROWID;
INSERT INTO expiries SELECT DISTINCT exchange, folded, kind, expiry FROM symbols WHERE expiry > 0;
"""
PUT = f"INSERT OR IGNORE INTO symbols VALUES ({', '.join('?' * (len(SymbolRow._fields) + 1))})"  # noqa: S608


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A list in a generation. `checked_at`: when it was last known to be the newest."""

    name: str
    digest: str
    etag: str
    modified: str
    checked_at: datetime
    rows: int


class Draft:
    """A generation that is being written. It counts when it is published, or never."""

    def __init__(self, folder: Path, now: datetime) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        for left in folder.glob("*.draft*"):  # of a process that died; we are alone here
            left.unlink()
        while (target := folder / f"{now:{STAMP}}.db").exists():
            now += timedelta(seconds=1)
        self.path, self._target = target.with_suffix(".draft"), target
        os.close(os.open(self.path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        self._connection = sqlite3.connect(self.path, isolation_level=None)
        # Nothing is lost when it breaks off: until it is published, nobody reads it.
        self._connection.execute("PRAGMA journal_mode = MEMORY")
        self._connection.execute("PRAGMA synchronous = OFF")
        self._connection.executescript(SCHEMA)
        self._handle: int | None = os.open(self.path, os.O_RDONLY | os.O_CLOEXEC)
        self._flushed = 0
        self._connection.set_progress_handler(self._flush, BREATH)

    @contextmanager
    def writing(self) -> Generator[None, None, None]:
        """Write one list, all of it or, when that fails, nothing."""
        self._connection.execute("BEGIN")
        try:
            yield
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT")

    def put(self, source: str, rows: Iterable[SymbolRow]) -> int:
        """Write rows of a list; how many there were, each symbol counted once."""
        before = self._connection.total_changes
        self._connection.executemany(PUT, ((row[0], source, *row[1:]) for row in rows))
        return self._connection.total_changes - before

    def keep(self, source: str, other: Path) -> None:
        """Take the rows of a list over from another generation."""
        with closing(open_to_read(other)) as before:
            rows = before.execute("SELECT * FROM symbols WHERE source = ?", (source,))
            self._connection.executemany(PUT, rows)

    def note(self, source: Source) -> None:
        """Write down what is known of a list."""
        checked_at = int(source.checked_at.timestamp())
        facts = (source.name, source.digest, source.etag, source.modified, checked_at, source.rows)
        self._connection.execute("INSERT INTO sources VALUES (?, ?, ?, ?, ?, ?)", facts)

    def publish(self) -> Path:
        """Make it the one that counts: from here on it is read."""
        self._connection.executescript(FINISH)
        self._close()
        _sync(self.path)
        self.path.replace(self._target)
        link = self.path.with_suffix(".draft-link")
        link.unlink(missing_ok=True)
        link.symlink_to(self._target.name)
        link.replace(self._target.with_name(CURRENT))
        _sync(self._target.parent)
        return self._target

    def discard(self) -> None:
        """Leave nothing behind."""
        self._close()
        self.path.unlink(missing_ok=True)

    def _close(self) -> None:
        if self._handle is not None:
            self._connection.close()
            os.close(self._handle)
            self._handle = None

    def _flush(self) -> int:
        """Hand the file to the disk piece by piece: all at once, it would hold up commits."""
        if self._handle is None:
            return 0
        size = os.fstat(self._handle).st_size
        if size - self._flushed >= FLUSH:
            os.fdatasync(self._handle)
            self._flushed = size
        return 0


def current(folder: Path) -> Path | None:
    """The generation that counts; None when there is none.

    Where that one cannot be read it is the newest that can: what is held has to be found in order
    to be closed, and how old the lists are is written in each.
    """
    others = sorted((path for path, _ in _generations(folder)), reverse=True)
    with contextlib.suppress(OSError):
        others.insert(0, folder / (folder / CURRENT).readlink())
    return next((path for path in others if _is_readable(path)), None)


def _is_readable(path: Path) -> bool:
    try:
        with closing(open_to_read(path)) as connection:
            known: int = connection.execute("PRAGMA user_version").fetchone()[0]
    except sqlite3.Error:
        return False
    return known == FORMAT


def open_to_read(path: Path) -> sqlite3.Connection:
    """A connection to a published generation. It never changes, so that nothing is locked."""
    uri = f"{path.absolute().as_uri()}?mode=ro&immutable=1"
    connection = sqlite3.connect(uri, uri=True, isolation_level=None, check_same_thread=False)
    connection.execute("PRAGMA cache_size = -1024")
    return connection


def sources_of(path: Path) -> dict[str, Source]:
    """The lists that a generation holds, by their names."""
    with closing(open_to_read(path)) as connection:
        rows = connection.execute("SELECT * FROM sources").fetchall()
    return {
        name: Source(
            name=name,
            digest=digest,
            etag=etag,
            modified=modified,
            checked_at=datetime.fromtimestamp(checked_at, UTC),
            rows=count,
        )
        for name, digest, etag, modified, checked_at, count in rows
    }


def purge(folder: Path, now: datetime) -> None:
    """Drop all generations but the last of each of the newest days, and the one that counts."""
    kept, days = {current(folder)}, set[object]()
    oldest = day_of(now) - timedelta(days=KEPT_DAYS)
    for path, at in sorted(_generations(folder), key=lambda pair: pair[1], reverse=True):
        day = at.astimezone(IST).date()
        if day > oldest and day not in days:
            days.add(day)
            kept.add(path)
        if path not in kept:
            path.unlink(missing_ok=True)


def _generations(folder: Path) -> Iterator[tuple[Path, datetime]]:
    for path in folder.glob("*.db"):
        with contextlib.suppress(ValueError):  # whatever it is, it is not ours
            yield path, datetime.strptime(path.stem, STAMP).replace(tzinfo=UTC)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
