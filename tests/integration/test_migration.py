"""The migration makes the schema that the code thinks of, and refuses what it does not know."""

import sqlite3
import stat
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine

from app.adapters.journal.migrate import SCRIPTS, migrate, migrate_apart, needs
from app.adapters.journal.revision import REVISION
from app.adapters.journal.schema import metadata
from app.domain.errors import ConfigError


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


def test_a_database_that_cannot_be_read_is_not_taken_for_a_new_one(tmp_path: Path) -> None:
    """On a full disk SQLite says `disk I/O error` before it says anything of tables."""
    (tmp_path / "novalgo.db").write_bytes(b"not a database at all" * 1000)
    with pytest.raises(ConfigError, match="cannot be read"):
        needs(f"sqlite:///{tmp_path}/novalgo.db")
