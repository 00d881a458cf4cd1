"""This process's claim on its work: a lease that it renews, and checks before it acts."""

import logging
import threading
from collections.abc import Callable

from app.domain.errors import FencedOut
from app.ports.clock import Clock
from app.ports.owners import Owners

log = logging.getLogger(__name__)

SAFE_SHARE = 0.7
"""Of the lease: after that without renewal, this process touches nothing outside."""


class Ownership:
    """Who we are to the other processes on the same journal."""

    def __init__(self, owners: Owners, clock: Clock, new_id: Callable[[], str]) -> None:
        self._owners = owners
        self._clock = clock
        self._new_id = new_id
        self._lock = threading.Lock()
        self._renewed = 0.0
        self.id = ""

    def start(self) -> None:
        """Register; from here on jobs can be claimed in our name."""
        with self._lock:
            self._register()

    def beat(self) -> None:
        """Renew the lease. When others have taken our work meanwhile, go on under a new name."""
        with self._lock:
            began = self._clock.monotonic()
            if self._owners.beat(self.id):
                self._renewed = began
                return
            log.warning("another process took over our work", extra={"owner": self.id})
            self._register()

    def check(self) -> None:
        """Be sure that nobody can have taken our work: call it before each outside effect.

        Raises:
            FencedOut: the lease was not renewed in time, as after a freeze.
        """
        idle = self._clock.monotonic() - self._renewed
        if idle > SAFE_SHARE * self._owners.lease.total_seconds():
            raise FencedOut(f"the lease was not renewed for {idle:.1f} s")

    def take_over(self) -> int:
        """Release the jobs of dead processes; how many."""
        released = self._owners.release_dead(self.id)
        for owner, jobs in released:
            log.warning("released the work of a dead process", extra={"owner": owner, "jobs": jobs})
        return sum(jobs for _, jobs in released)

    def stop(self) -> None:
        """Give back what is left."""
        with self._lock:
            if self.id:
                self._owners.leave(self.id)
                self.id = ""

    def _register(self) -> None:
        owner = self._new_id()
        self._owners.register(owner)
        self.id = owner
        self._renewed = self._clock.monotonic()
