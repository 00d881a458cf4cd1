"""Restore: a backup takes the place of the database. What was there before stays beside it."""

import fcntl
import sqlite3
from collections.abc import Mapping
from contextlib import closing, suppress
from datetime import datetime
from pathlib import Path

from app.adapters.journal.copying import STAMP, check, copy
from app.adapters.journal.migrate import revision_of
from app.adapters.journal.revision import REVISION
from app.adapters.journal.rows import event_params
from app.adapters.journal.statements import Q
from app.adapters.sql import Hold
from app.domain.errors import BackupError, ConfigError, JournalError
from app.domain.events import Event, EventKind

LOGS = ("-wal", "-shm")
"""What SQLite keeps beside a database: of another database they would destroy it."""


def restore(backup: Path, database: Path, now: datetime) -> Path | None:
    """Put a backup in the place of a database; answers where the old one is now.

    No server may run on it. Should this be cut off, the old database is still in its place, or the
    new one is. The server brings an older schema up to its own when it starts.

    Raises:
        BackupError: the backup is damaged, of a newer version, or a server runs. Nothing changed.
    """
    draft = database.with_name(f"{database.name}.restored")
    database.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        with closing(Hold(database, fcntl.LOCK_EX)):
            draft.unlink(missing_ok=True)
            _fit(backup)
            if database.exists() and backup.samefile(database):
                raise BackupError(f"{backup} is the database itself")
            copy(backup, draft)
            _note(draft, {"backup": backup.name, "revision": revision_of(draft)}, now)
            kept = _put_aside(database, now)
            draft.replace(database)
            return kept
    except JournalError as error:
        raise BackupError(str(error)) from error
    except OSError as error:
        raise BackupError(f"{error.filename or database}: {error.strerror}") from error
    finally:
        draft.unlink(missing_ok=True)


def _fit(backup: Path) -> None:
    if not backup.is_file():
        raise BackupError(f"there is no file {backup}")
    check(backup)
    try:
        revision = revision_of(backup)
    except ConfigError as error:
        raise BackupError(str(error)) from error
    if revision is None:
        raise BackupError(f"{backup.name} is no database of NovAlgo")
    if revision > REVISION:
        raise BackupError(
            f"{backup.name} has revision {revision}, newer than this version's {REVISION}: "
            "install the version that made it"
        )


def _note(draft: Path, facts: Mapping[str, object], now: datetime) -> None:
    """Write into the journal that it was restored."""
    event = Event(kind=EventKind.RESTORED, at=now, problem=True, facts=facts)
    with closing(sqlite3.connect(draft, isolation_level=None)) as connection:
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute(Q["add_event"].sql, event_params(event))


def _put_aside(database: Path, now: datetime) -> Path | None:
    """Give the old database a second name, and take away what SQLite keeps beside the first."""
    kept = None
    if database.exists():
        kept = database.with_name(f"{database.stem}-before-restore-{now.strftime(STAMP)}.db")
        kept.hardlink_to(database)
        with suppress(FileNotFoundError):
            _log_of(kept).hardlink_to(_log_of(database))
        _write_out(database)
    for suffix in LOGS:
        database.with_name(f"{database.name}{suffix}").unlink(missing_ok=True)
    return kept


def _write_out(database: Path) -> None:
    """Bring what is only in the log into the file, should this be cut off without its log.

    A damaged database has none of it: SQLite may throw the log away, so it has another name by now.
    """
    with suppress(sqlite3.Error), closing(sqlite3.connect(database)) as old:
        old.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _log_of(database: Path) -> Path:
    return database.with_name(f"{database.name}-wal")
