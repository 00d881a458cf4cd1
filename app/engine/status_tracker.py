"""The Status Tracker: the playbook's row tells how its last order stands, in the seed's words."""

import logging

from app.domain.errors import JournalError
from app.domain.order import OrderRole, OrderStatus
from app.domain.outcome import AlertStatus, Outcome
from app.ports.clock import Clock
from app.ports.journal import Job, OrderRecord
from app.ports.playbook import Playbook

log = logging.getLogger(__name__)


class StatusTracker:
    """Notes statuses. It never fails an order."""

    def __init__(self, playbook: Playbook, clock: Clock) -> None:
        self._playbook = playbook
        self._clock = clock

    def note(self, job: Job, outcome: Outcome, order: OrderRecord | None) -> None:
        """Write what became of an alert into its row, when there is one."""
        word = status_word(outcome, order)
        if word is None:
            return
        timeframe = job.alert.timeframe or ""
        try:
            self._playbook.set_status(job.instrument, timeframe, word, self._clock.now())
        except JournalError:
            log.exception("could not note a status", extra={"alert_id": job.alert_id})


def status_word(outcome: Outcome, order: OrderRecord | None) -> str | None:
    """The sheet's word for an outcome (seed 002); None when the row stays as it is."""
    if outcome.status is AlertStatus.SKIPPED:
        return outcome.reason.replace("_", " ")
    if outcome.status is AlertStatus.INFO:
        return None
    if outcome.status is not AlertStatus.SUCCESS:
        return "FAILED"
    if order is None:
        return None
    if order.status is OrderStatus.FILLED:
        return "WAITING" if order.role is OrderRole.EXIT else "FILLED"
    return "PARTIAL FILL" if order.filled_quantity else "ORDER SUBMITTED"
