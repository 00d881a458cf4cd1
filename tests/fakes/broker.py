"""A broker for engine tests: in memory, told beforehand what each submit comes to."""

import threading
from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from decimal import Decimal

from app.domain.capabilities import Capabilities
from app.domain.contract import Wish, wish_named
from app.domain.decision import Denial, Denied
from app.domain.errors import (
    BrokerError,
    BrokerLoginNeeded,
    BrokerRejected,
    BrokerUnavailable,
    OutcomeUnknown,
)
from app.domain.instrument import AssetClass, Instrument, Ticker
from app.domain.order import (
    IMMEDIATE,
    BrokerOrder,
    Fill,
    Level,
    OrderIntent,
    OrderRole,
    OrderStatus,
    OrderType,
    Side,
)
from app.domain.position import Balance, Position, Quote
from app.domain.protection import leg_price, leg_side, leg_type
from app.domain.session import CLOSED, Day
from app.ports.broker import Hint
from app.ports.clock import Clock
from tests.fakes.clock import FakeClock

ALL = Decimal("Infinity")
NONE = Decimal(0)
FOR_EVER = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """What one submit comes to.

    Attributes:
        arrives: the order exists at the broker afterwards.
        filled: how much of it fills at once; None: a market order completely, others not at all.
        error: what the caller gets instead of an answer.
        hidden: so many look-ups do not find it.
    """

    arrives: bool = True
    filled: Decimal | None = None
    error: BrokerError | None = None
    hidden: int = 0


ACCEPT = Turn()
FILL = Turn(filled=ALL)
REST = Turn(filled=NONE)
REPLY_LOST = Turn(error=OutcomeUnknown("the reply was lost"))
REQUEST_LOST = Turn(arrives=False, error=OutcomeUnknown("the request was lost"))
UNAVAILABLE = Turn(arrives=False, error=BrokerUnavailable("connection refused"))
LOGIN_NEEDED = Turn(arrives=False, error=BrokerLoginNeeded("the token is dead"))


def reject(detail: str = "the broker said no", code: str | None = None) -> Turn:
    """The broker says no."""
    return Turn(arrives=False, error=BrokerRejected(detail, code=code))


def fill_part(quantity: Decimal) -> Turn:
    """So much fills at once, the rest stays at the broker."""
    return Turn(filled=quantity)


def late(lookups: int, then: Turn = ACCEPT) -> Turn:
    """It happens as `then` says, but the next look-ups do not find the order."""
    return replace(then, hidden=lookups)


EVERYTHING = Capabilities(
    asset_classes=frozenset(AssetClass),
    order_types=frozenset(OrderType),
    bracket_entries=frozenset(OrderType),
    short_asset_classes=frozenset(AssetClass),
    unique_client_ids=True,
    reduce_only_legs=True,
    reprices=True,
    oco=True,
    stop_types=frozenset({OrderType.STOP, OrderType.STOP_LIMIT, OrderType.TRAILING_STOP}),
    times_in_force=frozenset({"day", "gtc", "ioc", "fok"}),
)


COINS = replace(
    EVERYTHING,
    order_types=frozenset({OrderType.MARKET, OrderType.LIMIT, OrderType.STOP_LIMIT}),
    bracket_entries=frozenset(),
    short_asset_classes=frozenset(),
    reduce_only_legs=False,
    oco=False,
    stop_types=frozenset({OrderType.STOP_LIMIT}),
    times_in_force=frozenset({"gtc", "ioc"}),
    exits_reserve=True,
    fees_in_units=True,
)
"""Nothing goes with an entry, and only the stop can rest: crypto at Alpaca."""

RESERVING = replace(
    EVERYTHING,
    bracket_entries=frozenset({OrderType.MARKET}),
    reduce_only_legs=False,
    fractional_brackets=False,
    stop_types=frozenset({OrderType.STOP, OrderType.STOP_LIMIT}),
    lone_stops=frozenset({OrderType.TRAILING_STOP}),
    exits_reserve=True,
    apart={AssetClass.CRYPTO: COINS},
)
"""Brackets with market entries only, and every open exit reserves its quantity: Alpaca."""


@dataclass(slots=True, kw_only=True)
class _Order:
    client_order_id: str
    broker_order_id: str
    symbol: str
    instrument: str
    side: Side
    role: OrderRole
    order_type: OrderType
    quantity: Decimal
    limit_price: Decimal | None = None
    stop_price: Decimal | None = None
    trail: Decimal | None = None
    triggered_at: datetime | None = None
    level: Level | None = None
    status: OrderStatus = OrderStatus.LIVE
    reason: str = ""
    hidden: int = 0
    immediate: bool = False
    fills: list[Fill] = field(default_factory=list[Fill])
    legs: "list[_Order]" = field(default_factory=list["_Order"])

    @property
    def filled(self) -> Decimal:
        return sum((fill.quantity for fill in self.fills), NONE)

    @property
    def average_price(self) -> Decimal | None:
        cost = sum((fill.quantity * fill.price for fill in self.fills), NONE)
        return cost / self.filled if self.fills else None

    def answer(self) -> BrokerOrder:
        return BrokerOrder(
            client_order_id=self.client_order_id,
            broker_order_id=self.broker_order_id,
            symbol=self.symbol,
            side=self.side,
            quantity=self.quantity,
            status=self.status,
            filled_quantity=self.filled,
            average_price=self.average_price,
            limit_price=self.limit_price,
            stop_price=self.stop_price,
            triggered_at=self.triggered_at,
            reason=self.reason,
            fills=tuple(self.fills),
            legs=tuple(leg.answer() for leg in self.legs),
        )


class FakeBroker:
    """A Broker whose behaviour a test writes down.

    `script` says what each submit comes to, one Turn after the other, then `ACCEPT` for ever:

        broker = FakeBroker(script=[UNAVAILABLE, REPLY_LOST, late(2, then=REST)])

    Market orders fill at `prices` (100 where none is set) and others rest, unless the Turn says
    otherwise; `fill` executes a resting order or leg by hand, in parts if wanted. Then legs are
    armed, their siblings canceled and reduce-only orders cut, as a real broker does. Prices move
    nothing by themselves.

    `fail("position", error, ...)` makes the next calls of a method raise; `lag_positions(n)` makes
    the next n position reads answer as before the latest fill, `lag_fills(n)` the next n looks at
    orders as if nothing had filled, `linger(n)` the next n cancels leave their order at work.
    `refuses` are roles of which no order is taken; `holds_legs`: legs begin to work when their
    entry has filled completely, and not before. `contracts` has what a wish comes to, by its words.
    `calls` has every call of submit, find and cancel with its id; `orders_placed` counts the orders
    that reached the broker, without their legs. It is strict where the engine must be right: an
    intent that does not fit the capabilities is an
    AssertionError, not a rejection.
    """

    def __init__(
        self,
        *,
        account: str = "fake",
        capabilities: Capabilities = EVERYTHING,
        script: Iterable[Turn] = (),
        clock: Clock | None = None,
        cash: Decimal = Decimal(100_000),
        holds_legs: bool = False,
    ) -> None:
        self.holds_legs = holds_legs
        self.fee_share = NONE
        self.refuses: set[OrderRole] = set()
        self.least: Decimal | None = None
        self.script = deque(script)
        self.prices: dict[str, Decimal] = {}
        self.contracts: dict[str, Instrument | Denied] = {}
        self.quotes: dict[str, Quote] = {}
        self.ahead: timedelta | None = None
        self.days: dict[AssetClass, dict[date, Day]] = {}
        self.halted: set[AssetClass] = set()
        self.calls: list[tuple[str, str]] = []
        self.cash = cash
        self.complaints: list[str] = []
        self.heard: Hint | None = None
        self._account = account
        self._capabilities = capabilities
        self._clock = clock or FakeClock()
        self._orders: list[_Order] = []
        self._held: dict[str, Position] = {}
        self._held_before: dict[str, Position] = {}
        self._lagging_reads = 0
        self._slow_cancels = 0
        self._lagging_looks = 0
        self._failures: defaultdict[str, deque[BrokerError]] = defaultdict(deque)
        self._lock = threading.RLock()

    # What a test does with it.

    @property
    def orders_placed(self) -> int:
        """How many orders reached the broker, legs not counted."""
        return len(self._orders)

    @property
    def working(self) -> Sequence[BrokerOrder]:
        """The orders and legs that can fill, the oldest first."""
        return [order.answer() for order in self._tree() if order.status.working]

    def fail(self, method: str, *errors: BrokerError) -> None:
        """Let the next calls of a method raise these errors, one each; for submit use `script`."""
        assert method != "submit", "what a submit comes to stands in the script"
        self._failures[method].extend(errors)

    def mend(self, method: str) -> None:
        """Let a method that was made to fail work again."""
        self._failures[method].clear()

    def lag_positions(self, reads: int) -> None:
        """Let the next reads of positions answer as it was before the latest fill."""
        self._lagging_reads = reads

    def lag_fills(self, looks: int) -> None:
        """Let the next looks at orders show nothing of what was filled: positions know it first."""
        self._lagging_looks = looks

    def linger(self, cancels: int) -> None:
        """Let the next cancels be taken and not done yet: the order still works."""
        self._slow_cancels = cancels

    def fill(
        self,
        client_order_id: str,
        quantity: Decimal | None = None,
        price: Decimal | None = None,
    ) -> BrokerOrder:
        """Execute an order or a leg that works, all of what is left unless a quantity is given."""
        with self._lock:
            order = self._one(client_order_id)
            assert order.status.working, f"{client_order_id} is {order.status.value}"
            self._execute(order, quantity or order.quantity - order.filled, price)
            return order.answer()

    def forget(self, client_order_id: str) -> None:
        """Know nothing of an order for now."""
        self._one(client_order_id).hidden = FOR_EVER

    def remember(self, client_order_id: str) -> None:
        """Know of it again."""
        self._one(client_order_id).hidden = 0

    def hold(self, instrument: str, quantity: Decimal, price: Decimal = Decimal(100)) -> None:
        """Put a position into the account that no order of ours made."""
        self._trade(instrument, instrument, quantity, price)

    def follow(self, instrument: str, price: Decimal) -> None:
        """Let the trailing stops of an instrument follow a price."""
        for order in self._tree():
            if order.instrument == instrument and order.status.working and order.trail is not None:
                _follow(order, price)

    def trigger(self, client_order_id: str) -> None:
        """Let the stop of a stop_limit be reached: from there on it is a limit."""
        self._one(client_order_id).triggered_at = self._clock.now()

    def protect_price(self, client_order_id: str, limit: Decimal) -> BrokerOrder:
        """Let an order at the market be a limit, as some brokers send it, that did not fill."""
        order = self._one(client_order_id)
        order.order_type, order.limit_price = OrderType.LIMIT, limit
        return order.answer()

    def expire(self, client_order_id: str, status: OrderStatus = OrderStatus.EXPIRED) -> None:
        """End a working order as the broker may do at any time."""
        order = self._one(client_order_id)
        order.status, order.reason = status, status.value

    # The port.

    @property
    def account(self) -> str:
        """Our name of the account."""
        return self._account

    @property
    def capabilities(self) -> Capabilities:
        """What the test gave it."""
        return self._capabilities

    def instrument(self, ticker: Ticker) -> Instrument | None:
        """Any name of a class that the capabilities have; of contracts those in `contracts`."""
        self._raise("instrument")
        if self.contracts and wish_named(ticker) is not None:
            return self._contract(ticker)
        if not ticker.key or ticker.asset_class not in self._capabilities.asset_classes:
            return None
        kind = ticker.asset_class
        return Instrument(symbol=ticker.name, key=ticker.key, asset_class=kind, least=self.least)

    def _contract(self, ticker: Ticker) -> Instrument | None:
        known = [each for each in self.contracts.values() if isinstance(each, Instrument)]
        return next((each for each in known if Ticker.parse(each.symbol) == ticker), None)

    def contract(self, wish: Wish, at: datetime) -> Instrument | Denied:
        """The contract that the test put into `contracts`; else any future by its name."""
        self.calls.append(("contract", str(wish)))
        self._raise("contract")
        found = self.contracts.get(str(wish))
        if found is None and wish.name is not None:
            found = self.instrument(wish.name)
        return found or Denied(Denial.UNKNOWN_SYMBOL, f"{wish}: there is no such contract")

    def submit(self, intent: OrderIntent) -> BrokerOrder:
        """Do what the script says next."""
        with self._lock:
            self.calls.append(("submit", intent.client_order_id))
            self._check(intent)
            known = self._known(intent.client_order_id)
            if known is not None and self._capabilities.unique_client_ids:
                return known.answer()
            return self._play(self.script.popleft() if self.script else ACCEPT, intent)

    def find(self, client_order_id: str) -> BrokerOrder | None:
        """The order, unless it is still hidden."""
        with self._lock:
            self.calls.append(("find", client_order_id))
            self._raise("find")
            order = self._known(client_order_id)
            if order is None or order.hidden:
                if order is not None:
                    order.hidden -= 1
                return None
            return self._shown(order)

    def orders(self) -> Sequence[BrokerOrder]:
        """What works and is not hidden."""
        with self._lock:
            self._raise("orders")
            tree = [order for order in self._tree() if not order.hidden]
            return [order.answer() for order in tree if order.status.working]

    def cancel(self, client_order_id: str) -> BrokerOrder | None:
        """Cancel what works, and legs that wait for it."""
        with self._lock:
            self.calls.append(("cancel", client_order_id))
            self._raise("cancel")
            order = self._known(client_order_id)
            if order is None or order.hidden:
                return None
            if self._slow_cancels:
                self._slow_cancels -= 1
            elif not order.status.final:
                self._cancel(order, "requested")
            return self._shown(order)

    def reprice(self, client_order_id: str, limit: Decimal) -> BrokerOrder | None:
        """Move the limit; it fills when the price is within it."""
        with self._lock:
            self.calls.append(("reprice", client_order_id))
            self._raise("reprice")
            order = self._known(client_order_id)
            if order is None:
                return None
            waits = order.order_type is not OrderType.LIMIT and order.triggered_at is None
            if order.status.final or waits:
                return order.answer()
            order.limit_price = limit
            price = self.prices.get(order.instrument)
            if price is not None and (limit - price) * order.side.sign >= 0:
                self._execute(order, order.quantity - order.filled, None)
            return order.answer()

    def position(self, instrument: str) -> Position | None:
        """What is held of an instrument, or was before the latest fill."""
        with self._lock:
            self._raise("position")
            return self._visible().get(instrument)

    def positions(self) -> Sequence[Position]:
        """Everything that is held, or was before the latest fill."""
        with self._lock:
            self._raise("positions")
            return list(self._visible().values())

    def balance(self) -> Balance:
        """Money of the account; nothing is refused for lack of it."""
        with self._lock:
            self._raise("balance")
            values = [position.market_value for position in self._held.values()]
            equity = self.cash + sum(values, NONE)
            left = equity - sum(map(abs, values), NONE)
            return Balance(cash=self.cash, equity=equity, buying_power=max(NONE, left))

    def quote(self, instrument: str) -> Quote | None:
        """The quote or the price that was set; None where none was."""
        self._raise("quote")
        if instrument in self.quotes:
            return self.quotes[instrument]
        price = self.prices.get(instrument)
        return None if price is None else Quote(price=price, at=self._clock.now())

    def market_days(
        self, asset_class: AssetClass, first: date, last: date
    ) -> Mapping[date, Day] | None:
        """The days that the test set for a class; days between without one are closed."""
        with self._lock:
            self.calls.append(("market_days", asset_class))
            self._raise("market_days")
            known = self.days.get(asset_class)
            if known is None:
                return None
            asked = [first + timedelta(days=number) for number in range((last - first).days + 1)]
            return {day: known.get(day, CLOSED) for day in asked}

    def is_open(self, asset_class: AssetClass) -> bool | None:
        """Always, but for classes that the test has halted."""
        self._raise("is_open")
        return asset_class not in self.halted

    def skew(self) -> timedelta | None:
        """What the test set."""
        return self.ahead

    def take_quote(self, instrument: str, price: Decimal, at: datetime) -> Sequence[BrokerOrder]:
        """Set the price where the capabilities say so. It fills nothing: use `fill`."""
        del at
        self._raise("take_quote")
        if self._capabilities.takes_quotes:
            self.prices[instrument] = price
            held = self._held.get(instrument)
            if held is not None:
                self._held[instrument] = replace(held, current_price=price)
        return ()

    # How it works.

    def troubles(self) -> Sequence[str]:
        """What a test wrote into `complaints`."""
        return list(self.complaints)

    def watch(self, heard: Hint) -> None:
        """Keep who wants to hear; a test calls `heard`."""
        self.heard = heard

    def close(self) -> None:
        """Tell no more."""
        self.heard = None

    def _shown(self, order: _Order) -> BrokerOrder:
        if not self._lagging_looks or not order.fills:
            return order.answer()
        self._lagging_looks -= 1
        return replace(order, fills=[], status=OrderStatus.LIVE).answer()

    def _play(self, turn: Turn, intent: OrderIntent) -> BrokerOrder:
        order = self._order(intent, turn.hidden)
        if turn.arrives:
            self._accept(order, turn)
        if turn.error is not None:
            raise turn.error
        return order.answer()

    def _accept(self, order: _Order, turn: Turn) -> None:
        if order.role in self.refuses:
            raise BrokerRejected(f"no {order.role.value} is taken")
        if order.role is not OrderRole.ENTRY:
            self._check_exit(order)
        self._orders.append(order)
        at_once = ALL if self._fills_at_once(order) else NONE
        wanted = at_once if turn.filled is None else turn.filled
        if wanted:
            self._execute(order, min(wanted, order.quantity), None)
        elif order.immediate:
            self._cancel(order, "not_filled")
        elif order.trail is not None:
            _follow(order, self.prices.get(order.instrument, Decimal(100)))

    def _check_exit(self, order: _Order) -> None:
        closable = self._closable(order)
        if not closable:
            raise BrokerRejected("there is nothing to close", code="NO_POSITION")
        if not self._of(order.symbol).exits_reserve:
            order.quantity = min(order.quantity, closable)
            return
        if not order.legs and self._is_met(order):
            raise BrokerRejected("potential wash trade detected", code="WASH_TRADE")
        free = closable - self._reserved(order.instrument)
        if order.quantity > free:
            why = f"insufficient qty available (requested: {order.quantity}, available: {free})"
            raise BrokerRejected(why, code="INSUFFICIENT_QUANTITY")

    def _is_met(self, order: _Order) -> bool:
        """Whether an entry of the other side rests, which only the two of a pair do not mind."""
        return any(
            other.role is OrderRole.ENTRY
            and other.status.working
            and other.side is not order.side
            and other.instrument == order.instrument
            for other in self._orders
        )

    def _reserved(self, instrument: str) -> Decimal:
        """What open exits hold; the two of a pair hold the same."""
        total = NONE
        for root in self._orders:
            pair = [root, *root.legs]
            exits = [
                each for each in pair if each.role is not OrderRole.ENTRY and each.status.working
            ]
            if root.instrument == instrument:
                total += max((each.quantity - each.filled for each in exits), default=NONE)
        return total

    def _of(self, symbol: str) -> Capabilities:
        return self._capabilities.for_class(Ticker("", symbol).asset_class)

    def _fills_at_once(self, order: _Order) -> bool:
        """A market order, and one for this moment only that the price reaches."""
        if order.order_type is OrderType.MARKET or not order.immediate:
            return order.order_type is OrderType.MARKET
        price, limit = self.prices.get(order.instrument), order.limit_price
        if price is None or limit is None:
            return False
        return (limit - price) * order.side.sign >= 0

    def _execute(self, order: _Order, quantity: Decimal, price: Decimal | None) -> None:
        if order.role is not OrderRole.ENTRY and self._of(order.symbol).reduce_only_legs:
            quantity = min(quantity, self._closable(order))
        at = price if price is not None else self.prices.get(order.instrument, Decimal(100))
        order.fills.append(
            Fill(
                fill_id=f"{order.client_order_id}-{len(order.fills) + 1}",
                client_order_id=order.client_order_id,
                symbol=order.symbol,
                side=order.side,
                quantity=quantity,
                price=at,
                at=self._clock.now(),
            )
        )
        done = order.filled == order.quantity
        order.status = OrderStatus.FILLED if done else OrderStatus.PARTIALLY_FILLED
        got = quantity * (1 - self.fee_share) if order.side is Side.BUY else quantity
        self._trade(order.instrument, order.symbol, order.side.sign * got, at)
        self._cancel_siblings(order)
        self._arm(order)
        self._shrink(order.instrument)

    def _trade(self, instrument: str, symbol: str, change: Decimal, price: Decimal) -> None:
        self._held_before = dict(self._held)
        self.cash -= change * price
        held = self._held.pop(instrument, None)
        before = held.quantity if held is not None else NONE
        after = before + change
        entry = price
        if held is not None and before * change > 0:
            entry = (before * held.entry_price + change * price) / after
        elif held is not None and before * after > 0:
            entry = held.entry_price
        if after:
            self._held[instrument] = Position(
                symbol=symbol,
                instrument=instrument,
                quantity=after,
                entry_price=entry,
                current_price=self.prices.get(instrument, price),
            )

    def _arm(self, entry: _Order) -> None:
        waits = self.holds_legs and entry.status is not OrderStatus.FILLED
        for leg in entry.legs if entry.role is OrderRole.ENTRY else ():
            if leg.status.final or leg.level is None or entry.average_price is None:
                continue
            price = leg_price(
                leg.level,
                leg.role,
                entry_side=entry.side,
                reference=entry.average_price,
                tick=Decimal("0.01"),
            )
            if leg.role is OrderRole.STOP_LOSS:
                leg.stop_price = price
            else:
                leg.limit_price = price
            if leg.order_type is OrderType.STOP_LIMIT:
                leg.limit_price = leg.level.limit_price
            if leg.order_type is OrderType.TRAILING_STOP:
                leg.trail = abs(entry.average_price - price)
            if not waits:
                leg.quantity, leg.status = entry.filled, OrderStatus.LIVE

    def _cancel_siblings(self, filled: _Order) -> None:
        if filled.status is not OrderStatus.FILLED or filled.role is OrderRole.ENTRY:
            return
        for root in self._orders:
            pair = [*root.legs, *([root] if root.role is not OrderRole.ENTRY else [])]
            for leg in pair if filled in pair else ():
                if not leg.status.final:
                    self._cancel(leg, "sibling_filled")

    def _shrink(self, instrument: str) -> None:
        """Cut reduce-only orders to the position."""
        if not self._of(instrument).reduce_only_legs:
            return
        orders = [order for order in self._orders if order.instrument == instrument]
        for order in orders:
            if order.role is OrderRole.EXIT and order.status.working:
                self._cut(order, self._closable(order))
        taken: defaultdict[Side, Decimal] = defaultdict(Decimal)
        for entry in reversed(orders):
            legs = [leg for leg in entry.legs if leg.status.working]
            share = max((leg.quantity - leg.filled for leg in legs), default=NONE)
            for leg in legs:
                share = min(share, self._closable(leg) - taken[leg.side])
                self._cut(leg, share)
            taken[entry.side.opposite] += share

    def _cut(self, order: _Order, most: Decimal) -> None:
        if not most:
            self._cancel(order, "position_closed")
        order.quantity = min(order.quantity, order.filled + most)

    def _cancel(self, order: _Order, reason: str) -> None:
        order.status, order.reason = OrderStatus.CANCELED, reason
        for leg in order.legs:
            if leg.status is OrderStatus.NEW or (leg.status.working and order.role.protects):
                self._cancel(leg, "entry_canceled")

    def _closable(self, order: _Order) -> Decimal:
        held = self._held.get(order.instrument)
        return max(NONE, -order.side.sign * held.quantity) if held is not None else NONE

    def _visible(self) -> dict[str, Position]:
        if not self._lagging_reads:
            return self._held
        self._lagging_reads -= 1
        return self._held_before

    def _check(self, intent: OrderIntent) -> None:
        assert intent.quantity > 0, "an order needs a quantity"
        able = self._of(intent.symbol)
        assert intent.order_type in able.order_types, intent.order_type
        assert intent.time_in_force in able.times_in_force, intent.time_in_force
        if intent.role.protects:
            assert able.oco or not intent.legs, "it cannot place pairs"
            sells = intent.order_type is OrderType.MARKET
            whole = able.fractional_brackets or intent.quantity % 1 == 0
            assert whole or sells, f"a stop of {intent.quantity}"
        elif intent.legs:
            assert intent.order_type in able.bracket_entries, intent.order_type

    def _order(self, intent: OrderIntent, hidden: int) -> _Order:
        order = _Order(
            client_order_id=intent.client_order_id,
            broker_order_id=f"B{len(self._orders) + 1}",
            symbol=intent.symbol,
            instrument=intent.instrument,
            side=intent.side,
            role=intent.role,
            order_type=intent.order_type,
            quantity=intent.quantity,
            limit_price=intent.limit_price,
            stop_price=intent.stop_price,
            trail=intent.trail,
            immediate=intent.time_in_force in IMMEDIATE,
            hidden=hidden,
        )
        order.legs.extend(_legs(intent, order.broker_order_id))
        return order

    def _known(self, client_order_id: str) -> _Order | None:
        matching = (o for o in self._tree() if o.client_order_id == client_order_id)
        return next(matching, None)

    def _one(self, client_order_id: str) -> _Order:
        order = self._known(client_order_id)
        assert order is not None, f"{client_order_id} never reached the broker"
        return order

    def _tree(self) -> Iterator[_Order]:
        for order in self._orders:
            yield order
            yield from order.legs

    def _raise(self, method: str) -> None:
        if self._failures[method]:
            raise self._failures[method].popleft()


def _legs(intent: OrderIntent, parent: str) -> Iterator[_Order]:
    for role, leg in intent.legs:
        yield _Order(
            client_order_id=leg.client_order_id,
            broker_order_id=f"{parent}-{role.value}",
            symbol=intent.symbol,
            instrument=intent.instrument,
            side=leg_side(intent),
            role=role,
            order_type=leg_type(leg.level, role),
            quantity=intent.quantity,
            level=leg.level,
            limit_price=leg.level.value if intent.role.protects else None,
            status=OrderStatus.LIVE if intent.role.protects else OrderStatus.NEW,
        )


def _follow(order: _Order, price: Decimal) -> None:
    """Put a trailing stop behind a price that is better than those before."""
    assert order.trail is not None
    stop = price + order.side.sign * order.trail
    if order.stop_price is None or (order.stop_price - stop) * order.side.sign > 0:
        order.stop_price = stop
