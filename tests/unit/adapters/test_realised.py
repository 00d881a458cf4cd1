"""What was realised since a moment: read from the journal's fills, each of them once."""

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from app.adapters.journal import realised
from app.adapters.journal.migrate import migrate
from app.adapters.journal.realised import Realised
from app.adapters.journal.statements import Q
from app.adapters.sql import Database, to_db
from tests.fakes.clock import START

HOUR = timedelta(hours=1)


class Desk:
    """A journal in which fills are written down."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.realised = Realised(database)
        self.fills = 0

    def trade(self, quantity: int, price: str, hour: float = 0, **more: str) -> None:
        """Buy so many at a price, so many hours after the start; sell when negative."""
        self.fills += 1
        params: dict[str, object] = {
            "account": "paper",
            "fill_id": str(self.fills),
            "client_order_id": "A",
            "symbol": "AAPL",
            "instrument": "AAPL",
            "side": "buy" if quantity > 0 else "sell",
            "quantity": str(abs(quantity)),
            "price": price,
            "fee": "0",
            "at": to_db(START + hour * HOUR),
        }
        with self.database.transaction() as tx:
            tx.one(Q["add_fill"], params | more)

    def since(self, hour: float, account: str = "paper") -> Decimal:
        return self.realised.since(account, START + hour * HOUR)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    file = tmp_path / "novalgo.db"
    migrate(f"sqlite:///{file}")
    database = Database(file)
    yield Desk(database)
    database.close()


def test_a_trade_counts_from_the_moment_on_that_closed_it(desk: Desk) -> None:
    desk.trade(10, "100")
    desk.trade(-10, "95", 1)
    assert [desk.since(hour) for hour in (0, 1, 1.1)] == [-50, -50, 0]


def test_what_came_since_the_last_call_is_added_and_what_was_entered_before_is_known(
    desk: Desk,
) -> None:
    desk.trade(10, "100", -30)
    assert desk.since(0) == 0
    desk.trade(-4, "101", 2, fee="0.5")
    assert desk.since(0) == Decimal("3.5")
    desk.trade(-6, "99", 3)
    assert [desk.since(0), desk.since(2.5)] == [Decimal("-2.5"), -6]


def test_accounts_and_instruments_are_kept_apart_and_spellings_are_not(desk: Desk) -> None:
    desk.trade(10, "100", symbol="BTC/USD", instrument="BTCUSD")
    desk.trade(-10, "90", account="other", symbol="BTC/USD", instrument="BTCUSD")
    desk.trade(-10, "90")
    desk.trade(-10, "90", symbol="BTCUSD", instrument="BTCUSD")
    assert [desk.since(0), desk.since(0, "other")] == [-100, 0]


def test_more_fills_than_are_read_at_a_time_are_all_counted(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(realised, "CHUNK", 3)
    for turn in range(1, 8):
        desk.trade(1, "100")
        desk.trade(-1, "101")
        assert desk.since(0) == turn
    assert Realised(desk.database).since("paper", START) == 7


def test_a_day_that_begins_earlier_elsewhere_is_still_remembered(desk: Desk) -> None:
    desk.trade(1, "100")
    desk.trade(-1, "90", 1)
    assert desk.since(24) == 0
    assert desk.since(0.5) == -10
