"""The reserve: room on the disk that is given up when there is no other, so that exits go on.

A full disk must not keep a position open. The first write that finds it full gives the reserve up;
from then on only alerts that reduce are taken, until there is room to make the reserve again.
"""

import logging
import os
import shutil
import threading
from collections import deque
from collections.abc import Callable
from pathlib import Path

log = logging.getLogger(__name__)

SIZE = 8 * 1024 * 1024
"""Half of it is for SQLite's write-ahead log, which grows to 4 MB and is then used again (an exit
writes 0.3 MB there); the other half holds the rows of a thousand exits. Both were measured."""

LEAST = 1024 * 1024
"""Without so much free room a server does not even start: SQLite opens no database."""

SMALLEST_DISK = 4 * SIZE
"""A smaller one has no room for a reserve, and is not full for that."""

Tell = Callable[[bool], None]


def make_room(folder: Path) -> None:
    """Give the reserve up when there is no room to start in."""
    if folder.exists() and shutil.disk_usage(folder).free < LEAST:
        _file_in(folder).unlink(missing_ok=True)


class Reserve:
    """A file beside the database. `tell` hears it, once each, when the disk is full and when not.

    `spent` until there is room again: the disk is full, and what is left is for exits.
    """

    def __init__(self, folder: Path, tell: Tell) -> None:
        self._file = _file_in(folder)
        self._tell = tell
        self._lock = threading.Lock()
        self._news: deque[bool] = deque()
        self._enough = LEAST
        self._first = True
        self.spent = False

    def spend(self) -> None:
        """Give the room up: somebody found none. The room that this frees does not end the need."""
        with self._lock:
            if not self.spent:
                self._enough = LEAST + (SIZE if self._file.exists() else 0)
            self._file.unlink(missing_ok=True)
            self._now(spent=True)

    def keep(self) -> None:
        """See whether there is room again; make the reserve where it fits; tell what has changed.

        A disk that is too small for the reserve is not full: trading goes on without one.
        """
        with self._lock:
            usage = shutil.disk_usage(self._file.parent)
            if self._first and self._given_up_before(usage.free, usage.total):
                self._enough = SIZE + LEAST
                self._now(spent=True)
            self._first = False
            if usage.free >= self._enough:
                self._now(spent=False)
            if not self.spent and usage.free >= 2 * SIZE and not self._file.exists():
                self._make()
        while self._news:
            self._tell(self._news[0])
            self._news.popleft()

    def _given_up_before(self, free: int, total: int) -> bool:
        """Whether another process gave it up, or we had to in order to start."""
        return not self._file.exists() and free < SIZE + LEAST and total >= SMALLEST_DISK

    def _now(self, *, spent: bool) -> None:
        if spent != self.spent:
            self.spent = spent
            self._news.append(spent)

    def _make(self) -> None:
        try:
            with self._file.open("wb") as file:
                os.posix_fallocate(file.fileno(), 0, SIZE)
        except OSError as error:
            self._file.unlink(missing_ok=True)
            log.warning("there is no reserve", extra={"why": error.strerror})


def _file_in(folder: Path) -> Path:
    return folder / "reserve"
