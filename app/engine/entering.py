"""Entering: the last questions before an entry goes to the wire, and its way back out."""

from datetime import timedelta
from decimal import Decimal

from app.domain.decision import Denial, Denied, Plan
from app.domain.events import Event, EventKind
from app.domain.identity import lane_of
from app.domain.order import BrokerOrder, OrderIntent, OrderRole, OrderStatus
from app.domain.outcome import AlertStatus
from app.domain.rates import Purpose
from app.engine.closing import Closing, is_entry
from app.engine.contracts import Contracts, place_of
from app.engine.dispatcher import Dispatcher
from app.engine.gates import CANCELED, Gates
from app.engine.settlement import Settlement, lacks_stop
from app.engine.waits import Wait, backoff
from app.engine.walk import Ending, Gate, Refused, Walk, seconds
from app.ports.budget import errand
from app.ports.journal import Block, Journal, OrderRecord

MOST_SKEW = timedelta(seconds=30)
"""Further apart than this the age of an alert says nothing, so nothing is entered."""
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
        gates: Gates,
        contracts: Contracts,
    ) -> None:
        self._journal = journal
        self._dispatcher = dispatcher
        self._settlement = settlement
        self._closing = closing
        self._gates = gates
        self._contracts = contracts

    def enter(self, walk: Walk, plan: Plan, *, fresh: bool) -> Ending:
        """Place the plan's entry. `fresh`: the plan is journaled together with the order."""
        entry = plan.entry
        if entry is None or isinstance(entry, Denied):
            raise Refused(entry or Denied(Denial.NO_SIZE, "there is no entry"))
        known = None if fresh else self._journal.order(entry.client_order_id)
        if known is not None and walk.job.halted:
            with errand(Purpose.REDUCE):
                return self._withdraw(walk, known)
        sent = known is not None and known.status is not OrderStatus.NEW
        with errand(Purpose.LOOK if sent else Purpose.ENTER):  # what it filled may stand bare
            return self._place(walk, plan, entry, known=known, fresh=fresh)

    def _place(
        self, walk: Walk, plan: Plan, entry: OrderIntent, *, known: OrderRecord | None, fresh: bool
    ) -> Ending:
        if known is None:
            self._open_the_way(walk)
        gate = Gate(admit=self._gates.admission(walk, entry), ask=lambda: self._gates.entry(walk))
        answer = self._dispatcher.place(walk.job, walk.broker, entry, gate, plan if fresh else None)
        answer = self._closing.await_fill(walk, answer, entry.order_type)
        self._await_protection(walk, entry, answer)
        return Ending(order=answer, budget=plan.budget)

    def _await_protection(self, walk: Walk, entry: OrderIntent, answer: BrokerOrder) -> None:
        """An entry that filled has done well once its stop is armed, and not before.

        Raises:
            Wait: it is being armed.
            Refused: no stop was taken, and so the position was closed again.
        """
        if not answer.filled_quantity or entry.protection.stop_loss is None:
            return
        if entry.guard is None and not lacks_stop(answer):
            return
        self._settlement.apply([answer])
        known = self._journal.order(entry.client_order_id)
        if known is not None and self._journal.is_owed(known):
            pause = backoff(walk.job.tries, most=1)
            raise Wait(AlertStatus.WAITING, pause, "its protection is being armed")
        family = self._journal.family(entry.client_order_id)
        closed = [order for order in family if order.role is OrderRole.EXIT]
        if closed:
            gone = sum((order.filled_quantity for order in closed), Decimal(0))
            why = f"{gone:f} of {answer.filled_quantity:f} were closed again: no stop was taken"
            raise Refused(Denied(Denial.STOP_REFUSED, why))

    def _open_the_way(self, walk: Walk) -> None:
        """Refuse, or wait while the answer may still change; make room for the new entry."""
        refusal = self._gates.entry(walk)
        if refusal is not None:
            raise Refused(refusal)
        pause = backoff(walk.job.tries, most=2)
        if not walk.account.reconciled.is_set():
            raise Wait(AlertStatus.WAITING, pause, "the account is being reconciled")
        skew = walk.broker.skew()
        if skew is not None and abs(skew) > MOST_SKEW:
            why = f"our clock and the broker's are {seconds(abs(skew))} apart"
            raise Wait(AlertStatus.WAITING, pause, why)
        if self._journal.waiting_before(walk.job):
            raise Wait(AlertStatus.WAITING, pause, "an earlier order of the lane is not settled")
        self._check_blocks(walk)
        if self._closing.cancel_resting(walk, is_entry):
            # At most one live entry per lane: the newest takes the place of one that still rests.
            # That one may have filled before the cancel reached it, so the decision is made anew.
            again = timedelta(0) if walk.job.tries < PATIENCE else pause
            raise Wait(AlertStatus.WAITING, again, "a resting entry was replaced")

    def _check_blocks(self, walk: Walk) -> None:
        """A missed exit keeps entries out until flat, a position without explanation until then."""
        lanes = {walk.job.lane, lane_of(walk.account.name, walk.key)}
        for block in [each for lane in sorted(lanes) for each in self._journal.blocks(lane)]:
            if block.kind is not Denial.EXIT_MISSED:
                raise Refused(Denied(block.kind, block.reason))
            if self._is_held(walk):
                raise Refused(Denied(block.kind, f"the position is still open: {block.reason}"))
            self._lift(walk, block)

    def _is_held(self, walk: Walk) -> bool:
        """Whether strategies hold what the lane is about: of an underlying any contract."""
        stakes = walk.stakes()
        if any(stakes.own(holder) for holder in stakes.holders):
            return True
        place = place_of(walk.alert)
        return walk.case.derived and self._contracts.any_of(walk.account, place)

    def _lift(self, walk: Walk, block: Block) -> None:
        event = Event(
            kind=EventKind.LANE_UNBLOCKED,
            at=walk.clock.now(),
            alert_id=walk.job.alert_id,
            account=walk.account.name,
            symbol=walk.alert.symbol,
            facts={"detail": f"the position is closed: {block.reason}"},
        )
        with self._journal.unit(walk.job) as unit:
            unit.lift_block(block)
            unit.record(event)

    def _withdraw(self, walk: Walk, known: OrderRecord) -> Ending:
        """An exit came while this entry's outcome was open: whatever became of it is undone.

        A cancel takes back the rest only: what had filled stays, with its protection.
        """
        if known.status is OrderStatus.NEW:  # no request has left us: its broker need not be asked
            self._settlement.apply([_never_placed(known)])
            return Ending(refusal=CANCELED)
        answer = walk.broker.find(known.client_order_id)
        if answer is None:
            self._dispatcher.await_absence(walk.job, walk.broker, known)
            answer = _never_placed(known)
        elif answer.status.working:
            answer = walk.broker.cancel(known.client_order_id) or answer
        self._settlement.apply([answer])
        if answer.status.working:
            raise Wait(AlertStatus.WAITING, backoff(walk.job.tries, most=2), "not canceled yet")
        if not answer.filled_quantity:
            return Ending(refusal=CANCELED)
        order = None
        if walk.job.unwanted:
            order = self._closing.undo(walk, known.side, answer.filled_quantity)
        if order is None:  # wanted still, or closed by that exit itself
            rest = "" if answer.status is OrderStatus.FILLED else "the rest was canceled"
            return Ending(order=answer, detail=rest)
        detail = f"{answer.filled_quantity:f} had filled and was closed again"
        return Ending(refusal=CANCELED, order=order, detail=detail)


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
