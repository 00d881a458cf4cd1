"""Recovery: accounts are held against the journal, at the start and every few seconds after it."""

import logging
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

from app.domain.errors import BrokerError, BrokerUnavailable, FencedOut, JournalError
from app.domain.events import Event, EventKind
from app.engine.accounts import Account, Accounts
from app.engine.order_check import OrderCheck
from app.engine.position_check import PositionCheck
from app.ports.clock import Clock
from app.ports.journal import Journal

log = logging.getLogger(__name__)

TOLERATED_SKEW = timedelta(seconds=2)
"""How far our clock and a broker's may be apart before the owner is told."""


AWAY_FOR = timedelta(seconds=60)
"""How long an account may not be read before its owner is told."""


class Obstacle(NamedTuple):
    """Why an account could not be held against the journal, since when, and whether it is told."""

    kind: type[Exception]
    why: str
    since: datetime
    told: bool = False


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
        self._overcome(account)
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
        found = {name: self._obstacles.get(name) for name in names}
        return {name: each.why if each else "its turn comes" for name, each in found.items()}

    @property
    def away(self) -> Mapping[str, str]:
        """The accounts that could not be read for a while, and why not."""
        return {name: each.why for name, each in self._obstacles.items() if each.told}

    def reconcile(self, account: Account) -> int:
        """Take over what the broker says of every order that rests; how many orders changed."""
        return self._orders.check(account)

    def _hindered(self, account: Account, error: Exception) -> None:
        """Say it once while nothing changes: a login may be missing for a night."""
        before, why = self._obstacles.get(account.name), str(error)
        same = before is not None and before.kind is type(error)
        passing = isinstance(error, BrokerError) and error.passing
        level = logging.DEBUG if same or passing else logging.WARNING
        log.log(level, "cannot reconcile yet", extra={"account": account.name, "why": why})
        now = self._clock.now()
        since, told = (before.since, before.told) if before is not None else (now, False)
        if not isinstance(error, BrokerUnavailable):
            since = now  # what is told of elsewhere; that it was away, is told still
        elif not told and now - since >= AWAY_FOR:
            told = self._tell(account, EventKind.BROKER_AWAY, why)
        self._obstacles[account.name] = Obstacle(type(error), why, since, told)

    def _overcome(self, account: Account) -> None:
        before = self._obstacles.pop(account.name, None)
        if before is not None and before.told:
            self._tell(account, EventKind.BROKER_BACK)

    def _tell(self, account: Account, kind: EventKind, why: str = "") -> bool:
        """It is a problem where something may happen meanwhile that nobody sees; True, as done."""
        stakes = self._journal.stakes(account.name)
        at_stake = bool(stakes) or bool(self._journal.unsettled_orders(account.name))
        event = Event(
            kind=kind,
            at=self._clock.now(),
            account=account.name,
            problem=kind is EventKind.BROKER_AWAY and at_stake,
            facts={"why": why} if why else {},
        )
        with self._journal.unit() as unit:
            unit.record(event)
        return True

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
