"""Books of Fyers are read once for a moment, and what they told is remembered."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any, cast

import pytest

from app.adapters.brokers.fyers.books import Books
from app.adapters.brokers.fyers.fills import Fills
from app.domain.order import OrderStatus
from tests.fakes.clock import FakeClock

D = Decimal
ORDER = {
    "id": "1",
    "symbol": "NSE:SBIN-EQ",
    "side": 1,
    "type": 1,
    "status": 2,
    "qty": 10,
    "filledQty": 10,
    "orderDateTime": "20-Nov-2026 10:30:00",
}
TRADE = {
    "orderNumber": "1",
    "tradeNumber": "7",
    "symbol": "NSE:SBIN-EQ",
    "side": 1,
    "tradedQty": 10,
    "tradePrice": 100,
    "orderDateTime": "20-Nov-2026 10:30:00",
}


class Canned:
    """A wire, and the SDK behind it, that answers with what it was given."""

    def __init__(self) -> None:
        self.calls: list[str] = []

    def read(self, ask: Callable[[Any], Any]) -> Any:
        return ask(self)

    def orderbook(self) -> Any:
        self.calls.append("orders")
        return {"orderBook": [ORDER]}

    def tradebook(self) -> Any:
        self.calls.append("trades")
        return {"tradeBook": [TRADE]}


@pytest.fixture
def wire() -> Canned:
    return Canned()


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def books(wire: Canned, clock: FakeClock) -> Books:
    return Books(cast("Any", wire), clock)


def test_a_book_is_read_once_for_a_moment_and_anew_after_a_change(
    wire: Canned, clock: FakeClock, books: Books
) -> None:
    books.orders()
    books.orders()
    assert wire.calls == ["orders"]
    books.stale()
    books.orders()
    clock.advance(1)
    books.orders()

    assert wire.calls == ["orders"] * 3


def test_what_the_order_book_has_shown_is_known(books: Books) -> None:
    assert not books.has("1", OrderStatus.FILLED, D(10))
    books.orders()

    assert books.has("1", OrderStatus.FILLED, D(10))
    assert not books.has("1", OrderStatus.LIVE, D(4))
    assert not books.has("2", OrderStatus.FILLED, D(10))


def test_the_trade_book_is_read_for_what_is_not_known_yet(wire: Canned, books: Books) -> None:
    fills = Fills(books)
    rows = books.orders()
    assert not fills.knows("1", "7")
    for _ in range(2):
        books.stale()
        assert [trade.quantity for trade in fills.of(rows)["1"]] == [10]

    assert wire.calls == ["orders", "trades"]
    assert fills.knows("1", "7")
    assert not fills.knows("1", "8")
