"""One instrument of a paper account: what rests, what is held, and what a price makes of them.

The matcher decides what a price reaches; this room decides whether it can be paid, and keeps the
money. A pass through the matcher is a trial: when it fills an entry that cannot be paid, the entry
is taken out and the pass is made again, as if it had been canceled when its price came.
"""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple, assert_never

from app.adapters.brokers.paper.account import Account
from app.adapters.brokers.paper.instruments import STEP
from app.adapters.brokers.paper.money import ZERO
from app.adapters.brokers.paper.orders import PaperFill, PaperOrder, to_price
from app.adapters.brokers.paper.trial import Trial
from app.domain.errors import BrokerRejected
from app.domain.matching import (
    Accepted,
    Armed,
    Canceled,
    Event,
    Filled,
    Moved,
    Reason,
    Rejected,
    Resized,
    Triggered,
)
from app.domain.order import OrderRole, OrderStatus
from app.domain.protection import check_levels
from app.domain.ticks import from_steps

INSUFFICIENT_BUYING_POWER = "insufficient_buying_power"
WOULD_FLIP = "would_flip"
ENTRY_CANCELED = "entry_canceled"
IMPOSSIBLE_PRICE = "impossible_price"


class Obstacle(NamedTuple):
    """Why the account cannot have an entry."""

    client_order_id: str
    reason: str
    detail: str


class Book:
    """The orders of one instrument that work, or wait for their entry, oldest first.

    Attributes:
        account: its money and holding, which fills change.
        fills: what was executed since the book was opened.
        changed: the orders that are not as they were, in the order in which they changed.
    """

    def __init__(self, account: Account, orders: Iterable[PaperOrder], now: datetime) -> None:
        self.account = account
        self.fills: list[PaperFill] = []
        self.changed: dict[str, PaperOrder] = {}
        self._orders: dict[str, PaperOrder] = {}
        self._legs: dict[str, list[PaperOrder]] = defaultdict(list)
        self._now = now
        for order in orders:
            self._add(order)

    def submit(self, order: PaperOrder, legs: Iterable[PaperOrder], price: Decimal | None) -> None:
        """Take an order and its legs; `price` is None when no quote is fresh enough.

        Raises:
            BrokerRejected: the account cannot have this order. Throw the book away.
        """
        for new in (order, *legs):
            self._add(new)
            self.changed[new.client_order_id] = new
        trial = self._trial(price)
        accepted, *events = trial.submit(order)
        self._take(accepted, trial)
        obstacle = self._obstacle(events) or self._resting_obstacle(order, events)
        if obstacle is not None:
            raise BrokerRejected(obstacle.detail)
        self._check_levels(order, _price_of(order, events))
        for event in events:
            self._take(event, trial)
        for leg in self._pair_of(order):
            self._begin_beside(order, leg)

    def work(self, price: Decimal) -> None:
        """Show the orders a price, which is the last one from here on."""
        self.account.last_price = price
        while True:
            trial = self._trial(price)
            events = trial.next_price()
            obstacle = self._obstacle(events)
            if obstacle is None:
                break
            self._cancel(self._orders[obstacle.client_order_id], obstacle.reason)
        for event in events:
            self._take(event, trial)

    def cancel(self, client_order_id: str) -> None:
        """Cancel an order unless it is final; an entry takes its waiting legs along."""
        order = self._orders[client_order_id]
        if not order.status.final:
            self._cancel(order, Reason.REQUESTED)

    def reprice(self, client_order_id: str, limit: Decimal, price: Decimal | None) -> None:
        """Move the limit of an order that works as one; the price may reach it now."""
        order = self._orders[client_order_id]
        if not order.status.working or not order.rests_as_limit:
            return
        order.limit_price = limit
        self.changed[client_order_id] = order
        if price is not None:
            self.work(price)

    def expire(self, at: datetime) -> None:
        """End the orders whose time is over at this moment."""
        for order in self.working():
            if order.expires_at is not None and order.expires_at <= at:
                self._end(order, OrderStatus.EXPIRED, Reason.EXPIRED)

    @property
    def changed_roots(self) -> list[str]:
        """The ids of what has changed, a leg's entry in the place of the leg."""
        return list(dict.fromkeys(order.root for order in self.changed.values()))

    def working(self) -> list[PaperOrder]:
        """The orders that can fill, oldest first."""
        live = [order for order in self._orders.values() if order.status.working]
        return sorted(live, key=lambda order: order.seq)

    def waiting_legs(self, entry: str) -> list[PaperOrder]:
        """The legs of an entry that has not filled."""
        waiting = [leg for leg in self._legs[entry] if leg.status is OrderStatus.NEW]
        return [leg for leg in waiting if not leg.is_of_pair]

    def _pair_of(self, stop: PaperOrder) -> list[PaperOrder]:
        """The target that was placed with a stop, unless it has ended."""
        legs = self._legs[stop.client_order_id]
        return [leg for leg in legs if leg.is_of_pair and not leg.status.final]

    def _begin_beside(self, stop: PaperOrder, target: PaperOrder) -> None:
        """A target works beside its stop, for the same quantity, unless that has filled at once."""
        if stop.status.working:
            target.quantity = stop.quantity
            self._start(target)
        else:
            self._cancel(target, Reason.SIBLING_FILLED)

    def _trial(self, price: Decimal | None) -> Trial:
        return Trial(self.account, self.working(), self.waiting_legs, price)

    def _add(self, order: PaperOrder) -> None:
        self._orders[order.client_order_id] = order
        if order.parent is not None:
            self._legs[order.parent].append(order)

    def _obstacle(self, events: Iterable[Event]) -> Obstacle | None:
        """The first fill that the account cannot have."""
        held, spent = self.account.holding.quantity, ZERO
        for fill in _fills(events):
            order = self._orders[fill.order_id]
            change = order.side.sign * from_steps(fill.quantity, STEP)
            if held * (held + change) < 0:
                detail = f"an order cannot flip the position of {held.normalize():f}"
                return Obstacle(order.client_order_id, WOULD_FLIP, detail)
            cost = self.account.growth_cost(held, change, to_price(fill.price))
            if cost > 0 and (obstacle := self._unpayable(order, cost, spent)):
                return obstacle
            held, spent = held + change, spent + cost
        return None

    def _resting_obstacle(self, order: PaperOrder, events: Iterable[Event]) -> Obstacle | None:
        """Whether an entry that rests could not be paid at its own price."""
        if _fills(events) or order.role is not OrderRole.ENTRY or order.immediate:
            return None
        change, price = order.side.sign * order.quantity, _price_of(order, events)
        cost = self.account.growth_cost(self.account.holding.quantity, change, price)
        return self._unpayable(order, cost, ZERO) if cost > 0 else None

    def _unpayable(self, order: PaperOrder, cost: Decimal, spent: Decimal) -> Obstacle | None:
        free = self.account.funds().free - spent
        if cost <= free:
            return None
        left = max(free, ZERO).normalize()
        detail = f"insufficient buying power: {cost.normalize():f} needed, {left:f} left"
        return Obstacle(order.client_order_id, INSUFFICIENT_BUYING_POWER, detail)

    def _check_levels(self, order: PaperOrder, reference: Decimal) -> None:
        """Refuse legs on the wrong side of the entry."""
        levels = {leg.role: leg.level for leg in self.waiting_legs(order.client_order_id)}
        denied = check_levels(
            levels.get(OrderRole.STOP_LOSS),
            levels.get(OrderRole.TAKE_PROFIT),
            entry_side=order.side,
            reference=reference,
            tick=self.account.instrument.tick,
        )
        if denied is not None:
            raise BrokerRejected(denied.detail, code=denied.reason.value)

    def _take(self, event: Event, trial: Trial) -> None:
        order = self._orders[event.order_id]
        self.changed[order.client_order_id] = order
        match event:
            case Accepted():
                self._start(order)
            case Filled():
                self._fill(order, to_price(event.price), trial)
            case Armed():
                self._arm(order, trial.armed[order.client_order_id])
            case Triggered() | Resized() | Moved():
                self._change(order, event)
            case Canceled():
                self._cancel(order, event.reason)
            case Rejected():
                words = event.reason.replace("_", " ")
                raise BrokerRejected(f"{order.symbol}: {words}", code=event.reason.name)
            case _:
                assert_never(event)

    def _change(self, order: PaperOrder, event: Triggered | Resized | Moved) -> None:
        match event:
            case Triggered():
                order.triggered_at = self._now
            case Resized():
                order.quantity = from_steps(event.quantity, STEP)
            case Moved():
                order.stop_price = to_price(event.stop)

    def _start(self, order: PaperOrder) -> None:
        order.seq = 1 + max(other.seq for other in self._orders.values())
        order.status = OrderStatus.LIVE

    def _fill(self, order: PaperOrder, price: Decimal, trial: Trial) -> None:
        order.status = OrderStatus.FILLED
        fee = self.account.trade(order.side.sign * order.quantity, price)
        self.fills.append(
            PaperFill(
                client_order_id=order.client_order_id,
                number=1,  # it fills at once and completely
                quantity=order.quantity,
                price=price,
                fee=fee,
                at=self._now,
            )
        )
        for leg in self.waiting_legs(order.client_order_id):
            if leg.client_order_id not in trial.armed:
                self._cancel(leg, IMPOSSIBLE_PRICE)

    def _arm(self, leg: PaperOrder, priced: PaperOrder) -> None:
        leg.limit_price, leg.stop_price = priced.limit_price, priced.stop_price
        leg.trail = priced.trail
        self._start(leg)

    def _cancel(self, order: PaperOrder, reason: str) -> None:
        self._end(order, OrderStatus.CANCELED, reason)

    def _end(self, order: PaperOrder, status: OrderStatus, reason: str) -> None:
        order.status, order.reason = status, str(reason)
        self.changed[order.client_order_id] = order
        for leg in [*self.waiting_legs(order.client_order_id), *self._pair_of(order)]:
            self._cancel(leg, ENTRY_CANCELED)


def _fills(events: Iterable[Event]) -> list[Filled]:
    return [event for event in events if isinstance(event, Filled)]


def _price_of(order: PaperOrder, events: Iterable[Event]) -> Decimal:
    """What a new order was filled at, or the price that it waits for."""
    for event in events:
        if isinstance(event, Filled | Moved) and event.order_id == order.client_order_id:
            return to_price(event.price if isinstance(event, Filled) else event.stop)
    return order.limit_price or order.stop_price or ZERO
