"""Books of Fyers are read once for a moment, and what they told is remembered."""

import threading
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any, cast

import pytest

from app.adapters.brokers.fyers.answers import News
from app.adapters.brokers.fyers.books import AT_HOME_FRESH, HEARD_FRESH, QUIET_FRESH, Books
from app.adapters.brokers.fyers.fills import Fills
from app.adapters.brokers.fyers.updates import Updates, arrived, ended
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


SBIN, TCS = "NSE:SBIN-EQ", "NSE:TCS-EQ"
HELD = {"symbol": SBIN, "productType": "CNC", "netQty": 10}
AT_HOME = {"symbol": SBIN, "quantity": 10, "costPrice": 90}
GTT = {
    "id": "9",
    "symbol": SBIN,
    "tran_side": -1,
    "ord_status": 6,
    "price_trigger": 90,
    "price_limit": 90,
    "qty": 10,
    "create_time_epoch": 1763616600,
}
FILLED = News(
    order_id="1",
    tag="",
    parent="",
    stops=False,
    symbol=SBIN,
    status=OrderStatus.FILLED,
    filled=D(10),
)


class Canned:
    """A wire, and the SDK behind it, that answers with what it was given."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.rows: dict[str, list[Any]] = {
            "orders": [ORDER],
            "trades": [TRADE],
            "positions": [HELD],
            "holdings": [AT_HOME],
            "gtts": [],
        }
        self.answers = threading.Event()
        self.answers.set()

    def read(self, ask: Callable[[Any], Any]) -> Any:
        return ask(self)

    def orderbook(self) -> Any:
        return self._told("orders", "orderBook")

    def tradebook(self) -> Any:
        return self._told("trades", "tradeBook")

    def positions(self) -> Any:
        return self._told("positions", "netPositions")

    def holdings(self) -> Any:
        return self._told("holdings", "holdings")

    def gtt_orderbook(self) -> Any:
        return self._told("gtts", "orderBook")

    def _told(self, book: str, name: str) -> Any:
        self.calls.append(book)
        self.answers.wait(10)
        return {name: self.rows[book]}


class Line:
    """The stream, as far as books know it: it tells, or is broken."""

    def __init__(self) -> None:
        self.up = False


@pytest.fixture
def wire() -> Canned:
    return Canned()


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def line() -> Line:
    return Line()


@pytest.fixture
def updates(clock: FakeClock, line: Line) -> Updates:
    return Updates(clock, lambda: line.up)


@pytest.fixture
def books(wire: Canned, clock: FakeClock, updates: Updates) -> Books:
    return Books(cast("Any", wire), clock, updates)


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


def test_what_happens_to_a_symbol_leaves_what_was_read_of_others(
    wire: Canned, books: Books
) -> None:
    books.orders(SBIN)
    books.touch(TCS)
    books.orders(SBIN)
    assert wire.calls == ["orders"]
    books.orders(TCS)
    books.orders(SBIN)
    books.orders()

    assert wire.calls == ["orders"] * 2


def test_a_book_is_good_for_longer_while_the_stream_would_tell(
    wire: Canned, clock: FakeClock, books: Books, line: Line
) -> None:
    line.up = True
    books.orders(SBIN)
    clock.advance(HEARD_FRESH / 2)
    books.orders(SBIN)
    assert wire.calls == ["orders"]
    line.up = False
    books.orders(SBIN)

    assert wire.calls == ["orders"] * 2


def test_what_the_order_book_shows_to_be_traded_the_positions_have_to_show_too(
    wire: Canned, books: Books
) -> None:
    books.positions(SBIN)
    books.positions(TCS)
    books.orders(SBIN)
    books.positions(TCS)
    assert wire.calls == ["positions", "orders"]
    books.positions(SBIN)

    assert wire.calls == ["positions", "orders", "positions"]


def test_an_order_that_is_changed_leaves_what_was_read_of_positions(
    wire: Canned, books: Books
) -> None:
    books.orders(SBIN)
    books.positions(SBIN)
    books.touch_orders(SBIN)
    books.positions(SBIN)
    assert wire.calls == ["orders", "positions"]
    books.orders(SBIN)

    assert wire.calls == ["orders", "positions", "orders"]


def test_a_book_that_is_behind_what_was_told_is_read_again(
    wire: Canned, books: Books, updates: Updates, line: Line
) -> None:
    line.up = True
    wire.rows["orders"] = [ORDER | {"status": 6, "filledQty": 0}]
    updates.note(FILLED)
    books.orders(SBIN)
    wire.rows["orders"] = [ORDER]
    assert books.orders(SBIN)[0].status is OrderStatus.FILLED
    books.orders(SBIN)

    assert wire.calls == ["orders"] * 2


def test_a_word_that_comes_late_does_not_take_back_the_end_of_an_order(
    wire: Canned, books: Books, updates: Updates, line: Line
) -> None:
    line.up = True
    wire.rows["orders"] = [ORDER | {"status": 6, "filledQty": 0}]
    updates.note(FILLED)
    updates.note(replace(FILLED, status=OrderStatus.LIVE, filled=D(0)))
    books.orders(SBIN)
    books.orders(SBIN)

    assert wire.calls == ["orders"] * 2


def test_shares_at_home_are_read_seldom_but_at_once_when_a_night_has_passed(
    wire: Canned, clock: FakeClock, books: Books
) -> None:
    for _ in range(3):
        books.touch(SBIN)
        books.positions(SBIN)
        books.holdings()
    assert wire.calls.count("holdings") == 1
    wire.rows["positions"] = []
    books.touch(SBIN)
    books.positions(SBIN)
    books.holdings()
    assert wire.calls.count("holdings") == 2
    clock.advance(AT_HOME_FRESH)
    books.holdings()

    assert wire.calls.count("holdings") == 3


def test_the_book_of_gtt_orders_is_read_seldom_while_none_works(
    wire: Canned, clock: FakeClock, books: Books
) -> None:
    books.gtts()
    clock.advance(QUIET_FRESH / 2)
    books.touch(SBIN)
    books.gtts()
    assert wire.calls == ["gtts"]
    wire.rows["gtts"] = [GTT]
    books.touch_gtts()
    books.gtts()
    assert wire.calls == ["gtts"] * 2
    clock.advance(1)
    books.gtts()

    assert wire.calls == ["gtts"] * 3


def test_who_asks_while_an_answer_is_on_its_way_shares_it(wire: Canned, books: Books) -> None:
    wire.answers.clear()
    threads = [threading.Thread(target=books.orders, args=(SBIN,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    wire.answers.set()
    for thread in threads:
        thread.join(10)

    assert wire.calls == ["orders"]


def test_the_word_of_an_order_is_waited_for_while_there_is_a_stream(
    clock: FakeClock, line: Line
) -> None:
    updates = Updates(clock, lambda: line.up, grace=60)
    updates.wait_for(["1"], ended)  # comes back at once: nobody would tell
    line.up = True
    on_its_way = replace(FILLED, status=OrderStatus.LIVE, filled=D(0), in_transit=True)
    assert not arrived(on_its_way)
    waiting = threading.Thread(target=updates.wait_for, args=(["1"], ended))
    waiting.start()
    updates.note(on_its_way)
    updates.note(FILLED)
    waiting.join(10)

    assert not waiting.is_alive()
