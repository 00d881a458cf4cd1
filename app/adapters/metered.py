"""A broker whose calls are counted and timed: the one place that sees all that goes to a broker."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import TypeVar

from app.domain.capabilities import Capabilities
from app.domain.contract import Wish
from app.domain.decision import Denied
from app.domain.errors import (
    BrokerError,
    BrokerLoginNeeded,
    BrokerRejected,
    BrokerUnavailable,
    OutcomeUnknown,
)
from app.domain.instrument import AssetClass, Instrument, Ticker
from app.domain.order import BrokerOrder, OrderIntent
from app.domain.position import Balance, Position, Quote
from app.domain.session import Day
from app.ports.broker import Broker, Hint, Suggests, TellsHours
from app.ports.clock import Clock

T = TypeVar("T")

Observe = Callable[[str, str, float], None]
"""Hears what was asked, how it came out, and how many seconds it took."""

OUTCOMES: dict[type[BaseException], str] = {
    BrokerRejected: "rejected",
    BrokerUnavailable: "unavailable",
    BrokerLoginNeeded: "login_needed",
    OutcomeUnknown: "unknown",
    BrokerError: "error",
}
ANSWERED, FAILED = "answered", "failed"
"""It answered; something else went wrong: our journal, for instance, where the broker is paper."""


class MeteredBroker:
    """A Broker that is another one, and tells how each call went."""

    def __init__(self, broker: Broker, observe: Observe, clock: Clock) -> None:
        self._broker = broker
        self._observe = observe
        self._clock = clock

    @property
    def account(self) -> str:
        """Our name of the account."""
        return self._broker.account

    @property
    def capabilities(self) -> Capabilities:
        """What this account can do."""
        return self._broker.capabilities

    def instrument(self, ticker: Ticker) -> Instrument | None:
        """The instrument that a TradingView name means here."""
        return self._broker.instrument(ticker)  # a look into a table, not a call

    def contract(self, wish: Wish, at: datetime) -> Instrument | Denied:
        """The contract that a wish means at a moment; it may take a call for the price."""
        return self._timed("contract", lambda: self._broker.contract(wish, at))

    def near(self, ticker: Ticker) -> Sequence[str]:
        """Up to three names that are nearest to a name; none where the broker tells of none."""
        return self._broker.near(ticker) if isinstance(self._broker, Suggests) else ()

    def submit(self, intent: OrderIntent) -> BrokerOrder:
        """Place an order."""
        return self._timed("submit", lambda: self._broker.submit(intent))

    def find(self, client_order_id: str) -> BrokerOrder | None:
        """The order as the broker knows it."""
        return self._timed("find", lambda: self._broker.find(client_order_id))

    def orders(self) -> Sequence[BrokerOrder]:
        """Every order that works at the broker."""
        return self._timed("orders", self._broker.orders)

    def cancel(self, client_order_id: str) -> BrokerOrder | None:
        """Cancel a working order."""
        return self._timed("cancel", lambda: self._broker.cancel(client_order_id))

    def reprice(self, client_order_id: str, limit: Decimal) -> BrokerOrder | None:
        """Move the limit of a working order."""
        return self._timed("reprice", lambda: self._broker.reprice(client_order_id, limit))

    def position(self, instrument: str) -> Position | None:
        """What is held of an instrument."""
        return self._timed("position", lambda: self._broker.position(instrument))

    def positions(self) -> Sequence[Position]:
        """Everything that is held."""
        return self._timed("positions", self._broker.positions)

    def balance(self) -> Balance:
        """Money of the account."""
        return self._timed("balance", self._broker.balance)

    def quote(self, instrument: str) -> Quote | None:
        """The newest price of an instrument."""
        return self._timed("quote", lambda: self._broker.quote(instrument))

    def market_days(
        self, asset_class: AssetClass, first: date, last: date
    ) -> Mapping[date, Day] | None:
        """The hours of all days from one to another."""
        return self._timed(
            "market_days", lambda: self._broker.market_days(asset_class, first, last)
        )

    def is_open(self, asset_class: AssetClass) -> bool | None:
        """Whether a class is traded now; None where the broker does not tell."""
        broker = self._broker
        if not isinstance(broker, TellsHours):
            return None
        return self._timed("is_open", lambda: broker.is_open(asset_class))

    def skew(self) -> timedelta | None:
        """How far the broker's clock was ahead of ours when it last answered."""
        return self._broker.skew()  # remembered, not asked for

    def take_quote(self, instrument: str, price: Decimal, at: datetime) -> Sequence[BrokerOrder]:
        """Feed a price to a broker that takes quotes."""
        return self._timed("take_quote", lambda: self._broker.take_quote(instrument, price, at))

    def troubles(self) -> Sequence[str]:
        """What keeps the account from trading."""
        return self._timed("troubles", self._broker.troubles)

    def watch(self, heard: Hint) -> None:
        """Begin to tell of orders that changed."""
        self._broker.watch(heard)

    def close(self) -> None:
        """Tell no more."""
        self._broker.close()

    def _timed(self, asked: str, call: Callable[[], T]) -> T:
        began, outcome = self._clock.monotonic(), FAILED
        try:
            answer = call()
            outcome = ANSWERED
        except BrokerError as error:
            outcome = next(name for kind, name in OUTCOMES.items() if isinstance(error, kind))
            raise
        else:
            return answer
        finally:
            self._observe(asked, outcome, self._clock.monotonic() - began)
