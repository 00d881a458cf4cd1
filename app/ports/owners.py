"""Processes that share one journal, each known by a lock that dies with it."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Protocol


class Owners(Protocol):
    """Who works on the journal. Every method may raise JournalError."""

    @property
    def lease(self) -> timedelta:
        """How long an owner that does not renew is still taken for alive."""
        ...

    def register(self, owner: str) -> None:
        """Take this owner's lock and write its row."""
        ...

    def beat(self, owner: str) -> bool:
        """Renew the lease; False when another process has taken this owner's work."""
        ...

    def first(self) -> str:
        """Who registered first of all that are here; empty when nobody is."""
        ...

    def release_dead(self, owner: str) -> Sequence[tuple[str, int]]:
        """Release the work of dead owners: (owner, number of jobs) each."""
        ...

    def leave(self, owner: str) -> None:
        """Give the work back, and the lock with it."""
        ...
