"""Closing: what could enter is canceled, the position read afresh, what is left is closed."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from app.domain.alert import Amount
from app.domain.decision import Denial, Denied, Note, Noted, Plan, Refusal, Signal, TradeType
from app.domain.events import EventKind
from app.domain.order import (
    BrokerOrder,
    OrderIntent,
    OrderRole,
    OrderStatus,
    OrderType,
    Side,
)
from app.domain.outcome import AlertStatus
from app.engine.dispatcher import Dispatcher
from app.engine.exit_order import exit_order
from app.engine.ownership import Ownership
from app.engine.settlement import Settlement, event_of
from app.engine.waits import Wait, backoff
from app.engine.walk import Ending, Refused, Walk, open_gate
from app.ports.journal import Journal, OrderRecord

FILL_WAIT = timedelta(seconds=10)

Wanted = Callable[[OrderRecord], bool]


class Closing:
    """Takes positions and resting orders off, ours only, exactly once (trading-rules 22)."""

    def __init__(
        self,
        journal: Journal,
        dispatcher: Dispatcher,
        settlement: Settlement,
        ownership: Ownership,
    ) -> None:
        self._journal = journal
        self._dispatcher = dispatcher
        self._settlement = settlement
        self._ownership = ownership

    def close(self, walk: Walk, plan: Plan) -> Ending:
        """Close what the plan's signal reduces; resumed by the order's id."""
        known = self._journal.intent(walk.order_id("exit"))
        intent = known if known is not None else self._exit(walk, plan)
        if not isinstance(intent, OrderIntent):
            return Ending(refusal=intent)
        answer = self._dispatcher.place(walk.job, walk.broker, intent, open_gate)
        self.await_fill(walk, answer, intent.order_type)
        self._settle_legs(walk)
        legs = self._journal.legs_aside(walk.job.id)
        if legs:
            self._settlement.apply([answer])
            self._arm_again(walk, answer, legs)
        return Ending(order=answer)

    def confirm_flat(self, walk: Walk, plan: Plan, order: BrokerOrder | None) -> None:
        """Settle the close of a reversal, and be sure that nothing is left against the entry.

        `order`: None when there was nothing left to close.

        Raises:
            Wait: the position does not show it yet.
            Refused: it is not flat and will not become so by waiting.
        """
        self._settlement.apply([order] if order is not None else [])
        entry = plan.entry
        if not isinstance(entry, OrderIntent):
            return
        if walk.stakes().position * entry.side.sign >= 0:
            return  # also when a stop was faster, and the close was rejected for that
        if order is None:
            why = "what is left there is not this strategy's"
            raise Refused(Denied(Denial.FOREIGN_POSITION, why))
        if order.status is OrderStatus.REJECTED:
            raise Refused(Denied(Denial.NOT_FLAT, f"the close was rejected: {order.reason}"))
        if self._waited(walk, order):
            raise Refused(Denied(Denial.NOT_FLAT, "the old position is still there"))
        raise Wait(AlertStatus.WAITING, backoff(walk.job.tries, most=2), "not flat yet")

    def undo(self, walk: Walk, side: Side, filled: Decimal) -> BrokerOrder | None:
        """Close what an entry filled after a later exit had wanted none of it."""
        held = walk.held()
        if held * side.sign <= 0:
            return None
        share, kind = Amount(filled), TradeType.REVERSE
        intent = exit_order(walk.case, walk.order_id("undo"), held, share, kind)
        if isinstance(intent, Denied):
            return None
        return self._dispatcher.place(walk.job, walk.broker, intent, open_gate)

    def cancel_entries(self, walk: Walk) -> int:
        """Cancel the strategy's resting entries of other alerts; how many there were."""
        mine = walk.case.strategy
        return self.cancel_resting(walk, lambda order: is_entry(order) and order.strategy == mine)

    def cancel_resting(self, walk: Walk, wanted: Wanted) -> int:
        """Cancel resting orders of other alerts in the lane; what became of each is settled.

        Raises:
            Wait: the broker has not done it yet, and one may still fill.
        """
        count = 0
        for order in self._journal.unsettled_orders(walk.account.name, walk.job.lane):
            if order.job_id == walk.job.id or not order.status.working or not wanted(order):
                continue
            self._ownership.check(walk.job.owner)
            answer = walk.broker.cancel(order.client_order_id)
            if answer is None:
                continue
            self._settlement.apply([answer])
            if answer.status.working:
                pause = backoff(walk.job.tries, most=2)
                raise Wait(AlertStatus.WAITING, pause, "an order is not canceled yet")
            count += 1
        return count

    def catch_up(self, walk: Walk) -> bool:
        """Take over what became of the orders that rest in the lane; whether there are any."""
        orders = self._journal.unsettled_orders(walk.account.name, walk.job.lane)
        resting = [order for order in orders if order.status.working]
        self._look_up(walk, resting)
        return bool(resting)

    def await_fill(self, walk: Walk, answer: BrokerOrder, kind: OrderType) -> None:
        """Come back for a market order that is not filled yet; entries wait meanwhile.

        Raises:
            Wait: it may still fill soon.
        """
        if kind is not OrderType.MARKET or answer.status.final:
            return
        self._settlement.apply([answer])
        if not self._waited(walk, answer):
            pause = backoff(walk.job.tries, most=2)
            raise Wait(AlertStatus.WAITING, pause, "not filled yet")

    def _cancel_legs(self, walk: Walk) -> None:
        """What would fill beside the close goes first; noted, should the close not be made."""
        lane = self._journal.unsettled_orders(walk.account.name, walk.job.lane)
        mine = [leg for leg in lane if leg.role.protects and leg.strategy == walk.case.strategy]
        legs = {leg.client_order_id for leg in mine if leg.status.working}
        if legs:
            with self._journal.unit(walk.job) as unit:
                unit.put_aside(sorted(legs))
            self.cancel_resting(walk, lambda leg: leg.client_order_id in legs)

    def _arm_again(self, walk: Walk, close: BrokerOrder, ids: Sequence[str]) -> None:
        """Stops that made way for the close come back for what it left (trading-rules 23).

        Targets do not: nothing would cancel them when the stop fills. While the close itself rests
        there is no room for either, and that is told.
        """
        legs = [leg for leg in map(self._journal.order, ids) if leg is not None]
        left = Decimal(0) if close.status.working else walk.held()
        for leg in legs:
            intent = _stop_again(walk, leg, left)
            if intent is not None:
                answer = self._dispatcher.place(walk.job, walk.broker, intent, open_gate)
                self._settlement.apply([answer])
                left += intent.side.sign * intent.quantity
        self._tell_of_legs(walk, close, legs[0], left)

    def _tell_of_legs(
        self, walk: Walk, close: BrokerOrder, leg: OrderRecord, left: Decimal
    ) -> None:
        bare = close.status.working or left != 0
        if close.status is not OrderStatus.REJECTED and not bare:
            return
        kind = EventKind.UNPROTECTED if bare else EventKind.CLOSE_FAILED
        event = event_of(kind, leg, walk.clock.now())
        with self._journal.unit(walk.job) as unit:
            unit.record(replace(event, alert_id=walk.job.alert_id))

    def _settle_legs(self, walk: Walk) -> None:
        """Take over what the close made of the legs: a broker cuts or cancels them by itself."""
        orders = self._journal.unsettled_orders(walk.account.name, walk.job.lane)
        self._look_up(walk, [order for order in orders if order.role.protects])

    def _look_up(self, walk: Walk, orders: Sequence[OrderRecord]) -> None:
        found = [walk.broker.find(order.client_order_id) for order in orders]
        self._settlement.apply([answer for answer in found if answer is not None])

    def _waited(self, walk: Walk, order: BrokerOrder) -> bool:
        known = self._journal.order(order.client_order_id)
        since = known.submitted_at if known is not None else None
        return since is None or walk.clock.now() - since >= FILL_WAIT

    def _exit(self, walk: Walk, plan: Plan) -> OrderIntent | Refusal:
        late = walk.too_late(plan.signal)
        if late is not None:
            return late
        self.cancel_entries(walk)
        stakes = walk.stakes()
        alone = stakes.position == stakes.own(walk.case.strategy)
        abilities = walk.abilities
        if abilities.exits_reserve or not (alone and abilities.reduce_only_legs):
            # A broker cuts legs to the whole position: to what others hold of it, too.
            self._cancel_legs(walk)
        held = walk.held()
        if held == 0 or plan.signal.reduce is None:
            return Noted(Note.NO_POSITION, "there is nothing to close")
        share = _share(plan.signal, held)
        if not share.value:
            return Noted(Note.AT_TARGET, f"{held} held: nothing to take off")
        client_order_id = walk.order_id("exit")
        return exit_order(walk.case, client_order_id, held, share, plan.signal.trade_type)


def _stop_again(walk: Walk, leg: OrderRecord, held: Decimal) -> OrderIntent | None:
    """The order that takes the place of a canceled stop; None when there is none to replace."""
    left = min(leg.quantity - leg.filled_quantity, abs(held))
    against = leg.side.sign * held < 0
    if leg.role is not OrderRole.STOP_LOSS or leg.stop_price is None or not against:
        return None
    return OrderIntent(
        client_order_id=walk.order_id(f"again {leg.client_order_id}"),
        account=leg.account,
        symbol=leg.symbol,
        instrument=leg.instrument,
        side=leg.side,
        quantity=left,
        role=OrderRole.STOP_LOSS,
        order_type=OrderType.STOP,
        stop_price=leg.stop_price,
        time_in_force="gtc",
        strategy=leg.strategy,
        parent=leg.parent,
    )


def _share(signal: Signal, held: Decimal) -> Amount:
    """How much goes; toward a target by what is held now, not by what was when it was decided."""
    assert signal.reduce is not None  # noqa: S101  # asked by the only caller
    if signal.target is None:
        return signal.reduce
    return Amount(max(abs(held) - abs(signal.target), Decimal(0)))


def is_entry(order: OrderRecord) -> bool:
    """Whether an order opens or grows a position."""
    return order.role is OrderRole.ENTRY
