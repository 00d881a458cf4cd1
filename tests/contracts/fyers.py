"""Fyers under test: the real SDK over real sockets, against the simulator."""

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from app.adapters.brokers import Resources
from app.adapters.brokers.fyers.broker import FyersBroker
from app.adapters.brokers.fyers.options import read_options
from app.adapters.sql import Database
from app.domain.contract import Wish
from app.domain.decision import Denial, Denied
from app.domain.errors import BrokerLoginNeeded
from app.domain.instrument import AssetClass, Instrument, Ticker
from app.domain.order import BrokerOrder, OrderIntent
from app.ports.addresses import AddressBook
from app.ports.broker import Broker
from app.ports.symbols import PriceOf
from tests.fakes.addresses import AddressPages
from tests.fakes.budget import NoLimit
from tests.fakes.clock import FakeClock
from tests.simulators.fyers import FyersSimulator

IN_SESSION = datetime(2026, 11, 20, 5, 0, tzinfo=UTC)
"""A Friday, half past ten in India."""


class Listed:
    """The symbol master that the simulator trades by, looked up as ours is."""

    def __init__(self, simulator: FyersSimulator) -> None:
        self._state = simulator.state
        self.is_loaded = True

    @property
    def loaded(self) -> bool:
        return self.is_loaded

    def named(self, ticker: Ticker) -> Instrument | None:
        """`NSE:SBIN`, `NSE:SBIN-EQ`, or a contract as the master spells it."""
        exchange = ticker.exchange or "NSE"
        for name in (ticker.name, f"{ticker.name}-EQ"):
            found = self._state.instrument(f"{exchange}:{name}")
            if found is not None and not found.is_index:
                kind = AssetClass.FUTURE if found.is_future else AssetClass.OPTION
                lot = Decimal(found.lot)
                return Instrument(
                    symbol=found.symbol,
                    key=found.symbol,
                    asset_class=AssetClass.EQUITY if found.is_cash else kind,
                    tick=found.tick,
                    step=Decimal(1),
                    lot=None if lot == 1 else lot,
                    expiry=found.expires,
                    freeze=None if found.freeze is None else Decimal(found.freeze),
                )
        return None

    def contract(self, wish: Wish, at: datetime, price_of: PriceOf) -> Instrument | Denied:
        """Nobody asks for one here."""
        return Denied(Denial.UNKNOWN_SYMBOL, str(wish))

    def quoted(self, underlying: Ticker) -> str | None:
        return None

    def near(self, ticker: Ticker) -> Sequence[str]:
        return ()


class Token:
    """The token of an account, which a test may take away; a refused one is remembered."""

    def __init__(self, token: str) -> None:
        self.value: str | None = token
        self.refusals: list[str] = []

    def token(self) -> str:
        if self.value is None:
            raise BrokerLoginNeeded("log in")
        return self.value

    def refused(self, token: str) -> None:
        self.refusals.append(token)


class WrittenDown(FyersBroker):
    """An account whose orders are in an address book before they are sent, as the journal's are."""

    def __init__(
        self, resources: Resources, options: dict[str, str], pages: AddressPages, *, settles: bool
    ) -> None:
        super().__init__("fyers", read_options("fyers", options), resources)
        self._now = resources.clock.now
        self._pages = pages
        self._settles = settles

    def submit(self, intent: OrderIntent) -> BrokerOrder:
        self._pages.note(intent, self._now())
        answer = super().submit(intent)
        if self._settles:
            self._pages.settle(answer)
        return answer

    def find(self, client_order_id: str) -> BrokerOrder | None:
        found = super().find(client_order_id)
        if found is not None and self._settles:
            self._pages.settle(found)
        return found


class FyersVenue:
    """The simulator, and a journal of our orders; `settles`: it keeps what Fyers calls them."""

    ticker = Ticker("NSE", "SBIN")

    def __init__(
        self, folder: Path, clock: FakeClock, *, settles: bool = True, **rules: Any
    ) -> None:
        self.clock = clock
        self.simulator = FyersSimulator(clock=clock, **rules)
        self.simulator.start()
        self.pages = AddressPages()
        self.token = Token(self.simulator.token)
        self.budget = NoLimit()
        self.options: dict[str, str] = {}
        self._settles = settles
        self._database = Database(folder / "unused.db")
        self._open: list[Broker] = []

    def open(self) -> Broker:
        """A new broker object, which has heard nothing of what was before."""
        return self.open_fyers()

    def open_fyers(self, **options: str) -> WrittenDown:
        """The same, for tests of what only Fyers has."""
        lent = self.resources(self.pages)
        broker = WrittenDown(lent, self.given(**options), self.pages, settles=self._settles)
        self._open.append(broker)
        return broker

    def resources(self, addresses: AddressBook) -> Resources:
        """What the house lends to the account."""
        return Resources(
            database=self._database,
            clock=self.clock,
            addresses=addresses,
            budgets=self.budget,
            tokens={"fyers": self.token},
            symbols=Listed(self.simulator),
        )

    def given(self, **options: str) -> dict[str, str]:
        """The settings of the account."""
        return options_of(self.simulator) | self.options | options

    def trade_at(self, price: Decimal) -> None:
        """Quote a price."""
        self.clock.advance(1)
        self.simulator.quote("NSE:SBIN-EQ", price)

    def settle(self) -> None:
        """Nothing is pending: the simulator does at once what it can."""

    def refused_quantity(self) -> Decimal:
        """Nobody lends so much."""
        return Decimal(1_000_000_000)

    @contextmanager
    def down(self) -> Generator[None]:
        """Nobody listens."""
        with self.simulator.away():
            yield

    def close(self) -> None:
        """Close everything."""
        for broker in self._open:
            broker.close()
        self.simulator.close()
        self._database.close()


def options_of(simulator: FyersSimulator) -> dict[str, str]:
    """The settings of an account there. The band is as wide as the suite's prices jump."""
    return {
        "APP_ID": simulator.app_id,
        "API_URL": simulator.api_url,
        "DATA_URL": simulator.data_url,
        "STREAM_URL": simulator.stream_url,
        "BAND_PERCENT": "2",
    }
