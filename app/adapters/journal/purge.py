"""The purge: what is over, and old, is forgotten. A few rows at a time, so that no order waits.

Orders, fills and trades stay: they are records of money. The file does not shrink, its free pages
are used again; a backup of it is compact.
"""

from collections.abc import Callable
from datetime import timedelta

from app.adapters.journal.statements import Q
from app.adapters.sql import Database, Params, Transaction, to_db
from app.domain.identity import alert_id_of, alert_number_at
from app.ports.clock import Clock

FEW = 100
"""Rows of one kind in one commit: some milliseconds."""
KEYS_OUTLIVE = timedelta(days=1)
"""A key of repeats stays so long after it ran out: a clock may be set back."""
PAUSE = 3600.0
"""Seconds between two purges."""
BREAK = 60.0
"""Seconds from the start to the first one, and from a fault to the next try."""


class Purge:
    """Forgets what ended longer ago than `retention`; with None, only keys that have run out."""

    def __init__(self, database: Database, clock: Clock, retention: timedelta | None) -> None:
        self._db = database
        self._clock = clock
        self._retention = retention
        self._not_before = clock.monotonic() + BREAK

    def run(self) -> None:
        """Forget the next few rows; after the last of them, rest for an hour."""
        now = self._clock.monotonic()
        if now < self._not_before:
            return
        self._not_before = now + BREAK
        self._not_before = now if self.step() else now + PAUSE

    def step(self) -> int:
        """Forget a few rows of each kind; how many.

        Raises:
            JournalError: the database is locked or broken; nothing of a kind is half done.
        """
        forgotten = self._forget(_keys, KEYS_OUTLIVE)
        if self._retention is not None:
            for kind in (_jobs, _alerts, _events, _letters):
                forgotten += self._forget(kind, self._retention)
        return forgotten

    def _forget(self, kind: Callable[[Transaction, Params], int], older_than: timedelta) -> int:
        before = self._clock.now() - older_than
        first_id = alert_id_of(alert_number_at(before, 0))
        params = {"before": to_db(before), "id_before": first_id, "few": FEW}
        with self._db.transaction() as tx:
            return kind(tx, params)


def _keys(tx: Transaction, params: Params) -> int:
    return tx.run(Q["forget_keys"], params).rowcount


def _jobs(tx: Transaction, params: Params) -> int:
    jobs = tx.run(Q["old_jobs"], params).fetchall()
    for job in jobs:
        tx.run(Q["forget_steps"], {"id": job["id"]})
        tx.run(Q["forget_job"], {"id": job["id"]})
    return len(jobs)


def _alerts(tx: Transaction, params: Params) -> int:
    return tx.run(Q["forget_alerts"], params).rowcount


def _events(tx: Transaction, params: Params) -> int:
    return tx.run(Q["forget_events"], params).rowcount


def _letters(tx: Transaction, params: Params) -> int:
    return tx.run(Q["forget_dead_letters"], params).rowcount
