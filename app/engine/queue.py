"""The queue: alerts that wait for their market to open, each in its lane (trading-rules 23, 26)."""

from dataclasses import replace

from app.domain.decision import Denial, Plan, Refusal, Signal, Skip, Skipped
from app.domain.events import Event, EventKind
from app.domain.order import OrderStatus, OrderType
from app.domain.outcome import AlertStatus, Outcome
from app.engine.closing import Closing
from app.engine.endings import finished
from app.engine.gates import Gates
from app.engine.judge import Judge
from app.engine.quote_desk import QuoteDesk
from app.engine.sessions import Queued
from app.engine.waits import Wait, backoff
from app.engine.walk import Walk
from app.ports.clock import Clock
from app.ports.journal import Job, Journal, Unit


class Queue:
    """Sends alerts away until the open, and takes them up when it comes."""

    def __init__(
        self, journal: Journal, judge: Judge, gates: Gates, closing: Closing, quotes: QuoteDesk
    ) -> None:
        self._journal = journal
        self._judge = judge
        self._gates = gates
        self._closing = closing
        self._quotes = quotes

    def pass_or_wait(self, walk: Walk, signal: Signal | Refusal) -> Refusal | None:
        """Let through what may trade now; refuse, or send to the queue, what may not.

        Raises:
            Wait: it waits for the open.
        """
        known = signal if isinstance(signal, Signal) else None
        if known is None and not self._behind_an_exit(walk, signal):
            return None
        ruling = self._judge.ruling(walk.case, known)
        if isinstance(ruling, Queued):
            return self._wait(walk, known, ruling)
        return ruling

    def keep_until_open(self, walk: Walk, plan: Plan) -> None:
        """Keep an exit, and the legs it would take off, that was decided but not sent (rule 23).

        Raises:
            Wait: it waits for the open.
        """
        order = self._journal.order(walk.order_id("exit"))
        if order is not None and order.status is not OrderStatus.NEW:
            return
        ruling = self._judge.ruling(walk.case, plan.signal)
        if isinstance(ruling, Queued):
            raise _until_open(walk, ruling, exits=True)

    def await_price(self, walk: Walk) -> None:
        """At the open an account that lives on our quotes may have none for a market order.

        The alert's own price is the last one of the session before, and counts as long (rule 42).

        Raises:
            Wait: there is none.
        """
        opened = walk.job.opens_at
        at_market = walk.alert.order_type in (None, OrderType.MARKET)
        if opened is None or not at_market or not walk.broker.capabilities.takes_quotes:
            return
        if walk.broker.quote(walk.key) is None and walk.alert.price is not None:
            self._quotes.tell(walk.account, walk.case.ticker, walk.alert.price, opened)
        if walk.broker.quote(walk.key) is None:
            why = "no price is known since the market opened"
            raise Wait(AlertStatus.WAITING, backoff(walk.job.tries, most=2), why)

    def _behind_an_exit(self, walk: Walk, signal: Signal | Refusal) -> bool:
        """Held already, but an exit waits before it: what it means is not known before the open."""
        return isinstance(signal, Skipped) and self._journal.waiting_before(walk.job)

    def _wait(self, walk: Walk, signal: Signal | None, queued: Queued) -> Refusal:
        if signal is None or not signal.reduces:
            refusal = self._gates.queue(walk)
            if refusal is not None:
                return refusal
            raise _until_open(walk, queued, exits=False)
        late = walk.too_late(signal)
        if late is not None:
            return late
        # What rests may fill before this exit, which is to leave nothing (rule 22).
        self._closing.cancel_entries(walk)
        raise _until_open(walk, queued, exits=True)


def _until_open(walk: Walk, queued: Queued, *, exits: bool) -> Wait:
    """What waits. Entries behind an exit wait for it; those before it are not wanted any more."""
    return Wait(
        AlertStatus.WAITING,
        queued.until - walk.clock.now(),
        queued.detail,
        holds=exits,
        opens_at=queued.until,
        halts=walk.case.strategy if exits else None,
    )


def note_queued(unit: Unit, job: Job, wait: Wait, clock: Clock) -> None:
    """What a job's way into the queue does to those before it: entries make room, or are halted."""
    if wait.halts is not None:
        if unit.halt_entries(wait.halts, unwanted=True):
            unit.wake_lane(job.lane)
    else:
        replaced = Outcome(
            status=AlertStatus.SKIPPED,
            reason=Skip.REPLACED,
            detail=f"the later alert {job.alert_id} waits for the open in its place",
        )
        for alert_id in unit.end_queued(replaced):
            unit.record(finished(replace(job, alert_id=alert_id), replaced, clock.now()))
    if job.opens_at != wait.opens_at:
        unit.record(
            Event(
                kind=EventKind.QUEUED,
                at=clock.now(),
                alert_id=job.alert_id,
                account=job.account,
                symbol=job.alert.symbol,
                facts={"reason": Denial.MARKET_CLOSED.value, "detail": str(wait)},
            )
        )
