"""The order desk: orders are canceled by hand, the stop of a position not by accident."""

from collections.abc import Sequence
from enum import StrEnum

from app.domain.events import Event, EventKind
from app.domain.order import OrderRole, OrderStatus
from app.engine.accounts import Account, Accounts
from app.engine.settlement import Settlement
from app.ports.clock import Clock
from app.ports.journal import FORCED, Journal, OrderRecord


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
        linked = needed and account.broker.capabilities.linked_legs
        gone: Sequence[OrderRole] = self._settle_siblings(order, account) if linked else ()
        now = self._journal.order(order.client_order_id) or order
        if needed and now.status is not OrderStatus.FILLED:
            self._tell(now, stop=OrderRole.STOP_LOSS in (now.role, *gone))
        return now

    def _settle_siblings(self, leg: OrderRecord, account: Account) -> Sequence[OrderRole]:
        """Take over what became of the other leg, which goes with this one; the roles that went."""
        legs = self._journal.unsettled_orders(leg.account, leg.lane)
        others = [other for other in legs if other.role.protects and _are_linked(leg, other)]
        answers = [account.broker.find(other.client_order_id) for other in others]
        self._settlement.apply([answer for answer in answers if answer is not None])
        now = [self._journal.order(other.client_order_id) for other in others]
        return [other.role for other in now if other and other.status is OrderStatus.CANCELED]

    def _tell(self, order: OrderRecord, *, stop: bool) -> None:
        event = Event(
            kind=EventKind.UNPROTECTED if stop else EventKind.CANCELED,
            at=self._clock.now(),
            alert_id=order.alert_id,
            account=order.account,
            symbol=order.symbol,
            client_order_id=order.client_order_id,
            problem=True,
            facts={"role": order.role.value, "reason": FORCED},
        )
        with self._journal.unit() as unit:
            unit.record(event)


def _are_linked(leg: OrderRecord, other: OrderRecord) -> bool:
    """Legs of one entry; or a stop that was armed by itself, and its target."""
    pair = leg.client_order_id == other.parent or leg.parent == other.client_order_id
    return pair or leg.parent == other.parent
