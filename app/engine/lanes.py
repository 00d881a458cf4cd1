"""Lanes: each (account, instrument) strictly in order, others in parallel, through crashes."""

import logging
import threading
from collections.abc import Callable
from concurrent.futures import Executor, Future
from typing import Protocol

from app.domain.errors import FencedOut, JournalError
from app.engine.ownership import Ownership
from app.ports.clock import Clock
from app.ports.journal import Job, Journal

log = logging.getLogger(__name__)

Pools = Callable[[str], Executor]
"""The pool of an account, by its name."""


class Flow(Protocol):
    """What is done with a job."""

    def run(self, job: Job) -> Job | None:
        """Take a job to its end or to its next wait; answers the lane's next job, claimed."""
        ...


class Lanes:
    """Runs claimed jobs on the pool of their account: a slow broker holds up none but its own.

    A job that is accepted here is handed over at once, without polling; `sweep` finds the rest:
    delayed work, what dead processes left, and jobs whose end could not be written.
    """

    def __init__(
        self, journal: Journal, flow: Flow, ownership: Ownership, clock: Clock, pools: Pools
    ) -> None:
        self._journal = journal
        self._flow = flow
        self._ownership = ownership
        self._clock = clock
        self._pools = pools
        self._active: set[int] = set()
        self._lock = threading.Lock()
        self._closed = False

    def offer(self, job: Job) -> None:
        """Run a claimed job and then whatever its lane has ready."""
        if self._take(job):
            future: Future[None] = self._pools(job.account).submit(self._run_lane, job)
            future.add_done_callback(_report)

    def sweep(self) -> None:
        """Start what is due and what nobody runs."""
        for lane in self._journal.ready_lanes(self._clock.now()):
            job = self._journal.claim(lane, self._ownership.id)
            if job is not None:
                self.offer(job)

    def resume_stranded(self) -> None:
        """Run our own jobs that are claimed but no thread runs: their end could not be written."""
        for job_id in self._journal.owned(self._ownership.id):
            with self._lock:
                if job_id in self._active:
                    continue
            job = self._journal.job(job_id)
            if job.owner == self._ownership.id:
                self.offer(job)

    def close(self) -> None:
        """Start nothing more; jobs that run are finished."""
        with self._lock:
            self._closed = True

    @property
    def busy(self) -> int:
        """How many jobs are being run by this process."""
        return len(self._active)

    def _run_lane(self, job: Job) -> None:
        current: Job | None = job
        while current is not None:
            following = self._run_one(current)
            # Claimed and not yet run, it looks stranded: `resume_stranded` may have been faster.
            current = following if following is not None and self._take(following) else None

    def _take(self, job: Job) -> bool:
        """Be the one thread that runs a job; False when another does, and once we are closed."""
        with self._lock:
            if self._closed or job.id in self._active:
                return False
            self._active.add(job.id)
            return True

    def _run_one(self, job: Job) -> Job | None:
        try:
            return self._flow.run(job)
        except FencedOut as error:
            log.warning("stopped a job", extra={"alert_id": job.alert_id, "why": str(error)})
            return None
        except JournalError as error:
            log.warning("could not journal", extra={"alert_id": job.alert_id, "why": str(error)})
            return None
        finally:
            with self._lock:
                self._active.discard(job.id)


def _report(future: Future[None]) -> None:
    if future.cancelled():
        return  # the server stops: the job is given back
    error = future.exception()
    if error is not None:
        log.critical("a lane broke", exc_info=error)
