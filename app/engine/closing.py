"""Closing: what could enter is canceled, the position read afresh, what is left is closed."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import count

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
from app.engine.cover import AT_BROKER
from app.engine.dispatcher import Dispatcher
from app.engine.exit_order import exit_order
from app.engine.ownership import Ownership
from app.engine.resting_exit import Stopped, beside_its_stop, rests
from app.engine.settlement import Settlement, event_of
from app.engine.trade_router import ALL
from app.engine.waits import IN_DOUBT, Wait, backoff
from app.engine.walk import Ending, Refused, Walk, open_gate
from app.ports.journal import Journal, OrderRecord

FILL_WAIT = timedelta(seconds=10)
OUTDATED = "outdated"
"""The reason of a close that never arrived, and was not sent again: less was left by then."""
MAKE_WAY, FOR_EACH = timedelta(seconds=3), timedelta(seconds=1)
"""How long a close may be on its way before the legs that made way for it come back; and how much
longer for each of them: a budget of calls may let one go a second, and what comes back before the
last is gone would spend it again, for ever."""

STAY = timedelta(seconds=30)
"""How long after the last try legs stay that came back before a close that could not be sent."""

MAY_APPEAR = (OrderStatus.SUBMITTING, OrderStatus.UNKNOWN)
"""Orders that may be at the broker, whether it shows them or not."""

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
        intent = self._known_exit(walk) or self._exit(walk, plan)
        if not isinstance(intent, OrderIntent):
            self._protect_again(walk)
            return Ending(refusal=intent)
        answer = self._dispatcher.place(walk.job, walk.broker, intent, open_gate)
        answer = self.await_fill(walk, answer, _asked_type(walk, intent))
        self._settle_legs(walk)
        if self._journal.legs_aside(walk.job.id):
            self._settlement.apply([answer])
            self._protect_again(walk, answer)
            self._tell_of_legs(walk, answer)
        beside = intent.role.protects and answer.status.working
        return Ending(order=answer, detail="its stop rests beside it" if beside else "")

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
        """Close what an entry filled after a later exit had wanted none of it.

        What that exit, or another, is closing already is left to it.
        """
        intent = self._journal.intent(walk.order_id("undo")) or self._undoing(walk, side, filled)
        if intent is None:
            return None
        answer = self._dispatcher.place(walk.job, walk.broker, intent, open_gate)
        self._settlement.apply([answer])
        self._protect_again(walk, answer)
        return answer

    def _undoing(self, walk: Walk, side: Side, filled: Decimal) -> OrderIntent | None:
        held = walk.held() - self._being_closed(walk, side)
        if held * side.sign <= 0:
            return None
        name, kind = walk.order_id("undo"), TradeType.REVERSE
        intent = exit_order(walk.case, name, held, Amount(filled), kind)
        if isinstance(intent, Denied):
            return None
        self._make_way(walk)
        return intent

    def take_up_entries(self, walk: Walk) -> bool:
        """Settle the strategy's entries of which it is not known whether they arrived (rule 22).

        Returns:
            Whether one of them may still appear: the broker does not show it yet.
        """
        entries = [order for order in self._others(walk) if is_entry(order)]
        self._look_up(walk, [order for order in entries if not order.status.working])
        now = [self._journal.order(order.client_order_id) for order in entries]
        return any(order is not None and order.status in MAY_APPEAR for order in now)

    def cancel_entries(self, walk: Walk) -> int:
        """Cancel the strategy's resting entries of other alerts; how many there were."""
        mine = walk.case.strategy
        return self.cancel_resting(walk, lambda order: is_entry(order) and order.strategy == mine)

    def cancel_resting(self, walk: Walk, wanted: Wanted) -> int:
        """Cancel resting orders of other alerts in its part of the lane; each is settled.

        Raises:
            Wait: the broker has not done it yet, and one may still fill.
        """
        count = 0
        for order in self._journal.unsettled_orders(walk.account.name, walk.job.lane):
            if order.job_id == walk.job.id or not order.status.working or not wanted(order):
                continue
            if order.part != walk.job.part:
                continue
            self._ownership.check(walk.job.owner)
            answer = walk.broker.cancel(order.client_order_id)
            if answer is None:
                # its book may be behind
                self._dispatcher.await_absence(walk.job, walk.broker, order)
                continue
            self._settlement.apply([answer])
            if answer.status.working:
                pause = backoff(walk.job.tries, most=2)
                raise Wait(AlertStatus.WAITING, pause, "an order is not canceled yet")
            count += 1
        return count

    def catch_up(self, walk: Walk) -> bool:
        """Take over what became of the orders that rest in the lane, or may; were there any."""
        lane = self._journal.unsettled_orders(walk.account.name, walk.job.lane)
        found = [each for each in lane if each.status.working or each.status in MAY_APPEAR]
        self._look_up(walk, found)
        return bool(found)

    def await_fill(self, walk: Walk, answer: BrokerOrder, kind: OrderType) -> BrokerOrder:
        """Come back for a market order that is not filled yet; entries wait meanwhile.

        Returns:
            What it is now: its end may have been told of while its answer was on the way.

        Raises:
            Wait: it may still fill soon.
        """
        if kind is not OrderType.MARKET or answer.status.final:
            return answer
        self._settlement.apply([answer])
        known = self._journal.order(answer.client_order_id)
        if known is not None and known.status.final:
            return walk.broker.find(answer.client_order_id) or answer
        if not self._waited(walk, answer):
            pause = backoff(walk.job.tries, most=2)
            raise Wait(AlertStatus.WAITING, pause, "not filled yet")
        return answer

    def _make_way(self, walk: Walk, tried: datetime | None = None) -> None:
        """Cancel what would fill beside the close, or reserves what it is to close.

        That it has to be protected again, should the close not come about, is written first: the
        duty waits until then (trading-rules 23).

        `tried`: when a close that could not be sent was tried last. Legs that came back meanwhile
        stay for a while: they would be away for most of the time, for nothing.

        Raises:
            Wait: a leg is not gone yet, or stays for a while.
        """
        abilities = walk.abilities
        if abilities.reduce_only_legs and not abilities.exits_reserve and _is_alone(walk):
            return  # a broker cuts legs to the whole position: to what others hold of it, too
        lane = self._journal.unsettled_orders(walk.account.name, walk.job.lane)
        legs = [leg for leg in lane if leg.role.protects and _is_of(leg, walk)]
        aside = [leg for leg in legs if leg.status in AT_BROKER]
        unsent = [leg for leg in legs if leg.status is OrderStatus.NEW and leg.guarded]
        left = timedelta(0) if tried is None else tried + STAY - walk.clock.now()
        if aside and left > timedelta(0):
            why = "the close could not be sent: its stop is back for a while"
            raise Wait(AlertStatus.WAITING, left, why)
        if aside or unsent:
            self._put_aside(walk, aside, unsent)
        for leg in aside:
            self._take_out(walk, leg)

    def _put_aside(
        self, walk: Walk, aside: Sequence[OrderRecord], unsent: Sequence[OrderRecord]
    ) -> None:
        entries, after = self._entries_of(aside), MAKE_WAY + len(aside) * FOR_EACH
        with self._journal.unit(walk.job) as unit:
            for leg in unsent:
                unit.mark_order(leg.client_order_id, OrderStatus.CANCELED, "never_placed")
            if aside:
                unit.put_aside(sorted(leg.client_order_id for leg in aside))
            for entry in entries:
                unit.owe(entry, after)

    def _take_out(self, walk: Walk, leg: OrderRecord) -> None:
        answer = self._dispatcher.cancel(walk.job, walk.broker, leg)
        if answer is None:
            # A book that is behind does not show what works: it would be left beside the close.
            self._dispatcher.await_absence(walk.job, walk.broker, leg)
            return  # it never arrived, as far as anyone can tell
        self._settlement.apply([answer])
        if answer.status.working:
            pause = backoff(walk.job.tries, most=1)
            raise Wait(AlertStatus.WAITING, pause, "a leg is not canceled yet")

    def _protect_again(self, walk: Walk, close: BrokerOrder | None = None) -> None:
        """What is left after a close, or without one, has its stops again (trading-rules 23)."""
        legs = map(self._journal.order, self._journal.legs_aside(walk.job.id))
        entries = self._entries_of([leg for leg in legs if leg is not None])
        if not entries or not self._holds(walk, close):
            return
        with self._journal.unit(walk.job) as unit:
            for entry in entries:
                unit.owe(entry)

    def _holds(self, walk: Walk, close: BrokerOrder | None) -> bool:
        """Whether anything is left to protect, by our fills; by the position too, if none closed.

        What could not be closed may have been closed by others.
        """
        stakes = self._journal.stakes(walk.account.name, walk.key)
        ours = any(stake.quantity for stake in stakes if stake.strategy == walk.case.strategy)
        filled = close is not None and close.filled_quantity
        return ours and bool(filled or walk.held())

    def _known_exit(self, walk: Walk) -> OrderIntent | None:
        """The close that was journaled; one that never arrived has to be as it was wanted still."""
        intent = self._journal.intent(self._exit_id(walk))
        known = self._journal.order(intent.client_order_id) if intent is not None else None
        if intent is None or known is None or known.status is not OrderStatus.NEW:
            return intent
        walk.held()  # where that cannot be read, no leg makes way for what cannot be sent
        # Its legs may have come back, and hold what it is to close; or closed it themselves.
        self._make_way(walk, tried=known.updated_at)
        if walk.held() * -intent.side.sign >= intent.quantity:
            return intent
        with self._journal.unit(walk.job) as unit:
            unit.mark_order(known.client_order_id, OrderStatus.CANCELED, OUTDATED)
        return None

    def _exit_id(self, walk: Walk) -> str:
        """The id of the close: another one for each that was called off."""
        for number in count(1):
            found = walk.order_id("exit" if number == 1 else f"exit {number}")
            known = self._journal.order(found)
            if known is None or known.reason != OUTDATED:
                return found
        raise AssertionError

    def _entries_of(self, legs: Sequence[OrderRecord]) -> Sequence[str]:
        """The entries that legs protect; the target of a pair hangs on its stop instead."""
        parents = {leg.parent for leg in legs if leg.parent is not None}
        found = [self._journal.order(parent) for parent in sorted(parents)]
        return [order.client_order_id for order in found if order is not None and is_entry(order)]

    def _tell_of_legs(self, walk: Walk, close: BrokerOrder) -> None:
        """A close that was refused, or that rests where stops had to make way for it."""
        known = self._journal.order(close.client_order_id)
        if close.status is OrderStatus.REJECTED:
            kind = EventKind.CLOSE_FAILED
        elif close.status.working and known is not None and is_exit(known):
            kind = EventKind.UNPROTECTED
        else:
            return
        if known is not None:
            with self._journal.unit(walk.job) as unit:
                unit.record(event_of(kind, known, walk.clock.now()))

    def _settle_legs(self, walk: Walk) -> None:
        """Take over what the close made of the legs: a broker cuts or cancels them by itself."""
        orders = self._journal.unsettled_orders(walk.account.name, walk.job.lane)
        legs = [leg for leg in orders if leg.role.protects and leg.instrument == walk.key]
        self._look_up(walk, legs)

    def _being_closed(self, walk: Walk, entered: Side) -> Decimal:
        """What closes of other alerts take off the strategy's position; negative of a short one."""
        closes = [each for each in self._closes(walk) if each.side is not entered]
        left = [each.quantity - each.filled_quantity for each in closes]
        return entered.sign * sum(left, Decimal(0))

    def _await_closes(self, walk: Walk) -> None:
        """A close of everything takes the place of those that rest, and follows those on the way.

        Raises:
            Wait: one may still fill, and both would sell the same.
        """
        resting = {order.client_order_id for order in self._closes(walk)}
        self.cancel_resting(walk, lambda order: order.client_order_id in resting)
        if self._closes(walk):
            pause = backoff(walk.job.tries, most=IN_DOUBT)
            raise Wait(AlertStatus.WAITING, pause, "an earlier close is not settled yet")

    def _closes(self, walk: Walk) -> Sequence[OrderRecord]:
        """What else closes the strategy's position in the instrument, and is not settled."""
        closes = filter(is_exit, self._others(walk))
        return [order for order in closes if order.instrument == walk.key]

    def _others(self, walk: Walk) -> Sequence[OrderRecord]:
        """The strategy's orders in its part of the lane that are not settled: of other alerts."""
        lane = self._journal.unsettled_orders(walk.account.name, walk.job.lane)
        part = [order for order in lane if order.part == walk.job.part]
        mine = (order for order in part if order.strategy == walk.case.strategy)
        return [order for order in mine if order.job_id != walk.job.id]

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
        self.take_up_entries(walk)  # one that appears later is undone by its own alert
        if walk.abilities.exits_reserve:
            # There a close is refused while an entry of the other side rests, whosever it is.
            self.cancel_resting(walk, is_entry)
        else:
            self.cancel_entries(walk)
        if plan.signal.reduce == ALL:
            self._await_closes(walk)
        self._make_way(walk)
        stakes = walk.stakes()
        walk.await_position(stakes.nobodys)
        held = walk.instrument.tradable(stakes.own(walk.case.strategy))
        if held == 0 or plan.signal.reduce is None:
            return Noted(Note.NO_POSITION, "there is nothing to close")
        return self._sized(walk, plan.signal, held)

    def _sized(self, walk: Walk, signal: Signal, held: Decimal) -> OrderIntent | Refusal:
        """The close of what the signal takes off, beside what others are taking off already."""
        side = Side.BUY if held > 0 else Side.SELL
        free = held - self._being_closed(walk, side)
        share = _share(signal, free)
        if free * held <= 0 or not share.value:
            return Noted(Note.AT_TARGET, f"{held} held: nothing to take off")
        # Who takes protection for whole units only takes none for what a fraction leaves (34).
        whole = bool(self._journal.legs_aside(walk.job.id)) and not _guards_fractions(walk)
        name = self._exit_id(walk)
        intent = exit_order(walk.case, name, held, share, signal.trade_type, whole=whole)
        if isinstance(intent, Denied):
            return intent
        return self._with_stop(walk, replace(intent, quantity=min(intent.quantity, abs(free))))

    def _with_stop(self, walk: Walk, intent: OrderIntent) -> OrderIntent:
        """An exit that rests keeps the stop that would have had to make way for it (rule 33)."""
        stops = list(self._stops_aside(walk))
        if not stops or _asked_type(walk, intent) is not OrderType.LIMIT:
            return intent
        quote = walk.broker.quote(walk.key)
        if not rests(intent, quote.price if quote is not None else None):
            return intent
        target = walk.order_id("target of the exit")
        return beside_its_stop(intent, stops, target, walk.instrument, walk.abilities)

    def _stops_aside(self, walk: Walk) -> Iterator[Stopped]:
        for name in self._journal.legs_aside(walk.job.id):
            stop = self._journal.order(name)
            if stop is None or stop.role is not OrderRole.STOP_LOSS or stop.parent is None:
                continue
            entry, wanted = self._journal.order(stop.parent), self._journal.intent(stop.parent)
            if entry is not None and wanted is not None and entry.average_price is not None:
                yield Stopped(stop=stop, entry=entry, wanted=wanted)


def _is_alone(walk: Walk) -> bool:
    stakes = walk.stakes()
    return stakes.position == stakes.own(walk.case.strategy)


def _asked_type(walk: Walk, intent: OrderIntent) -> OrderType:
    """Whether an exit may rest at its limit, or has to fill."""
    asked = walk.alert.order_type is OrderType.LIMIT and intent.order_type is not OrderType.MARKET
    return OrderType.LIMIT if asked else OrderType.MARKET


def _is_of(leg: OrderRecord, walk: Walk) -> bool:
    """Whether a leg is the strategy's, and of what is to be closed: a lane may have several."""
    return leg.strategy == walk.case.strategy and leg.instrument == walk.key


def _guards_fractions(walk: Walk) -> bool:
    return walk.abilities.fractional and walk.abilities.fractional_brackets


def _share(signal: Signal, held: Decimal) -> Amount:
    """How much goes; toward a target by what is held now, not by what was when it was decided."""
    assert signal.reduce is not None  # noqa: S101  # asked by the only caller
    if signal.target is None:
        return signal.reduce
    return Amount(max(abs(held) - abs(signal.target), Decimal(0)))


def is_entry(order: OrderRecord) -> bool:
    """Whether an order opens or grows a position."""
    return order.role is OrderRole.ENTRY


def is_exit(order: OrderRecord) -> bool:
    """Whether an order closes something, and is no protective leg."""
    return order.role is OrderRole.EXIT
