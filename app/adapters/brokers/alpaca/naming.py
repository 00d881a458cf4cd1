"""Orders of Alpaca under our names. Pure: the tree that Alpaca shows becomes what the engine knows.

Alpaca names the legs of an order itself, so they are told apart by what they are: of two legs the
one that waits for a stop is the stop, the other the target. Of a pair (a stop and a target for an
open position) the target is Alpaca's order and the stop its leg; with us it is the other way round.
"""

import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from app.adapters.brokers.alpaca.answers import HELD, ZERO, Execution, Told
from app.adapters.brokers.alpaca.fills import REMEMBERED, as_fills
from app.domain.errors import BrokerRejected
from app.domain.order import (
    IMMEDIATE,
    BrokerOrder,
    OrderIntent,
    OrderRole,
    OrderStatus,
)

REQUESTED = "requested"
EXPIRED = "expired"
NOT_FILLED = "not_filled"
ENTRY_NOT_FILLED = "entry_not_filled"
SIBLING_FILLED = "sibling_filled"


@dataclass(frozen=True, slots=True)
class Link:
    """One order of Alpaca in a chain of replacements, and what it was filled with."""

    told: Told
    executions: Sequence[Execution]


@dataclass(frozen=True, slots=True)
class Place:
    """Where an order stands: under which entry, beside which other leg; neither for most."""

    parent: Told | None = None
    sibling: Told | None = None


class Names:
    """Our ids by those of Alpaca, of what was met lately; the journal knows the rest."""

    def __init__(self, most: int = REMEMBERED) -> None:
        self._most = most
        self._names: OrderedDict[str, str] = OrderedDict()
        self._lock = threading.Lock()

    def put(self, order_id: str, client_order_id: str) -> None:
        """Remember a name."""
        with self._lock:
            self._names[order_id] = client_order_id
            self._names.move_to_end(order_id)
            if len(self._names) > self._most:
                self._names.popitem(last=False)

    def get(self, order_id: str) -> str | None:
        """A name that was put."""
        return self._names.get(order_id)


def stop_of(told: Told) -> Told | None:
    """The leg that waits for a stop."""
    return next((leg for leg in told.legs if leg.stops), None)


def target_of(told: Told) -> Told | None:
    """The target: of a pair the order itself, otherwise the leg that is a limit."""
    if told.is_pair:
        return told
    return next((leg for leg in told.legs if not leg.stops), None)


def leg_of(told: Told, role: OrderRole) -> Told | None:
    """The leg of a role."""
    return stop_of(told) if role is OrderRole.STOP_LOSS else target_of(told)


def place_of(told: Told, leg: Told) -> Place:
    """Where a leg stands in the tree that it was found in."""
    others = [told, *told.legs] if told.is_pair else told.legs
    sibling = next((other for other in others if other is not leg), None)
    return Place(None if told.is_pair else told, sibling)


def status_of(told: Told, place: Place) -> OrderStatus:
    """What its word means where it stands: a stop is held while its target works at the market.

    That stop is watched by Alpaca and protects, as soon as its entry is filled as a whole.
    """
    if told.word == HELD and (place.parent is None or place.parent.word == "filled"):
        return OrderStatus.LIVE
    return told.status


def as_order(
    client_order_id: str,
    chain: Sequence[Link],
    place: Place = Place(),  # it has no state
    legs: Sequence[BrokerOrder] = (),
    wanted: Decimal | None = None,
) -> BrokerOrder:
    """An order under our id.

    It is as far as its executions are told of one by one: until they are, it still works.

    Args:
        client_order_id: our id.
        chain: the order as it was first placed, and what replaced it.
        place: where it stands among its entry and legs.
        legs: its legs, named.
        wanted: its quantity in units, where Alpaca was told its worth.
    """
    first, last = chain[0].told, chain[-1].told
    fills = [
        fill for link in chain for fill in as_fills(link.executions, link.told, client_order_id)
    ]
    filled = sum((fill.quantity for fill in fills), ZERO)
    told = sum((link.told.filled for link in chain), ZERO)
    status = _status(last, place, filled, complete=filled >= told)
    quantity = first.quantity if first.quantity is not None else wanted
    return BrokerOrder(
        client_order_id=client_order_id,
        broker_order_id=first.id,
        symbol=first.symbol,
        side=first.side,
        quantity=filled if status is OrderStatus.FILLED or quantity is None else quantity,
        status=status,
        filled_quantity=filled,
        average_price=_average([fill.quantity * fill.price for fill in fills], filled),
        limit_price=last.limit_price,
        stop_price=last.stop_price,
        reason=_reason(last, place, status, filled),
        fills=tuple(fills),
        legs=tuple(legs),
    )


def pending(intent: OrderIntent, told: Told) -> BrokerOrder:
    """An order that was taken, of which no more can be told at the moment."""
    link = Link(replace(told, word="new", filled=ZERO), ())
    return as_order(intent.client_order_id, [link], wanted=intent.quantity)


def _status(last: Told, place: Place, filled: Decimal, *, complete: bool) -> OrderStatus:
    status = status_of(last, place)
    if status.final and not complete:
        status = OrderStatus.LIVE
    if status is OrderStatus.LIVE and filled:
        return OrderStatus.PARTIALLY_FILLED
    return status


def _reason(last: Told, place: Place, status: OrderStatus, filled: Decimal) -> str:
    """Why it ended without a fill, as far as what is around it tells."""
    if status is OrderStatus.EXPIRED:
        return EXPIRED
    if status is OrderStatus.REJECTED:
        return f"{BrokerRejected.code}: the order was taken and then rejected"
    if status is not OrderStatus.CANCELED:
        return ""
    if place.sibling is not None and place.sibling.filled:
        return SIBLING_FILLED
    if place.parent is not None and not place.parent.filled:
        return ENTRY_NOT_FILLED
    if last.time_in_force in IMMEDIATE and not filled:
        return NOT_FILLED
    return REQUESTED


def _average(costs: Sequence[Decimal], filled: Decimal) -> Decimal | None:
    return sum(costs, ZERO) / filled if filled else None
