"""The Dispatcher: write the order down, send it once, settle what came of it.

Three outcomes (docs/adr/0002): the broker answered (accepted or rejected), it never arrived
(send again while fresh), or it may have arrived (look it up by client_order_id, never resend
blindly).
"""

import logging
from collections.abc import Iterator
from dataclasses import replace

from app.domain.decision import Denial, Plan, Refusal
from app.domain.errors import (
    BrokerError,
    BrokerLoginNeeded,
    BrokerRejected,
    BrokerUnavailable,
    OutcomeUnknown,
)
from app.domain.events import Event, EventKind
from app.domain.order import BrokerOrder, OrderIntent, OrderRole, OrderStatus
from app.domain.outcome import AlertStatus
from app.engine.ownership import Ownership
from app.engine.waits import IN_DOUBT, Wait, backoff, pause_after
from app.engine.walk import Gate, Refused
from app.ports.broker import Broker
from app.ports.clock import Clock
from app.ports.journal import Job, Journal, OrderRecord, Unit

log = logging.getLogger(__name__)


class Dispatcher:
    """Sends orders."""

    def __init__(
        self,
        journal: Journal,
        ownership: Ownership,
        clock: Clock,
    ) -> None:
        self._journal = journal
        self._ownership = ownership
        self._clock = clock

    def place(
        self, job: Job, broker: Broker, intent: OrderIntent, gate: Gate, plan: Plan | None = None
    ) -> BrokerOrder:
        """Place an order exactly once, or take up where an earlier try stopped.

        Args:
            job: the job that the order belongs to.
            broker: where it goes.
            intent: the order; what was journaled under its id before wins over it.
            gate: asked in the transaction that journals the order, and again right before the wire
                write; a refusal stops the order. It admits anew what never arrived before, and not
                what may have arrived: that is no other order.
            plan: journaled together with the order when it is new.

        Returns:
            What the broker says, not yet settled. A rejection is an answer too.

        Raises:
            Wait: it did not arrive, or may have arrived; the job comes back.
            Refused: the gate said no.
        """
        known = None if plan is not None else self._journal.order(intent.client_order_id)
        if known is None:
            self._write_down(job, intent, gate, plan)
            return self._send(job, broker, intent, gate)
        if known.status is OrderStatus.NEW:
            return self._send_again(job, broker, known, gate)
        return self._take_up(job, broker, known, gate)

    def cancel(self, job: Job, broker: Broker, order: OrderRecord) -> BrokerOrder | None:
        """Cancel an order in the name of a job; what the broker says of it, not yet settled."""
        self._ownership.check(job.owner)
        return broker.cancel(order.client_order_id)

    def await_absence(self, job: Job, broker: Broker, known: OrderRecord) -> None:
        """Be sure that an order which the broker does not show will not appear any more.

        Raises:
            Wait: it may still be too early to show.
        """
        since = known.submitted_at or known.updated_at
        if self._clock.now() - since < broker.capabilities.orders_lag:
            why = "not found at the broker yet"
            raise Wait(AlertStatus.UNKNOWN, backoff(job.tries, most=IN_DOUBT), why)

    def _write_down(self, job: Job, intent: OrderIntent, gate: Gate, plan: Plan | None) -> None:
        with self._journal.unit(job) as unit:
            refusal = gate.admit(unit)
            if refusal is not None:
                raise Refused(refusal)
            if plan is not None:
                unit.plan(plan)
                unit.record(*decided(job, plan, self._clock))
            unit.alert_status(job.alert_id, AlertStatus.EXECUTING)
            unit.open_order(intent, OrderStatus.SUBMITTING)
            unit.record(self._event(EventKind.SUBMITTING, job, intent))

    def _send_again(self, job: Job, broker: Broker, known: OrderRecord, gate: Gate) -> BrokerOrder:
        """It is not at the broker: send the very order that was journaled."""
        intent = self._journaled(known)
        never_arrived = known.status is OrderStatus.NEW
        with self._journal.unit(job) as unit:
            refusal = gate.admit(unit) if never_arrived else None
            if refusal is None:
                unit.mark_order(known.client_order_id, OrderStatus.SUBMITTING)
                unit.record(self._event(EventKind.SUBMITTING, job, intent))
            else:
                _call_off(unit, intent, refusal)
        if refusal is not None:
            raise Refused(refusal)
        return self._send(job, broker, intent, gate)

    def _take_up(self, job: Job, broker: Broker, known: OrderRecord, gate: Gate) -> BrokerOrder:
        """It may have arrived, or did: the broker knows, unless it has told all that there is."""
        if known.status is OrderStatus.FILLED:
            legs = [leg for leg in self._journal.family(known.client_order_id) if _is_native(leg)]
            return replace(_as_known(known), legs=tuple(map(_as_known, legs)))
        self._ownership.check(job.owner)
        try:
            found = broker.find(known.client_order_id)
        except BrokerError as error:
            raise self._not_read(job, known, error) from error
        if found is not None:
            return found
        if known.status.final:
            return _as_known(known)
        # An exit is cut to what is held: sent again it could not be told from one that is done.
        exits = known.role is OrderRole.EXIT
        if exits or not broker.capabilities.unique_client_ids or gate.ask() is not None:
            self.await_absence(job, broker, known)
        return self._send_again(job, broker, known, gate)

    def _send(self, job: Job, broker: Broker, intent: OrderIntent, gate: Gate) -> BrokerOrder:
        refusal = gate.ask()
        if refusal is not None:
            with self._journal.unit(job) as unit:
                _call_off(unit, intent, refusal)
            raise Refused(refusal)
        self._ownership.check(job.owner)
        try:
            return broker.submit(intent)
        except BrokerRejected as error:
            return _rejected(intent, error)
        except (BrokerUnavailable, BrokerLoginNeeded) as error:
            raise self._not_sent(job, intent, error) from error
        except OutcomeUnknown as error:
            raise self._unsettled(job, intent.client_order_id, error) from error
        except Exception as error:
            # Whatever else went wrong, the order may be at the broker: a fault of ours (or of an
            # SDK) must not be taken for a "no".
            log.exception("submit failed", extra={"client_order_id": intent.client_order_id})
            raise self._unsettled(job, intent.client_order_id, error) from error

    def _not_sent(self, job: Job, intent: OrderIntent, error: BrokerError) -> Wait:
        with self._journal.unit(job) as unit:
            unit.mark_order(intent.client_order_id, OrderStatus.NEW, error.code)
            event = self._event(EventKind.RETRYING, job, intent, error.code, str(error))
            unit.record(event)
        return Wait(AlertStatus.WAITING, pause_after(error, job.tries), error.code)

    def _not_read(self, job: Job, known: OrderRecord, error: BrokerError) -> Wait:
        """A read that failed puts no order into doubt that the broker had answered for."""
        if known.status is OrderStatus.SUBMITTING:
            return self._unsettled(job, known.client_order_id, error)
        if known.status is OrderStatus.UNKNOWN:  # told already
            return Wait(AlertStatus.UNKNOWN, backoff(job.tries, most=IN_DOUBT), str(error))
        return Wait(AlertStatus.WAITING, pause_after(error, job.tries), str(error))

    def _unsettled(self, job: Job, client_order_id: str, error: Exception) -> Wait:
        with self._journal.unit(job) as unit:
            self._mark_unknown(unit, job, client_order_id, error)
        return Wait(AlertStatus.UNKNOWN, backoff(job.tries, most=IN_DOUBT), str(error))

    def _mark_unknown(self, unit: Unit, job: Job, client_order_id: str, error: Exception) -> None:
        unit.mark_order(client_order_id, OrderStatus.UNKNOWN, type(error).__name__)
        unit.record(
            Event(
                kind=EventKind.OUTCOME_UNKNOWN,
                at=self._clock.now(),
                alert_id=job.alert_id,
                account=job.account,
                client_order_id=client_order_id,
                problem=True,
                facts={"detail": str(error)},
            )
        )

    def _journaled(self, known: OrderRecord) -> OrderIntent:
        intent = self._journal.intent(known.client_order_id)
        if intent is None:
            raise LookupError(f"order {known.client_order_id} has no intent")
        return intent

    def _event(
        self, kind: EventKind, job: Job, intent: OrderIntent, reason: str = "", detail: str = ""
    ) -> Event:
        return Event(
            kind=kind,
            at=self._clock.now(),
            alert_id=job.alert_id,
            account=job.account,
            symbol=intent.symbol,
            client_order_id=intent.client_order_id,
            facts={
                "role": intent.role.value,
                "side": intent.side.value,
                "quantity": intent.quantity,
                "order_type": intent.order_type.value,
                **({"reason": reason, "detail": detail} if reason else {}),
            },
        )


def decided(job: Job, plan: Plan, clock: Clock) -> Iterator[Event]:
    """The event of a decision; and one more when the alert knew another position."""
    signal = plan.signal
    if plan.out_of_sync:
        yield out_of_sync(job, plan.out_of_sync, clock)
    yield Event(
        kind=EventKind.DECIDED,
        at=clock.now(),
        alert_id=job.alert_id,
        account=job.account,
        symbol=job.alert.symbol,
        facts={
            "trade_type": signal.trade_type.value,
            "asset_class": signal.asset_class.value,
            "side": signal.side.value if signal.side else None,
        },
    )


def out_of_sync(job: Job, words: str, clock: Clock) -> Event:
    """The event of a position that is not the one which the alert knew (trading-rules 20)."""
    return Event(
        kind=EventKind.OUT_OF_SYNC,
        at=clock.now(),
        alert_id=job.alert_id,
        account=job.account,
        symbol=job.alert.symbol,
        problem=True,
        facts={"reason": Denial.OUT_OF_SYNC.value, "detail": words},
    )


def _call_off(unit: Unit, intent: OrderIntent, refusal: Refusal) -> None:
    unit.mark_order(intent.client_order_id, OrderStatus.CANCELED, refusal.reason.value)


def _rejected(intent: OrderIntent, error: BrokerRejected) -> BrokerOrder:
    return BrokerOrder(
        client_order_id=intent.client_order_id,
        broker_order_id="",
        symbol=intent.symbol,
        side=intent.side,
        quantity=intent.quantity,
        status=OrderStatus.REJECTED,
        reason=f"{error.reason}: {error}",
    )


def _is_native(order: OrderRecord) -> bool:
    return order.role.protects and not order.guarded


def _as_known(known: OrderRecord) -> BrokerOrder:
    return BrokerOrder(
        client_order_id=known.client_order_id,
        broker_order_id=known.broker_order_id or "",
        symbol=known.symbol,
        side=known.side,
        quantity=known.quantity,
        status=known.status,
        filled_quantity=known.filled_quantity,
        average_price=known.average_price,
        limit_price=known.limit_price,
        stop_price=known.stop_price,
        reason=known.reason,
    )
