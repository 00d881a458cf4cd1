"""Alpaca under test: the real SDK over real sockets, against the simulator."""

from collections.abc import Generator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path

from app.adapters.brokers import Resources
from app.adapters.brokers.alpaca.broker import AlpacaBroker
from app.adapters.brokers.alpaca.options import read_options
from app.adapters.sql import Database
from app.domain.instrument import Ticker
from app.domain.order import BrokerOrder, OrderIntent
from app.ports.broker import Broker
from tests.fakes.addresses import AddressPages
from tests.fakes.budget import NoLimit
from tests.fakes.clock import FakeClock
from tests.simulators.alpaca import AlpacaSimulator


class WrittenDown(AlpacaBroker):
    """An account whose orders are in an address book before they are sent, as the journal's are."""

    def __init__(
        self, simulator: AlpacaSimulator, resources: Resources, pages: AddressPages
    ) -> None:
        super().__init__("alpaca", read_options("alpaca", options_of(simulator)), resources)
        self.pages = pages
        self.settles = True

    def submit(self, intent: OrderIntent) -> BrokerOrder:
        self.pages.note(intent)
        answer = super().submit(intent)
        if self.settles:
            self.pages.settle(answer)
        return answer


class AlpacaVenue:
    """The simulator, and a journal of our orders; `settles`: it keeps what Alpaca calls them."""

    ticker = Ticker("NASDAQ", "AAPL")

    def __init__(self, folder: Path, clock: FakeClock, *, settles: bool = True) -> None:
        self.clock = clock
        self.simulator = AlpacaSimulator(clock=clock, strict=True, rate_limit=None)
        self.simulator.start()
        self._pages = AddressPages()
        self._settles = settles
        self._database = Database(folder / "unused.db")
        self._open: list[Broker] = []

    def open(self) -> Broker:
        """A new broker object, which has heard nothing of what was before."""
        broker = self.open_alpaca()
        self._open.append(broker)
        return broker

    def open_alpaca(self) -> WrittenDown:
        """The same, for tests of what only Alpaca has."""
        resources = Resources(
            database=self._database, clock=self.clock, addresses=self._pages, budgets=NoLimit()
        )
        broker = WrittenDown(self.simulator, resources, self._pages)
        broker.settles = self._settles
        return broker

    def trade_at(self, price: Decimal) -> None:
        """Quote a price."""
        self.clock.advance(1)
        self.simulator.quote(self.ticker.name, price)

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
        """Close everything; all that was asked was as Alpaca's documents have it."""
        for broker in self._open:
            broker.close()
        self.simulator.close()
        self._database.close()
        assert self.simulator.state.violations == []


def options_of(simulator: AlpacaSimulator) -> dict[str, str]:
    """The settings of an account there."""
    return {
        "API_KEY": simulator.key,
        "SECRET_KEY": simulator.secret,
        "BASE_URL": simulator.trading_url,
        "DATA_URL": simulator.data_url,
        "STREAM_URL": simulator.stream_url,
        "ORDERS_PER_SECOND": "1000",
    }
