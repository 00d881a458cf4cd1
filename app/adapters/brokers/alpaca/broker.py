"""The Alpaca broker: the Broker port over alpaca-py.

It keeps nothing that it could not read again: what it remembers (assets for a day, a quote for a
second, executions that the stream told of) only saves calls.
"""

import logging
import threading
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any

from app.adapters.brokers import Resources
from app.adapters.brokers.alpaca.answers import (
    Told,
    read_balance,
    read_days,
    read_event,
    read_troubles,
)
from app.adapters.brokers.alpaca.assets import Assets, occ_symbol_of, option_of
from app.adapters.brokers.alpaca.bodies import Body, needs_reference, order_body, stock_tick
from app.adapters.brokers.alpaca.calls import Calls
from app.adapters.brokers.alpaca.capabilities import STOCKS
from app.adapters.brokers.alpaca.fills import Fills
from app.adapters.brokers.alpaca.holdings import Holdings
from app.adapters.brokers.alpaca.options import AlpacaOptions, read_options
from app.adapters.brokers.alpaca.orders import Orders
from app.adapters.brokers.alpaca.quotes import Quotes
from app.adapters.brokers.alpaca.stream import Stream
from app.adapters.brokers.alpaca.wire import Wire
from app.adapters.brokers.reading import UNREADABLE, understood
from app.adapters.brokers.triggers import Triggers
from app.domain.capabilities import Capabilities
from app.domain.contract import Wish
from app.domain.decision import Denial, Denied
from app.domain.errors import BrokerError, BrokerRejected
from app.domain.instrument import AssetClass, Instrument, Ticker
from app.domain.order import BrokerOrder, OrderIntent, OrderRole, OrderType
from app.domain.position import Balance, Position, Quote
from app.domain.rejection import Rejection
from app.domain.session import Day
from app.ports.broker import Hint

log = logging.getLogger(__name__)

LATELY = 900.0
"""Seconds for which a price tells that a stock is not near a dollar."""
WELL_ABOVE = Decimal(2)

ODD_SKEW = timedelta(seconds=2)
"""Clocks that differ by more are told of; the header has whole seconds."""


def open_broker(account: str, options: Mapping[str, str], resources: Resources) -> "AlpacaBroker":
    """Open an account at Alpaca. Nothing is called and nothing heavy is loaded yet.

    Raises:
        ConfigError: a key is missing, or an option cannot be used.
    """
    return AlpacaBroker(account, read_options(account, options), resources)


class AlpacaBroker:
    """One account at Alpaca."""

    def __init__(self, account: str, options: AlpacaOptions, resources: Resources) -> None:
        self._account = account
        self._options = options
        calls = Calls(account, options, resources)
        self._wire = Wire(options, resources.clock, calls)
        self._assets = Assets(self._wire, resources.clock)
        self._quotes = Quotes(self._wire, resources.clock)
        self._holdings = Holdings(self._wire, resources.clock)
        self._fills = Fills(self._wire)
        self._triggers = Triggers(self.quote)
        self._orders = Orders(account, resources, self._wire, self._fills, self._reached)
        self._stream: Stream | None = None

    @property
    def account(self) -> str:
        """Our name of the account."""
        return self._account

    @property
    def capabilities(self) -> Capabilities:
        """Those of stocks; crypto and options differ."""
        return STOCKS

    def instrument(self, ticker: Ticker) -> Instrument | None:
        """What a name means at Alpaca. A stock below a dollar has a finer tick than others."""
        found = self._assets.of(ticker) if ticker.name else None
        if found is None or found.asset_class is not AssetClass.EQUITY:
            return found
        return replace(found, tick=self._tick(found))

    def contract(self, wish: Wish, at: datetime) -> Instrument | Denied:
        """An option by its day and its strike: there is no list to choose another one from."""
        del at
        if wish.name is not None:
            named = self.instrument(wish.name)
            return named or Denied(Denial.UNKNOWN_SYMBOL, f"{wish} is not known there")
        symbol = occ_symbol_of(wish)
        if symbol is None:
            detail = f"{wish}: an option needs a date and a price as strike there"
            return Denied(Denial.UNKNOWN_SYMBOL, detail)
        return option_of(symbol)

    def near(self, ticker: Ticker) -> Sequence[str]:
        """Names on the list of assets that look like one which is not there."""
        return self._assets.near(ticker)

    def submit(self, intent: OrderIntent) -> BrokerOrder:
        """Place an order, its legs with it.

        An exit closes no more than is held at this moment: Alpaca would sell the rest short. A leg
        is placed as it was asked for: the position may not show yet what it is to protect.
        """
        instrument = self._known(intent)
        if intent.role is OrderRole.EXIT:
            intent = self._capped(intent)
        return self._orders.place(intent, self._body(intent, instrument))

    def find(self, client_order_id: str) -> BrokerOrder | None:
        """The order with its legs and fills; None when Alpaca has no such order."""
        return self._orders.find(client_order_id)

    def orders(self) -> Sequence[BrokerOrder]:
        """Everything that works there."""
        return self._orders.working()

    def cancel(self, client_order_id: str) -> BrokerOrder | None:
        """Cancel a working order; Alpaca cancels the other leg with a leg."""
        return self._orders.cancel(client_order_id)

    def reprice(self, client_order_id: str, limit: Decimal) -> BrokerOrder | None:
        """Move the limit of a working order. It is another order then, and keeps our id."""
        return self._orders.move(client_order_id, limit)

    def position(self, instrument: str) -> Position | None:
        """What is held of an instrument."""
        return self._holdings.of(instrument)

    def positions(self) -> Sequence[Position]:
        """Everything that is held."""
        return self._holdings.all()

    def balance(self) -> Balance:
        """Money of the account."""
        raw = self._wire.get("/account")
        try:
            return read_balance(raw)
        except UNREADABLE as error:
            raise understood(error, writes=False) from error

    def quote(self, instrument: str) -> Quote | None:
        """The newest quote of its exchange."""
        known = self._assets.by_key(instrument)
        return None if known is None else self._quotes.latest(known)

    def market_days(
        self, asset_class: AssetClass, first: date, last: date
    ) -> Mapping[date, Day] | None:
        """The hours of the exchange in New York; crypto has none."""
        if asset_class is AssetClass.CRYPTO:
            return None
        days = {"start": f"{first}T00:00:00Z", "end": f"{last}T00:00:00Z"}
        raw = self._wire.get("/calendar", days)
        try:
            return read_days(raw, first, last)
        except UNREADABLE as error:
            raise understood(error, writes=False) from error

    def is_open(self, asset_class: AssetClass) -> bool | None:
        """By Alpaca's clock, which knows of a day that was broken off; crypto never closes."""
        if asset_class is AssetClass.CRYPTO:
            return None
        raw = self._wire.get("/clock")
        try:
            return bool(raw["is_open"])
        except UNREADABLE as error:
            raise understood(error, writes=False) from error

    def skew(self) -> timedelta | None:
        """How far Alpaca's clock was ahead of ours at its latest answer; it tells whole seconds."""
        return self._wire.skew

    def take_quote(
        self,
        instrument: str,  # noqa: ARG002  # the port's
        price: Decimal,  # noqa: ARG002  # the same
        at: datetime,  # noqa: ARG002  # the same
    ) -> Sequence[BrokerOrder]:
        """Ignored: Alpaca has its own prices."""
        return ()

    def troubles(self) -> Sequence[str]:
        """Its flags, and a clock that differs from ours."""
        raw = self._wire.get("/account")
        try:
            troubles = list(read_troubles(raw))
        except UNREADABLE as error:
            raise understood(error, writes=False) from error
        skew = self._wire.skew
        if skew is not None and abs(skew) > ODD_SKEW:
            word = "behind" if skew > timedelta(0) else "ahead of"
            troubles.append(f"this machine's clock is {abs(skew).total_seconds():.0f} s {word} it")
        return troubles

    def watch(self, heard: Hint) -> None:
        """Load alpaca-py and the list of assets, then listen: all on a thread of its own."""
        self._orders.tell = heard
        self._stream = Stream(self._options, partial(self._hear, heard))
        name = f"novalgo-alpaca-{self._account}"
        threading.Thread(target=self._attend, args=(self._stream,), name=name, daemon=True).start()

    def close(self) -> None:
        """Listen no more, and close the connections."""
        if self._stream is not None:
            self._stream.close()
        self._wire.close()

    def _attend(self, stream: Stream) -> None:
        try:
            self._wire.load()
        except BrokerError:
            return  # it has been told; there is nothing to listen with
        try:
            self._assets.read()
        except BrokerError as error:
            log.warning("the list of assets could not be read", extra={"why": str(error)})
        stream.run()

    def _hear(self, heard: Hint, told_of: Sequence[Any] | None) -> None:
        """Hints by our ids, where there is news. A leg that was not met yet has none: then all."""
        if told_of is None:
            heard(None)
            return
        for name in self._orders.news_of([self._listen(data) for data in told_of]):
            heard(name)

    def _listen(self, data: Any) -> Told:
        """Keep what an order was filled with."""
        told, execution = read_event(data)
        if execution is not None:
            self._fills.note(execution)
            self._holdings.forget(told.symbol.replace("/", ""))
        return told

    def _reached(self, told: Told) -> datetime | None:
        """When the stop of an order was reached; one that replaces another is the same."""
        key, root = told.symbol.replace("/", ""), told.replaces or told.id
        return self._triggers.of(root, key, told.side, told.stop_price, also=told.id)

    def _known(self, intent: OrderIntent) -> Instrument:
        found = self._assets.by_key(intent.instrument)
        if found is None:
            raise BrokerRejected(f"there is no {intent.symbol}", code=Rejection.NOT_TRADABLE)
        return found

    def _tick(self, stock: Instrument) -> Decimal:
        """By its price of now; a price that cannot be known is taken for one of a dollar.

        A cent fits every price: what was well above a dollar lately is not asked for again.
        """
        lately = self._quotes.seen(stock, LATELY)
        if lately is not None and lately.price >= WELL_ABOVE:
            return stock.tick
        try:
            quote = self._quotes.latest(stock)
        except BrokerError:
            return stock.tick
        return stock.tick if quote is None else stock_tick(quote.price)

    def _capped(self, intent: OrderIntent) -> OrderIntent:
        held = self._holdings.take(intent.instrument)
        if held * intent.side.sign >= 0:
            raise BrokerRejected(
                f"there is no {intent.symbol} to close", code=Rejection.NO_POSITION
            )
        return replace(intent, quantity=min(intent.quantity, abs(held)))

    def _body(self, intent: OrderIntent, instrument: Instrument) -> Body:
        after_hours = intent.extended_hours and instrument.asset_class is AssetClass.EQUITY
        if after_hours and intent.order_type is OrderType.MARKET:
            # Alpaca would take it, and execute it at the next open.
            words = "outside regular hours Alpaca takes limit orders only"
            raise BrokerRejected(words, code=Rejection.MARKET_CLOSED)
        reference = intent.limit_price
        if reference is None and needs_reference(intent):
            quote = self._quotes.latest(instrument)
            reference = None if quote is None else quote.price
        try:
            return order_body(intent, instrument, reference)
        except ValueError as error:
            raise BrokerRejected(str(error), code=Rejection.UNSUPPORTED_ORDER) from error
