"""The follow-up: two seconds after an order was sent its broker is asked about it (seed 002).

Most are filled by then. A stream may have told so earlier; that it did is not relied upon.
"""

import logging
from datetime import timedelta

from app.domain.errors import BrokerError
from app.engine.accounts import Account, Accounts
from app.engine.settlement import Settlement
from app.ports.clock import Clock
from app.ports.journal import Journal, OrderRecord

log = logging.getLogger(__name__)

CHECKED_AFTER = timedelta(seconds=2)
NO_LONGER_NEW = timedelta(seconds=30)
"""Then the orders that rest are looked up by the reconciliation anyway."""


class FollowUp:
    """Looks each new order up that still works, once."""

    def __init__(
        self, journal: Journal, accounts: Accounts, settlement: Settlement, clock: Clock
    ) -> None:
        self._journal = journal
        self._accounts = accounts
        self._settlement = settlement
        self._clock = clock
        self._seen: dict[str, set[str]] = {}

    def run(self) -> int:
        """Look at the new orders of all accounts; how many were looked up."""
        return sum(self.look(account) for account in self._accounts)

    def look(self, account: Account) -> int:
        """Look at the new orders of one account; how many were looked up."""
        due = [o for o in self._journal.unsettled_orders(account.name) if self._is_new(o)]
        seen = self._seen.setdefault(account.name, set())
        seen &= {order.client_order_id for order in due}
        left = [order for order in due if order.client_order_id not in seen]
        return sum(self._look_up(account, order) for order in left)

    def _is_new(self, order: OrderRecord) -> bool:
        if order.submitted_at is None or not order.status.working or order.role.protects:
            return False
        return CHECKED_AFTER <= self._clock.now() - order.submitted_at < NO_LONGER_NEW

    def _look_up(self, account: Account, order: OrderRecord) -> bool:
        try:
            answer = account.broker.find(order.client_order_id)
        except BrokerError as error:
            why = {"account": account.name, "why": str(error)}
            level = logging.INFO if error.passing else logging.WARNING
            log.log(level, "cannot look an order up yet", extra=why)
            return False
        self._settlement.apply([answer] if answer is not None else [])
        self._seen[account.name].add(order.client_order_id)
        return True
