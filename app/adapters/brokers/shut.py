"""An account that could not be opened: it says why, and nothing reaches its broker."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import NoReturn

from app.domain.capabilities import Capabilities
from app.domain.contract import Wish
from app.domain.decision import Denied
from app.domain.errors import BrokerUnavailable
from app.domain.instrument import AssetClass, Instrument, Ticker
from app.domain.order import BrokerOrder, OrderIntent
from app.domain.position import Balance, Position, Quote
from app.domain.session import Day
from app.ports.broker import Hint

NOTHING = Capabilities(
    asset_classes=frozenset(),
    order_types=frozenset(),
    bracket_entries=frozenset(),
    short_asset_classes=frozenset(),
    unique_client_ids=False,
    reduce_only_legs=False,
)


class ShutBroker:
    """Stands in until a restart: alerts of its account wait while they are fresh, others go on."""

    def __init__(self, account: str, why: str) -> None:
        self._account = account
        self._why = why

    @property
    def account(self) -> str:
        """Our name of the account."""
        return self._account

    @property
    def capabilities(self) -> Capabilities:
        """None are known."""
        return NOTHING

    def instrument(self, ticker: Ticker) -> Instrument | None:
        """Not known."""
        self._refuse(ticker)

    def contract(self, wish: Wish, at: datetime) -> Instrument | Denied:
        """Not known."""
        self._refuse(wish, at)

    def submit(self, intent: OrderIntent) -> BrokerOrder:
        """Nothing is sent."""
        self._refuse(intent)

    def find(self, client_order_id: str) -> BrokerOrder | None:
        """Not known."""
        self._refuse(client_order_id)

    def orders(self) -> Sequence[BrokerOrder]:
        """Not known."""
        self._refuse()

    def cancel(self, client_order_id: str) -> BrokerOrder | None:
        """Nothing is sent."""
        self._refuse(client_order_id)

    def reprice(self, client_order_id: str, limit: Decimal) -> BrokerOrder | None:
        """Nothing is sent."""
        self._refuse(client_order_id, limit)

    def position(self, instrument: str) -> Position | None:
        """Not known, which is not flat."""
        self._refuse(instrument)

    def positions(self) -> Sequence[Position]:
        """The same."""
        self._refuse()

    def balance(self) -> Balance:
        """Not known."""
        self._refuse()

    def quote(self, instrument: str) -> Quote | None:
        """Not known."""
        self._refuse(instrument)

    def market_days(
        self, asset_class: AssetClass, first: date, last: date
    ) -> Mapping[date, Day] | None:
        """Not known."""
        self._refuse(asset_class, first, last)

    def skew(self) -> timedelta | None:
        """It never answered."""
        return None

    def take_quote(self, instrument: str, price: Decimal, at: datetime) -> Sequence[BrokerOrder]:
        """Nothing is sent."""
        self._refuse(instrument, price, at)

    def troubles(self) -> Sequence[str]:
        """Why it could not be opened, as an error."""
        self._refuse()

    def watch(self, heard: Hint) -> None:
        """It tells of nothing."""
        del heard

    def close(self) -> None:
        """Nothing is open."""

    def _refuse(self, *_: object) -> NoReturn:
        raise BrokerUnavailable(self._why)
