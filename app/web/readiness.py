"""Readiness: may alerts be sent here? Each check says what it found."""

import shutil
import threading
from collections.abc import Collection, Mapping
from datetime import timedelta
from typing import NamedTuple

from app.domain.errors import JournalError
from app.engine.logins import Logins
from app.engine.services import Services
from app.web.options import WebOptions

LONGEST_TURN = timedelta(seconds=5)
LEAST_FREE_PERCENT = 5
PROBE_EVERY = 1.0
"""Seconds that a write probe counts for: anybody may ask, and each probe is a durable commit."""


DEGRADES = frozenset({"backup", "brokers", "sheet", "symbols"})
"""Checks that forbid nothing: alerts may be sent here, and somebody should look."""


class Check(NamedTuple):
    """What a check found."""

    ok: bool
    detail: str


class Readiness:
    """The checks of `/ready`. All must be fine; what only degrades may fail."""

    def __init__(self, services: Services, options: WebOptions) -> None:
        self._services = services
        self._options = options
        self._lock = threading.Lock()
        self._probed_at = -PROBE_EVERY
        self._probe = Check(ok=False, detail="not probed yet")

    def word_for(self, checks: Mapping[str, Check]) -> str:
        """`ready`, `degraded` or `not_ready`. A dead token forbids nothing while nobody trades."""
        in_hours = self._services.logins.hours.now()
        return word_for(checks, DEGRADES if in_hours else DEGRADES | {"token"})

    def checks(self) -> dict[str, Check]:
        """Every check by its name."""
        checks = {
            "database": self._database(),
            "engine": _engine(self._options.loop_idle()),
            "recovery": _recovery(self._services.recovery.waiting, self._services.logins),
            "brokers": _brokers(self._services.recovery.away),
            "token": _token(self._services.logins),
            "disk": self._disk(),
            "backup": self._backup(),
        }
        if self._options.symbols_trouble is not None:
            trouble = self._options.symbols_trouble()
            checks["symbols"] = Check(ok=trouble is None, detail=trouble or "of the day")
        sheet = self._sheet()
        return checks if sheet is None else {**checks, "sheet": sheet}

    def _sheet(self) -> Check | None:
        """Whether the rows are those of the sheet, where they are kept there."""
        try:
            standing = self._services.playbook.standing()
        except JournalError as error:
            return Check(ok=False, detail=str(error))
        if standing is None:
            return None
        now = self._services.clock.now()
        return Check(standing.is_fresh(now), standing.in_words(now))

    def _database(self) -> Check:
        with self._lock:
            clock = self._services.clock
            if clock.monotonic() - self._probed_at >= PROBE_EVERY:
                self._probe = self._write()
                # Only now: a probe may take as long as it counts for, and others wait for it.
                self._probed_at = clock.monotonic()
            return self._probe

    def _write(self) -> Check:
        try:
            self._services.ownership.beat()
        except JournalError as error:
            return Check(ok=False, detail=str(error))
        return Check(ok=True, detail="writable")

    def _backup(self) -> Check:
        late = self._options.backup_late()
        if late is None:
            return Check(ok=True, detail="in time")
        return Check(ok=False, detail=f"none for {late.total_seconds() / 60:.0f} minutes")

    def _disk(self) -> Check:
        if self._options.disk_full():
            return Check(ok=False, detail="full: only exits are taken")
        try:
            usage = shutil.disk_usage(self._options.data_dir)
        except OSError as error:
            return Check(ok=False, detail=f"cannot be read: {error.strerror}")
        free = 100 * usage.free / usage.total
        return Check(ok=free > LEAST_FREE_PERCENT, detail=f"{free:.1f} % free")


def word_for(checks: Mapping[str, Check], degrades: Collection[str]) -> str:
    """`ready`, `degraded` or `not_ready`."""
    failing = {name for name, check in checks.items() if not check.ok}
    if failing.difference(degrades):
        return "not_ready"
    return "degraded" if failing else "ready"


def _engine(idle: timedelta) -> Check:
    return Check(ok=idle <= LONGEST_TURN, detail=f"turned {idle.total_seconds():.1f} s ago")


def _token(logins: Logins) -> Check:
    dead = [
        f"{manager.account}: {manager.standing().value}"
        for manager in logins
        if manager.current() is None
    ]
    return Check(ok=not dead, detail=", ".join(dead) or "good, or none is needed")


def _brokers(away: Mapping[str, str]) -> Check:
    """Whether all accounts can be read: what is done at a broker that is away has to wait."""
    told = "; ".join(f"{account}: {why}" for account, why in away.items())
    return Check(ok=not away, detail=told or "reached")


def _recovery(waiting: Mapping[str, str], logins: Logins) -> Check:
    """Whether all are reconciled that can be: without a token nothing can be read."""
    dead = {manager.account for manager in logins if manager.current() is None}
    waiting = {account: why for account, why in waiting.items() if account not in dead}
    if waiting:
        told = "; ".join(f"{account}: {why}" for account, why in waiting.items())
        return Check(ok=False, detail=f"not reconciled yet: {told}")
    return Check(ok=True, detail="done")
