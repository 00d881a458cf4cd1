"""The Fyers broker: the Broker port over fyers-apiv3.

It keeps nothing that it could not read again: what it remembers (books for a moment, a price for a
second, the ids of pairs) only saves calls.
"""

import logging
import threading
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from app.adapters.brokers import Resources
from app.adapters.brokers.fyers.answers import (
    AVAILABLE,
    CONTRACTS,
    SHARES,
    TOTAL,
    ZERO,
    read_limits,
    read_may_deliver,
    read_news,
)
from app.adapters.brokers.fyers.bodies import (
    Body,
    Part,
    Terms,
    gtt_body,
    is_pair,
    on_tick,
    order_body,
    parts_of,
)
from app.adapters.brokers.fyers.capabilities import abilities, ordinary
from app.adapters.brokers.fyers.desk import Desk
from app.adapters.brokers.fyers.holdings import Holdings
from app.adapters.brokers.fyers.markets import Markets
from app.adapters.brokers.fyers.options import FyersOptions, read_options
from app.adapters.brokers.fyers.orders import Orders
from app.adapters.brokers.fyers.pairs import Pairs
from app.adapters.brokers.fyers.quotes import Quotes
from app.adapters.brokers.fyers.stream import Stream
from app.adapters.brokers.fyers.wire import Wire
from app.adapters.brokers.reading import UNREADABLE, understood
from app.adapters.brokers.triggers import Triggers
from app.domain.capabilities import Capabilities
from app.domain.contract import Wish
from app.domain.decision import Denied
from app.domain.errors import BrokerError, BrokerRejected, BrokerUnavailable, JournalError
from app.domain.instrument import AssetClass, Instrument, Ticker
from app.domain.order import BrokerOrder, OrderIntent, OrderRole, OrderType, Side
from app.domain.position import Balance, Position, Quote
from app.domain.rejection import Rejection
from app.domain.session import Day
from app.ports.broker import Hint

log = logging.getLogger(__name__)

FUTURE = "FUT"
"""How symbols of futures end, for which nothing is paid but a margin."""

ODD_SKEW = timedelta(seconds=2)
"""Clocks that differ by more are told of; the header has whole seconds."""


def open_broker(account: str, options: Mapping[str, str], resources: Resources) -> "FyersBroker":
    """Open an account at Fyers. Nothing is called and nothing heavy is loaded yet.

    Raises:
        ConfigError: an option is missing or cannot be used.
    """
    return FyersBroker(account, read_options(account, options), resources)


class FyersBroker:
    """One account at Fyers."""

    def __init__(self, account: str, options: FyersOptions, resources: Resources) -> None:
        self._account = account
        self._options = options
        self._clock = resources.clock
        self._symbols = resources.symbols
        self._capabilities = abilities(options.product)
        self._wire = Wire(account, options, resources)
        desk = Desk(account, resources, self._wire, self._is_heard)
        self._books = desk.books
        self._holdings = Holdings(desk.books, self._is_share)
        self._quotes = Quotes(self._wire, resources.clock)
        self._markets = Markets(self._wire, resources.clock)
        pairs = Pairs(desk, self._bodies)
        self._orders = Orders(desk, self._holdings, pairs, Triggers(self._quotes.latest))
        self._stream: Stream | None = None

    @property
    def account(self) -> str:
        """Our name of the account."""
        return self._account

    @property
    def capabilities(self) -> Capabilities:
        """Those of shares of the usual product; other products and derivatives differ."""
        return self._capabilities

    def instrument(self, ticker: Ticker) -> Instrument | None:
        """What a name means in the symbol master."""
        return self._named(ticker) if ticker.name else None

    def contract(self, wish: Wish, at: datetime) -> Instrument | Denied:
        """The contract that a wish means, by the symbol master and the price of its underlying."""
        self._await_lists()
        try:
            return self._symbols.contract(wish, at, self._price_of)
        except JournalError as error:
            raise BrokerUnavailable(f"the symbol master: {error}") from error

    def near(self, ticker: Ticker) -> Sequence[str]:
        """Names in the symbol master that are like one that is not there."""
        try:
            return self._symbols.near(ticker)
        except JournalError:
            return ()  # the refusal stands without them

    def submit(self, intent: OrderIntent) -> BrokerOrder:
        """Place an order, its legs with it; in slices where an exchange takes no more at once.

        An exit closes no more than is held at this moment, each product for itself: Fyers would
        sell the rest short. A leg is placed as it was asked for: the position may not show yet what
        it is to protect.
        """
        bodies = self._bodies(intent)
        try:
            return self._orders.place(intent, bodies)
        except BrokerRejected as error:
            if error.reason != Rejection.MARKET_CLOSED or not intent.role.protects:
                raise
            return self._place_for_the_open(intent, bodies)

    def find(self, client_order_id: str) -> BrokerOrder | None:
        """The order with its legs and fills; None when no book of Fyers knows of it."""
        return self._orders.find(client_order_id)

    def orders(self) -> Sequence[BrokerOrder]:
        """Everything that works there."""
        return self._orders.working()

    def cancel(self, client_order_id: str) -> BrokerOrder | None:
        """Cancel a working order; of two legs both."""
        return self._orders.cancel(client_order_id)

    def reprice(self, client_order_id: str, limit: Decimal) -> BrokerOrder | None:
        """Move the limit of a working order."""
        order = self._orders.find(client_order_id)
        if order is None or order.status.final:
            return order
        instrument = self._by_key(order.symbol)
        if instrument is not None:
            terms = Terms(options=self._options, instrument=instrument, price=None)
            limit = on_tick(limit, terms, order.side, stop=False)
        return self._orders.move(client_order_id, limit)

    def position(self, instrument: str) -> Position | None:
        """What is held of an instrument, of all products together."""
        return self._holdings.of(instrument)

    def positions(self) -> Sequence[Position]:
        """Everything that is held."""
        return self._holdings.all()

    def balance(self) -> Balance:
        """Money of the account, and what is held for it at the prices of now."""
        raw = self._wire.read(lambda fyers: fyers.funds())
        try:
            limits = read_limits(raw)
            total, available = limits[TOTAL], limits[AVAILABLE]
        except UNREADABLE as error:
            raise understood(error, writes=False) from error
        profit = sum((each.unrealized for each in self._books.positions()), ZERO)
        at_home = sum((each.quantity * each.price for each in self._books.holdings()), ZERO)
        equity = total + profit + at_home
        paid = [each for each in self._holdings.all() if not each.symbol.endswith(FUTURE)]
        worth = sum((each.market_value for each in paid), ZERO)
        return Balance(cash=equity - worth, equity=equity, buying_power=available)

    def quote(self, instrument: str) -> Quote | None:
        """The newest price of an instrument."""
        return self._quotes.latest(instrument)

    def market_days(
        self,
        asset_class: AssetClass,  # noqa: ARG002  # the port's
        first: date,  # noqa: ARG002  # the same
        last: date,  # noqa: ARG002  # the same
    ) -> Mapping[date, Day] | None:
        """None: Fyers tells whether its markets are open now, and has no calendar."""
        return None

    def is_open(self, asset_class: AssetClass) -> bool | None:
        """By what Fyers says of its markets; asked for all classes at once."""
        segment = SHARES if asset_class is AssetClass.EQUITY else CONTRACTS
        return segment in self._markets.open_segments()

    def skew(self) -> timedelta | None:
        """How far Fyers' clock was ahead of ours at its latest answer; it tells whole seconds."""
        return self._wire.skew

    def take_quote(
        self,
        instrument: str,  # noqa: ARG002  # the port's
        price: Decimal,  # noqa: ARG002  # the same
        at: datetime,  # noqa: ARG002  # the same
    ) -> Sequence[BrokerOrder]:
        """Ignored: Fyers has its own prices."""
        return ()

    def troubles(self) -> Sequence[str]:
        """A login that is not accepted, shares that may not be sold, a clock that differs."""
        raw = self._wire.read(lambda fyers: fyers.get_profile())
        try:
            may_deliver = read_may_deliver(raw)
        except UNREADABLE as error:
            raise understood(error, writes=False) from error
        troubles: list[str] = []
        if not may_deliver and self._books.holdings():
            troubles.append("shares at home can be sold only after eDIS: there is no DDPI")
        skew = self._wire.skew
        if skew is not None and abs(skew) > ODD_SKEW:
            word = "behind" if skew > timedelta(0) else "ahead of"
            troubles.append(f"this machine's clock is {abs(skew).total_seconds():.0f} s {word} it")
        return troubles

    def watch(self, heard: Hint) -> None:
        """Load fyers-apiv3, then listen: all on a thread of its own."""
        self._stream = Stream(
            self._options.stream_url,
            self._options.app_id,
            self._wire.token,
            self._wire.refuse,
            lambda told: self._hear(told, heard),
        )
        name = f"novalgo-fyers-{self._account}"
        threading.Thread(target=self._attend, args=(self._stream,), name=name, daemon=True).start()

    def close(self) -> None:
        """Listen no more, and close the connections."""
        if self._stream is not None:
            self._stream.close()
        self._wire.close()

    def _is_heard(self) -> bool:
        return self._stream is not None and self._stream.listens

    def _attend(self, stream: Stream) -> None:
        self._wire.load()
        stream.run()

    def _hear(self, told: Any, heard: Hint) -> None:
        """A hint by our id; of what has none, that anything may have changed."""
        if told is None:
            self._books.stale()
            heard(None)
            return
        news = read_news(told)
        if news is not None and self._orders.take(news):
            heard(self._orders.name_of(news))

    # ------------------------------------------------------------------ what is sent

    def _bodies(self, intent: OrderIntent) -> Sequence[Body]:
        """What is sent for an order: one body, or one for each slice.

        Raises:
            BrokerRejected: there is no such order at Fyers, or nothing to close.
            BrokerUnavailable: something that it depends on is not known now.
        """
        instrument = self._known(intent)
        wanted = self._wanted(intent)
        parts = self._parts(intent, wanted, instrument)
        price = self._price_for(intent)
        terms = Terms(options=self._options, instrument=instrument, price=price)
        try:
            return [_body(intent, part, terms) for part in parts]
        except ValueError as error:
            raise BrokerRejected(str(error), code=Rejection.UNSUPPORTED_ORDER) from error

    def _parts(
        self, intent: OrderIntent, wanted: Sequence[tuple[str, Decimal]], instrument: Instrument
    ) -> Sequence[Part]:
        try:
            return parts_of(intent.client_order_id, wanted, instrument)
        except ValueError as error:
            raise BrokerRejected(str(error), code=Rejection.INVALID_QUANTITY) from error

    def _wanted(self, intent: OrderIntent) -> Sequence[tuple[str, Decimal]]:
        """How many units of which product."""
        if intent.role is OrderRole.EXIT:
            return self._closing(intent)
        product = self._product(intent)
        classes = self._capabilities.for_class(self._known(intent).asset_class)
        if intent.role is OrderRole.ENTRY and intent.side is Side.SELL:
            able = classes.for_product(product.lower())
            if not able.can_short(self._known(intent)):
                words = f"{intent.symbol} cannot be sold short as {product}"
                raise BrokerRejected(words, code=Rejection.NOT_SHORTABLE)
        return [(product, intent.quantity)]

    def _closing(self, intent: OrderIntent) -> Sequence[tuple[str, Decimal]]:
        """What is held against an exit, up to its quantity."""
        left, wanted = intent.quantity, list[tuple[str, Decimal]]()
        first = ordinary(intent.product or self._options.product)
        for product, held in self._holdings.closing(intent.instrument, intent.side, first):
            size = min(left, held)
            wanted += [(product, size)] if size else []
            left -= size
        if not wanted:
            words = f"there is no {intent.symbol} to close"
            raise BrokerRejected(words, code=Rejection.NO_POSITION)
        return wanted

    def _product(self, intent: OrderIntent) -> str:
        """The product of an entry, as its alert has it; of a leg, that of what it protects."""
        usual = ordinary(intent.product or self._options.product)
        if intent.role is OrderRole.ENTRY:
            return usual
        if intent.parent is not None:
            placed = self._orders.product_of(intent.parent)
            if placed is not None:
                return placed
        held = self._holdings.closing(intent.instrument, intent.side, usual)
        return held[0][0] if held else usual

    def _price_for(self, intent: OrderIntent) -> Decimal | None:
        """The price that a protected limit, or a leg, is reckoned from.

        An exit is content with the price that its position is told with.
        """
        at_market = intent.order_type is OrderType.MARKET and self._options.protects
        needed = at_market or (bool(intent.legs) and not is_pair(intent))
        if not needed:
            return None
        try:
            quote = self._quotes.latest(intent.instrument)
        except BrokerError:
            if intent.role is OrderRole.ENTRY:
                raise
            quote = None
        if quote is not None:
            return quote.price
        if intent.role is OrderRole.ENTRY:
            raise BrokerUnavailable(f"no price of {intent.symbol} is known")
        held = self._holdings.of(intent.instrument)
        return None if held is None else held.current_price

    def _place_for_the_open(self, intent: OrderIntent, bodies: Sequence[Body]) -> BrokerOrder:
        """A leg while its market is closed: it waits there for the open, or here for its time."""
        try:
            return self._orders.place(intent, [{**body, "offlineOrder": True} for body in bodies])
        except BrokerRejected as error:
            if error.reason != Rejection.MARKET_CLOSED:
                raise
            raise BrokerUnavailable(f"its market is closed: {error}") from error

    # ------------------------------------------------------------------ what is known

    def _known(self, intent: OrderIntent) -> Instrument:
        found = self._by_key(intent.instrument)
        if found is None:
            raise BrokerRejected(f"there is no {intent.symbol}", code=Rejection.NOT_TRADABLE)
        return found

    def _by_key(self, key: str) -> Instrument | None:
        return self._named(Ticker.parse(key))

    def _await_lists(self) -> None:
        """What is on no list, because there is none yet, may be there all the same."""
        if not self._symbols.loaded:
            raise BrokerUnavailable("no list of instruments is loaded yet")

    def _named(self, ticker: Ticker) -> Instrument | None:
        self._await_lists()
        try:
            return self._symbols.named(ticker)
        except JournalError as error:
            raise BrokerUnavailable(f"the symbol master: {error}") from error

    def _is_share(self, symbol: str) -> bool:
        """Whether it may be at home; what is not known may."""
        try:
            found = self._symbols.named(Ticker.parse(symbol))
        except JournalError:
            found = None
        return found is None or found.asset_class is AssetClass.EQUITY

    def _price_of(self, symbol: str) -> Decimal | None:
        quote = self._quotes.latest(symbol)
        return None if quote is None else quote.price


def _body(intent: OrderIntent, part: Part, terms: Terms) -> Body:
    return gtt_body(intent, part, terms) if is_pair(intent) else order_body(intent, part, terms)
