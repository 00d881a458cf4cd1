"""Protecting: what an entry has filled gets its stop where its broker did not take it along.

The duty is a job of the lane, written in the transaction of the fill, and runs before all others.
It looks at what is held, what covers it and what is on its way, does one thing, and looks again: so
it may be broken off anywhere and be taken up by another process (docs/protection.md).
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal

from app.domain.decision import Note, Noted, Refusal
from app.domain.errors import BrokerError, FencedOut, JournalError
from app.domain.events import EventKind
from app.domain.instrument import Instrument, Ticker
from app.domain.order import OrderIntent, OrderRole, OrderStatus, OrderType
from app.domain.outcome import AlertStatus
from app.domain.rates import Purpose
from app.domain.stake import FEES, ZERO, Stakes
from app.engine.accounts import Account, Accounts
from app.engine.cover import AT_BROKER, Cover, cover, guards
from app.engine.dispatcher import Dispatcher
from app.engine.holdings import stakes_in
from app.engine.judge import Judge
from app.engine.settlement import Settlement, event_of, lacks_stop
from app.engine.shields import Shields
from app.engine.waits import AWAY, Wait, backoff, pause_after
from app.engine.walk import Gate, Refused
from app.ports.budget import errand
from app.ports.clock import Clock
from app.ports.journal import Job, Journal, OrderRecord, Pause

log = logging.getLogger(__name__)

SOON = timedelta(seconds=2)
"""The longest pause of a duty whose broker could not be asked."""
SALE_WAIT = timedelta(seconds=3)
"""How long a sale at a watched target may stay unfilled before the stop comes back."""
SALE_REST = timedelta(seconds=60)
"""How long a watched target is left alone after a sale that did not come about."""
POSITION_LAG = timedelta(seconds=5)
"""How long a broker's position may not show a fill that was told."""
LEGS_TRIES = 3
"""Looks at legs that a broker has taken along, before they give way to ours."""
ALARM_TRIES = 4
"""After so many tries, less than five seconds, the owner hears that nothing protects (I4)."""
PRECEDENCE, BETWEEN_TRIES = 4, timedelta(seconds=1)
"""How often, and for how long each, a close that could not be sent yet goes before its stop."""
STEPS = 12
"""More steps than any duty needs: then something moves under our hands."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Duty:
    """A job of protection, and what it is about."""

    job: Job
    account: Account
    instrument: Instrument
    entry: OrderRecord
    intent: OrderIntent
    shields: Shields

    @property
    def family(self) -> Sequence[OrderRecord]:
        """What was ordered before for this entry's fills."""
        return self.shields.family


class Protecting:
    """Does the duties to protect: a Flow of the lanes."""

    def __init__(
        self,
        journal: Journal,
        accounts: Accounts,
        judge: Judge,
        dispatcher: Dispatcher,
        settlement: Settlement,
        clock: Clock,
    ) -> None:
        self._journal = journal
        self._accounts = accounts
        self._judge = judge
        self._dispatcher = dispatcher
        self._settlement = settlement
        self._clock = clock

    @errand(Purpose.REDUCE)
    def run(self, job: Job) -> Job | None:
        """Take a duty to its end or to its next wait; answers the lane's next job, claimed."""
        try:
            self._protect(job)
        except Wait as wait:
            return self._suspend(job, wait)
        except BrokerError as error:
            why = f"{error.code}: {error}"
            pause = min(pause_after(error, job.tries), SOON)
            return self._suspend(job, Wait(AlertStatus.WAITING, pause, why))
        except (FencedOut, JournalError):
            raise
        except Exception as error:
            log.exception("protection failed", extra={"alert_id": job.alert_id})
            return self._suspend(job, Wait(AlertStatus.WAITING, backoff(job.tries), str(error)))
        with self._journal.unit(job) as unit:
            return unit.done()

    def _protect(self, job: Job) -> None:
        for _ in range(STEPS):
            duty = self._duty(job)
            if duty is None or not self._step(duty):
                return
        raise Wait(AlertStatus.WAITING, backoff(job.tries, most=2), "it is not settled yet")

    def _duty(self, job: Job) -> Duty | None:
        """What has to be protected, as it is now; None when there is nothing of it."""
        entry, intent = self._journal.order(job.subject), self._journal.intent(job.subject)
        if entry is None or intent is None or not entry.filled_quantity:
            return None
        account = self._accounts.get(entry.account)
        if account is None:
            raise Wait(AlertStatus.WAITING, backoff(job.tries), f"no account {entry.account}")
        instrument = account.broker.instrument(_ticker(job, entry))
        if instrument is None:
            raise Wait(AlertStatus.WAITING, backoff(job.tries), f"{entry.symbol} is not known")
        of_class = account.broker.capabilities.for_class(instrument.asset_class)
        shields = Shields(
            duty=job.id,
            entry=entry,
            guard=intent.protection,
            family=self._journal.family(entry.client_order_id),
            instrument=instrument,
            abilities=of_class.for_product(intent.product),
        )
        return Duty(
            job=job,
            account=account,
            instrument=instrument,
            entry=entry,
            intent=intent,
            shields=shields,
        )

    def _step(self, duty: Duty) -> bool:
        """Do the one thing that is next; False when all is done."""
        if self._settle_pending(duty) or self._settle_legs(duty) or self._end_entry(duty):
            return True
        count = self._cover(duty)
        if count.excess:
            return self._cut(duty)
        if duty.shields.guard.watched:
            return bool(count.bare) and self._close_at_level(duty, count.bare)
        if self._take_target(duty, count):
            return True
        if count.bare:
            return self._arm(duty, count.bare)
        if count.awaits_close:
            pause = backoff(duty.job.tries)
            raise Wait(AlertStatus.WAITING, pause, "a close is on its way", holds=False)
        return False

    # --- what was begun ---------------------------------------------------------------------------

    def _settle_pending(self, duty: Duty) -> bool:
        """Take up an order of this duty of which is not known whether it arrived."""
        for order in duty.family:
            in_doubt = order.status in (OrderStatus.SUBMITTING, OrderStatus.UNKNOWN)
            if not (in_doubt or order.status is OrderStatus.NEW):
                continue
            intent = self._journal.intent(order.client_order_id)
            if intent is not None:
                self._place(duty, intent)
                return True
        return False

    def _settle_legs(self, duty: Duty) -> bool:
        """Legs that the broker took along begin to work when it sees fit: look, then replace."""
        legs = [leg for leg in duty.family if _is_held(leg)]
        answer = duty.account.broker.find(duty.entry.client_order_id) if legs else None
        if answer is None:
            return False
        self._settlement.apply([answer])
        if not lacks_stop(answer):
            held = [leg for leg in answer.legs if leg.status is OrderStatus.NEW]
            return len(held) < len(legs)
        if not answer.status.final:
            return False
        if answer.status is OrderStatus.FILLED and duty.job.tries < LEGS_TRIES:
            pause = backoff(duty.job.tries, most=1)
            raise Wait(AlertStatus.WAITING, pause, "its legs do not work yet")
        return self._cancel(duty, legs[0])

    def _end_entry(self, duty: Duty) -> bool:
        """Take back the rest of an entry whose part stands bare, or whose stop was reached."""
        entry = duty.entry
        if not entry.status.working:
            return False
        stopped = any(
            leg.role is OrderRole.STOP_LOSS and leg.filled_quantity for leg in duty.family
        )
        if not (stopped or any(_is_held(leg) for leg in duty.family)):
            return False
        return self._cancel(duty, entry)

    # --- too much, too little ---------------------------------------------------------------------

    def _cover(self, duty: Duty, *, without: str = "") -> Cover:
        entry = duty.entry
        lane = [order for order in self._lane(duty) if order.client_order_id != without]
        family = [order for order in duty.family if order.client_order_id != without]
        return cover(entry, held=self._held(duty), lane=lane, family=family)

    def _lane(self, duty: Duty) -> Sequence[OrderRecord]:
        """The strategy's orders in the instrument that are not settled."""
        entry = duty.entry
        lane = self._journal.unsettled_orders(entry.account, entry.lane)
        mine = (order for order in lane if order.strategy == entry.strategy)
        return [order for order in mine if order.instrument == entry.instrument]

    def _held(self, duty: Duty) -> Decimal:
        """What the strategy holds: its fills, which a lagging position does not belie.

        The position is asked where fees are taken out of it, and after a refusal.
        """
        entry, shields = duty.entry, duty.shields
        stakes = self._journal.stakes(entry.account, entry.instrument)
        filled = Stakes(ZERO, stakes).of(entry.strategy)
        if not (shields.refusals or shields.abilities.fees_in_units):
            return filled
        own = stakes_in(duty.account, entry.instrument, self._journal).own(entry.strategy)
        latest = max((stake.at for stake in stakes if stake.at is not None), default=None)
        recent = latest is not None and self._clock.now() - latest < POSITION_LAG
        if recent and abs(own) < abs(filled) * FEES:
            pause = backoff(duty.job.tries, most=1)
            raise Wait(AlertStatus.WAITING, pause, "the position does not show the fill yet")
        return duty.instrument.tradable(own)

    def _cut(self, duty: Duty) -> bool:
        """More would be closed than is held: the youngest stop goes, and comes back smaller."""
        closing = duty.entry.side.opposite  # the stops of an entry of the other side are not ours
        mine = [order for order in self._lane(duty) if _works(order) and order.side is closing]
        stops = [order for order in mine if guards(order, mine)]
        for stop in stops:
            if self._look_up(duty, stop):
                return True  # its broker had cut it already
        if not stops:
            return False
        for leg in mine:  # its target, where its broker does not take that along
            if leg.role is OrderRole.TAKE_PROFIT and leg.parent == stops[-1].parent:
                self._cancel(duty, leg)
        return self._cancel(duty, stops[-1])

    def _arm(self, duty: Duty, quantity: Decimal) -> bool:
        self._let_close(duty)
        refusals = duty.shields.refusals
        if refusals > 1:
            bare = duty.shields.guard.stop_loss is not None
            return bare and self._give_up(duty, quantity)
        if refusals and self._clear_the_way(duty):
            return True
        quote = duty.account.broker.quote(duty.entry.instrument) if refusals else None
        price = quote.price if quote is not None else None
        intent = duty.shields.protection(quantity, price)
        if intent is None:
            return False
        self._place(duty, intent)
        return True

    def _let_close(self, duty: Duty) -> None:
        """A close that is tried again in a moment comes first: its broker takes no more orders.

        Raises:
            Wait: there is one, and it was not tried in vain for long.
        """
        if duty.job.tries < PRECEDENCE and any(map(self._is_tried, self._lane(duty))):
            why = "a close is about to be sent"
            raise Wait(AlertStatus.WAITING, BETWEEN_TRIES, why, holds=False)

    def _is_tried(self, order: OrderRecord) -> bool:
        tried = order.role is OrderRole.EXIT and order.status is OrderStatus.NEW
        return tried and self._clock.now() - order.updated_at < timedelta(seconds=AWAY)

    def _clear_the_way(self, duty: Duty) -> bool:
        """A stop may have been refused for an entry that rests on the other side: it goes first."""
        entry = duty.entry
        for order in self._journal.unsettled_orders(entry.account, entry.lane):
            rests = order.role is OrderRole.ENTRY and order.status.working
            if rests and order.side is entry.side and order.instrument == entry.instrument:
                return self._cancel(duty, order)
        return False

    def _give_up(self, duty: Duty, quantity: Decimal) -> bool:
        """No stop is taken: the part is closed at the market, while it trades (rule 24)."""
        if not any(order.role is OrderRole.EXIT for order in duty.family):
            self._tell(duty.job, duty.entry, "the broker refused its stop twice: it is closed")
        market = self._judge.market(duty.job.alert, duty.account, duty.instrument)
        if not market.is_open(self._clock.now()):
            raise Wait(AlertStatus.WAITING, backoff(duty.job.tries), "its market is closed")
        intent = duty.shields.close(quantity)
        if intent is None:
            return False
        if self._place(duty, intent) is OrderStatus.REJECTED:
            raise Wait(AlertStatus.WAITING, backoff(duty.job.tries), "the close was refused, too")
        return True

    def _close_at_level(self, duty: Duty, quantity: Decimal) -> bool:
        """Where no stop can rest: close once the price is there, while it trades (rule 34)."""
        quote = duty.account.broker.quote(duty.entry.instrument)
        intent = None if quote is None else duty.shields.at_level(quantity, quote.price)
        market = self._judge.market(duty.job.alert, duty.account)
        if intent is None or not market.is_open(self._clock.now()):
            return False
        if self._place(duty, intent) is OrderStatus.REJECTED:
            raise Wait(AlertStatus.WAITING, backoff(duty.job.tries), "the close was refused")
        return True

    # --- a target that we watch -------------------------------------------------------------------

    def _take_target(self, duty: Duty, count: Cover) -> bool:
        """Swap the stop for a sale once the price has reached a target that could not rest."""
        sales = [order for order in duty.family if _is_sale(order)]
        for sale in sales:
            if _works(sale):
                return self._end_sale(duty, sale)
        if any(self._is_recent(sale, SALE_REST) for sale in sales) or not self._reached(duty):
            return False
        stops = [leg for leg in duty.family if leg.role is OrderRole.STOP_LOSS and _works(leg)]
        if stops:
            return self._cancel(duty, stops[-1])
        intent = duty.shields.sale(count.bare)
        if intent is None:
            return False
        self._place(duty, intent)
        return True

    def _reached(self, duty: Duty) -> bool:
        stops = [leg for leg in duty.family if leg.role is OrderRole.STOP_LOSS]
        intent = self._journal.intent(stops[-1].client_order_id) if stops else None
        if intent is None or intent.target is None:
            return False
        quote = duty.account.broker.quote(duty.entry.instrument)
        return quote is not None and reaches(intent, quote.price)

    def _end_sale(self, duty: Duty, sale: OrderRecord) -> bool:
        if self._is_recent(sale, SALE_WAIT):
            self._look_up(duty, sale)
            pause = backoff(duty.job.tries, most=1)
            raise Wait(AlertStatus.WAITING, pause, "the sale at the target is not filled yet")
        return self._cancel(duty, sale)

    def _is_recent(self, order: OrderRecord, span: timedelta) -> bool:
        since = order.submitted_at
        return since is not None and self._clock.now() - since < span

    # --- hands ------------------------------------------------------------------------------------

    def _place(self, duty: Duty, intent: OrderIntent) -> OrderStatus | None:
        """Place an order, or take up where an earlier try stopped; what it is then."""
        gate = Gate(ask=lambda: self._is_needless(duty, intent))
        try:
            answer = self._dispatcher.place(duty.job, duty.account.broker, intent, gate)
        except Refused:
            return None
        self._settlement.apply([answer])
        return answer.status

    def _is_needless(self, duty: Duty, intent: OrderIntent) -> Refusal | None:
        """Asked before the wire: what it was for may be gone since it was journaled."""
        count = self._cover(duty, without=intent.client_order_id)
        if count.held - count.guarded - count.closing >= intent.quantity:
            return None
        return Noted(Note.NO_POSITION, "there is less left to protect")

    def _cancel(self, duty: Duty, order: OrderRecord) -> bool:
        """Cancel an order, and see it gone."""
        answer = self._dispatcher.cancel(duty.job, duty.account.broker, order)
        self._settlement.apply([answer] if answer is not None else [])
        if answer is None or not answer.status.final:
            pause = backoff(duty.job.tries, most=1)
            raise Wait(AlertStatus.WAITING, pause, f"{order.role.value} is not canceled yet")
        return True

    def _look_up(self, duty: Duty, order: OrderRecord) -> bool:
        """Take over what the broker says of an order; whether it is another than before."""
        answer = duty.account.broker.find(order.client_order_id)
        self._settlement.apply([answer] if answer is not None else [])
        now = self._journal.order(order.client_order_id)
        return now is not None and now != replace(order, updated_at=now.updated_at)

    def _suspend(self, job: Job, wait: Wait) -> Job | None:
        if job.tries == ALARM_TRIES and wait.holds:
            entry = self._journal.order(job.subject)
            if entry is not None:
                self._tell(job, entry, str(wait))
        pause = Pause(status=wait.status, until=self._clock.now() + wait.delay, holds=wait.holds)
        with self._journal.unit(job) as unit:
            return unit.suspend(pause)

    def _tell(self, job: Job, entry: OrderRecord, why: str) -> None:
        """The owner hears that a part of a position stands bare."""
        event = event_of(EventKind.UNPROTECTED, replace(entry, reason=why), self._clock.now())
        with self._journal.unit(job) as unit:
            unit.record(event)


def reaches(stop: OrderIntent, price: Decimal) -> bool:
    """Whether a price is at the target beside a stop, or beyond."""
    return stop.target is not None and (price - stop.target) * stop.side.sign <= 0


def _works(order: OrderRecord) -> bool:
    return order.status in AT_BROKER


def _is_sale(order: OrderRecord) -> bool:
    return order.role is OrderRole.TAKE_PROFIT and order.order_type is OrderType.MARKET


def _ticker(job: Job, entry: OrderRecord) -> Ticker:
    """The name of what was entered: an option's alert names its underlying only."""
    if job.part:
        return Ticker.parse(entry.instrument)
    return Ticker.parse(job.alert.symbol, job.alert.exchange)


def _is_held(leg: OrderRecord) -> bool:
    """Whether it is a leg that the broker took along and does not work yet."""
    return leg.status is OrderStatus.NEW and not leg.guarded
