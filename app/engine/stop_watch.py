"""The stop watch: a stop that was triggered and does not fill protects nothing (rule 36)."""

import logging
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from app.domain.errors import BrokerError
from app.domain.events import EventKind
from app.domain.instrument import Ticker
from app.domain.order import OrderRole
from app.engine.accounts import Account, Accounts
from app.engine.ownership import Ownership
from app.engine.settlement import Settlement, event_of
from app.ports.clock import Clock
from app.ports.journal import Journal, OrderRecord

log = logging.getLogger(__name__)

PATIENCE = timedelta(seconds=3)
"""How long a triggered stop may stay unfilled."""
THROUGH = Decimal("0.01")
"""How far beyond the quote its limit is walked then, so that it fills as at the market."""
UNPROTECTED = "unprotected"


class StopWatch:
    """Looks for triggered stops that did not fill, tells the owner, and walks them to the market.

    It is repeated until the order has filled: a quote may be missing, or run away again. The leg
    itself is moved, not replaced: its bracket stays what it is, and nothing can close it twice.
    """

    def __init__(
        self,
        journal: Journal,
        accounts: Accounts,
        settlement: Settlement,
        ownership: Ownership,
        clock: Clock,
    ) -> None:
        self._journal = journal
        self._accounts = accounts
        self._settlement = settlement
        self._ownership = ownership
        self._clock = clock

    def run(self) -> int:
        """Look at all accounts; how many stops were stuck."""
        return sum(self.look(account) for account in self._accounts)

    def look(self, account: Account) -> int:
        """Look at one account; how many of its stops were stuck."""
        orders = self._journal.unsettled_orders(account.name)
        found = [order for order in orders if self._is_stuck(order)]
        for order in found:
            self._rescue(account, order)
        return len(found)

    def _is_stuck(self, order: OrderRecord) -> bool:
        since = order.triggered_at
        if since is None or not order.status.working or order.role is not OrderRole.STOP_LOSS:
            return False
        return self._clock.now() - since >= PATIENCE

    def _rescue(self, account: Account, order: OrderRecord) -> None:
        if order.reason != UNPROTECTED:
            with self._journal.unit() as unit:
                unit.mark_order(order.client_order_id, order.status, UNPROTECTED)
                naked = replace(order, reason=UNPROTECTED)
                unit.record(event_of(EventKind.UNPROTECTED, naked, self._clock.now()))
        try:
            self._walk(account, order)
        except BrokerError as error:
            why = {"client_order_id": order.client_order_id, "why": str(error)}
            log.warning("a triggered stop cannot be moved yet", extra=why)

    def _walk(self, account: Account, order: OrderRecord) -> None:
        broker = account.broker
        abilities = broker.capabilities.for_class(Ticker.parse(order.symbol).asset_class)
        quote = broker.quote(order.instrument) if abilities.reprices else None
        if quote is None:
            return
        self._ownership.check()
        limit = quote.price * (1 + order.side.sign * THROUGH)
        answer = broker.reprice(order.client_order_id, limit)
        bracket = broker.find(order.parent) if order.parent is not None else None
        self._settlement.apply([told for told in (answer, bracket) if told is not None])
