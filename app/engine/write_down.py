"""Writing down: what went by hand is no longer counted as a strategy's own (rules 17 and 19)."""

import logging
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from itertools import groupby

from app.domain.errors import BrokerError, JournalError
from app.domain.events import Event, EventKind
from app.domain.order import OrderStatus
from app.domain.stake import Stake, Stakes
from app.engine.accounts import Account, Accounts
from app.engine.recovery import Recovery
from app.ports.clock import Clock
from app.ports.journal import Journal

log = logging.getLogger(__name__)

OPEN = (OrderStatus.SUBMITTING, OrderStatus.UNKNOWN)
"""Orders that may have filled at the broker while the journal does not know it."""


class WriteDown:
    """Cuts stakes to what is there.

    Else, when somebody buys by hand what he sold by hand before, it would count as a strategy's own
    again. A difference must be there in two rounds, and after every order was looked up: then it is
    no fill that the journal has yet to hear of.
    """

    def __init__(
        self, journal: Journal, accounts: Accounts, recovery: Recovery, clock: Clock
    ) -> None:
        self._journal = journal
        self._accounts = accounts
        self._recovery = recovery
        self._clock = clock
        self._seen: dict[str, dict[Stake, Decimal]] = {}

    def check(self) -> None:
        """One round over all accounts."""
        for account in self._accounts:
            try:
                self._check(account)
            except (BrokerError, JournalError) as error:
                facts = {"account": account.name, "why": str(error)}
                log.warning("cannot compare positions yet", extra=facts)

    def _check(self, account: Account) -> None:
        stakes = self._journal.stakes(account.name)
        too_large = self._too_large(account, stakes) if stakes else {}
        before = self._seen.get(account.name, {})
        self._seen[account.name] = too_large
        stayed = {stake: own for stake, own in too_large.items() if before.get(stake) == own}
        if stayed:
            self._recovery.reconcile(account)  # what it finds changes the stake
        for stake, own in stayed.items():
            self._write(stake, own)

    def _too_large(self, account: Account, stakes: Sequence[Stake]) -> dict[Stake, Decimal]:
        """Stakes that are larger than what is there, each with what is left of it."""
        orders = self._journal.unsettled_orders(account.name)
        busy = {order.instrument for order in orders if order.status in OPEN}
        held = {position.instrument: position.quantity for position in account.broker.positions()}
        found: dict[Stake, Decimal] = {}
        for instrument, group in groupby(stakes, lambda stake: stake.instrument):
            whole = Stakes(held.get(instrument, Decimal(0)), list(group))
            for stake in whole.stakes if instrument not in busy else ():
                own = whole.own(stake.strategy)
                if own != stake.quantity:
                    found[stake] = own
        return found

    def _write(self, stake: Stake, own: Decimal) -> None:
        now = self._clock.now()
        with self._journal.unit() as unit:
            if stake not in unit.stakes(stake.account, stake.instrument):
                return
            unit.put_stake(replace(stake, quantity=own, at=now))
            unit.record(
                Event(
                    kind=EventKind.WRITTEN_DOWN,
                    at=now,
                    account=stake.account,
                    symbol=stake.instrument,
                    problem=True,
                    facts={"strategy": stake.strategy, "was": stake.quantity, "left": own},
                )
            )
