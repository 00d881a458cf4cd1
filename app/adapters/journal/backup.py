"""Backups: when they are made, how many are kept, and when there is no room for them."""

import contextlib
import fcntl
import logging
import shutil
import threading
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from app.adapters.journal.copying import STAMP, copy, size_of
from app.domain.errors import BackupError
from app.ports.clock import Clock

log = logging.getLogger(__name__)

FOLDER = "backups"
KEPT_FROM_MIGRATIONS = 3
NEVER_DROPPED = 4
"""So many of the newest stay, however little room there is."""
LEAST_FREE = 64 * 1024 * 1024
LEAST_FREE_SHARE = 0.1
"""What backups leave free, at least: the journal grows, and its reserve must fit beside it."""
LATE = 4
"""So many times the interval, and the newest backup is too old."""
PAUSE = 60.0
"""Seconds from the start to the first backup, and from one that failed to the next try."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """How often (None: never), how many of the newest are kept, and one a day how long."""

    every: timedelta | None
    keep: int
    days: int


@dataclass(frozen=True, slots=True)
class Backup:
    """A backup that the server made by itself."""

    file: Path
    at: datetime


class Backups:
    """The folder of backups beside a database. `tell` hears when they begin to fail, and when not.

    Processes that share a database share the folder: whoever comes first makes the backup that is
    due, the others see that it is there.
    """

    def __init__(
        self, database: Path, rules: Rules, clock: Clock, tell: Callable[[str | None], None]
    ) -> None:
        self._database = database
        self._folder = database.parent / FOLDER
        self._rules = rules
        self._clock = clock
        self._tell = tell
        self._failing = False
        self._began = clock.monotonic()
        self._not_before = clock.monotonic() + PAUSE
        self._stop = threading.Event()

    def keep(self) -> None:
        """Make a backup when one is due, and drop those that are not needed any more."""
        if self._clock.monotonic() < self._not_before or not self._is_due():
            return
        self._not_before = self._clock.monotonic() + PAUSE
        with _alone_in(self._folder) as alone:
            if alone and self._is_due():
                self._make()

    def stop(self) -> None:
        """Give up the copy that is being made, and make none any more."""
        self._stop.set()

    def age(self) -> timedelta | None:
        """How old the newest backup is; None when there is none."""
        now = self._clock.now()
        return min((now - each.at for each in self.all() if each.at <= now), default=None)

    def late(self) -> timedelta | None:
        """How long there was none, when that is too long. A new start has time to make one."""
        if self._rules.every is None:
            return None
        running = timedelta(seconds=self._clock.monotonic() - self._began)
        age = self.age()
        waited = running if age is None else min(age, running)
        return waited if waited > LATE * self._rules.every else None

    def all(self) -> Sequence[Backup]:
        """What this made by itself, the oldest first."""
        return sorted(_made_in(self._folder, self._database.stem), key=lambda each: each.at)

    def _is_due(self) -> bool:
        if self._rules.every is None or self._stop.is_set():
            return False
        age = self.age()
        return age is None or age >= self._rules.every

    def _make(self) -> None:
        now = self._clock.now()
        target = self._folder / f"{self._database.stem}-{now.strftime(STAMP)}.db"
        try:
            self._make_room()
            copy(self._database, target, self._stop.is_set)
        except (BackupError, OSError) as error:
            if not self._stop.is_set():
                self._failed(str(error))
            return
        self._drop_what_is_old()
        if self._failing:
            self._tell(None)
            self._failing = False

    def _failed(self, why: str) -> None:
        log.warning("no backup could be made", extra={"why": why})
        if not self._failing:
            self._tell(why)
            self._failing = True

    def _make_room(self) -> None:
        """Let old backups give way; without room for another one there is none."""
        need = size_of(self._database)
        old = [each.file for each in self.all()[:-NEVER_DROPPED]]
        least = max(LEAST_FREE, int(LEAST_FREE_SHARE * shutil.disk_usage(self._folder).total))
        while (missing := _missing(self._folder, need + least)) > 0:
            if not old:
                raise BackupError(f"the disk lacks {missing / 1e6:.0f} MB for it")
            old.pop(0).unlink(missing_ok=True)

    def _drop_what_is_old(self) -> None:
        made = self.all()
        last_of_day = {each.at.date(): each for each in made}
        newest = made[-max(self._rules.keep, 1) :]
        days = sorted(last_of_day)[-self._rules.days :] if self._rules.days else []
        kept = {each.file for each in [*newest, *(last_of_day[day] for day in days)]}
        for each in made:
            if each.file not in kept:
                each.file.unlink(missing_ok=True)


def before_migration(database: Path, revision: str, now: datetime) -> Path:
    """Back up a database that is about to be migrated; the newest few of these are kept.

    Raises:
        BackupError: there is no room for it, or the database cannot be read.
    """
    folder = database.parent / FOLDER
    with _alone_in(folder):
        missing = _missing(folder, size_of(database) + LEAST_FREE)
        if missing > 0:
            raise BackupError(f"the disk lacks {missing / 1e6:.0f} MB for a backup")
        target = folder / f"before-migration-{now.strftime(STAMP)}-from-{revision}.db"
        if not target.exists():
            copy(database, target)
        for old in sorted(folder.glob("before-migration-*.db"))[:-KEPT_FROM_MIGRATIONS]:
            old.unlink(missing_ok=True)
    return target


def _missing(folder: Path, need: int) -> int:
    """Bytes that the disk lacks."""
    return need - shutil.disk_usage(folder).free


def _made_in(folder: Path, stem: str) -> Iterator[Backup]:
    for file in folder.glob(f"{stem}-*.db"):
        with contextlib.suppress(ValueError):
            yield Backup(
                file, datetime.strptime(file.stem.removeprefix(f"{stem}-"), "%Y%m%dT%H%M%S%z")
            )


@contextmanager
def _alone_in(folder: Path) -> Generator[bool, None, None]:
    """Whether no other process makes a backup now."""
    folder.mkdir(exist_ok=True, mode=0o700)
    with (folder / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True
