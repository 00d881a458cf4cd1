"""This process's claim on its work: a lease that it renews, and checks before it acts."""

import logging
import math
import threading
from collections.abc import Callable

from app.domain.errors import FencedOut
from app.ports.clock import Clock
from app.ports.owners import Owners

log = logging.getLogger(__name__)

SAFE_SHARE = 0.7
"""Of the lease: after that without renewal, this process touches nothing outside."""
NEVER = -math.inf
"""When the lease was renewed last while we hold none."""


class Ownership:
    """Who we are to the other processes on the same journal."""

    def __init__(self, owners: Owners, clock: Clock, new_id: Callable[[], str]) -> None:
        self._owners = owners
        self._clock = clock
        self._new_id = new_id
        self._lock = threading.Lock()
        self._renewed = NEVER
        self.id = ""

    def start(self) -> None:
        """Register; from here on jobs can be claimed in our name."""
        with self._lock:
            self._register()

    def beat(self) -> None:
        """Renew the lease. When others have taken our work meanwhile, go on under a new name."""
        with self._lock:
            if not self.id:
                return
            began = self._clock.monotonic()
            if self._owners.beat(self.id):
                self._renewed = began
                return
            log.warning("another process took over our work", extra={"owner": self.id})
            self._register()

    def check(self, owner: str | None = None) -> None:
        """Be sure that nobody can have taken our work: call it before each outside effect.

        Args:
            owner: in whose name the work was claimed. After a freeze `beat` may have registered
                this process anew before the thread that does the work runs on: then the lease is
                good, and the work is another's.

        Raises:
            FencedOut: the lease was not renewed in time, or the name is no longer ours.
        """
        if owner is not None and owner != self.id:
            raise FencedOut(f"the work of {owner} was taken over")
        idle = self._clock.monotonic() - self._renewed
        if idle > SAFE_SHARE * self._owners.lease.total_seconds():
            raise FencedOut(f"the lease was not renewed for {idle:.1f} s")

    def leads(self) -> bool:
        """Whether what one process does for all of them is ours to do, now."""
        try:
            self.check()
        except FencedOut:
            return False
        return self._owners.first() == self.id

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
                self._renewed = NEVER
                self._owners.leave(self.id)
                self.id = ""

    def _register(self) -> None:
        owner = self._new_id()
        began = self._clock.monotonic()
        self._owners.register(owner)
        self.id = owner
        self._renewed = began
