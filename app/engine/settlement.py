"""Settlement: what the broker says of an order becomes the journal's truth, and events."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from app.domain.events import Event, EventKind
from app.domain.order import BrokerOrder, OrderRole, OrderStatus, OrderType
from app.engine.status_tracker import note_changes
from app.ports.clock import Clock
from app.ports.journal import AT_ONCE, Changes, Journal, OrderRecord, Unit

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


LEGS_WAIT = timedelta(seconds=3)
"""How long a fill may stand whose legs the broker has taken along and not armed (rule 32)."""


class Settlement:
    """Takes over answers of brokers. Repeated and late ones change nothing."""

    def __init__(self, journal: Journal, clock: Clock) -> None:
        self._journal = journal
        self._clock = clock

    def apply(self, answers: Sequence[BrokerOrder]) -> None:
        """Settle answers that belong to no running job, and wake the jobs that wait for them.

        News only wakes: two jobs that look at one order would wake each other without a pause.
        """
        if not answers:
            return
        with self._journal.unit() as unit:
            for answer in answers:
                changes = self.settle_in(unit, answer)
                for lane in {change.order.lane for change in changes if _matters(change)}:
                    unit.wake_lane(lane)

    def settle_in(self, unit: Unit, answer: BrokerOrder) -> Sequence[Changes]:
        """Settle one answer within a unit: its events, the row's word, the duties that follow."""
        changes, now = unit.settle(answer), self._clock.now()
        note_changes(unit, changes)
        unit.record(*events_of(changes, now))
        for change in changes:
            for entry, after in _duties(change, answer):
                unit.owe(entry, after)
        return changes


def _matters(change: Changes) -> bool:
    return bool(change.fills) or change.before is not change.order.status


def _duties(change: Changes, answer: BrokerOrder) -> Iterator[tuple[str, timedelta]]:
    """The entries whose fills have to be protected because of a change, and after how long."""
    order = change.order
    if order.role is OrderRole.ENTRY and change.fills:
        if order.guarded:
            yield order.client_order_id, AT_ONCE
        elif lacks_stop(answer):
            yield order.client_order_id, LEGS_WAIT
    if order.role is OrderRole.STOP_LOSS and order.parent is not None:
        expired = order.status is OrderStatus.EXPIRED is not change.before
        if expired or (order.guarded and change.fills):
            yield order.parent, AT_ONCE


def lacks_stop(entry: BrokerOrder) -> bool:
    """Whether a stop goes with an entry and does not work; a leg that filled has closed it all."""
    stops = [leg for leg in entry.legs if leg.stop_price is not None]
    closed = any(leg.status is OrderStatus.FILLED for leg in entry.legs)
    return bool(stops) and not closed and not any(leg.status.working for leg in stops)


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
    entered = before.in_flight
    if entered and after is not before and after is not OrderStatus.REJECTED:
        if change.order.role is OrderRole.STOP_LOSS:
            if change.order.order_type is not OrderType.MARKET:
                yield EventKind.PROTECTED
        elif not change.order.role.protects:
            yield EventKind.ACKNOWLEDGED
    if change.fills:
        yield EventKind.FILLED
    if after is not before and after in _ENDS:
        yield _ENDS[after]
