"""Recovery: start-up is recovery. What is in flight is looked up at the broker, then settled."""

import logging

from app.domain.errors import BrokerError, JournalError
from app.domain.events import Event, EventKind
from app.domain.order import OrderStatus
from app.engine.accounts import Account, Accounts
from app.engine.settlement import Settlement, event_of
from app.ports.clock import Clock
from app.ports.journal import Journal, OrderRecord

log = logging.getLogger(__name__)

IN_FLIGHT = (OrderStatus.NEW, OrderStatus.SUBMITTING, OrderStatus.UNKNOWN)
"""Orders that their job, once resumed, looks up itself; and legs that wait for their entry."""


class Recovery:
    """Holds accounts against the journal. Until that is done an account's entries wait."""

    def __init__(
        self, journal: Journal, accounts: Accounts, settlement: Settlement, clock: Clock
    ) -> None:
        self._journal = journal
        self._accounts = accounts
        self._settlement = settlement
        self._clock = clock
        self._missing: set[str] = set()

    def run(self) -> bool:
        """Reconcile what is not reconciled yet; whether all accounts are."""
        for account in self._accounts:
            if not account.reconciled.is_set():
                self._try(account)
        return all(account.reconciled.is_set() for account in self._accounts)

    def refresh(self) -> None:
        """Reconcile all accounts again: a process that died elsewhere left fills unread."""
        for account in self._accounts:
            self._try(account)

    def reconcile(self, account: Account) -> int:
        """Take over what the broker says of every order that rests; how many orders changed."""
        changed = 0
        for order in self._journal.unsettled_orders(account.name):
            if order.status in IN_FLIGHT:
                continue
            changed += self._look_up(account, order)
        return changed

    def _try(self, account: Account) -> None:
        try:
            changed = self.reconcile(account)
        except (BrokerError, JournalError) as error:
            log.warning("cannot reconcile yet", extra={"account": account.name, "why": str(error)})
            return
        account.reconciled.set()
        if changed:
            event = Event(
                kind=EventKind.RECONCILED,
                at=self._clock.now(),
                account=account.name,
                facts={"orders": changed},
            )
            with self._journal.unit() as unit:
                unit.record(event)

    def _look_up(self, account: Account, order: OrderRecord) -> bool:
        answer = account.broker.find(order.client_order_id)
        if answer is None:
            self._tell_of(order)
            return False
        self._missing.discard(order.client_order_id)
        told = (answer.status, answer.filled_quantity, answer.quantity)
        moved = answer.stop_price not in (None, order.stop_price)
        moved = moved or (order.triggered_at is None and answer.triggered_at is not None)
        if told == (order.status, order.filled_quantity, order.quantity) and not moved:
            return False
        self._settlement.apply([answer])
        return True

    def _tell_of(self, order: OrderRecord) -> None:
        """Once each, as long as this process lives: it is looked up every few seconds."""
        if order.client_order_id in self._missing:
            return
        with self._journal.unit() as unit:
            unit.record(event_of(EventKind.MISMATCH, order, self._clock.now()))
        self._missing.add(order.client_order_id)
