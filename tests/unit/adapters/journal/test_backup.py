"""Backups: one when it is due, made whole or not at all, and never the cause of a full disk."""

import fcntl
import shutil
import sqlite3
import stat
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import pytest

from app.adapters.journal.backup import LEAST_FREE, NEVER_DROPPED, Backups, Rules, before_migration
from app.adapters.journal.copying import check, copy
from app.domain.errors import BackupError
from tests.fakes.clock import START, FakeClock

EVERY = timedelta(minutes=15)
MINUTE = timedelta(minutes=1)


class Usage(NamedTuple):
    free: int
    total: int


@pytest.fixture
def database(tmp_path: Path) -> Path:
    file = tmp_path / "novalgo.db"
    with closing(sqlite3.connect(file, isolation_level=None)) as made:
        made.execute("PRAGMA journal_mode = WAL")
        made.execute("CREATE TABLE things (name TEXT)")
        made.execute("INSERT INTO things VALUES ('first')")
    return file


@pytest.fixture
def told() -> list[str | None]:
    return []


MakeBackups = Callable[..., Backups]


@pytest.fixture
def make(database: Path, clock: FakeClock, told: list[str | None]) -> MakeBackups:
    def backups(every: timedelta | None = EVERY, keep: int = 96, days: int = 14) -> Backups:
        made = Backups(database, Rules(every=every, keep=keep, days=days), clock, told.append)
        clock.advance(MINUTE)
        return made

    return backups


def names_in(file: Path) -> list[str]:
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as connection:
        return [row[0] for row in connection.execute("SELECT name FROM things")]


def files(backups: Backups) -> list[str]:
    return [each.file.name for each in backups.all()]


def run(backups: Backups, clock: FakeClock, passing: timedelta, step: timedelta = EVERY) -> None:
    """Let time pass, with a look at what is due at each step."""
    for _ in range(passing // step):
        clock.advance(step)
        backups.keep()


def test_the_first_backup_is_made_a_minute_after_the_start(
    database: Path, clock: FakeClock
) -> None:
    backups = Backups(database, Rules(every=EVERY, keep=9, days=9), clock, lambda _: None)
    backups.keep()
    assert files(backups) == []
    clock.advance(MINUTE)
    backups.keep()
    assert files(backups) == ["novalgo-20261120T153100Z.db"]


def test_a_backup_is_whole_its_owner_s_only_and_alone_in_its_folder(
    make: MakeBackups, database: Path
) -> None:
    backups = make()
    with closing(sqlite3.connect(database)) as writer:  # its log still holds the newest row
        writer.execute("INSERT INTO things VALUES ('second')")
        writer.commit()
        backups.keep()
    (made,) = backups.all()
    assert names_in(made.file) == ["first", "second"]
    assert stat.S_IMODE(made.file.stat().st_mode) == 0o600
    assert stat.S_IMODE(made.file.parent.stat().st_mode) == 0o700
    assert {file.name for file in made.file.parent.iterdir()} == {made.file.name, "lock"}


def test_a_backup_is_due_every_quarter_of_an_hour(make: MakeBackups, clock: FakeClock) -> None:
    backups = make()
    run(backups, clock, timedelta(hours=1), step=MINUTE)
    assert len(files(backups)) == 4
    assert backups.age() == timedelta(minutes=14)


def test_a_restart_does_not_make_another_one(make: MakeBackups) -> None:
    make().keep()
    backups = make()
    backups.keep()
    assert len(files(backups)) == 1


def test_zero_makes_none(make: MakeBackups) -> None:
    backups = make(every=None)
    backups.keep()
    assert backups.age() is None


def test_a_clock_that_was_set_back_makes_one_and_not_a_storm(
    make: MakeBackups, clock: FakeClock
) -> None:
    backups = make()
    backups.keep()
    clock.jump(timedelta(days=-2))
    run(backups, clock, timedelta(minutes=30), step=MINUTE)
    assert len(files(backups)) == 3


def test_the_newest_are_kept_and_the_last_of_each_day(make: MakeBackups, clock: FakeClock) -> None:
    backups = make(keep=3, days=2)
    run(backups, clock, timedelta(days=4), step=timedelta(hours=5))
    assert [each.at.strftime("%d %H") for each in backups.all()] == [
        "23 23", "24 04", "24 09", "24 14",
    ]  # fmt: skip


def test_only_what_it_made_itself_is_dropped(
    make: MakeBackups, database: Path, clock: FakeClock
) -> None:
    backups = make(keep=1, days=0)
    backups.keep()
    by_hand = database.parent / "backups" / "novalgo-before-holidays.db"
    shutil.copy(backups.all()[0].file, by_hand)
    migrated = before_migration(database, "0000", clock.now())
    run(backups, clock, timedelta(hours=1))
    assert len(files(backups)) == 1
    assert by_hand.exists()
    assert migrated.exists()


def test_of_two_processes_one_makes_it(make: MakeBackups) -> None:
    first, second = make(), make()
    first.keep()
    second.keep()
    assert len(files(first)) == 1


def test_while_another_process_makes_one_this_one_does_not(
    make: MakeBackups, database: Path, clock: FakeClock
) -> None:
    backups = make()
    (database.parent / "backups").mkdir()
    with (database.parent / "backups" / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        run(backups, clock, timedelta(minutes=5), step=MINUTE)
        assert files(backups) == []
    run(backups, clock, timedelta(minutes=5), step=MINUTE)
    assert len(files(backups)) == 1


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch, database: Path) -> Callable[[int], None]:
    """A disk of 10 GB with so much room beyond what backups leave; each of them needs 1 MB."""
    folder = database.parent / "backups"
    with database.open("ab") as file:
        file.truncate(1_000_000)

    def set_room(room: int) -> None:
        def usage(_: object) -> Usage:
            made = len(list(folder.glob("novalgo-*.db"))) * 1_000_000
            return Usage(1_000_000_000 + room - made, 10_000_000_000)

        monkeypatch.setattr(shutil, "disk_usage", usage)

    return set_room


def test_without_room_there_is_none_and_it_is_told_once(
    make: MakeBackups, clock: FakeClock, disk: Callable[[int], None], told: list[str | None]
) -> None:
    backups = make()
    disk(-5_000_000)
    run(backups, clock, timedelta(hours=1), step=MINUTE)
    assert files(backups) == []
    assert told == ["the disk lacks 6 MB for it"]
    disk(5_000_000)
    run(backups, clock, timedelta(hours=1), step=MINUTE)
    assert len(files(backups)) == 4
    assert told[1:] == [None]


def test_old_backups_give_way_to_a_new_one_but_the_newest_stay(
    make: MakeBackups, clock: FakeClock, disk: Callable[[int], None], told: list[str | None]
) -> None:
    backups = make()
    disk(6_000_000)
    run(backups, clock, timedelta(hours=5))
    assert len(files(backups)) == 6
    assert backups.age() == timedelta(0)
    disk(0)
    run(backups, clock, timedelta(hours=1))
    assert len(files(backups)) == NEVER_DROPPED
    assert told == ["the disk lacks 5 MB for it"]


def test_a_migration_leaves_more_of_the_disk_to_itself(
    database: Path, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    free = LEAST_FREE + database.stat().st_size

    def usage(_: object) -> Usage:
        return Usage(free, 1000 * free)

    monkeypatch.setattr(shutil, "disk_usage", usage)
    made = before_migration(database, "0007", clock.now())
    assert made.name == "before-migration-20261120T153000Z-from-0007.db"
    free -= 1
    with pytest.raises(BackupError, match="lacks"):
        before_migration(database, "0007", clock.advance(1))


def test_the_backups_of_three_migrations_are_kept(database: Path, clock: FakeClock) -> None:
    made = [before_migration(database, "0007", clock.advance(1)) for _ in range(5)]
    assert [file.exists() for file in made] == [False, False, True, True, True]


def test_a_copy_that_is_given_up_leaves_nothing(database: Path, tmp_path: Path) -> None:
    with closing(sqlite3.connect(database)) as writer:
        writer.executemany("INSERT INTO things VALUES (?)", [("x" * 100,)] * 50_000)
        writer.commit()
    asked: list[int] = []

    def stopping() -> bool:
        asked.append(1)
        return len(asked) == 3

    with pytest.raises(BackupError, match="interrupted"):
        copy(database, tmp_path / "copy.db", stopping)
    assert not list(tmp_path.glob("copy*"))


def test_a_server_that_stops_makes_no_backup_and_tells_no_fault(
    make: MakeBackups, told: list[str | None]
) -> None:
    backups = make()
    backups.stop()
    backups.keep()
    assert (files(backups), told) == ([], [])


def test_what_a_copy_that_was_killed_left_does_not_hinder_the_next(
    database: Path, tmp_path: Path
) -> None:
    (tmp_path / "copy.db.part").write_bytes(b"half of it")
    copy(database, tmp_path / "copy.db")
    assert names_in(tmp_path / "copy.db") == ["first"]


def test_a_copy_never_overwrites(database: Path, tmp_path: Path) -> None:
    (tmp_path / "copy.db").write_bytes(b"precious")
    with pytest.raises(BackupError, match="there already"):
        copy(database, tmp_path / "copy.db")
    assert (tmp_path / "copy.db").read_bytes() == b"precious"


def test_a_folder_that_cannot_be_written_is_told(database: Path, tmp_path: Path) -> None:
    with pytest.raises(BackupError, match="No such file"):
        copy(database, tmp_path / "nowhere" / "copy.db")


def test_a_damaged_database_is_not_copied_as_if_it_were_whole(
    database: Path, tmp_path: Path
) -> None:
    with closing(sqlite3.connect(database)) as writer:
        writer.execute("CREATE INDEX things_by_name ON things (name)")
        writer.executemany("INSERT INTO things VALUES (?)", [(f"{n:0100}",) for n in range(1000)])
        writer.commit()
        writer.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    with database.open("r+b") as file:
        file.seek(4096 * 5)
        file.write(b"\xff" * 4096)
    with pytest.raises(BackupError, match=r"malformed|damaged"):
        check(database)
    with pytest.raises(BackupError, match=r"malformed|damaged"):
        copy(database, tmp_path / "copy.db")
    assert not (tmp_path / "copy.db").exists()


def test_the_moment_in_a_name_is_utc(make: MakeBackups) -> None:
    backups = make()
    backups.keep()
    assert backups.all()[0].at == (START + MINUTE).astimezone(UTC)
    assert isinstance(backups.all()[0].at, datetime)
