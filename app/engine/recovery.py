"""Recovery: accounts are held against the journal, at the start and every few seconds after it."""

import logging
from collections.abc import Mapping
from datetime import timedelta
from typing import NamedTuple

from app.domain.errors import BrokerError, FencedOut, JournalError
from app.domain.events import Event, EventKind
from app.engine.accounts import Account, Accounts
from app.engine.order_check import OrderCheck
from app.engine.position_check import PositionCheck
from app.ports.clock import Clock
from app.ports.journal import Journal

log = logging.getLogger(__name__)

TOLERATED_SKEW = timedelta(seconds=2)
"""How far our clock and a broker's may be apart before the owner is told."""


class Obstacle(NamedTuple):
    """Why an account could not be held against the journal."""

    kind: type[Exception]
    why: str


NONE_YET = Obstacle(Exception, "its turn comes")


class Recovery:
    """Holds accounts against the journal. Until that is done an account's entries wait."""

    def __init__(
        self,
        journal: Journal,
        accounts: Accounts,
        orders: OrderCheck,
        positions: PositionCheck,
        clock: Clock,
    ) -> None:
        self._journal = journal
        self._accounts = accounts
        self._orders = orders
        self._positions = positions
        self._clock = clock
        self._skewed: set[str] = set()
        self._obstacles: dict[str, Obstacle] = {}

    def run(self) -> bool:
        """Look at every account that needs it; whether all are reconciled."""
        for account in self._accounts:
            self.keep(account)
        return all(account.reconciled.is_set() for account in self._accounts)

    def refresh(self) -> None:
        """Look at all accounts again: a process that died elsewhere left fills unread."""
        for account in self._accounts:
            self.look(account)

    def keep(self, account: Account) -> None:
        """Look at an account that is not reconciled yet, or that a second look tells more of."""
        if not account.reconciled.is_set() or self._positions.unsure(account):
            self.look(account)

    def look(self, account: Account) -> None:
        """Hold an account against the journal: its orders and their fills, then its positions."""
        try:
            changed = self.reconcile(account)
            self._positions.check(account)
        except (BrokerError, FencedOut, JournalError) as error:
            self._hindered(account, error)
            return
        self._obstacles.pop(account.name, None)
        account.reconciled.set()
        self._look_at_the_clock(account)
        if changed:
            event = Event(
                kind=EventKind.RECONCILED,
                at=self._clock.now(),
                account=account.name,
                facts={"orders": changed},
            )
            with self._journal.unit() as unit:
                unit.record(event)

    @property
    def waiting(self) -> Mapping[str, str]:
        """The accounts that were never held against the journal, and why not."""
        names = [account.name for account in self._accounts if not account.reconciled.is_set()]
        return {name: self._obstacles.get(name, NONE_YET).why for name in names}

    def reconcile(self, account: Account) -> int:
        """Take over what the broker says of every order that rests; how many orders changed."""
        return self._orders.check(account)

    def _hindered(self, account: Account, error: Exception) -> None:
        """Say it once while nothing changes: a login may be missing for a night."""
        before = self._obstacles.get(account.name)
        now = Obstacle(type(error), str(error))
        told = before is not None and before.kind is now.kind
        passing = isinstance(error, BrokerError) and error.passing
        level = logging.DEBUG if told or passing else logging.WARNING
        log.log(level, "cannot reconcile yet", extra={"account": account.name, "why": now.why})
        self._obstacles[account.name] = now

    def _look_at_the_clock(self, account: Account) -> None:
        """Tell of a clock that differs from the broker's, once until they agree again."""
        skew = account.broker.skew()
        if skew is None or abs(skew) <= TOLERATED_SKEW:
            self._skewed.discard(account.name)
            return
        if account.name in self._skewed:
            return
        self._skewed.add(account.name)
        event = Event(
            kind=EventKind.CLOCK_SKEWED,
            at=self._clock.now(),
            account=account.name,
            problem=True,
            facts={"seconds_behind": f"{skew.total_seconds():.1f}"},
        )
        with self._journal.unit() as unit:
            unit.record(event)
