"""Orders at Alpaca: placed once, found again under our ids, canceled and moved."""

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from app.adapters.brokers import Resources
from app.adapters.brokers.alpaca.answers import REPLACED, ZERO, Told, read_order
from app.adapters.brokers.alpaca.bodies import Body, is_pair, plain
from app.adapters.brokers.alpaca.fills import Fills
from app.adapters.brokers.alpaca.naming import (
    EXPIRED,
    REQUESTED,
    Link,
    Names,
    Place,
    as_order,
    leg_of,
    pending,
    place_of,
    status_of,
    stop_of,
)
from app.adapters.brokers.alpaca.news import News
from app.adapters.brokers.alpaca.refusals import DuplicateId
from app.adapters.brokers.alpaca.wire import Wire
from app.adapters.brokers.reading import UNREADABLE, rows_of, understood
from app.domain.errors import (
    BrokerError,
    BrokerRejected,
    BrokerUnavailable,
    JournalError,
    OutcomeUnknown,
)
from app.domain.order import BrokerOrder, OrderIntent, OrderRole, OrderStatus, OrderType
from app.domain.rates import Purpose
from app.domain.rejection import Rejection
from app.ports.addresses import Address
from app.ports.broker import Hint

log = logging.getLogger(__name__)

PAGE = 500
MOST_LINKS = 20
"""Replacements of one order that are followed."""

_AT_REST = (OrderStatus.LIVE, OrderStatus.PARTIALLY_FILLED, OrderStatus.NEW)


Triggered = Callable[[Told], datetime | None]


@dataclass(frozen=True, slots=True)
class Spot:
    """An order in the tree that it was found in."""

    told: Told
    place: Place


class Orders:
    """The orders of one account. `triggered`: when the stop of an order was reached, if it was."""

    def __init__(
        self, account: str, resources: Resources, wire: Wire, fills: Fills, triggered: Triggered
    ) -> None:
        self._account = account
        self._book = resources.addresses
        self._clock = resources.clock
        self._wire = wire
        self._fills = fills
        self._triggered = triggered
        self._names = Names()
        self._news = News()
        self.tell: Hint = _nobody_listens

    def place(self, intent: OrderIntent, body: Body) -> BrokerOrder:
        """Send an order; one that was sent before is found instead.

        Raises:
            BrokerError: by what is known of it; never after it was taken.
        """
        with self._changing(intent.client_order_id):
            try:
                raw = self._wire.write("POST", "/orders", body, _purpose_of(intent))
            except DuplicateId as error:
                return self._sent_before(intent, error)
            try:
                told = read_order(raw)
            except UNREADABLE as error:
                raise understood(error, writes=True) from error
            return self._taken(intent, told)

    def _sent_before(self, intent: OrderIntent, error: DuplicateId) -> BrokerOrder:
        """The order is there. Whatever keeps it from being read, it has arrived."""
        try:
            found = self.find(intent.client_order_id, intent)
        except BrokerError as why:
            raise OutcomeUnknown(f"{error}; {why}") from why
        if found is None:
            raise OutcomeUnknown(f"{error}, and it is not found") from error
        return found

    def find(self, client_order_id: str, intent: OrderIntent | None = None) -> BrokerOrder | None:
        """An order or a leg with all its fills; None when Alpaca knows no such order.

        Raises:
            BrokerError: it could not be read.
        """
        address = self._address(client_order_id)
        if intent is None and address is not None:
            intent = address.intent
        spot = self._spot(client_order_id, address)
        if spot is None:
            return None
        if intent is not None and self._is_over(intent):
            return self._ended(client_order_id, spot, intent)
        return self._named(client_order_id, spot, intent)

    def cancel(self, client_order_id: str) -> BrokerOrder | None:
        """Cancel what works; what it is then. What is finished is left as it is.

        Raises:
            BrokerError: by what is known of it.
        """
        with self._changing(client_order_id):
            address = self._address(client_order_id)
            if address is not None and address.broker_order_id is not None:
                self._try("DELETE", f"/orders/{address.broker_order_id}")
                found = self.find(client_order_id)
                if found is None or found.status not in _AT_REST:
                    return found  # it went under the name that it had at first
            spot = self._spot(client_order_id, address)
            if spot is None:
                return None
            last = self._chain(spot.told)[-1]
            if status_of(last, spot.place) in _AT_REST:
                self._try("DELETE", f"/orders/{last.id}")
            return self.find(client_order_id)

    def move(self, client_order_id: str, limit: Decimal) -> BrokerOrder | None:
        """Move the limit of what works as a limit; what it is then.

        Raises:
            BrokerError: by what is known of it.
        """
        with self._changing(client_order_id):
            spot = self._spot(client_order_id, self._address(client_order_id))
            if spot is None:
                return None
            last = self._chain(spot.told)[-1]
            if status_of(last, spot.place).working and self._is_limit(last):
                self._try("PATCH", f"/orders/{last.id}", _moved(last, limit))
            return self.find(client_order_id)

    def working(self) -> Sequence[BrokerOrder]:
        """Everything that works there, each for itself; what is not ours under Alpaca's names.

        Raises:
            BrokerError: it could not be read.
        """
        return [self._by_itself(told, place) for told, place in self._at_work()]

    def news_of(self, told_of: Sequence[Told]) -> Iterable[str | None]:
        """Our ids of what is worth a look; None: of all. A leg is seen in the look at its entry.

        Raises:
            JournalError: the address book cannot be read.
        """
        names: dict[str | None, None] = {}
        for told in told_of:
            name = self.name_of(told.id, told.client_order_id)
            if not self._news.is_old(told) and not self._news.hold(name, told):
                names[name] = None
        return [name for name in names if name is None or self._entry_of(name) not in names]

    def _entry_of(self, name: str) -> str:
        """The entry of a leg, else nothing."""
        address = self._book.address(name)
        return (address.parent if address is not None else None) or ""

    def _changing(self, client_order_id: str) -> AbstractContextManager[None]:
        return self._news.changing(client_order_id, self._hear)

    def _hear(self, kept: Sequence[Told]) -> None:
        """Tell of what the stream told while we were busy with it, if it is still news."""
        try:
            for name in self.news_of(kept):
                self.tell(name)
        except JournalError as error:
            log.warning("a hint of the stream was lost", extra={"why": str(error)})

    def name_of(self, order_id: str, client_order_id: str) -> str | None:
        """Our id of what Alpaca tells of; None for a leg that it has named and we have not met yet.

        Raises:
            JournalError: the address book cannot be read.
        """
        known = self._names.get(order_id)
        if known is not None:
            return known
        if self._book.address(client_order_id) is not None:
            return client_order_id
        return self._book.named(self._account, order_id)

    def _is_over(self, intent: OrderIntent) -> bool:
        """Whether its own end has come, of which Alpaca knows nothing: a time of the alert's."""
        return intent.expires_at is not None and intent.expires_at <= self._clock.now()

    def _ended(self, client_order_id: str, spot: Spot, intent: OrderIntent) -> BrokerOrder | None:
        """What is left of an order whose end has come: it is canceled, if it still works."""
        last = self._chain(spot.told)[-1]
        if status_of(last, spot.place) in _AT_REST:
            self._try("DELETE", f"/orders/{last.id}")
            found = self._spot(client_order_id, self._address(client_order_id))
            spot = found if found is not None else spot
        order = self._named(client_order_id, spot, intent)
        if order.status is not OrderStatus.CANCELED or order.reason != REQUESTED:
            return order
        return replace(order, status=OrderStatus.EXPIRED, reason=EXPIRED)

    # ------------------------------------------------------------------ where an order stands

    def _spot(self, client_order_id: str, address: Address | None) -> Spot | None:
        """Where Alpaca has it: under its own id, or as a leg of its entry."""
        if address is not None and address.intent is None and address.parent is not None:
            return self._leg_spot(address, self._address(address.parent))
        tree = self._tree(client_order_id, self._root_id(address))
        if tree is None:
            return None
        if tree.is_pair and (stop := stop_of(tree)) is not None:
            return Spot(stop, place_of(tree, stop))
        return Spot(tree, Place())

    def _leg_spot(self, leg: Address, parent: Address | None) -> Spot | None:
        if parent is None:
            raise BrokerUnavailable(f"the entry of {leg.client_order_id} is not written down")
        tree = self._tree(parent.client_order_id, self._root_id(parent))
        told = None if tree is None else leg_of(tree, leg.role)
        if tree is None or told is None:
            return None
        return Spot(told, place_of(tree, told))

    def _root_id(self, address: Address | None) -> str | None:
        """What Alpaca calls the order that a tree begins with, when it was settled once.

        Of a pair that is its target: what we know by the id of our stop is the leg.
        """
        if address is None or address.intent is None or not is_pair(address.intent):
            return None if address is None else address.broker_order_id
        assert address.intent.take_profit is not None  # noqa: S101  # it is a pair
        target = self._address(address.intent.take_profit.client_order_id)
        return None if target is None else target.broker_order_id

    def _tree(self, client_order_id: str, order_id: str | None) -> Told | None:
        """An order with its legs: in one call where Alpaca's id is known, else in up to two."""
        if order_id is not None:
            return self._read(f"/orders/{order_id}", nested="true")
        told = self._read("/orders:by_client_order_id", client_order_id=client_order_id)
        if told is None or not told.nests or told.legs:
            return told
        return self._read(f"/orders/{told.id}", nested="true")

    def _chain(self, told: Told) -> Sequence[Told]:
        """An order from its first form to its present one, through all its replacements."""
        chain = [told]
        while chain[0].replaces is not None and len(chain) < MOST_LINKS:
            chain.insert(0, self._link(chain[0].replaces))
        while chain[-1].word == REPLACED and chain[-1].replaced_by and len(chain) < MOST_LINKS:
            chain.append(self._link(chain[-1].replaced_by))
        return chain

    def _link(self, order_id: str) -> Told:
        found = self._read(f"/orders/{order_id}")
        if found is None:
            raise BrokerUnavailable(f"order {order_id}, which replaced another, is not there")
        return found

    # ------------------------------------------------------------------ under our names

    def _taken(self, intent: OrderIntent, told: Told) -> BrokerOrder:
        """What was just taken. Whatever cannot be read now is read later: it is not lost."""
        try:
            if told.nests and not told.legs:
                told = self._tree(intent.client_order_id, told.id) or told
            spot = Spot(told, Place())
            if told.is_pair and (stop := stop_of(told)) is not None:
                spot = Spot(stop, place_of(told, stop))
            return self._named(intent.client_order_id, spot, intent)
        except BrokerError as error:
            facts = {"client_order_id": intent.client_order_id, "why": str(error)}
            level = logging.INFO if error.passing else logging.WARNING
            log.log(level, "an order was taken, and cannot be read yet", extra=facts)
            return pending(intent, told)

    def _named(self, client_order_id: str, spot: Spot, intent: OrderIntent | None) -> BrokerOrder:
        legs = [] if intent is None else list(self._named_legs(spot, intent))
        wanted = None if intent is None else intent.quantity
        chain = self._links(spot.told)
        order = as_order(client_order_id, chain, spot.place, legs, wanted)
        return self._met(order, chain)

    def _named_legs(self, spot: Spot, intent: OrderIntent) -> Iterator[BrokerOrder]:
        for role, leg in intent.legs:
            tree = spot.told
            told = spot.place.sibling if is_pair(intent) else leg_of(tree, role)
            if told is not None:
                place = Place(None, tree) if is_pair(intent) else place_of(tree, told)
                chain = self._links(told)
                yield self._met(as_order(leg.client_order_id, chain, place), chain)

    def _met(self, order: BrokerOrder, chain: Sequence[Link]) -> BrokerOrder:
        """Remember what Alpaca calls it and how it was, and see whether its stop was reached."""
        for link in chain:
            self._names.put(link.told.id, order.client_order_id)
            if sum((each.quantity for each in link.executions), ZERO) == link.told.filled:
                self._news.note(link.told)
        return self._with_trigger(order, chain[-1].told)

    def _with_trigger(self, order: BrokerOrder, told: Told) -> BrokerOrder:
        if order.status.working and told.order_type == OrderType.STOP_LIMIT:
            return replace(order, triggered_at=self._triggered(told))
        return order

    def _is_limit(self, told: Told) -> bool:
        """Whether it works as a limit: a stop with a limit does once its stop was reached."""
        if told.order_type == OrderType.STOP_LIMIT:
            return self._triggered(told) is not None
        return told.order_type == OrderType.LIMIT

    def _links(self, told: Told) -> Sequence[Link]:
        return [Link(each, self._executions(each)) for each in self._chain(told)]

    def _executions(self, told: Told) -> Any:
        try:
            return self._fills.of(told)
        except UNREADABLE as error:
            raise understood(error, writes=False) from error

    def _by_itself(self, told: Told, place: Place) -> BrokerOrder:
        """An open order as reconciliation lists it: its fills are read when it is looked up."""
        try:
            name = self.name_of(told.id, told.client_order_id)
            if name is None and told.replaces is not None:
                name = self.name_of(told.replaces, "")
        except JournalError as error:
            raise BrokerUnavailable(f"the address book: {error}") from error
        order = as_order(name or told.client_order_id, [Link(told, ())], place)
        if told.filled:
            status = OrderStatus.PARTIALLY_FILLED
            order = replace(order, status=status, filled_quantity=told.filled)
        return self._with_trigger(order, told)

    def _at_work(self) -> Iterator[tuple[Told, Place]]:
        """What works: not the legs of an entry that is not filled yet, under which they stand."""
        for tree in self._open():
            yield tree, Place()
            if tree.is_pair:
                yield from ((leg, place_of(tree, leg)) for leg in tree.legs)

    # ------------------------------------------------------------------ calls

    def _open(self) -> Sequence[Told]:
        found: list[Told] = []
        params = {"status": "open", "limit": str(PAGE), "direction": "desc", "nested": "true"}
        while True:
            page = self._read_list(params)
            found.extend(page)
            if len(page) < PAGE:
                return found
            params["before_order_id"] = page[-1].id

    def _read_list(self, params: dict[str, str]) -> Sequence[Told]:
        raw = self._wire.get("/orders", params)
        try:
            return [read_order(row) for row in rows_of(raw)]
        except UNREADABLE as error:
            raise understood(error, writes=False) from error

    def _read(self, path: str, **params: str) -> Told | None:
        raw = self._wire.find(path, params)
        try:
            return None if raw is None else read_order(raw)
        except UNREADABLE as error:
            raise understood(error, writes=False) from error

    def _try(self, method: str, path: str, body: Body | None = None) -> None:
        """Change an order that may be finished by now: then there is nothing to change."""
        try:
            self._wire.write(method, path, body)
        except BrokerRejected as error:
            if error.reason != Rejection.NOT_CANCELABLE:
                raise
            log.info("it was too late for that", extra={"asked": method, "why": str(error)})

    def _address(self, client_order_id: str) -> Address | None:
        try:
            return self._book.address(client_order_id)
        except JournalError as error:
            raise BrokerUnavailable(f"the address book: {error}") from error


def _nobody_listens(_: str | None) -> None:
    """The stream was not begun."""


def _purpose_of(intent: OrderIntent) -> Purpose:
    return Purpose.ENTER if intent.role is OrderRole.ENTRY else Purpose.REDUCE


def _moved(last: Told, limit: Decimal) -> Body:
    """The new prices of an order: Alpaca wants all that it has, the stop that was reached too."""
    prices = {"limit_price": plain(limit)}
    if last.stop_price is not None:
        prices["stop_price"] = plain(last.stop_price)
    return prices
