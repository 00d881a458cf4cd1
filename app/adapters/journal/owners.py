"""Who works on this journal: one file lock per process, which dies with its process."""

import fcntl
import os
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

from app.adapters.journal.statements import Q
from app.adapters.sql import Database, to_db
from app.domain.errors import JournalError
from app.ports.clock import Clock

LEASE = timedelta(seconds=30)


class FileOwners:
    """The owners port on SQLite: dead is who holds no lock, or did not renew its lease.

    A frozen process keeps its lock, so the lease decides too; when it thaws, its writes are fenced
    by (owner, attempt) and it registers anew.
    """

    def __init__(
        self, database: Database, clock: Clock, folder: Path, lease: timedelta = LEASE
    ) -> None:
        self._db = database
        self._clock = clock
        self._folder = folder
        self._lease = lease
        self._held: dict[str, int] = {}

    @property
    def lease(self) -> timedelta:
        """How long an owner that does not renew is still taken for alive."""
        return self._lease

    def register(self, owner: str) -> None:
        """Take this owner's lock and write its row."""
        self._folder.mkdir(parents=True, exist_ok=True)
        handle = os.open(self._path(owner), os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        fcntl.flock(handle, fcntl.LOCK_EX)
        self._held[owner] = handle
        params = {"id": owner, "pid": os.getpid(), "now": to_db(self._clock.now())}
        with self._db.transaction() as tx:
            tx.run(Q["add_owner"], params)

    def beat(self, owner: str) -> bool:
        """Renew the lease; False when another process has taken this owner's work."""
        with self._db.transaction() as tx:
            row = tx.one(Q["beat"], {"id": owner, "now": to_db(self._clock.now())})
        if row is None:
            self._let_go(owner)
        return row is not None

    def first(self) -> str:
        """Who registered first of all that are here; empty when nobody is."""
        with self._db.reading() as tx:
            row = tx.one(Q["first_owner"], {})
        return "" if row is None else str(row["id"])

    def release_dead(self, owner: str) -> Sequence[tuple[str, int]]:
        """Release the work of dead owners: (owner, jobs released) each."""
        with self._db.reading() as tx:
            others = tx.run(Q["owners"], {"id": owner}).fetchall()
        late = to_db(self._clock.now() - self._lease)
        dead = [row["id"] for row in others if row["beat_at"] < late or self._abandoned(row["id"])]
        return [(name, self._release(name)) for name in dead]

    def leave(self, owner: str) -> None:
        """Give the work back and the lock with it."""
        try:
            self._release(owner)
        finally:
            self._let_go(owner)

    def _release(self, owner: str) -> int:
        params = {"owner": owner, "id": owner, "now": to_db(self._clock.now())}
        with self._db.transaction() as tx:
            released = tx.run(Q["release_jobs"], params).rowcount
            tx.run(Q["drop_owner"], params)
        self._path(owner).unlink(missing_ok=True)
        return released

    def _abandoned(self, owner: str) -> bool:
        try:
            handle = os.open(self._path(owner), os.O_RDWR | os.O_CLOEXEC)
        except FileNotFoundError:
            return True
        except OSError as error:
            raise JournalError(f"cannot look at the lock of {owner}: {error}") from error
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        else:
            return True
        finally:
            os.close(handle)

    def _let_go(self, owner: str) -> None:
        handle = self._held.pop(owner, None)
        if handle is not None:
            os.close(handle)

    def _path(self, owner: str) -> Path:
        return self._folder / f"{owner}.lock"
