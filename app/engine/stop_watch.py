"""The stop watch: what should close and does not fill is walked to the market (rule 36).

That is a stop that was triggered, and a close at the market that its broker has sent as a limit.
"""

import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

from app.domain.errors import BrokerError
from app.domain.events import EventKind
from app.domain.instrument import Ticker
from app.domain.order import OrderRole, OrderType
from app.engine.accounts import Account, Accounts
from app.engine.ownership import Ownership
from app.engine.settlement import Settlement, event_of
from app.ports.clock import Clock
from app.ports.journal import Journal, OrderRecord

log = logging.getLogger(__name__)

PATIENCE = timedelta(seconds=3)
"""How long it may stay unfilled, and how long each limit that it was walked to."""
THROUGH = Decimal("0.01")
"""How far beyond the quote its limit is walked then, so that it fills as at the market."""
UNPROTECTED = "unprotected"


class StopWatch:
    """Looks for what did not fill, tells the owner, and walks it to the market.

    It is repeated until the order has filled: a quote may be missing, or run away again. The order
    itself is moved, not replaced: a bracket stays what it is, and nothing can close it twice.
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
        self._walked: dict[str, dict[str, datetime]] = {}

    def run(self) -> int:
        """Look at all accounts; how many orders were stuck."""
        return sum(self.look(account) for account in self._accounts)

    def look(self, account: Account) -> int:
        """Look at one account; how many of its orders were stuck."""
        orders = self._journal.unsettled_orders(account.name)
        found = [order for order in orders if self._is_stuck(order)]
        walked, now = self._walked.setdefault(account.name, {}), self._clock.now()
        for order in found:
            last = walked.get(order.client_order_id)
            if last is None or now - last >= PATIENCE:
                self._rescue(account, order)
        self._forget_others(account, found)
        return len(found)

    def _is_stuck(self, order: OrderRecord) -> bool:
        since = _closes_since(order)
        if since is None or not order.status.working:
            return False
        return self._clock.now() - since >= PATIENCE

    def _forget_others(self, account: Account, found: Sequence[OrderRecord]) -> None:
        stuck = {order.client_order_id for order in found}
        walked = self._walked[account.name]
        self._walked[account.name] = {each: at for each, at in walked.items() if each in stuck}

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
            log.warning("what should have closed cannot be moved yet", extra=why)

    def _walk(self, account: Account, order: OrderRecord) -> None:
        broker = account.broker
        abilities = broker.capabilities.for_class(Ticker.parse(order.symbol).asset_class)
        quote = broker.quote(order.instrument) if abilities.reprices else None
        if quote is None:
            return
        self._ownership.check()
        limit = quote.price * (1 + order.side.sign * THROUGH)
        answer = broker.reprice(order.client_order_id, limit)
        self._walked[account.name][order.client_order_id] = self._clock.now()
        bracket = broker.find(order.parent) if order.parent is not None else None
        self._settlement.apply([told for told in (answer, bracket) if told is not None])


def _closes_since(order: OrderRecord) -> datetime | None:
    """Since when an order should have closed; None for one that waits for its price.

    A limit that a close at the market has is its broker's, not one that somebody asked for.
    """
    if order.role is OrderRole.STOP_LOSS:
        return order.triggered_at
    protected = order.order_type is OrderType.MARKET and order.limit_price is not None
    return order.submitted_at if protected and order.role is OrderRole.EXIT else None
