"""Entering: the last questions before an entry goes to the wire, and its way back out."""

from datetime import timedelta

from app.domain.decision import Denial, Denied, Plan, Refusal
from app.domain.order import BrokerOrder, OrderStatus
from app.domain.outcome import AlertStatus
from app.engine.closing import Closing, is_entry
from app.engine.dispatcher import Dispatcher
from app.engine.kill_switch import KillSwitch
from app.engine.risk_gate import RiskGate
from app.engine.settlement import Settlement
from app.engine.waits import Wait, backoff
from app.engine.walk import Ending, Gate, Refused, Walk
from app.ports.journal import Journal, OrderRecord

PATIENCE = 3
"""Tries to replace a resting entry without a pause; a broker may take its time to cancel."""


class Entering:
    """Opens and grows positions, exactly once, only while nothing forbids it."""

    def __init__(
        self,
        journal: Journal,
        dispatcher: Dispatcher,
        settlement: Settlement,
        closing: Closing,
        kill_switch: KillSwitch,
        risk_gate: RiskGate,
    ) -> None:
        self._journal = journal
        self._dispatcher = dispatcher
        self._settlement = settlement
        self._closing = closing
        self._kill_switch = kill_switch
        self._risk_gate = risk_gate

    def enter(self, walk: Walk, plan: Plan, *, fresh: bool) -> Ending:
        """Place the plan's entry. `fresh`: the plan is journaled together with the order."""
        entry = plan.entry
        if entry is None or isinstance(entry, Denied):
            raise Refused(entry or Denied(Denial.NO_SIZE, "there is no entry"))
        known = None if fresh else self._journal.order(entry.client_order_id)
        if known is not None and walk.job.halted:
            return self._withdraw(walk, known)
        if known is None:
            self._open_the_way(walk)
        gate = Gate(
            admit=self._risk_gate.admission(walk.account, entry), ask=lambda: self._gate(walk)
        )
        answer = self._dispatcher.place(walk.job, walk.broker, entry, gate, plan if fresh else None)
        self._closing.await_fill(walk, answer, entry.order_type)
        return Ending(order=answer, budget=plan.budget)

    def _gate(self, walk: Walk) -> Refusal | None:
        """What is asked right before the wire write of every entry (trading-rules 2, 16, 25)."""
        if walk.job.halted:
            return _CANCELED
        kill = self._kill_switch.state()
        if kill.active:
            return Denied(Denial.KILL_SWITCH, kill.reason)
        late = walk.too_late_to_enter()
        return late or self._risk_gate.look_again(walk.account, walk.instrument, walk.case.ticker)

    def _open_the_way(self, walk: Walk) -> None:
        """Refuse, or wait while the answer may still change; make room for the new entry."""
        refusal = self._gate(walk)
        if refusal is not None:
            raise Refused(refusal)
        pause = backoff(walk.job.tries, most=2)
        if not walk.account.reconciled.is_set():
            raise Wait(AlertStatus.WAITING, pause, "the account is being reconciled")
        if self._journal.waiting_before(walk.job):
            raise Wait(AlertStatus.WAITING, pause, "an earlier order of the lane is not settled")
        self._check_block(walk)
        if self._closing.cancel_resting(walk, is_entry):
            # At most one live entry per lane: the newest takes the place of one that still rests.
            # That one may have filled before the cancel reached it, so the decision is made anew.
            again = timedelta(0) if walk.job.tries < PATIENCE else pause
            raise Wait(AlertStatus.WAITING, again, "a resting entry was replaced")

    def _check_block(self, walk: Walk) -> None:
        reason = self._journal.block(walk.job.lane)
        if reason is None:
            return
        stakes = walk.stakes()
        if any(stakes.own(holder) for holder in stakes.holders):
            raise Refused(Denied(Denial.EXIT_MISSED, f"the position is still open: {reason}"))
        with self._journal.unit(walk.job) as unit:
            unit.set_block(walk.job.lane, None)

    def _withdraw(self, walk: Walk, known: OrderRecord) -> Ending:
        """An exit came while this entry's outcome was open: whatever became of it is undone."""
        answer = walk.broker.find(known.client_order_id)
        if answer is None:
            self._dispatcher.await_absence(walk.job, known)
            answer = _never_placed(known)
        elif answer.status.working:
            answer = walk.broker.cancel(known.client_order_id) or answer
        self._settlement.apply([answer])
        if not answer.filled_quantity:
            return Ending(refusal=_CANCELED)
        order = self._closing.undo(walk, known.side, answer.filled_quantity)
        detail = f"{answer.filled_quantity:f} had filled and was closed again" if order else ""
        return Ending(refusal=_CANCELED, order=order, detail=detail)


_CANCELED = Denied(Denial.CANCELED_BY_EXIT, "a later exit canceled this entry")


def _never_placed(known: OrderRecord) -> BrokerOrder:
    return BrokerOrder(
        client_order_id=known.client_order_id,
        broker_order_id=known.broker_order_id or "",
        symbol=known.symbol,
        side=known.side,
        quantity=known.quantity,
        status=OrderStatus.CANCELED,
        reason="never_placed",
    )
