"""The ledger is written with each fill, and is at any time what the fills come to."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.adapters.journal.rebuild import SqlLedger
from app.domain.ledger import Book
from app.domain.order import Side
from tests.builders import booked
from tests.fakes.clock import START
from tests.integration.till import Till

D = Decimal
BUY, SELL = Side.BUY, Side.SELL
FILLS = st.lists(
    st.tuples(
        st.sampled_from(Side),
        st.integers(1, 12),
        st.decimals(1, 1000, places=8),
        st.decimals(-1, 5, places=18),
    ),
    min_size=1,
    max_size=10,
)

OF_THE_LEDGER = {"open_lots", "add_lot", "change_lot", "close_lot", "add_trade"} | {
    "tally",
    "set_tally",
    "day",
    "set_day",
}


@pytest.fixture
def till(migrated: Path, tmp_path: Path) -> Iterator[Till]:
    till = Till.on(migrated, tmp_path)
    yield till
    till.database.close()


def profits(till: Till) -> list[Decimal]:
    return [D(row["pnl"]) for row in till.rows("SELECT pnl FROM trades ORDER BY 1")]


def open_quantity(till: Till) -> Decimal:
    return sum((D(row["quantity"]) for row in till.rows("SELECT quantity FROM open_lots")), D(0))


def test_a_closed_trade_keeps_where_it_came_from(till: Till) -> None:
    till.trade(BUY, 10, 100, 1, strategy="breakout")
    till.clock.advance(60)
    till.trade(SELL, 4, "100.5", "0.5", strategy="trend")
    (trade,) = till.ledger()["trades"]
    assert trade == {
        "exit_fill": 2,
        "entry_fill": 1,
        "account": "paper",
        "symbol": "AAPL",
        "instrument": "AAPL",
        "quantity": "4",
        "multiplier": "1",
        "entry_price": "100",
        "exit_price": "100.5",
        "fees": "0.9",
        "pnl": "1.1",
        "entry_strategy": "breakout",
        "exit_strategy": "trend",
        "entry_alert_id": "A0",
        "exit_alert_id": "A2",
        "entered_at": int(START.timestamp() * 1_000_000),
        "exited_at": int((START + timedelta(minutes=1)).timestamp() * 1_000_000),
        "low": "100",
        "high": "100.5",
    }
    assert open_quantity(till) == 6


def test_the_multiplier_of_an_instrument_counts(till: Till) -> None:
    till.trade(BUY, 2, 5000, multiplier=D(50))
    till.trade(SELL, 2, "5001.25", multiplier=D(50))
    assert profits(till) == [125]


def test_a_fill_that_is_told_again_is_booked_once(till: Till) -> None:
    order = till.order()
    first, second = till.fill(order, 4), till.fill(order, 6)
    assert [till.settle(order, first), till.settle(order, first, second)] == [1, 1]
    before = till.ledger()
    assert till.settle(order, second, first) == 0
    assert till.ledger() == before
    assert open_quantity(till) == 10


def test_a_late_fill_takes_its_place_in_the_order_of_the_journal(till: Till) -> None:
    till.trade(BUY, 10, 100)
    till.trade(BUY, 10, 90, at=START - timedelta(hours=1))
    till.trade(SELL, 10, 110)
    assert profits(till) == [100]
    assert not till.rebuild()


def test_one_exit_closes_many_lots_and_flips_what_is_left(till: Till) -> None:
    for price in range(100, 130):
        till.trade(BUY, 1, price)
    till.trade(SELL, 32, 100)
    assert len(profits(till)) == 30
    assert sum(profits(till)) == -sum(range(30))
    assert open_quantity(till) == -2


def test_a_fill_costs_a_few_statements_however_long_the_book_is(till: Till) -> None:
    for _ in range(50):
        till.trade(BUY, 10, 100)
    orders = [till.order(side=side) for side in (BUY, SELL)]
    fills = [till.fill(order, 3) for order in orders]
    spent: list[list[str]] = []
    for order, fill in zip(orders, fills, strict=True):
        till.statements.clear()
        till.settle(order, fill)
        spent.append([name for name in till.statements if name in OF_THE_LEDGER])
    assert spent == [
        ["open_lots", "add_lot"],
        ["open_lots", "add_trade", "change_lot", *["tally", "set_tally"] * 3, "day", "set_day"],
    ]


def test_realised_profit_since_a_moment_is_that_of_the_trades_closed_since(till: Till) -> None:
    midnight = datetime(2026, 11, 21, tzinfo=UTC)
    till.trade(BUY, 10, 100)
    till.trade(SELL, 3, 110, at=midnight - timedelta(microseconds=1))
    till.trade(SELL, 3, 90, 1, at=midnight)
    till.trade(SELL, 4, 105, at=midnight + timedelta(hours=1))
    assert till.journal.realised("paper", midnight) == -30 - 1 + 20
    assert till.journal.realised("paper", midnight + timedelta(minutes=1)) == 20
    assert till.journal.realised("other", midnight) == 0


def test_days_are_those_of_utc(till: Till) -> None:
    till.trade(BUY, 10, 100, 1)
    for hours, price in ((1, 101), (2, 102), (30, 99)):
        till.trade(SELL, 2, price, at=START + timedelta(hours=hours))
    days = [(row["trades"], row["realised"], row["fees"]) for row in till.ledger()["days"]]
    assert days == [(2, "5.6", "0.4"), (1, "-2.2", "0.2")]


@settings(max_examples=25, deadline=None)
@given(FILLS)
def test_the_stored_ledger_is_the_one_that_the_fills_come_to(
    migrated: Path, drawn: list[tuple[Side, int, Decimal, Decimal]]
) -> None:
    book, pnl = Book(), D(0)
    with TemporaryDirectory() as folder:
        till = Till.on(migrated, Path(folder))
        for number, (side, quantity, price, fee) in enumerate(drawn):
            fill = booked(till.trade(side, quantity, price, fee), number)
            pnl = sum((trade.pnl for trade in book.apply(fill)), pnl)
        assert not till.rebuild()
        assert sum(profits(till), D(0)) == pnl
        assert till.journal.realised("paper", START) == pnl
        assert open_quantity(till) == book.quantity == position(drawn)
        stored = till.ledger()
        till.rows("UPDATE trades SET pnl = '12345'")
        till.rows("DELETE FROM open_lots")
        till.rows("UPDATE days SET realised = '12345'")
        till.rebuild()
        assert till.ledger() == stored
        till.database.close()


def position(drawn: list[tuple[Side, int, Decimal, Decimal]]) -> int:
    return sum(side.sign * quantity for side, quantity, _, _ in drawn)


@pytest.mark.parametrize(
    "harm",
    [
        "DELETE FROM trades",
        "DELETE FROM trades WHERE exit_fill = 3",
        "UPDATE trades SET pnl = '1' WHERE exit_fill = 2",
        "UPDATE trades SET fees = '1' WHERE exit_fill = 2",
        "UPDATE trades SET quantity = '9' WHERE exit_fill = 2",
        "INSERT INTO open_lots VALUES (7, 'paper', 'AAPL', '1', '0', NULL, NULL)",
        "DELETE FROM open_lots",
        "UPDATE open_lots SET fee = '1'",
        "UPDATE tallies SET worst_trade = '-1'",
        "DELETE FROM tallies",
        "UPDATE days SET fees = '1'",
        "DELETE FROM days",
    ],
)
def test_what_differs_from_the_fills_is_mended(harm: str, till: Till) -> None:
    till.trade(BUY, 10, 100, 2)
    till.trade(SELL, 4, 101)
    till.trade(SELL, 5, 99)
    assert not till.rebuild()
    stored = till.ledger()
    till.rows(harm)
    assert till.ledger() != stored
    assert till.rebuild()
    assert till.ledger() == stored
    assert not till.rebuild()


def test_a_trade_knows_how_far_its_price_went(till: Till) -> None:
    ledger = SqlLedger(till.database)
    ledger.note_prices("paper", {"AAPL": D(70)})
    till.trade(BUY, 10, 100)
    for price in (90, 130, 95):
        ledger.note_prices("paper", {"AAPL": D(price), "MSFT": D(1)})
    ledger.note_prices("another", {"AAPL": D(1)})
    till.trade(BUY, 10, 96)
    ledger.note_prices("paper", {"AAPL": D(99)})
    till.trade(SELL, 12, 97)

    assert seen(till, "trades") == [("90", "130"), ("96", "99")]
    assert seen(till, "open_lots") == [("99", "99")]


def seen(till: Till, table: str) -> list[tuple[str | None, str | None]]:
    return [(row["low"], row["high"]) for row in till.ledger()[table]]


def test_prices_that_went_no_further_are_not_written(till: Till) -> None:
    ledger = SqlLedger(till.database)
    till.trade(BUY, 10, 100)
    ledger.note_prices("paper", {"AAPL": D(90)})
    ledger.note_prices("paper", {"AAPL": D(110)})
    till.statements.clear()
    ledger.note_prices("paper", {"AAPL": D("100.00")})

    assert till.statements == ["lots_seen"]


def test_what_was_seen_of_prices_outlives_the_mending(till: Till) -> None:
    ledger = SqlLedger(till.database)
    till.trade(BUY, 10, 100)
    ledger.note_prices("paper", {"AAPL": D(130)})
    till.trade(SELL, 4, 101)
    till.rows("UPDATE trades SET pnl = '1'")

    assert till.rebuild()
    assert seen(till, "trades") == [("100", "130")]
    assert seen(till, "open_lots") == [("130", "130")]


def test_what_an_account_was_worth_outlives_the_mending(till: Till) -> None:
    till.trade(BUY, 10, 100)
    till.trade(SELL, 10, 101)
    ledger = SqlLedger(till.database)
    for hours in (0, 1, 24):
        ledger.note_equity("paper", D(1000 + hours), START + timedelta(hours=hours))
    till.rows("UPDATE days SET realised = '1'")
    assert till.rebuild()
    told = [(row["realised"], row["equity"]) for row in till.ledger()["days"]]
    assert told == [("10", "1001"), ("0", "1024")]


def test_the_engine_goes_on_while_the_ledger_is_counted(till: Till) -> None:
    till.trade(BUY, 10, 100)
    with till.database.transaction():
        assert not till.rebuild()
