"""Brings a database to the schema of this code: `python -m app.adapters.journal.migrate URL`.

It runs in a process of its own, so that the server never imports Alembic; `needs` tells, without
it, whether that is necessary.
"""

import fcntl
import logging
import sqlite3
import subprocess
import sys
from collections.abc import Generator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

from app.adapters.journal.backup import before_migration
from app.adapters.journal.revision import REVISION
from app.adapters.sql import Hold
from app.domain.errors import ConfigError

SCRIPTS = Path(__file__).with_name("migrations")


def database_file(url: str) -> Path:
    """The file of a `sqlite:///` URL."""
    return Path(url.removeprefix("sqlite:///"))


def revision_of(file: Path) -> str | None:
    """The revision of a database; None when it is new.

    Raises:
        ConfigError: it cannot be read. That does not make it a new one.
    """
    if not file.exists():
        return None
    connection = sqlite3.connect(file)
    try:
        row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    except sqlite3.Error as error:
        if "no such table" in str(error):
            return None
        raise ConfigError(f"the database {file} cannot be read: {error}") from error
    finally:
        connection.close()
    return str(row[0]) if row else None


def needs(url: str) -> bool:
    """Whether the database must be migrated.

    Raises:
        ConfigError: it was written by a newer version; this one must not touch it.
    """
    known = revision_of(database_file(url))
    if known is not None and known > REVISION:
        raise ConfigError(
            f"the database has revision {known}, newer than this version's {REVISION}: "
            "start the newer version, or restore a backup"
        )
    return known != REVISION


def migrate(url: str) -> None:
    """Migrate in this process, alone: others wait at the lock. What is there is backed up first.

    Raises:
        BackupError: there is no room for the backup; nothing was changed.
        JournalError: the database is being restored.
    """
    from alembic import command
    from alembic.config import Config
    from sqlalchemy import create_engine

    file = database_file(url)
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with _alone(file):
        if not needs(url):
            return
        known = revision_of(file)
        if known is not None:
            before_migration(file, known, datetime.now(UTC))
        file.touch(mode=0o600)  # alerts and orders are nobody else's business
        config = Config()
        config.set_main_option("script_location", str(SCRIPTS))
        engine = create_engine(f"sqlite:///{file}")
        config.attributes["engine"] = engine
        command.upgrade(config, "head")
        engine.dispose()


def migrate_apart(url: str) -> None:
    """Migrate in a child process, when it is necessary.

    Raises:
        ConfigError: the migration failed.
    """
    if not needs(url):
        return
    command = [sys.executable, "-m", "app.adapters.journal.migrate", url]
    done = subprocess.run(command, check=False, capture_output=True, text=True)  # noqa: S603  # ours
    if done.returncode:
        raise ConfigError(f"the database could not be migrated: {done.stderr.strip()[-2000:]}")


@contextmanager
def _alone(file: Path) -> Generator[None, None, None]:
    with closing(Hold(file, fcntl.LOCK_SH)), file.with_suffix(".migrating").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO)
    migrate(sys.argv[1])
