"""The calls of an account at Alpaca are counted before they are made."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from app.adapters.brokers import Resources
from app.adapters.brokers.alpaca.calls import Calls
from app.adapters.brokers.alpaca.options import read_options
from app.adapters.brokers.alpaca.wire import Doors, Wire
from app.adapters.budget import FileBudgets
from app.adapters.sql import Database
from app.domain.errors import BrokerUnavailable
from app.domain.rates import Purpose
from tests.fakes.addresses import AddressPages
from tests.fakes.clock import FakeClock

OURS = {"API_KEY": "key", "SECRET_KEY": "hush"}
HOME = {"BASE_URL": "https://paper-api.alpaca.markets", "DATA_URL": "https://data.alpaca.markets"}
LOCAL = {"BASE_URL": "http://127.0.0.1:9041", "DATA_URL": "http://127.0.0.1:9042"}


class Door:
    """A door that counts who comes in."""

    def __init__(self) -> None:
        self.calls = 0

    def call(self, *_: Any) -> Any:
        self.calls += 1
        return {}


class OpenWire(Wire):
    """Alpaca answers everything."""

    trading, prices = Door(), Door()

    def _open(self) -> Doors:
        self.trading, self.prices = Door(), Door()
        trading: Any = self.trading
        prices: Any = self.prices
        return Doors(trading, prices)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


def wire(
    folder: Path, clock: FakeClock, given: Mapping[str, str] = HOME, *, per_second: int = 8
) -> OpenWire:
    resources = Resources(
        database=Database(folder / "books.db"),
        clock=clock,
        addresses=AddressPages(),
        budgets=FileBudgets(folder / "calls", clock),
        orders_per_second=per_second,
    )
    options = read_options("alpaca", OURS | HOME | dict(given))
    return OpenWire(options, clock, Calls("alpaca", options, resources))


def order(wire: Wire, purpose: Purpose) -> None:
    wire.write("POST", "/orders", {}, purpose)


def test_of_the_orders_in_a_second_the_last_are_kept_for_exits(
    tmp_path: Path, clock: FakeClock
) -> None:
    alpaca = wire(tmp_path, clock)
    for _ in range(5):
        order(alpaca, Purpose.ENTER)
    with pytest.raises(BrokerUnavailable) as refused:
        order(alpaca, Purpose.ENTER)
    assert (refused.value.after, alpaca.trading.calls) == (1, 5), "nothing was sent"
    for _ in range(3):
        order(alpaca, Purpose.REDUCE)
    with pytest.raises(BrokerUnavailable):
        order(alpaca, Purpose.REDUCE)
    alpaca.write("DELETE", "/orders/1")
    clock.advance(1)
    order(alpaca, Purpose.ENTER)
    assert alpaca.trading.calls == 10


def test_of_the_requests_in_a_minute_the_last_are_kept_for_exits(
    tmp_path: Path, clock: FakeClock
) -> None:
    alpaca = wire(tmp_path, clock, per_second=1000)
    for _ in range(140):
        order(alpaca, Purpose.ENTER)
    with pytest.raises(BrokerUnavailable):
        order(alpaca, Purpose.ENTER)
    for _ in range(30):
        alpaca.get("/orders")
    with pytest.raises(BrokerUnavailable):
        alpaca.get("/orders")
    for _ in range(10):
        alpaca.find("/positions/AAPL")
        alpaca.write("DELETE", "/orders/1")
        order(alpaca, Purpose.REDUCE)
    with pytest.raises(BrokerUnavailable):
        alpaca.find("/positions/AAPL")
    assert alpaca.trading.calls == 200
    alpaca.data("/quotes", {})
    clock.advance(60)
    order(alpaca, Purpose.ENTER)


def test_two_processes_share_what_an_account_has(tmp_path: Path, clock: FakeClock) -> None:
    one, other = (wire(tmp_path, clock, {"REQUESTS_PER_MINUTE": "10"}) for _ in range(2))
    for _ in range(5):
        one.find("/account")
        other.find("/account")
    with pytest.raises(BrokerUnavailable):
        one.find("/account")


@pytest.mark.parametrize("given", [LOCAL, {"REQUESTS_PER_MINUTE": "0"}])
def test_another_host_says_by_itself_when_there_are_too_many(
    tmp_path: Path, clock: FakeClock, given: dict[str, str]
) -> None:
    alpaca = wire(tmp_path, clock, given)
    for _ in range(300):
        alpaca.find("/account")
        alpaca.data("/quotes", {})
    assert (alpaca.trading.calls, alpaca.prices.calls) == (300, 300)
