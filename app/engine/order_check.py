"""Order check: our orders that rest are held against what works at their broker."""

import logging
from collections.abc import Mapping, Sequence, Set
from datetime import datetime, timedelta

from app.domain.events import Event, EventKind
from app.domain.order import BrokerOrder, OrderRole, OrderStatus
from app.engine.accounts import Account
from app.engine.ownership import Ownership
from app.engine.settlement import Settlement, event_of
from app.ports.clock import Clock
from app.ports.journal import Journal, OrderRecord

log = logging.getLogger(__name__)

SETTLE_WINDOW = timedelta(seconds=5)
"""So long a broker may show at work what has ended, and not find what it has just taken."""

GONE_AFTER = timedelta(seconds=10)
"""So long no look may have found a leg that is taken for gone: its place is taken by another."""

NOT_THERE = "not_at_broker"
"""Why an order of ours ended that its owner says is gone."""


class OrderCheck:
    """Finds what nobody told us of. One list tells which of our orders have not changed.

    An order that works and is not ours is told once and never touched. One of ours that the journal
    believes to have ended is canceled: nobody would look after what it fills.
    """

    def __init__(
        self, journal: Journal, settlement: Settlement, ownership: Ownership, clock: Clock
    ) -> None:
        self._journal = journal
        self._settlement = settlement
        self._ownership = ownership
        self._clock = clock
        self._absent: dict[str, Mapping[str, datetime]] = {}
        self._missing: dict[str, Sequence[OrderRecord]] = {}
        self._seen: dict[str, Set[str]] = {}
        self._strangers: dict[str, Sequence[BrokerOrder]] = {}
        self._risen: set[str] = set()

    def check(self, account: Account) -> int:
        """Take over what the broker says of every order that rests; how many orders changed.

        Raises:
            BrokerError: it could not be asked, so nothing is known.
        """
        working = account.broker.orders()
        told = {name: each for each in working for name in _names(each)}
        orders = self._journal.unsettled_orders(account.name)
        absent: list[OrderRecord] = []
        changed = 0
        for order in orders:
            if order.status is OrderStatus.NEW and order.role.protects:
                self._rouse(account, order)
            listed = told.get(order.client_order_id) or told.get(order.broker_order_id or "")
            # What is in flight its job looks up itself; a leg that is new waits for its entry.
            if order.status.in_flight or (listed is not None and _agrees(order, listed)):
                continue
            answer = account.broker.find(order.client_order_id)
            if answer is None:
                absent += [order] if self._is_old(order) else []
            elif not _agrees(order, answer):
                self._settlement.apply([answer])
                changed += 1
        self._miss(account, absent)
        ours = {name for order in orders for name in (order.client_order_id, order.broker_order_id)}
        self._look_at_others(account, [each for each in working if not ours & set(_names(each))])
        return changed

    def missing(self, account: Account) -> Sequence[OrderRecord]:
        """Orders that rest in the journal, and that the broker did not know twice in a row."""
        return self._missing.get(account.name, ())

    def strangers(self, account: Account) -> Sequence[BrokerOrder]:
        """What worked at the broker when it was looked at last, and is not ours."""
        return self._strangers.get(account.name, ())

    def unsure(self, account: Account) -> bool:
        """Whether an order of ours works that had ended, seen once: it may fill beside another."""
        return account.name in self._risen

    def foreign(self, account: Account) -> Sequence[BrokerOrder]:
        """What works at the broker and is not ours."""
        working = account.broker.orders()
        return [each for each in working if self._journal.order(each.client_order_id) is None]

    def ask_again(self, account: Account, orders: Sequence[OrderRecord]) -> None:
        """Look up orders that ended without being filled: the journal may be wrong about that."""
        for order in orders:
            if order.status.final and order.status is not OrderStatus.FILLED:
                answer = account.broker.find(order.client_order_id)
                self._settlement.apply([answer] if answer is not None else [])

    def forget_missing(self, account: Account, instrument: str) -> None:
        """End the orders of an instrument that rest in the journal and not at the broker."""
        for order in self._journal.unsettled_orders(account.name):
            if order.instrument != instrument or not order.status.working:
                continue
            if account.broker.find(order.client_order_id) is None:
                with self._journal.unit() as unit:
                    unit.mark_order(order.client_order_id, OrderStatus.CANCELED, NOT_THERE)

    def _miss(self, account: Account, absent: Sequence[OrderRecord]) -> None:
        """Once may be a broker that does not show yet what it has just taken."""
        before, now = self._absent.get(account.name, {}), self._clock.now()
        since = {order.client_order_id: now for order in absent}
        self._absent[account.name] = {name: before.get(name, at) for name, at in since.items()}
        missing = [order for order in absent if order.client_order_id in before]
        gone = [order for order in missing if now - before[order.client_order_id] >= GONE_AFTER]
        legs = [order for order in gone if order.role.protects]
        self._missing[account.name] = [order for order in missing if order not in legs]
        for order in missing:
            self._tell_once(event_of(EventKind.MISMATCH, order, now))
        for leg in legs:
            self._give_up(leg)

    def _give_up(self, leg: OrderRecord) -> None:
        """A leg that is not there protects nothing: what it was for is protected anew.

        Should it come back, it is canceled as one that had ended.
        """
        with self._journal.unit() as unit:
            unit.mark_order(leg.client_order_id, OrderStatus.CANCELED, NOT_THERE)
            if leg.role is OrderRole.STOP_LOSS and leg.parent is not None:
                unit.owe(leg.parent)

    def _rouse(self, account: Account, leg: OrderRecord) -> None:
        """A leg whose entry has filled should work: its entry tells what became of it."""
        entry = self._journal.order(leg.parent) if leg.parent is not None else None
        if entry is not None and entry.filled_quantity:
            answer = account.broker.find(entry.client_order_id)
            self._settlement.apply([answer] if answer is not None else [])

    def _look_at_others(self, account: Account, others: Sequence[BrokerOrder]) -> None:
        """What is seen twice in a row is no leg without a name yet, and no list that came late."""
        before = self._seen.get(account.name, frozenset())
        self._seen[account.name] = {each.broker_order_id for each in others}
        strangers: list[BrokerOrder] = []
        self._risen.discard(account.name)
        for each in others:
            again, ours = each.broker_order_id in before, self._journal.order(each.client_order_id)
            if ours is not None and not (ours.status.final and self._is_old(ours)):
                continue
            if ours is not None and not again:
                self._risen.add(account.name)
            elif ours is not None:
                self._cancel_orphan(account, ours)
            elif again:
                strangers.append(each)
                self._tell_once(self._stranger(account, each))
        self._strangers[account.name] = strangers

    def _is_old(self, order: OrderRecord) -> bool:
        """Whether the broker had the time to show everywhere what became of an order."""
        return self._clock.now() - order.updated_at >= SETTLE_WINDOW

    def _cancel_orphan(self, account: Account, order: OrderRecord) -> None:
        """The list may be older than the order's end: only what still works is canceled."""
        found = account.broker.find(order.client_order_id)
        if found is None or not found.status.working:
            return
        self._ownership.check()
        answer = account.broker.cancel(order.client_order_id)
        self._settlement.apply([answer] if answer is not None else [])
        self._tell_once(event_of(EventKind.ORPHAN_CANCELED, order, self._clock.now()))

    def _tell_once(self, event: Event) -> None:
        """It is seen again every few seconds."""
        if not self._journal.told(event.kind, event.client_order_id or ""):
            with self._journal.unit() as unit:
                unit.record(event)

    def _stranger(self, account: Account, order: BrokerOrder) -> Event:
        return Event(
            kind=EventKind.FOREIGN_ORDER,
            at=self._clock.now(),
            account=account.name,
            symbol=order.symbol,
            client_order_id=order.broker_order_id,
            facts={
                "side": order.side.value,
                "quantity": order.quantity,
                "filled_quantity": order.filled_quantity,
                "limit_price": order.limit_price,
                "stop_price": order.stop_price,
            },
        )


def _names(order: BrokerOrder) -> tuple[str, ...]:
    return tuple(name for name in (order.client_order_id, order.broker_order_id) if name)


def _agrees(order: OrderRecord, told: BrokerOrder) -> bool:
    """Whether the journal knows all that the broker says."""
    known = (order.status, order.filled_quantity, order.quantity)
    moved = told.stop_price not in (None, order.stop_price)
    moved = moved or (order.triggered_at is None and told.triggered_at is not None)
    return known == (told.status, told.filled_quantity, told.quantity) and not moved
