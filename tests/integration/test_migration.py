"""The migration makes the schema that the code thinks of, and refuses what it does not know."""

import shutil
import sqlite3
import stat
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine

from app.adapters.journal.migrate import SCRIPTS, migrate, migrate_apart, needs, revision_of
from app.adapters.journal.revision import REVISION
from app.adapters.journal.schema import metadata
from app.domain.errors import BackupError, ConfigError


def test_the_migrations_make_exactly_the_tables_of_the_code(migrated: Path) -> None:
    engine = create_engine(f"sqlite:///{migrated}")
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
    engine.dispose()


def test_the_code_needs_the_newest_migration() -> None:
    assert ScriptDirectory(str(SCRIPTS)).get_current_head() == REVISION


def test_a_new_database_is_readable_by_its_owner_only(tmp_path: Path) -> None:
    migrate_apart(f"sqlite:///{tmp_path}/var/novalgo.db")
    modes = [stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("var", "var/novalgo.db")]
    assert modes == [0o700, 0o600]


def test_a_database_of_this_version_is_left_alone(migrated: Path) -> None:
    before = migrated.stat().st_mtime_ns
    assert not needs(f"sqlite:///{migrated}")
    migrate(f"sqlite:///{migrated}")
    assert migrated.stat().st_mtime_ns == before


def test_a_database_of_a_newer_version_is_refused(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "novalgo.db") as connection:
        connection.execute("CREATE TABLE alembic_version (version_num TEXT)")
        connection.execute("INSERT INTO alembic_version VALUES ('9999')")
    connection.close()
    with pytest.raises(ConfigError, match="newer"):
        needs(f"sqlite:///{tmp_path}/novalgo.db")


SECOND = """
from alembic import op
revision, down_revision = "0002", "0001"
def upgrade():
    op.execute("CREATE TABLE second (name TEXT)")
"""


@pytest.fixture
def older(tmp_path: Path, migrated: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A database of the first version, and code of the second."""
    shutil.copytree(SCRIPTS, tmp_path / "scripts")
    (tmp_path / "scripts" / "versions" / "0002_second.py").write_text(SECOND)
    monkeypatch.setattr("app.adapters.journal.migrate.SCRIPTS", tmp_path / "scripts")
    monkeypatch.setattr("app.adapters.journal.migrate.REVISION", "0002")
    return Path(shutil.copy(migrated, tmp_path / "novalgo.db"))


def test_a_database_is_backed_up_before_it_is_migrated(older: Path) -> None:
    migrate(f"sqlite:///{older}")
    (backup,) = (older.parent / "backups").glob("before-migration-*-from-0001.db")
    assert (revision_of(older), revision_of(backup)) == ("0002", "0001")


def test_without_room_for_the_backup_nothing_is_migrated(
    older: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.adapters.journal.backup.LEAST_FREE", 10**18)
    with pytest.raises(BackupError, match="lacks"):
        migrate(f"sqlite:///{older}")
    assert revision_of(older) == "0001"


def test_a_new_database_needs_no_backup(tmp_path: Path) -> None:
    migrate(f"sqlite:///{tmp_path}/novalgo.db")
    assert not (tmp_path / "backups").exists()


def test_a_database_that_cannot_be_read_is_not_taken_for_a_new_one(tmp_path: Path) -> None:
    """On a full disk SQLite says `disk I/O error` before it says anything of tables."""
    (tmp_path / "novalgo.db").write_bytes(b"not a database at all" * 1000)
    with pytest.raises(ConfigError, match="cannot be read"):
        needs(f"sqlite:///{tmp_path}/novalgo.db")
