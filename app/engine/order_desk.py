"""The order desk: orders are canceled by hand, the stop of a position not by accident."""

from enum import StrEnum

from app.domain.events import Event, EventKind
from app.domain.order import OrderRole, OrderStatus
from app.engine.accounts import Account, Accounts
from app.engine.settlement import Settlement
from app.ports.clock import Clock
from app.ports.journal import Journal, OrderRecord


class Obstacle(StrEnum):
    """Why an order is not canceled: codes of the API."""

    UNKNOWN = "not_found"
    NOT_CANCELABLE = "not_cancelable"
    PROTECTIVE_LEG = "protective_leg"


class OrderDesk:
    """Cancels orders of ours, one at a time (trading-rules 38)."""

    def __init__(
        self, journal: Journal, accounts: Accounts, settlement: Settlement, clock: Clock
    ) -> None:
        self._journal = journal
        self._accounts = accounts
        self._settlement = settlement
        self._clock = clock

    def cancel(self, client_order_id: str, *, force: bool) -> OrderRecord | Obstacle:
        """Cancel an order; what it is then, or why nothing was done.

        Args:
            client_order_id: our id of it.
            force: also a protective leg that is needed. It is noted as a problem.

        Raises:
            BrokerError: the broker could not be asked, or may or may not have done it.
        """
        order = self._journal.order(client_order_id)
        if order is None:
            return Obstacle.UNKNOWN
        account = self._accounts.get(order.account)
        if order.status.final or account is None:
            return Obstacle.NOT_CANCELABLE
        needed = self._is_needed(order, account)
        if needed and not force:
            return Obstacle.PROTECTIVE_LEG
        return self._cancel(order, account, needed=needed)

    def _is_needed(self, order: OrderRecord, account: Account) -> bool:
        """Whether it protects a position: one that is open, or that its entry may still open."""
        if not order.role.protects:
            return False
        entry = self._journal.order(order.parent) if order.parent is not None else None
        if entry is not None and not entry.status.final:
            return True
        return account.broker.position(order.instrument) is not None

    def _cancel(
        self, order: OrderRecord, account: Account, *, needed: bool
    ) -> OrderRecord | Obstacle:
        answer = account.broker.cancel(order.client_order_id)
        if answer is None:
            # Not at the broker, or not yet: whoever sends it settles that.
            return Obstacle.NOT_CANCELABLE
        self._settlement.apply([answer])
        now = self._journal.order(order.client_order_id) or order
        if needed and now.status is not OrderStatus.FILLED:
            self._tell(now)
        return now

    def _tell(self, order: OrderRecord) -> None:
        stop = order.role is OrderRole.STOP_LOSS
        event = Event(
            kind=EventKind.UNPROTECTED if stop else EventKind.CANCELED,
            at=self._clock.now(),
            alert_id=order.alert_id,
            account=order.account,
            symbol=order.symbol,
            client_order_id=order.client_order_id,
            problem=True,
            facts={"role": order.role.value, "reason": "FORCED"},
        )
        with self._journal.unit() as unit:
            unit.record(event)
