"""Settlement: what the broker says of an order becomes the journal's truth, and events."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from app.domain.events import Event, EventKind
from app.domain.order import BrokerOrder, OrderRole, OrderStatus
from app.engine.status_tracker import note_changes
from app.ports.clock import Clock
from app.ports.journal import Changes, Journal, OrderRecord, Unit

_ENDS = {
    OrderStatus.CANCELED: EventKind.CANCELED,
    OrderStatus.EXPIRED: EventKind.EXPIRED,
    OrderStatus.REJECTED: EventKind.REJECTED,
    OrderStatus.UNKNOWN: EventKind.OUTCOME_UNKNOWN,
}
PROBLEMS = {
    EventKind.REJECTED,
    EventKind.OUTCOME_UNKNOWN,
    EventKind.UNPROTECTED,
    EventKind.MISMATCH,
    EventKind.CLOSE_FAILED,
}


class Settlement:
    """Takes over answers of brokers. Repeated and late ones change nothing."""

    def __init__(self, journal: Journal, clock: Clock) -> None:
        self._journal = journal
        self._clock = clock

    def apply(self, answers: Sequence[BrokerOrder]) -> None:
        """Settle answers that belong to no running job, and wake the jobs that wait for them."""
        if not answers:
            return
        with self._journal.unit() as unit:
            for answer in answers:
                changes = self.settle_in(unit, answer)
                for lane in {change.order.lane for change in changes}:
                    unit.wake_lane(lane)

    def settle_in(self, unit: Unit, answer: BrokerOrder) -> Sequence[Changes]:
        """Settle one answer within a unit, with its events, and what the playbook's row tells."""
        changes = unit.settle(answer)
        note_changes(unit, changes)
        unit.record(*events_of(changes, self._clock.now()))
        return changes


def events_of(changes: Sequence[Changes], now: datetime) -> Iterator[Event]:
    """What changes mean to the owner."""
    for change in changes:
        for kind in _kinds(change):
            yield event_of(kind, change.order, now)


def event_of(kind: EventKind, order: OrderRecord, now: datetime) -> Event:
    """An event about an order."""
    return Event(
        kind=kind,
        at=now,
        alert_id=order.alert_id,
        account=order.account,
        symbol=order.symbol,
        client_order_id=order.client_order_id,
        problem=kind in PROBLEMS,
        facts={
            "role": order.role.value,
            "side": order.side.value,
            "quantity": order.quantity,
            "filled_quantity": order.filled_quantity,
            "average_price": order.average_price,
            "limit_price": order.limit_price,
            "stop_price": order.stop_price,
            "status": order.status.value,
            "reason": order.reason,
        },
    )


def _kinds(change: Changes) -> Iterator[EventKind]:
    before, after = change.before, change.order.status
    entered = before in (OrderStatus.NEW, OrderStatus.SUBMITTING, OrderStatus.UNKNOWN)
    if entered and after is not before and after is not OrderStatus.REJECTED:
        if change.order.role is OrderRole.STOP_LOSS:
            yield EventKind.PROTECTED
        elif not change.order.role.protects:
            yield EventKind.ACKNOWLEDGED
    if change.fills:
        yield EventKind.FILLED
    if after is not before and after in _ENDS:
        yield _ENDS[after]
