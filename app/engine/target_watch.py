"""The target watch: a target that cannot rest beside its stop is compared with quotes (33)."""

import logging
from collections.abc import Iterator

from app.domain.errors import BrokerError
from app.domain.instrument import Ticker
from app.domain.order import Guard, OrderIntent, OrderRole
from app.engine.accounts import Account, Accounts
from app.engine.protecting import reaches
from app.engine.shields import reached
from app.ports.journal import Journal, OrderRecord

log = logging.getLogger(__name__)


class TargetWatch:
    """Has the duty of an entry done again once the price reached its target: it swaps the two."""

    def __init__(self, journal: Journal, accounts: Accounts) -> None:
        self._journal = journal
        self._accounts = accounts

    def run(self) -> int:
        """Look at all accounts; how many targets were reached."""
        return sum(self.look(account) for account in self._accounts)

    def look(self, account: Account) -> int:
        """Look at one account; how many of its targets were reached."""
        found = self._look_at_the_small(account)
        for stop in self._watched(account):
            try:
                quote = account.broker.quote(stop.instrument)
            except BrokerError as error:
                why = {"account": account.name, "why": str(error)}
                log.warning("a target cannot be watched", extra=why)
                continue
            if quote is not None and stop.parent is not None and reaches(stop, quote.price):
                found += 1
                with self._journal.unit() as unit:
                    unit.owe(stop.parent)
        return found

    def _look_at_the_small(self, account: Account) -> int:
        """Entries that are too small for a stop: their duty closes them (rule 34)."""
        found = 0
        for name in self._journal.guarded_entries(account.name):
            entry, intent = self._journal.order(name), self._journal.intent(name)
            guard = intent.guard if intent is not None else None
            if entry is None or guard is None or not guard.watched:
                continue
            if self._is_reached(account, entry, guard) and not self._journal.is_owed(entry):
                found += 1
                with self._journal.unit() as unit:
                    unit.owe(name)
        return found

    def _is_reached(self, account: Account, entry: OrderRecord, guard: Guard) -> bool:
        try:
            instrument = account.broker.instrument(Ticker.parse(entry.symbol))
            quote = account.broker.quote(entry.instrument)
        except BrokerError as error:
            why = {"account": account.name, "why": str(error)}
            log.warning("a price cannot be watched", extra=why)
            return False
        if quote is None or instrument is None:
            return False
        return reached(entry, guard, instrument.tick, quote.price) is not None

    def _watched(self, account: Account) -> Iterator[OrderIntent]:
        """The working stops that have a target beside them which is ours to watch."""
        for order in self._journal.unsettled_orders(account.name):
            if order.role is not OrderRole.STOP_LOSS or not (
                order.guarded and order.status.working
            ):
                continue
            intent = self._journal.intent(order.client_order_id)
            if intent is not None and intent.target is not None:
                yield intent
