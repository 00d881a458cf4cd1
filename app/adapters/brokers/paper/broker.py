"""The paper broker: the Broker port over the matcher and the books in SQL.

It keeps nothing in memory. Each call is one transaction that loads what rests and what is held,
lets the matcher decide, and writes the result back: it survives a kill at any statement, and
several processes can use one account.
"""

from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal, localcontext
from functools import partial
from typing import TypeVar

from app.adapters.brokers import Resources
from app.adapters.brokers.paper.instruments import CAPABILITIES, instrument_of
from app.adapters.brokers.paper.money import EXACT, usable_price
from app.adapters.brokers.paper.options import PaperOptions, read_options
from app.adapters.brokers.paper.orders import legs_of, order_of
from app.adapters.brokers.paper.store import Books
from app.domain.capabilities import Capabilities
from app.domain.contract import Wish, wish_named
from app.domain.decision import Denial, Denied
from app.domain.errors import BrokerRejected, BrokerUnavailable, JournalError
from app.domain.instrument import AssetClass, Instrument, Ticker
from app.domain.order import BrokerOrder, OrderIntent, OrderStatus
from app.domain.position import Balance, Position, Quote
from app.domain.session import Day
from app.ports.broker import Hint
from app.ports.symbols import Symbols

Found = TypeVar("Found")


def open_broker(account: str, options: Mapping[str, str], resources: Resources) -> "PaperBroker":
    """Open a paper account.

    Raises:
        ConfigError: an option cannot be used.
    """
    return PaperBroker(account, read_options(account, options), resources)


class PaperBroker:
    """One paper account.

    Cash only: what a trade adds to the exposure must be covered by the equity that no position
    uses. Shorts and fractions are allowed, no order flips a position, and there are no sessions: a
    resting order works until it is canceled or its `expires_at` comes. Who looks at it from then on
    finds it expired, be it a price or a question.
    """

    def __init__(self, account: str, options: PaperOptions, resources: Resources) -> None:
        self._account = account
        self._options = options
        self._db = resources.database
        self._clock = resources.clock
        self._symbols = resources.symbols

    @property
    def account(self) -> str:
        """Our name of the account."""
        return self._account

    @property
    def capabilities(self) -> Capabilities:
        """Everything but orders for an auction."""
        return CAPABILITIES

    def instrument(self, ticker: Ticker) -> Instrument | None:
        """Any name is an instrument; None when it is empty.

        Of an underlying that the list of contracts has, a contract is one of that list, or one that
        was: what was traded once is known for ever.
        """
        wish = wish_named(ticker)
        found = self._listed(wish, self._clock.now()) if wish is not None else None
        if found is None:
            return self._remembered(instrument_of(ticker))
        if isinstance(found, Denied):
            found = self._in_list(lambda symbols: symbols.named(ticker))
        if found is not None:
            return self._remembered(found)
        with self._reading() as books:
            symbol = f"{ticker.exchange}:{ticker.name}"
            return books.known_as(symbol, symbol)

    def contract(self, wish: Wish, at: datetime) -> Instrument | Denied:
        """One of the list of contracts; where that has none of the underlying, one by its name."""
        found = self._listed(wish, at)
        if found is not None:
            return found if isinstance(found, Denied) else self._remembered(found) or found
        named = None if wish.name is None else self.instrument(wish.name)
        if named is not None:
            return named
        return Denied(Denial.UNKNOWN_SYMBOL, f"{wish}: {self._account} knows no option contracts")

    def submit(self, intent: OrderIntent) -> BrokerOrder:
        """Place an order; an id that was used before answers with the first order.

        A market order fills at the newest quote, and so does any other that it reaches. Legs are
        armed in the transaction of the fill.
        """
        with self._writing() as books:
            known = books.known(intent)
            if intent.client_order_id not in known:
                _check_ids(intent, known)
                self._place(books, intent)
            return _found(books, intent.client_order_id)

    def find(self, client_order_id: str) -> BrokerOrder | None:
        """The order with its legs and fills; None when there never was one."""
        with self._reading() as books:
            order = books.find(client_order_id)
        if order is None or not _is_due(order, self._clock.now()):
            return order
        return self._end(client_order_id, cancel=False)

    def orders(self) -> Sequence[BrokerOrder]:
        """What works; an order whose time is over is not among it any more."""
        now = self._clock.now()
        with self._reading() as books:
            return [order for order in books.working() if not _is_due(order, now)]

    def cancel(self, client_order_id: str) -> BrokerOrder | None:
        """Cancel a working order: an entry with its waiting legs, a leg alone."""
        return self._end(client_order_id, cancel=True)

    def reprice(self, client_order_id: str, limit: Decimal) -> BrokerOrder | None:
        """Move the limit of an order; a quote that is fresh enough to trade on works it at once."""
        usable, now = usable_price(limit), self._clock.now()
        if usable is None:
            raise BrokerRejected(f"{limit} cannot be a limit")
        with self._writing() as books:
            order = books.whereabouts(client_order_id)
            if order is not None and not OrderStatus(order["status"]).final:
                quote, book = books.open(order["instrument"], order["symbol"], now)
                fresh = quote is not None and not self._too_old(quote)
                price = quote.price if quote is not None and fresh else None
                book.reprice(client_order_id, usable, price)
                books.save(book)
            return books.find(client_order_id)

    def position(self, instrument: str) -> Position | None:
        """What is held of an instrument, at its newest price whatever its age."""
        with self._reading() as books:
            return books.position(instrument)

    def positions(self) -> Sequence[Position]:
        """Everything that is held."""
        with self._reading() as books:
            return books.holdings()[1]

    def balance(self) -> Balance:
        """Money of the account, positions at their newest prices."""
        with self._reading() as books:
            funds = books.funds()
            power = self._options.fee.affordable(funds.buying_power)
            return Balance(cash=funds.cash, equity=funds.equity, buying_power=power)

    def quote(self, instrument: str) -> Quote | None:
        """The newest price; None when there is none or it is too old to trade on."""
        with self._reading() as books:
            quote = books.quote(instrument)
        if quote is None or self._too_old(quote):
            return None
        before = quote.before
        return replace(quote, before=None) if before and self._too_old(before) else quote

    def market_days(
        self, asset_class: AssetClass, first: date, last: date
    ) -> Mapping[date, Day] | None:
        """It has no calendar: it trades whenever there is a price."""
        del asset_class, first, last
        return None  # None is the answer, not the lack of one

    def skew(self) -> timedelta | None:
        """Its clock is ours."""
        return None

    def take_quote(self, instrument: str, price: Decimal, at: datetime) -> Sequence[BrokerOrder]:
        """Let a price work what rests, then keep it as the newest.

        A price of the future counts as one of now. One that is older than the newest is ignored,
        and so is the newest when it comes again.

        Returns:
            The orders that changed, with their legs; for a changed leg its entry.
        """
        usable = usable_price(price)
        if usable is None:
            return ()
        now = self._clock.now()
        quote = Quote(price=usable, at=min(at, now))
        with self._writing() as books:
            newest, book = books.open(instrument, None, now)
            if newest is not None and not _is_news(quote, newest):
                return ()
            book.expire(quote.at)
            book.work(usable)
            books.save(book)
            books.put_quote(instrument, quote)
            return [_found(books, root) for root in book.changed_roots]

    def troubles(self) -> Sequence[str]:
        """None: its books are the journal's, which is looked at anyway."""
        return ()

    def watch(self, heard: Hint) -> None:
        """Nothing changes here but by a call of ours."""

    def close(self) -> None:
        """Nothing is held open: the database belongs to the house."""

    def _listed(self, wish: Wish, at: datetime) -> Instrument | Denied | None:
        """What the list says of a wish; None when it does not have its underlying."""
        price_of = partial(self._price_of, wish)
        found = self._in_list(lambda symbols: symbols.contract(wish, at, price_of))
        if isinstance(found, Instrument):
            return found
        known = self._in_list(lambda symbols: symbols.quoted(wish.underlying))
        return None if known is None else found

    def _price_of(self, wish: Wish, symbol: str) -> Decimal | None:
        """The price of an underlying, whose quotes came by its name or by that of the chart."""
        quotes = map(self.quote, (Ticker.parse(symbol).key, wish.underlying.key))
        return next((quote.price for quote in quotes if quote is not None), None)

    def _in_list(self, look: Callable[[Symbols], Found]) -> Found:
        try:
            return look(self._symbols)
        except JournalError as error:
            raise BrokerUnavailable(f"the list of contracts: {error}") from error

    def _remembered(self, instrument: Instrument | None) -> Instrument | None:
        if instrument is None:
            return None
        with self._reading() as books:
            known = books.known_as(instrument.key, instrument.symbol)
        grid = (instrument.asset_class, instrument.tick)
        if known is None or (known.asset_class, known.tick) != grid:
            with self._writing() as books:
                books.remember(instrument)
        return instrument

    def _place(self, books: Books, intent: OrderIntent) -> None:
        order, legs = order_of(intent), legs_of(intent)
        quote, book = books.open(intent.instrument, intent.symbol, self._clock.now())
        fresh = quote is not None and not self._too_old(quote)
        if order.needs_quote and not fresh:
            raise BrokerRejected(self._no_quote(intent.symbol, quote), code="NO_QUOTE")
        book.submit(order, legs, quote.price if quote is not None and fresh else None)
        books.save(book)

    def _end(self, client_order_id: str, *, cancel: bool) -> BrokerOrder | None:
        """End an order whose time is over, or that is to be canceled; a final one stays."""
        now = self._clock.now()
        with self._writing() as books:
            order = books.whereabouts(client_order_id)
            if order is not None and not OrderStatus(order["status"]).final:
                book = books.open(order["instrument"], order["symbol"], now).book
                book.expire(now)
                if cancel:
                    book.cancel(client_order_id)
                books.save(book)
            return books.find(client_order_id)

    def _too_old(self, quote: Quote) -> bool:
        return self._clock.now() - quote.at > self._options.max_quote_age

    def _no_quote(self, symbol: str, quote: Quote | None) -> str:
        if quote is None:
            return f"no quote of {symbol} is known"
        seconds = (self._clock.now() - quote.at).total_seconds()
        limit = self._options.quote_seconds
        return f"the quote of {symbol} is {seconds:.0f} s old; at most {limit} s are allowed"

    @contextmanager
    def _writing(self) -> Generator[Books]:
        """One transaction, in exact arithmetic.

        Raises:
            BrokerUnavailable: the database did not take it; nothing was written.
        """
        try:
            with localcontext(EXACT), self._db.transaction() as tx:
                yield Books(tx, self._account, self._options)
        except JournalError as error:
            raise BrokerUnavailable(f"the books of {self._account}: {error}") from error

    @contextmanager
    def _reading(self) -> Generator[Books]:
        """Reads of one statement each, which need no transaction."""
        try:
            with localcontext(EXACT), self._db.reading() as tx:
                yield Books(tx, self._account, self._options)
        except JournalError as error:
            raise BrokerUnavailable(f"the books of {self._account}: {error}") from error


def _check_ids(intent: OrderIntent, known: set[str]) -> None:
    """Refuse legs whose ids are in use: an id names one order for ever."""
    ids = [intent.client_order_id, *(leg.client_order_id for _, leg in intent.legs)]
    if known or len(set(ids)) < len(ids):
        raise BrokerRejected("the client_order_id of a leg was used before")


def _is_due(order: BrokerOrder, now: datetime) -> bool:
    over = order.expires_at is not None and order.expires_at <= now
    return over and order.status.working


def _is_news(quote: Quote, newest: Quote) -> bool:
    return quote.at > newest.at or (quote.at == newest.at and quote.price != newest.price)


def _found(books: Books, client_order_id: str) -> BrokerOrder:
    order = books.find(client_order_id)
    if order is None:
        raise LookupError(f"{client_order_id} was written and is not there")
    return order
