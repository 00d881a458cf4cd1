"""Endings: how a walk's end becomes the alert's final word, and what the owner hears of it."""

from datetime import datetime

from app.domain.decision import Denial, Denied, Expired, Lapse, Note, Noted, Refusal, Skipped
from app.domain.errors import BrokerRejected
from app.domain.events import Event, EventKind
from app.domain.order import BrokerOrder, OrderRole, OrderStatus
from app.domain.outcome import AlertStatus, Outcome
from app.engine.settlement import lacks_stop
from app.engine.walk import Ending
from app.ports.journal import Job, OrderRecord

_REFUSED_AS = {
    Denied: AlertStatus.DENIED,
    Skipped: AlertStatus.SKIPPED,
    Noted: AlertStatus.INFO,
    Expired: AlertStatus.EXPIRED,
}
_ENDED_AS = {
    # A broker that lives on our quotes refuses in our name.
    Denial.NO_QUOTE.value: AlertStatus.DENIED,
    Note.NO_POSITION.value: AlertStatus.INFO,
}
_STOPPED_AS = {
    # What our own rules stopped before the wire, when it is read back after a crash.
    **{denial.value: AlertStatus.DENIED for denial in Denial},
    Lapse.STALE.value: AlertStatus.EXPIRED,
    # What was for one moment only ends with the broker's word for it.
    Lapse.NOT_FILLED.value.lower(): AlertStatus.EXPIRED,
}
_PROBLEMS = frozenset(
    {AlertStatus.DENIED, AlertStatus.REJECTED, AlertStatus.EXPIRED, AlertStatus.FAILED}
)


def outcome_of(ending: Ending, settled: OrderRecord | None) -> Outcome:
    """The final word of an alert. `settled`: its last order as the journal knows it now."""
    if ending.refusal is not None:
        return _refusal(ending.refusal, ending.detail)
    if settled is None:
        return Outcome(status=AlertStatus.SUCCESS, detail=ending.detail)
    if settled.filled_quantity or not settled.status.final:
        return _success(ending, settled)
    if settled.status is OrderStatus.REJECTED:
        return _rejection(settled, ending.detail)
    return Outcome(
        status=_STOPPED_AS.get(settled.reason, AlertStatus.REJECTED),
        reason=settled.reason.upper() or settled.status.value.upper(),
        detail=ending.detail,
        client_order_id=settled.client_order_id,
        broker_order_id=settled.broker_order_id,
    )


def naked(order: BrokerOrder, settled: OrderRecord | None) -> bool:
    """Whether an entry filled and the stop that it asked for is not there (invariant I4)."""
    filled = settled is not None and settled.role is OrderRole.ENTRY and settled.filled_quantity > 0
    return filled and lacks_stop(order)


def finished(job: Job, outcome: Outcome, now: datetime) -> Event:
    """The last event of an alert's timeline."""
    return Event(
        kind=EventKind.FINISHED,
        at=now,
        alert_id=job.alert_id,
        account=job.account,
        symbol=job.alert.symbol,
        client_order_id=outcome.client_order_id,
        problem=outcome.status in _PROBLEMS,
        facts={
            "status": outcome.status.value,
            "reason": outcome.reason,
            "detail": outcome.detail,
            "quantity": outcome.quantity,
        },
    )


def _refusal(refusal: Refusal, detail: str) -> Outcome:
    words = f"{detail}; {refusal.detail}" if detail else refusal.detail
    return Outcome(status=_REFUSED_AS[type(refusal)], reason=refusal.reason.value, detail=words)


def _rejection(order: OrderRecord, detail: str) -> Outcome:
    reason, _, words = order.reason.partition(": ")
    return Outcome(
        status=_ENDED_AS.get(reason, AlertStatus.REJECTED),
        reason=reason or BrokerRejected.code,
        detail=f"{detail}; {words}" if detail else words,
        client_order_id=order.client_order_id,
    )


def _success(ending: Ending, order: OrderRecord) -> Outcome:
    ended = order.status.final
    quantity = order.filled_quantity if ended else order.quantity
    price = order.average_price or order.limit_price or order.stop_price
    amount = ending.budget
    if ended and price is not None:
        amount = quantity * price * ending.multiplier
    filled = order.status is OrderStatus.FILLED
    state = "" if filled else f"{order.status.value} at the broker"
    return Outcome(
        status=AlertStatus.SUCCESS,
        detail="; ".join(part for part in (ending.detail, state) if part),
        quantity=quantity,
        amount=amount,
        broker_order_id=order.broker_order_id,
        client_order_id=order.client_order_id,
    )
