"""The walk of one alert through its lane: decide, close, enter, tell what became of it.

It is run again after a crash or a wait. What was decided is journaled once and then resumed; an
order is placed once under an id that is derived from the alert; the rest only reads.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from app.domain.alert import Action
from app.domain.decision import (
    Denial,
    Denied,
    Expired,
    Lapse,
    Note,
    Noted,
    Plan,
    Refusal,
    Signal,
    Skip,
    Skipped,
    TradeType,
)
from app.domain.errors import BrokerError, FencedOut, JournalError
from app.domain.events import Event, EventKind
from app.domain.freshness import AgeLimits, age, age_in_session
from app.domain.instrument import Ticker
from app.domain.order import BrokerOrder, OrderIntent, OrderStatus
from app.domain.outcome import AlertStatus, Outcome
from app.domain.rates import Purpose
from app.domain.stake import Stake
from app.engine.accounts import Account, Accounts
from app.engine.closing import Closing
from app.engine.dispatcher import decided, out_of_sync
from app.engine.endings import finished, naked, outcome_of
from app.engine.entering import Entering
from app.engine.judge import Case, Judge
from app.engine.queue import Queue, note_queued
from app.engine.quote_desk import QuoteDesk
from app.engine.settlement import Settlement, event_of
from app.engine.status_tracker import note_outcome
from app.engine.trade_router import Situation
from app.engine.waits import IN_DOUBT, Wait, backoff, pause_after
from app.engine.walk import Ending, Refused, Walk
from app.ports.budget import errand
from app.ports.clock import Clock
from app.ports.journal import Block, Job, Journal, OrderRecord, Pause, Unit

log = logging.getLogger(__name__)

CHAIN_WAIT = timedelta(seconds=2)
MOST_TRIES = 8
"""After so many tries a job that keeps raising is given up as failed, with an alarm."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rooms:
    """The rooms that an alert walks through."""

    accounts: Accounts
    quotes: QuoteDesk
    judge: Judge
    queue: Queue
    closing: Closing
    entering: Entering
    settlement: Settlement


class AlertFlow:
    """What is done with a job: the Flow of the lanes."""

    def __init__(self, journal: Journal, rooms: Rooms, clock: Clock, ages: AgeLimits) -> None:
        self._journal = journal
        self._rooms = rooms
        self._clock = clock
        self._ages = ages

    def run(self, job: Job) -> Job | None:
        """Take a job to its end or to its next wait; answers the lane's next job, claimed."""
        try:
            return self._finish(job, self._walk(job))
        except Wait as wait:
            return self._suspend(job, wait)
        except BrokerError as error:
            return self._unreadable(job, error)
        except (FencedOut, JournalError):
            raise
        except Exception as error:
            log.exception("an alert failed", extra={"alert_id": job.alert_id})
            return self._failed(job, error)

    def _walk(self, job: Job) -> Ending:
        account = self._rooms.accounts.get(job.account)
        if account is None:
            names = ", ".join(self._rooms.accounts.names)
            return Ending(refusal=Denied(Denial.UNKNOWN_ACCOUNT, f"the accounts are: {names}"))
        plan = self._journal.plan_of(job.id) if job.resumed else None
        overtaken = plan is None and self._is_overtaken(job)
        if plan is None and not overtaken:
            self._take_price(job, account)
        case = self._rooms.judge.open(job.alert, account, job.share, plan)
        if not isinstance(case, Case):
            return Ending(refusal=case)
        walk = Walk(job, case, self._journal, self._clock, self._ages)
        if plan is None and job.halted:
            walk = self._back_in_line(walk)
        decision = plan or self._decide_for(walk, overtaken=overtaken)
        if not isinstance(decision, Plan):
            return decision
        ending = self._execute(walk, decision, fresh=plan is None)
        return replace(ending, multiplier=walk.instrument.multiplier)

    def _take_price(self, job: Job, account: Account) -> None:
        """A new quote works resting orders first, then the alert (trading-rules 42).

        It is the chart's price, and so what the strike of an option is chosen by (rule 30).
        """
        ticker = Ticker.parse(job.alert.symbol, job.alert.exchange)
        if job.alert.price is not None and not ticker.delayed:
            self._rooms.quotes.tell(account, ticker, job.alert.price, job.received_at)

    def _is_overtaken(self, job: Job) -> bool:
        return job.opens_at is None and self._journal.newer_taken(job)

    def _back_in_line(self, walk: Walk) -> Walk:
        """An exit halts the entries before it, not one that has waited for just this exit (5)."""
        if walk.alert.prev_market_position is None:
            return walk
        if self._lacks_predecessor(walk, self._rooms.judge.situation(walk.case)):
            return walk
        with self._journal.unit(walk.job) as unit:
            unit.lift_halt()
        return replace(walk, job=replace(walk.job, halted=False, unwanted=False))

    def _decide_for(self, walk: Walk, *, overtaken: bool) -> Plan | Ending:
        purpose = Purpose.REDUCE if walk.alert.only_reduces else Purpose.LOOK
        with errand(purpose):
            return self._decide(walk, overtaken=overtaken)

    def _decide(self, walk: Walk, *, overtaken: bool) -> Plan | Ending:
        if overtaken:
            why = "a later alert of this strategy was taken already"
            return Ending(refusal=Skipped(Skip.OUT_OF_ORDER, why))
        judge, case = self._rooms.judge, walk.case
        situation = judge.situation(case)
        if situation.unexplained and self._rooms.closing.catch_up(walk):
            known, situation = situation.unexplained, judge.situation(case)
            if case.family is not None and situation.unexplained != known:
                # What it held is gone, and so the alert may be about another contract.
                raise Wait(AlertStatus.WAITING, timedelta(0), "an order of before has filled")
        walk.await_position(situation.unexplained)
        self._await_predecessor(walk, situation)
        signal = judge.route(case, situation)
        if isinstance(signal, Noted) and signal.reason is Note.NO_POSITION:
            return self._nothing_to_close(walk, situation, signal)
        refusal = self._rooms.queue.pass_or_wait(walk, signal)
        if refusal is not None:
            return self._refused(walk, situation, refusal)
        self._await_turn(walk, signal)
        if not isinstance(signal, Signal):
            return self._refused(walk, situation, signal)
        late = walk.too_late(signal)
        if late is not None:
            return self._refused(walk, situation, late)
        self._rooms.queue.await_price(walk)
        plan = judge.plan(case, situation, signal, alert_id=walk.job.alert_id)
        self._forget_stops(walk, plan)
        return replace(plan, out_of_sync=_out_of_sync(walk, situation))

    def _forget_stops(self, walk: Walk, plan: Plan) -> None:
        """After an entry no exit is late any more of a contract that a stop had closed (rule 7)."""
        if not isinstance(plan.entry, OrderIntent):
            return
        for key in self._rooms.judge.old_stops(walk.case):
            with self._journal.unit(walk.job) as unit:
                unit.forget_stop(key)

    def _await_predecessor(self, walk: Walk, situation: Situation) -> None:
        """Same-second chains may arrive reversed: give the predecessor its time (rule 5)."""
        left = CHAIN_WAIT - (walk.clock.now() - walk.job.received_at)
        if left > timedelta(0) and self._lacks_predecessor(walk, situation):
            why = "an earlier alert of its chain may follow"
            raise Wait(AlertStatus.WAITING, left, why, holds=False)

    def _lacks_predecessor(self, walk: Walk, situation: Situation) -> bool:
        """Whether the alert knew another position; sizes count only within one second.

        Between alerts of other times a strategy's size may differ from ours for good.
        """
        size = walk.alert.prev_position_size
        if situation.differs_from(walk.alert):
            return True
        return size is not None and size != situation.held and self._journal.has_sibling(walk.job)

    def _refused(self, walk: Walk, situation: Situation, refusal: Refusal) -> Ending:
        """The end of an alert that trades nothing, with what the owner should hear of it."""
        if refusal.reason is Skip.STOPPED_OUT:
            event = _event(EventKind.STOPPED_OUT, walk.job, self._clock, problem=True)
            return Ending(refusal=refusal, events=(event,), late_exit_of=walk.stake_key)
        words = _out_of_sync(walk, situation)
        events = (out_of_sync(walk.job, words, self._clock),) if words else ()
        return Ending(refusal=refusal, events=events)

    def _await_turn(self, walk: Walk, signal: Signal | Refusal) -> None:
        """Decide after the alerts before it: only what reduces goes before one that waits."""
        reduces = isinstance(signal, Signal) and signal.reduces
        if reduces or walk.alert.only_reduces or not self._journal.waiting_before(walk.job):
            return
        pause = backoff(walk.job.tries, most=2)
        raise Wait(AlertStatus.WAITING, pause, "an earlier alert of the lane is not settled")

    def _nothing_to_close(self, walk: Walk, situation: Situation, noted: Noted) -> Ending:
        """An exit that meets only what others hold is told: its strategy may be misnamed."""
        ending = self._refused(walk, situation, self._clear_lane(walk, situation, noted))
        ending = replace(ending, late_exit_of=walk.stake_key if situation.stopped else None)
        if not (situation.foreign and situation.newcomer):
            return ending
        facts: dict[str, object] = {
            "reason": Denial.FOREIGN_POSITION.value,
            "strategy": walk.case.strategy,
            "foreign": situation.foreign,
        }
        kind = EventKind.FOREIGN_POSITION
        event = _event(kind, walk.job, self._clock, problem=True, facts=facts)
        return replace(ending, events=(*ending.events, event))

    def _clear_lane(self, walk: Walk, situation: Situation, noted: Noted) -> Noted:
        """What could still enter must not, and what may have is settled first (rule 22).

        What that filled stays with its alert, and is closed by this one.
        """
        closing = self._rooms.closing
        with self._journal.unit(walk.job) as unit:
            count = unit.halt_entries(walk.case.strategy, unwanted=False)
        in_doubt = closing.take_up_entries(walk)
        count += closing.cancel_entries(walk)
        stakes = walk.stakes()
        walk.await_position(stakes.nobodys)
        if walk.instrument.tradable(stakes.own(walk.case.strategy)) != situation.held:
            raise Wait(AlertStatus.WAITING, timedelta(0), "an entry before it has filled")
        if in_doubt:
            pause = backoff(walk.job.tries, most=IN_DOUBT)
            raise Wait(AlertStatus.WAITING, pause, "an entry before it is not settled yet")
        if self._rooms.judge.holds_another(walk.case):
            pause = backoff(walk.job.tries, most=1)
            raise Wait(AlertStatus.WAITING, pause, "an entry before it has filled")
        if not count:
            return noted
        return replace(noted, detail=f"{noted.detail}; {count} entries canceled")

    def _execute(self, walk: Walk, plan: Plan, *, fresh: bool) -> Ending:
        if plan.signal.trade_type is TradeType.CANCEL:
            return self._cancel(walk, plan, fresh=fresh)
        done = ""
        try:
            if plan.signal.reduces and not self._entered(plan, fresh=fresh):
                if fresh:
                    self._write_plan(walk, plan)
                else:
                    self._rooms.queue.keep_until_open(walk, plan)
                with errand(Purpose.REDUCE):
                    closing = self._rooms.closing.close(walk, plan)
                if plan.signal.trade_type is TradeType.EXIT or _is_held_up(closing):
                    return closing
                self._rooms.closing.confirm_flat(walk, plan, closing.order)
                if closing.order is not None:
                    done = f"{closing.order.filled_quantity:f} closed first"
                fresh = False
            ending = self._rooms.entering.enter(walk.into(plan), plan, fresh=fresh)
        except Refused as refused:
            return Ending(refusal=refused.refusal, detail=done)
        return replace(ending, detail="; ".join(part for part in (done, ending.detail) if part))

    def _entered(self, plan: Plan, *, fresh: bool) -> bool:
        """Whether the plan's entry was written down before: then its close is behind it."""
        if fresh or not isinstance(plan.entry, OrderIntent):
            return False
        return self._journal.order(plan.entry.client_order_id) is not None

    def _cancel(self, walk: Walk, plan: Plan, *, fresh: bool) -> Ending:
        waiting = self._write_plan(walk, plan) if fresh else 0
        with errand(Purpose.REDUCE):
            count = self._rooms.closing.cancel_entries(walk) + waiting
        if not count and fresh:
            return Ending(refusal=Noted(Note.NOTHING_TO_CANCEL, "no entry is resting"))
        return Ending(detail=f"{count} entries canceled")

    def _write_plan(self, walk: Walk, plan: Plan) -> int:
        """Journal a decision, and keep earlier waiting entries of the lane out; how many."""
        with self._journal.unit(walk.job) as unit:
            unit.plan(plan)
            exits = plan.signal.trade_type is not TradeType.CANCEL
            halted = unit.halt_entries(walk.case.strategy, unwanted=exits)
            unit.alert_status(walk.job.alert_id, AlertStatus.EXECUTING)
            unit.record(*decided(walk.job, plan, self._clock))
        return halted

    def _finish(self, job: Job, ending: Ending) -> Job | None:
        with self._journal.unit(job) as unit:
            settled = self._settle(unit, ending.order) if ending.order is not None else None
            outcome = outcome_of(ending, settled)
            if outcome.reason == Lapse.EXIT_MISSED and outcome.status is AlertStatus.EXPIRED:
                reason = f"{outcome.detail} (alert {job.alert_id})"
                unit.set_block(Block(job.lane, Denial.EXIT_MISSED, reason))
                why: dict[str, object] = {"reason": outcome.reason, "detail": outcome.detail}
                event = _event(EventKind.LANE_BLOCKED, job, self._clock, problem=True, facts=why)
                unit.record(event)
            if ending.late_exit_of is not None:
                unit.forget_stop(ending.late_exit_of)
            unit.record(*ending.events, finished(job, outcome, self._clock.now()))
            note_outcome(unit, job.id, outcome)
            return unit.finish(outcome)

    def _settle(self, unit: Unit, order: BrokerOrder) -> OrderRecord | None:
        changes = self._rooms.settlement.settle_in(unit, order)
        settled = changes[0].order if changes else None
        if settled is not None and naked(order, settled):
            unit.record(event_of(EventKind.UNPROTECTED, settled, self._clock.now()))
        return settled

    def _suspend(self, job: Job, wait: Wait) -> Job | None:
        pause = Pause(
            status=wait.status,
            until=self._clock.now() + wait.delay,
            holds=wait.holds,
            reason=Denial.MARKET_CLOSED if wait.opens_at is not None else "",
            detail=str(wait),
            opens_at=wait.opens_at,
        )
        with self._journal.unit(job) as unit:
            if wait.opens_at is not None:
                note_queued(unit, job, wait, self._clock)
            elif job.tries == 0:
                facts: dict[str, object] = {"status": wait.status.value, "why": str(wait)}
                unit.record(_event(EventKind.WAITING, job, self._clock, facts=facts))
            return unit.suspend(pause)

    def _unreadable(self, job: Job, error: BrokerError) -> Job | None:
        """The broker could not be asked: unknown is not flat. Try again while it is fresh."""
        why = f"{error.code}: {error}"
        if self._is_sending(job):
            pause = backoff(job.tries, most=IN_DOUBT)
            return self._suspend(job, Wait(AlertStatus.UNKNOWN, pause, why))
        reduces = self._may_reduce(job)
        old = self._age_of(job, reduces=reduces)
        if old > (self._ages.exit if reduces else self._ages.entry):
            lapse = Lapse.EXIT_MISSED if reduces else Lapse.STALE
            return self._finish(job, Ending(refusal=Expired(lapse, why)))
        return self._suspend(job, Wait(AlertStatus.WAITING, pause_after(error, job.tries), why))

    def _age_of(self, job: Job, *, reduces: bool) -> timedelta:
        """As the walk would tell it, which needs the broker to begin."""
        account = self._rooms.accounts.get(job.account)
        assert account is not None  # noqa: S101  # its broker was asked
        market = self._rooms.judge.market(job.alert, account)
        exempt = reduces or (market.queues and job.opens_at is not None)
        now = self._clock.now()
        if exempt:
            return age_in_session(job.alert, job.received_at, now, market)
        return age(job.alert, job.received_at, now)

    def _is_sending(self, job: Job) -> bool:
        """Whether an order of the job is on its way: once the job ends nobody looks it up."""
        return bool(self._in_flight(job))

    def _in_flight(self, job: Job) -> list[OrderRecord]:
        """The job's orders that are not known to have arrived."""
        return [
            order
            for order in self._journal.unsettled_orders(job.account, job.lane)
            if order.job_id == job.id and order.status.in_flight and not order.role.protects
        ]

    def _may_reduce(self, job: Job) -> bool:
        """Whether it closes something, as far as the journal can tell: a reversal does, too."""
        if job.alert.only_reduces:
            return True
        signs = {Action.BUY: (-1,), Action.SELL: (1,), Action.REVERSE: (-1, 1)}
        mine = job.alert.strategy or ""
        return any(
            stake.strategy == mine and stake.quantity * sign > 0
            for stake in self._stakes(job)
            for sign in signs.get(job.alert.action or Action.ADD, ())
        )

    def _stakes(self, job: Job) -> Sequence[Stake]:
        """What the alert of a job could be about: of a derivative all that is held in its lane."""
        if not job.part:
            return self._journal.stakes(job.account, job.instrument)
        account = self._rooms.accounts.get(job.account)
        assert account is not None  # noqa: S101  # its broker was asked
        try:
            return self._rooms.judge.stakes_of(job.alert, account)
        except BrokerError:
            return self._journal.stakes(job.account)

    def _failed(self, job: Job, error: Exception) -> Job | None:
        """A fault of ours: try again a few times, then give up aloud. It never blocks the lane.

        But for an order that may be at the broker: that is looked up until it is known.
        """
        why = f"{type(error).__name__}: {error}"
        in_flight = self._in_flight(job)
        if any(order.status is not OrderStatus.NEW for order in in_flight):
            return self._suspend(job, Wait(AlertStatus.UNKNOWN, backoff(job.tries), why))
        if job.tries < MOST_TRIES:
            pause = backoff(job.tries)
            return self._suspend(job, Wait(AlertStatus.WAITING, pause, why, holds=False))
        outcome = Outcome(status=AlertStatus.FAILED, reason="INTERNAL_ERROR", detail=why)
        with self._journal.unit(job) as unit:
            for order in in_flight:
                unit.mark_order(order.client_order_id, OrderStatus.CANCELED, "never_placed")
            unit.record(finished(job, outcome, self._clock.now()))
            note_outcome(unit, job.id, outcome)
            return unit.finish(outcome)


def _is_held_up(closing: Ending) -> bool:
    """Whether a close did not come about; where a stop was faster there is nothing left of it."""
    refusal = closing.refusal
    return refusal is not None and refusal.reason is not Note.NO_POSITION


def _out_of_sync(walk: Walk, situation: Situation) -> str:
    """How the strategy's position differs from the one that the alert knew; empty when not."""
    if not situation.differs_from(walk.alert):
        return ""
    knew = f"the alert knew {walk.alert.prev_market_position}, {situation.word} is held"
    return f"{knew}: {situation.sync.value}"


def _event(
    kind: EventKind,
    job: Job,
    clock: Clock,
    *,
    problem: bool = False,
    facts: dict[str, object] | None = None,
) -> Event:
    return Event(
        kind=kind,
        at=clock.now(),
        alert_id=job.alert_id,
        account=job.account,
        symbol=job.alert.symbol,
        problem=problem,
        facts=facts or {},
    )
