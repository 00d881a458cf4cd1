"""The reserve: room on the disk that is given up when there is no other, so that exits go on.

A full disk must not keep a position open. The first write that finds it full gives the reserve up;
from then on only alerts that reduce are taken, until there is room to make the reserve again.
"""

import errno
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

Tell = Callable[[bool], None]


def make_room(folder: Path) -> None:
    """Give the reserve up when there is no room to start in."""
    if folder.exists() and shutil.disk_usage(folder).free < LEAST:
        _file_in(folder).unlink(missing_ok=True)


class Reserve:
    """A file beside the database. `tell` hears it, once each, when the disk is full and when not.

    `spent` until it could be made again: the disk is full, and what is left is for exits.
    """

    def __init__(self, folder: Path, tell: Tell) -> None:
        self._file = _file_in(folder)
        self._tell = tell
        self._lock = threading.Lock()
        self._news: deque[bool] = deque()
        self.spent = False

    def spend(self) -> None:
        """Give the room up: somebody found none."""
        with self._lock:
            self._file.unlink(missing_ok=True)
            self._now(spent=True)

    def keep(self) -> None:
        """Make the reserve when it is not there and fits; tell what has changed."""
        with self._lock:
            self._now(spent=not self._there())
        while self._news:
            self._tell(self._news[0])
            self._news.popleft()

    def _now(self, *, spent: bool) -> None:
        if spent != self.spent:
            self.spent = spent
            self._news.append(spent)

    def _there(self) -> bool:
        if self._file.exists():
            return True
        try:
            return self._made()
        except OSError as error:
            self._file.unlink(missing_ok=True)
            if error.errno in (errno.ENOSPC, errno.EDQUOT):
                return False
            # No reserve then, but the disk is not full either: trading goes on.
            log.warning("there is no reserve", extra={"why": error.strerror})
            return True

    def _made(self) -> bool:
        """Twice its size must be free: who gave it up must not be back at once."""
        if shutil.disk_usage(self._file.parent).free < 2 * SIZE:
            return False
        with self._file.open("wb") as file:
            os.posix_fallocate(file.fileno(), 0, SIZE)
        return True


def _file_in(folder: Path) -> Path:
    return folder / "reserve"
