"""The port to a broker. `tests/contracts/test_broker.py` is its contract as a test."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Protocol, TypeAlias, runtime_checkable

from app.domain.capabilities import Capabilities
from app.domain.contract import Wish
from app.domain.decision import Denied
from app.domain.instrument import AssetClass, Instrument, Ticker
from app.domain.order import BrokerOrder, OrderIntent
from app.domain.position import Balance, Position, Quote
from app.domain.session import Day

Hint: TypeAlias = Callable[[str | None], None]
"""Hears our id of an order that changed; None: anything may have, look at all of it."""


class Broker(Protocol):
    """One account at one broker. All methods are safe to call from any thread.

    Every method may raise BrokerUnavailable (it never arrived), BrokerLoginNeeded, and, where it
    changes something, OutcomeUnknown (it may have arrived). A failed read is an error, never an
    empty answer.
    """

    @property
    def account(self) -> str:
        """Our name of the account."""
        ...

    @property
    def capabilities(self) -> Capabilities:
        """What this account can do."""
        ...

    def instrument(self, ticker: Ticker) -> Instrument | None:
        """The instrument that a TradingView name means here; None when there is none."""
        ...

    def contract(self, wish: Wish, at: datetime) -> Instrument | Denied:
        """The contract that a wish means at a moment, or why there is none.

        The same wish means another contract after an expiry, or when the price has moved: ask once
        and write the answer down.
        """
        ...

    def submit(self, intent: OrderIntent) -> BrokerOrder:
        """Place an order, its protective legs with it when it carries some.

        Submitting the same client_order_id twice places one order where the account's
        capabilities say `unique_client_ids`; the second call answers with the first order.
        An EXIT never opens or flips a position.

        Raises:
            BrokerRejected: the broker said no.
        """
        ...

    def find(self, client_order_id: str) -> BrokerOrder | None:
        """The order as the broker knows it, with its legs and all its fills.

        None only when order book, trade book and positions agree that it does not exist.
        """
        ...

    def orders(self) -> Sequence[BrokerOrder]:
        """Every order and leg that works at the broker now, ours and foreign ones.

        Each stands for itself, a leg that works beside its entry too. What is not ours keeps the
        id that the broker gave it.
        """
        ...

    def cancel(self, client_order_id: str) -> BrokerOrder | None:
        """Cancel a working order and answer what it is now; a finished one is left as it is."""
        ...

    def reprice(self, client_order_id: str, limit: Decimal) -> BrokerOrder | None:
        """Move the limit of an order that works as a limit, on the broker's tick; what it is now.

        It may fill at once. What is finished, or waits for its stop, is left as it is. Only where
        the capabilities say `reprices`.
        """
        ...

    def position(self, instrument: str) -> Position | None:
        """What is held of an instrument (by its key); None when flat."""
        ...

    def positions(self) -> Sequence[Position]:
        """Everything that is held."""
        ...

    def balance(self) -> Balance:
        """Money of the account."""
        ...

    def quote(self, instrument: str) -> Quote | None:
        """The newest price of an instrument that is fresh enough to trade on; None when unknown."""
        ...

    def market_days(
        self, asset_class: AssetClass, first: date, last: date
    ) -> Mapping[date, Day] | None:
        """The hours of all days from one to another, by the clock of their exchange.

        A day without trading is CLOSED. None when the broker has no calendar of such instruments.
        """
        ...

    def skew(self) -> timedelta | None:
        """How far the broker's clock was ahead of ours when it last answered; None: not known."""
        ...

    def take_quote(self, instrument: str, price: Decimal, at: datetime) -> Sequence[BrokerOrder]:
        """Feed a price to a broker whose capabilities say `takes_quotes`; others ignore it.

        Returns the orders that the price changed. A price older than the newest is ignored.
        """
        ...

    def troubles(self) -> Sequence[str]:
        """What keeps the account from trading, or will, in words for its owner; asked by hand.

        Raises:
            BrokerLoginNeeded: its keys or its token are not accepted.
        """
        ...

    def watch(self, heard: Hint) -> None:
        """Begin to tell of orders that changed, on a thread of its own, until `close`.

        It is a hint: `find` says what became of the order. It may come too often, too late or not
        at all; None comes after each time that the connection was made (anew). Called once, when
        the server starts.
        """
        ...

    def close(self) -> None:
        """Tell no more, and let go of what the account holds open. Calls after it may fail."""
        ...


@runtime_checkable
class Suggests(Protocol):
    """A broker that knows its names well enough to tell which are like one that there is not."""

    def near(self, ticker: Ticker) -> Sequence[str]:
        """Up to three names that are nearest to a name; asks nobody."""
        ...


@runtime_checkable
class TellsHours(Protocol):
    """A broker that says by its own clock whether it trades now, whatever a calendar says."""

    def is_open(self, asset_class: AssetClass) -> bool | None:
        """Whether a class is traded in its regular hours now; None where it has no hours."""
        ...
