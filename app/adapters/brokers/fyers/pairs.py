"""Pairs: a stop and a target for what is carried on, held by one GTT order.

Fyers' list of them tells no tags. One is known by its id once it was settled or placed by us, else
by what it asks for; and the order that it makes, by the same.
"""

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import timedelta

from app.adapters.brokers.fyers import asks
from app.adapters.brokers.fyers.answers import Gtt, Row
from app.adapters.brokers.fyers.bodies import Body, is_like
from app.adapters.brokers.fyers.desk import Desk
from app.adapters.brokers.fyers.naming import Pair, Trades, base_of, children_of, merged
from app.domain.order import BrokerOrder, OrderIntent, OrderRole, OrderStatus
from app.ports.addresses import Address

CLOCKS = timedelta(seconds=5)
"""How far Fyers' clock may be behind what it was taken for."""

VANISHED = 5.0
"""Seconds after which an order that a GTT order made is not waited for: it was of another day."""

MakeBodies = Callable[[OrderIntent], Sequence[Body]]
TradesOf = Callable[[Sequence[Row]], Trades]


class Pairs:
    """The pairs of one account. `bodies_of` makes what is sent for a pair anew."""

    def __init__(self, desk: Desk, bodies_of: MakeBodies) -> None:
        self._desk = desk
        self._clock = desk.clock
        self._books = desk.books
        self._bodies_of = bodies_of
        self._ids: dict[str, Sequence[str]] = {}
        self._reached: dict[str, float] = {}
        self._lock = threading.Lock()

    def note(self, name: str, ids: Sequence[str]) -> None:
        """Remember what Fyers calls a pair that was just placed."""
        with self._lock:
            self._ids[name] = ids

    def find(
        self, intent: OrderIntent, address: Address | None, trades_of: TradesOf
    ) -> BrokerOrder | None:
        """A pair: the stop, and the target as its leg; None when it is not there."""
        pairs = self._pairs(intent, address)
        if not pairs:
            self._books.touch_gtts()  # that it is absent, a new look has to show
            pairs = self._pairs(intent, address)
        return self._as_order(intent, pairs, trades_of) if pairs else None

    def rows_of(self, intent: OrderIntent, address: Address, name: str) -> Sequence[Row]:
        """What Fyers has made of the stop, or of the target, of a pair."""
        role = _role(intent, name)
        return [row for pair in self._pairs(intent, address) for row in pair.rows_of(role)]

    def cancel(self, intent: OrderIntent, address: Address) -> None:
        """Cancel a pair, or what it has become.

        Raises:
            BrokerError: by what is known of it.
        """
        for pair in self._pairs(intent, address):
            if not pair.gtt.status.final:
                self._desk.change(asks.cancel_gtt(pair.gtt.id), pair.gtt.symbol)
                self._books.touch_gtts()
            for row in pair.made:
                if not row.status.final:
                    self._desk.change(asks.cancel(row.id), row.symbol)

    def made(self, rows: Sequence[Row]) -> set[str]:
        """The ids of the orders that were made by GTT orders."""
        if not any(row.tag.startswith("GTT") for row in rows):
            return set()
        found = children_of(self._books.gtts(), rows)
        return {row.id for children in found.values() for row in children}

    def working(self, rows: Sequence[Row], trades_of: TradesOf) -> Iterator[BrokerOrder]:
        """The pairs that wait, or that work as orders, each of their two for itself."""
        made = children_of(self._books.gtts(), rows)
        for gtt in self._books.gtts():
            pair = Pair(gtt, made.get(gtt.id, ()))
            if gtt.status.final and not any(not row.status.final for row in pair.made):
                continue
            intent = self._intent_of(gtt)
            if intent is None:
                yield pair.as_order(gtt.id, OrderRole.STOP_LOSS, trades_of(pair.made))
                continue
            whole = self._as_order(
                intent, self._pairs(intent, self._desk.address(intent.client_order_id)), trades_of
            )
            parts = (replace(whole, legs=()), *whole.legs)
            yield from (part for part in parts if part.status.working)

    def _as_order(
        self, intent: OrderIntent, pairs: Sequence[Pair], trades_of: TradesOf
    ) -> BrokerOrder:
        assert intent.take_profit is not None  # noqa: S101  # it is a pair
        trades = trades_of([row for pair in pairs for row in pair.made])
        stop = merged([self._one(pair, intent, OrderRole.STOP_LOSS, trades) for pair in pairs])
        target = merged([self._one(pair, intent, OrderRole.TAKE_PROFIT, trades) for pair in pairs])
        return replace(stop, legs=(replace(target, stop_price=None),))

    def _one(self, pair: Pair, intent: OrderIntent, role: OrderRole, trades: Trades) -> BrokerOrder:
        assert intent.take_profit is not None  # noqa: S101  # it is a pair
        stops = role is OrderRole.STOP_LOSS
        name = intent.client_order_id if stops else intent.take_profit.client_order_id
        order = pair.as_order(name, role, trades)
        lost = pair.gtt.status is OrderStatus.FILLED and not pair.made
        if lost and self._has_vanished(pair.gtt.id):
            return replace(order, status=OrderStatus.EXPIRED, reason="expired")
        return order

    def _has_vanished(self, gtt_id: str) -> bool:
        """Whether what a GTT order made is not in the book of today, and was not lately."""
        now = self._clock.monotonic()
        with self._lock:
            return now - self._reached.setdefault(gtt_id, now) >= VANISHED

    # ------------------------------------------------------------------ which are whose

    def _pairs(self, intent: OrderIntent, address: Address | None) -> Sequence[Pair]:
        book = self._books.gtts()
        mine = self._gtts(intent, address, book)
        if not mine:
            return []
        made = children_of(book, self._books.orders(intent.instrument))
        return [Pair(gtt, made.get(gtt.id, ())) for gtt in mine]

    def _gtts(
        self, intent: OrderIntent, address: Address | None, book: Sequence[Gtt]
    ) -> Sequence[Gtt]:
        name = intent.client_order_id
        ids = set(self._ids.get(name, ()))
        if address is not None and address.broker_order_id:
            ids.add(address.broker_order_id)
        known = [gtt for gtt in book if gtt.id in ids or base_of(gtt.tag) == name]
        bodies = list(self._bodies_of(intent)) if len(known) < self._slices(intent) else []
        for gtt in book:
            if gtt in known or not self._may_be(gtt, address):
                continue
            like = next((body for body in bodies if is_like(gtt, body)), None)
            if like is not None and len(known) < len(bodies):
                known.append(gtt)
        return known

    def _slices(self, intent: OrderIntent) -> int:
        return len(self._ids.get(intent.client_order_id, ())) or len(self._bodies_of(intent))

    def _may_be(self, gtt: Gtt, address: Address | None) -> bool:
        """Whether a GTT order that looks like ours is not older, nor another one of ours."""
        sent = None if address is None else address.submitted_at
        behind = min(self._desk.wire.skew or timedelta(0), timedelta(0))
        if sent is not None and gtt.at < sent + behind - CLOCKS:
            return False
        return self._desk.named(gtt.id) is None and not any(
            gtt.id in ids for ids in self._ids.values()
        )

    def _intent_of(self, gtt: Gtt) -> OrderIntent | None:
        """What we have asked for with a GTT order, where that is known."""
        name = self._desk.named(gtt.id) or base_of(gtt.tag)
        name = name or next((each for each, ids in self._ids.items() if gtt.id in ids), "")
        address = self._desk.address(name) if name else None
        if address is not None and address.intent is None and address.parent is not None:
            address = self._desk.address(address.parent)
        return None if address is None else address.intent


def _role(intent: OrderIntent, name: str) -> OrderRole:
    stops = name == intent.client_order_id
    return OrderRole.STOP_LOSS if stops else OrderRole.TAKE_PROFIT
