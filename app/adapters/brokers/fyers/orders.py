"""Orders at Fyers: placed once, found again by their tags, canceled and moved.

Tags are not unique there, so nothing is ever sent because it was not found at once: whether an
order is absent, the caller decides after the settle window (`unique_client_ids` is False).
"""

import logging
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

from app.adapters.brokers.fyers import asks
from app.adapters.brokers.fyers.answers import IST, LIMIT, ZERO, News, Row, read_id
from app.adapters.brokers.fyers.bodies import Body, is_pair, plain
from app.adapters.brokers.fyers.desk import Desk
from app.adapters.brokers.fyers.fills import Fills
from app.adapters.brokers.fyers.holdings import Holdings
from app.adapters.brokers.fyers.naming import (
    EXPIRED,
    REQUESTED,
    Around,
    Trades,
    as_order,
    base_of,
    legs_of,
    rows_under,
    waiting_leg,
)
from app.adapters.brokers.fyers.pairs import Pairs
from app.adapters.brokers.fyers.updates import arrived, ended
from app.adapters.brokers.reading import UNREADABLE, understood
from app.adapters.brokers.triggers import Triggers
from app.domain.errors import (
    BrokerError,
    BrokerRejected,
    BrokerUnavailable,
    OutcomeUnknown,
)
from app.domain.order import (
    IMMEDIATE,
    BrokerOrder,
    OrderIntent,
    OrderRole,
    OrderStatus,
    OrderType,
)
from app.domain.protection import leg_price
from app.domain.rates import Purpose
from app.ports.addresses import Address
from app.ports.budget import errand

log = logging.getLogger(__name__)

SETTLE = timedelta(seconds=5)
"""How long the books may not show all slices of an order that is being sent."""

PATIENCE = 5.0
"""Seconds that a slice waits for its place in the budget of calls, at most."""


@dataclass(slots=True)
class _Sent:
    """How far an order is sent that goes in slices, or is being sent.

    Attributes:
        left: what is not sent yet.
        taken: how much of it each order is that Fyers has taken, by the ids.
        unsure: what nobody knows of, and may show in the books until a moment.
    """

    left: Decimal = ZERO
    taken: dict[str, Decimal] = field(default_factory=dict[str, Decimal])
    unsure: Decimal = ZERO
    until: float = 0.0

    def unseen(self, rows: Sequence[Row], now: float) -> Decimal:
        """What of it the books do not show yet, and may."""
        seen = {row.id for row in rows}
        hidden = sum((size for each, size in self.taken.items() if each not in seen), ZERO)
        shown = sum((row.quantity for row in rows if row.id not in self.taken), ZERO)
        in_doubt = self.unsure if now < self.until and shown < self.unsure else ZERO
        return self.left + hidden + in_doubt


class Orders:
    """The orders of one account."""

    def __init__(self, desk: Desk, holdings: Holdings, pairs: Pairs, triggers: Triggers) -> None:
        self._desk = desk
        self._clock = desk.clock
        self._books = desk.books
        self._updates = desk.updates
        self._fills = Fills(desk.books)
        self._holdings = holdings
        self._pairs = pairs
        self._triggers = triggers
        self._sending: dict[str, _Sent] = {}
        self._placing: set[str] = set()
        self._given_up: set[str] = set()
        self._halted: set[str] = set()
        self._never = threading.Event()

    # ------------------------------------------------------------------ sent, canceled, moved

    def place(self, intent: OrderIntent, bodies: Sequence[Body]) -> BrokerOrder:
        """Send an order, slice by slice.

        Raises:
            BrokerError: by what is known of the first slice that was not taken, while nothing of
                the order works; or nobody knows whether a slice was taken.
        """
        self._placing.add(intent.client_order_id)
        try:
            taken = self._send(intent, bodies)
            self._await_arrival(intent, taken)
        finally:
            self._placing.discard(intent.client_order_id)
        entry = intent.role is OrderRole.ENTRY
        try:
            with errand(Purpose.LOOK if entry else Purpose.REDUCE):
                found = self._shown(intent)
        except BrokerError as error:
            why = {"client_order_id": intent.client_order_id, "why": str(error)}
            level = logging.INFO if error.passing else logging.WARNING
            log.log(level, "an order was taken, and cannot be read yet", extra=why)
            found = None
        return found if found is not None else _pending(intent, bodies[: len(taken)], taken)

    def _await_arrival(self, intent: OrderIntent, taken: Sequence[str]) -> None:
        """Let it become of it what will, if that is soon: then one look at the book is enough."""
        if not is_pair(intent):  # the stream does not tell of GTT orders
            at_once = intent.order_type is OrderType.MARKET or intent.time_in_force in IMMEDIATE
            self._updates.wait_for(taken, ended if at_once else arrived)

    def _send(self, intent: OrderIntent, bodies: Sequence[Body]) -> Sequence[str]:
        name = intent.client_order_id
        purpose = Purpose.ENTER if intent.role is OrderRole.ENTRY else Purpose.REDUCE
        sent = self._sending[name] = _Sent()
        try:
            for number, body in enumerate(bodies):
                if name in self._halted:
                    break
                sent.left = _size(bodies[number:])
                try:
                    taken = self._send_one(body, purpose, patient=bool(sent.taken))
                except (BrokerRejected, BrokerUnavailable) as error:
                    if not sent.taken:
                        raise
                    why = {"client_order_id": name, "slices": len(sent.taken), "why": str(error)}
                    log.warning("the rest of an order was not sent", extra=why)
                    break
                except OutcomeUnknown:
                    sent.until = self._clock.monotonic() + SETTLE.total_seconds()
                    sent.unsure = _quantity(body)
                    raise
                sent.taken[taken] = _quantity(body)
        finally:
            self._touch(intent)
            self._halted.discard(name)
            sent.left = ZERO
            if len(bodies) == 1:
                del self._sending[name]
        if is_pair(intent):
            self._pairs.note(name, list(sent.taken))
        return list(sent.taken)

    def _touch(self, intent: OrderIntent) -> None:
        """Whatever became of it: what the books told before does not tell of it."""
        self._books.touch(intent.instrument)
        if is_pair(intent):
            self._books.touch_gtts()

    def _send_one(self, body: Body, purpose: Purpose, *, patient: bool) -> str:
        """Send one slice; another than the first waits for its place in the budget."""
        ask = asks.place(body)
        for pause in self._pauses(patient=patient):
            try:
                return self._taken(self._desk.wire.write(ask, purpose))
            except BrokerUnavailable as error:
                if error.after is None or error.after > pause:
                    raise
                self._never.wait(error.after)
        raise AssertionError  # the last pause is none

    def _pauses(self, *, patient: bool) -> Iterator[float]:
        """How long each try may be put off: until the patience is over, then no more."""
        began = self._clock.monotonic()
        while patient and (left := began + PATIENCE - self._clock.monotonic()) > 0:
            yield left
        yield -1.0

    def _taken(self, raw: Any) -> str:
        try:
            return read_id(raw)
        except UNREADABLE as error:
            raise understood(error, writes=True) from error

    def cancel(self, name: str) -> BrokerOrder | None:
        """Cancel what works; what it is then. Both legs of an entry go, whichever was named.

        Slices that were not sent yet are not sent any more.

        Raises:
            BrokerError: by what is known of it.
        """
        sent = self._sending.get(name)
        if sent is not None and sent.left:
            self._halted.add(name)
        address = self._desk.address(name)
        pair = self._pair_of(address)
        if pair is not None:
            self._pairs.cancel(*pair)
        elif address is not None and address.intent is None and address.parent is not None:
            self._cancel_legs(address.parent)
        else:
            rows = _working(rows_under(name, self._books.known_orders()))
            rows = rows or rows_under(name, self._books.orders(_symbol_of(address)))
            self._cancel_rows(rows)
        return self.find(name)

    def move(self, name: str, limit: Decimal) -> BrokerOrder | None:
        """Move the limit of what works as a limit; what it is then.

        Raises:
            BrokerError: by what is known of it.
        """
        order = self.find(name)
        if order is None or order.status.final:
            return order
        for row in self._rows_of(name):
            there = row.type == LIMIT and row.limit_price == limit
            if not row.status.final and not there and self._is_limit(row):
                self._desk.change(asks.move(row.id, LIMIT, plain(limit)), row.symbol)
        return self.find(name)

    # ------------------------------------------------------------------ found

    def find(self, name: str, intent: OrderIntent | None = None) -> BrokerOrder | None:
        """An order or a leg with all its fills; None when no book of Fyers knows of it.

        Raises:
            BrokerError: it could not be read, or the books do not agree.
        """
        address = self._desk.address(name)
        if intent is None and address is not None:
            intent = address.intent
        if intent is None and address is not None and address.parent is not None:
            return self._find_leg(address)
        if intent is not None and is_pair(intent):
            return self._pairs.find(intent, address, self._fills.of)
        book = self._books.orders(None if intent is None else intent.instrument)
        if intent is not None and not rows_under(name, book):
            self._books.touch(intent.instrument)  # that it is absent, a new look has to show
            book = self._books.orders(intent.instrument)
        if not rows_under(name, book):
            return self._absent(name, address, intent)
        if intent is not None and self._is_over(intent):
            return self._ended(name, book, intent)
        return self._named(name, book, intent)

    def _shown(self, intent: OrderIntent) -> BrokerOrder | None:
        """An order that was just taken; None while the book does not show it."""
        if is_pair(intent):
            return self.find(intent.client_order_id, intent)
        name, book = intent.client_order_id, self._books.orders(intent.instrument)
        return self._named(name, book, intent) if rows_under(name, book) else None

    def working(self) -> Sequence[BrokerOrder]:
        """Everything that works there, each for itself; what is not ours under Fyers' ids.

        Raises:
            BrokerError: it could not be read.
        """
        rows = self._books.orders()
        made = self._pairs.made(rows)
        found: dict[str, BrokerOrder] = {}
        for row in rows:
            if row.status.final or row.id in made:
                continue
            order = self._by_itself(row, rows)
            found.setdefault(order.client_order_id, order)
        for order in self._pairs.working(rows, self._fills.of):
            found.setdefault(order.client_order_id, order)
        return list(found.values())

    def take(self, news: News) -> bool:
        """Take note of what the stream tells; whether somebody has to look at it.

        Fyers tells several times of each step of an order, and mostly what a look-up has shown
        before, or shows in a moment to whoever places it: a look-up costs calls. But a book may
        have been read for another order, and nobody has looked at this one yet.

        Raises:
            BrokerUnavailable: the address book cannot be read.
        """
        self._updates.note(news)
        if not self._knows(news):
            self._touch_of(news)
        elif self._is_written_down(news):
            return False
        return bool(news.parent) or base_of(news.tag) not in self._placing

    def _touch_of(self, news: News) -> None:
        symbol = news.symbol or self._books.symbol_of(news.order_id)
        if symbol is None:
            self._books.stale()
        elif news.trade or news.filled:
            self._books.touch(symbol)
        else:
            self._books.touch_orders(symbol)

    def _knows(self, news: News) -> bool:
        """Whether a book has told it before."""
        if news.trade:
            return self._fills.knows(news.order_id, news.trade)
        return self._books.has(news.order_id, news.status, news.filled)

    def _is_written_down(self, news: News) -> bool:
        """Whether the journal has it, as far as it is of an order of ours."""
        name = self.name_of(news)
        address = self._desk.address(name) if name is not None else None
        if address is None or address.ended:
            return True
        return not ended(news) and news.filled <= address.filled_quantity

    def name_of(self, news: News) -> str | None:
        """Our id of what the stream tells of; None when it is not known.

        Raises:
            BrokerUnavailable: the address book cannot be read.
        """
        name = base_of(news.tag)
        address = self._desk.address(name) if name else None
        if address is None:
            return None
        if not news.parent or address.intent is None:
            return name
        return _leg_name(address.intent, stops=news.stops)

    def product_of(self, name: str) -> str | None:
        """The product that an order of today was placed with."""
        address = self._desk.address(name)
        rows = rows_under(name, self._books.orders(_symbol_of(address)))
        return rows[0].product if rows else None

    # ------------------------------------------------------------------ under our names

    def _named(self, name: str, book: Sequence[Row], intent: OrderIntent | None) -> BrokerOrder:
        """An order that a book has, with the legs that it had at that moment."""
        rows = rows_under(name, book)
        legs = {} if intent is None else dict(intent.legs)
        made = {role: legs_of(rows, book, role) for role in legs}
        trades = self._fills.of([*rows, *(row for found in made.values() for row in found)])
        order = as_order(name, rows, trades, unsent=self._unsent(name, rows, intent))
        found = [
            self._leg_order(leg.client_order_id, role, order, made, trades, intent)
            for role, leg in legs.items()
        ]
        return replace(self._with_trigger(order, rows), legs=tuple(found))

    def _leg_order(  # what a leg is known by, one each
        self,
        name: str,
        role: OrderRole,
        entry: BrokerOrder,
        made: dict[OrderRole, Sequence[Row]],
        trades: Trades,
        intent: OrderIntent | None,
    ) -> BrokerOrder:
        rows = made[role]
        if rows:
            others = [row for other, found in made.items() if other is not role for row in found]
            around = Around(
                entry_unfilled=not entry.filled_quantity,
                sibling_filled=any(row.filled for row in others),
            )
            return self._with_trigger(as_order(name, rows, trades, around=around), rows)
        price = None if intent is None else _expected(intent, role, entry)
        stops = role is OrderRole.STOP_LOSS
        return waiting_leg(
            name,
            entry,
            stop=price if stops else None,
            limit=None if stops else price,
            given_up=name in self._given_up,
        )

    def _find_leg(self, leg: Address) -> BrokerOrder | None:
        parent = self._desk.address(leg.parent or "")
        if parent is None:
            raise BrokerUnavailable(f"the entry of {leg.client_order_id} is not written down")
        entry = self.find(parent.client_order_id, parent.intent)
        legs = () if entry is None else entry.legs
        return next((each for each in legs if each.client_order_id == leg.client_order_id), None)

    def _by_itself(self, row: Row, rows: Sequence[Row]) -> BrokerOrder:
        """An open order as reconciliation lists it: as a look-up tells it, where it is ours."""
        name = base_of(row.tag)
        address = self._desk.address(name) if name else None
        if address is None:
            return as_order(row.id, [row], self._fills.of([row]))
        if row.parent is None or address.intent is None:
            return replace(self._named(name, rows, address.intent), legs=())
        leg = _leg_name(address.intent, stops=row.stops)
        entry = self._named(name, rows, address.intent)
        found = [each for each in entry.legs if each.client_order_id == leg]
        return found[0] if found else as_order(row.id, [row], self._fills.of([row]))

    def _with_trigger(self, order: BrokerOrder, rows: Sequence[Row]) -> BrokerOrder:
        if not order.status.working:
            return order
        reached = [self._reached(row) for row in rows if row.stops and not row.status.final]
        return replace(order, triggered_at=next((at for at in reached if at is not None), None))

    def _reached(self, row: Row) -> Any:
        return self._triggers.of(row.id, row.symbol, row.side, row.stop_price)

    def _is_limit(self, row: Row) -> bool:
        """Whether it works as a limit: a stop with a limit does once its stop was reached."""
        return row.type == LIMIT or (row.stops and self._reached(row) is not None)

    def _unsent(self, name: str, rows: Sequence[Row], intent: OrderIntent | None) -> Decimal:
        """What of an order is still to show: sent by us, or for all we know by another process."""
        known = self._sending.get(name)
        if known is not None:
            return known.unseen(rows, self._clock.monotonic())
        sliced = any(row.tag != name for row in rows)
        sent = sum((row.quantity for row in rows), ZERO)
        if not sliced or intent is None or sent >= intent.quantity:
            return ZERO
        latest = max(row.at for row in rows)
        return intent.quantity - sent if self._clock.now() - latest < SETTLE else ZERO

    # ------------------------------------------------------------------ what is not there, or over

    def _absent(
        self, name: str, address: Address | None, intent: OrderIntent | None
    ) -> BrokerOrder | None:
        """No row has its tag. The other books have to agree; those of a new day are empty."""
        if address is None or intent is None:
            return None
        sent = address.submitted_at
        now = self._clock.now()
        if sent is not None and sent.astimezone(IST).date() < now.astimezone(IST).date():
            return self._of_the_day_before(intent, address)
        trades = self._books.trades(intent.instrument)
        if any(base_of(trade.tag) == name for trade in trades):
            raise BrokerUnavailable(f"{name} is in the trade book and not in the order book")
        told = self._holdings.traded(intent.instrument)
        known = sum((each.quantity for each in trades if each.symbol == intent.instrument), ZERO)
        if told is not None and told > known:
            raise BrokerUnavailable(f"{intent.symbol}: not all that was traded is in the books yet")
        return None

    def _of_the_day_before(self, intent: OrderIntent, address: Address) -> BrokerOrder:
        """An order of a day that is over: it has ended, its fills are no longer told of."""
        order = _lapsed(intent, address, intent.client_order_id)
        legs = [self._desk.address(leg.client_order_id) for _, leg in intent.legs]
        found = [_lapsed(intent, leg, leg.client_order_id) for leg in legs if leg is not None]
        return replace(order, legs=tuple(found))

    def _is_over(self, intent: OrderIntent) -> bool:
        """Whether its own end has come, of which Fyers knows nothing: a time of the alert's."""
        return intent.expires_at is not None and intent.expires_at <= self._clock.now()

    def _ended(self, name: str, book: Sequence[Row], intent: OrderIntent) -> BrokerOrder:
        """What is left of an order whose end has come: it is canceled, if it still works."""
        rows = rows_under(name, book)
        if _working(rows):
            self._cancel_rows(rows)
            after = self._books.orders(intent.instrument)
            book = after if rows_under(name, after) else book
        order = self._named(name, book, intent)
        if order.status is not OrderStatus.CANCELED or order.reason != REQUESTED:
            return order
        return replace(order, status=OrderStatus.EXPIRED, reason=EXPIRED)

    # ------------------------------------------------------------------ hands

    def _rows_of(self, name: str) -> Sequence[Row]:
        """The rows behind an order or a leg of ours."""
        address = self._desk.address(name)
        book = self._books.orders(_symbol_of(address))
        pair = self._pair_of(address)
        if pair is not None:
            return self._pairs.rows_of(*pair, name)
        if address is None or address.intent is not None or address.parent is None:
            return rows_under(name, book)
        return legs_of(rows_under(address.parent, book), book, address.role)

    def _pair_of(self, address: Address | None) -> tuple[OrderIntent, Address] | None:
        """The pair that an order is the stop or the target of."""
        if address is not None and address.intent is None and address.parent is not None:
            address = self._desk.address(address.parent)
        if address is None or address.intent is None or not is_pair(address.intent):
            return None
        return address.intent, address

    def _cancel_legs(self, entry: str) -> None:
        """Cancel both legs of an entry; legs that are not there are not waited for any more.

        What the book did not have when it was read last, works still when it is looked at again.
        """
        address = self._desk.address(entry)
        legs = _working(_legs_under(entry, self._books.known_orders()))
        legs = legs or _legs_under(entry, self._books.orders(_symbol_of(address)))
        self._cancel_rows(legs)
        if address is not None and address.intent is not None and not legs:
            self._given_up |= {leg.client_order_id for _, leg in address.intent.legs}

    def _cancel_rows(self, rows: Sequence[Row]) -> None:
        working = _working(rows)
        for row in working:
            self._desk.change(asks.cancel(row.id), row.symbol)
        self._updates.wait_for([row.id for row in working], ended)


def _legs_under(entry: str, book: Sequence[Row]) -> Sequence[Row]:
    ids = {row.id for row in rows_under(entry, book)}
    return [row for row in book if row.parent in ids]


def _working(rows: Sequence[Row]) -> Sequence[Row]:
    return [row for row in rows if not row.status.final]


def _symbol_of(address: Address | None) -> str | None:
    """The symbol of an order, as far as it is written down."""
    return None if address is None or address.intent is None else address.intent.instrument


def _size(bodies: Sequence[Body]) -> Decimal:
    return sum((_quantity(body) for body in bodies), ZERO)


def _quantity(body: Body) -> Decimal:
    return Decimal(body["qty"] if "qty" in body else body["orderInfo"]["leg1"]["qty"])


def _leg_name(intent: OrderIntent, *, stops: bool) -> str | None:
    role = OrderRole.STOP_LOSS if stops else OrderRole.TAKE_PROFIT
    return next((leg.client_order_id for each, leg in intent.legs if each is role), None)


def _expected(intent: OrderIntent, role: OrderRole, entry: BrokerOrder) -> Decimal | None:
    """Where a leg will be, as far as that is known before Fyers has made it."""
    reference = entry.average_price or entry.limit_price
    if reference is None:
        return None
    level = dict(intent.legs)[role].level
    return leg_price(level, role, entry_side=intent.side, reference=reference, tick=Decimal("0.01"))


def _pending(intent: OrderIntent, bodies: Sequence[Body], taken: Sequence[str]) -> BrokerOrder:
    """An order that was taken, of which no more can be told at the moment."""
    legs = tuple(
        BrokerOrder(
            client_order_id=leg.client_order_id,
            broker_order_id="",
            symbol=intent.symbol,
            side=intent.side if intent.role.protects else intent.side.opposite,
            quantity=_size(bodies),
            status=OrderStatus.NEW,
        )
        for _, leg in intent.legs
    )
    return BrokerOrder(
        client_order_id=intent.client_order_id,
        broker_order_id=taken[0],
        symbol=intent.symbol,
        side=intent.side,
        quantity=_size(bodies),
        status=OrderStatus.LIVE,
        limit_price=intent.limit_price,
        stop_price=intent.stop_price,
        legs=legs,
    )


def _lapsed(intent: OrderIntent, address: Address, name: str) -> BrokerOrder:
    """What is known of an order, or of a leg of it, that today's books no longer show."""
    own = name == intent.client_order_id
    filled = address.filled_quantity
    whole = own and filled >= intent.quantity
    return BrokerOrder(
        client_order_id=name,
        broker_order_id=address.broker_order_id or "",
        symbol=intent.symbol,
        side=intent.side if own else intent.side.opposite,
        quantity=intent.quantity,
        status=OrderStatus.FILLED if whole else OrderStatus.EXPIRED,
        filled_quantity=filled,
        reason="" if whole else EXPIRED,
    )
