"""Positions, activities, the account, assets, hours and prices."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from alpaca.data.historical.crypto import CryptoHistoricalDataClient
from alpaca.data.historical.option import OptionHistoricalDataClient
from alpaca.data.historical.stock import StockHistoricalDataClient
from alpaca.data.requests import (
    CryptoLatestQuoteRequest,
    CryptoLatestTradeRequest,
    OptionLatestQuoteRequest,
    OptionLatestTradeRequest,
    StockLatestQuoteRequest,
    StockLatestTradeRequest,
)

from tests.fakes.clock import FakeClock
from tests.simulators.alpaca import AlpacaSimulator
from tests.unit.simulators.alpaca.desk import Desk, Shown, refusal_of


def fills(desk: Desk, **query: Any) -> list[Shown]:
    found: list[Shown] = desk.get("/account/activities/FILL", **query)
    return found


def test_a_position_is_closed_in_parts_and_wholly(desk: Desk) -> None:
    desk.order()
    part = desk.client.delete("/positions/AAPL", {"qty": "4"})
    assert (part["side"], part["qty"], desk.position()["qty"]) == ("sell", "4", "6")
    desk.client.delete("/positions/AAPL", {"percentage": "50"})
    assert desk.position()["qty"] == "3"
    desk.client.close_position("AAPL")
    assert desk.get("/positions") == []
    missing = refusal_of(lambda: desk.client.close_position("AAPL"))
    assert (missing["status"], missing["code"]) == (404, 40410000)
    assert missing["message"] == "position does not exist"


def test_all_positions_are_closed_and_orders_canceled_when_asked(desk: Desk) -> None:
    desk.order()
    exit_order = desk.order(side="sell", type="limit", limit_price="200")
    desk.order(symbol="MSFT", qty="2")
    told = {each["symbol"]: each["status"] for each in desk.client.close_all_positions()}
    assert told == {"AAPL": 403, "MSFT": 200}
    assert desk.status(exit_order) == "new"
    told = desk.client.close_all_positions(cancel_orders=True)
    assert [(each["symbol"], each["status"]) for each in told] == [("AAPL", 200)]
    assert (desk.status(exit_order), desk.get("/positions")) == ("canceled", [])


def test_fills_are_paged_from_either_end(desk: Desk) -> None:
    for _ in range(5):
        desk.order(qty="1")
    whole = fills(desk, direction="asc")
    first = fills(desk, direction="asc", page_size=2)
    second = fills(desk, direction="asc", page_size=2, page_token=first[-1]["id"])
    assert first + second == whole[:4]
    assert fills(desk, page_size=3) == whole[:1:-1]
    assert fills(desk, after=whole[2]["transaction_time"], direction="asc") == whole[3:]
    assert fills(desk, until=whole[2]["transaction_time"], direction="asc") == whole[:2]
    assert refusal_of(lambda: fills(desk, page_size=101))["status"] == 422


def test_the_fills_of_an_order_add_up(alpaca: AlpacaSimulator, desk: Desk) -> None:
    alpaca.quote("AAPL", "190", size=4)
    placed = desk.order()
    alpaca.quote("AAPL", "191")
    first, second = fills(desk, direction="asc")
    told = ("order_id", "type", "qty", "price", "cum_qty", "leaves_qty")
    assert [first[name] for name in told] == [placed["id"], "partial_fill", "4", "190", "4", "6"]
    assert [second[name] for name in told] == [placed["id"], "fill", "6", "191", "10", "0"]
    assert first["id"].startswith("20261120103000")  # by the clocks of New York


def test_the_clock_and_the_calendar_tell_the_sessions(clock: FakeClock, desk: Desk) -> None:
    told = desk.client.get_clock()
    assert (told["is_open"], told["next_close"]) == (True, "2026-11-20T16:00:00-05:00")
    clock.advance(timedelta(days=6))  # Thanksgiving
    told = desk.client.get_clock()
    assert (told["is_open"], told["next_open"]) == (False, "2026-11-27T09:30:00-05:00")
    days = desk.get("/calendar", start="2026-11-25T00:00:00Z", end="2026-11-27T00:00:00Z")
    assert [(each["date"], each["close"]) for each in days] == [
        ("2026-11-25", "16:00"),
        ("2026-11-27", "13:00"),
    ]
    assert date.fromisoformat(days[1]["settlement_date"]) > date(2026, 11, 27)


def test_assets_are_listed_by_their_class(desk: Desk) -> None:
    coins = {each["symbol"] for each in desk.get("/assets", asset_class="crypto")}
    assert coins == {"BTC/USD", "ETH/USD", "DOGE/USD"}
    assert desk.get("/assets", status="inactive")[0]["symbol"] == "GONE"
    assert desk.client.get_asset("BRK.A")["fractionable"] is False
    assert desk.client.get_asset("BTCUSD")["symbol"] == "BTC/USD"
    missing = refusal_of(lambda: desk.client.get_asset("NOPE"))
    assert (missing["status"], missing["code"]) == (404, 40410000)


@pytest.mark.parametrize(
    ("made", "call", "asked", "symbol"),
    [
        (StockHistoricalDataClient, "get_stock_latest_quote", StockLatestQuoteRequest, "AAPL"),
        (StockHistoricalDataClient, "get_stock_latest_trade", StockLatestTradeRequest, "AAPL"),
        (
            CryptoHistoricalDataClient,
            "get_crypto_latest_quote",
            CryptoLatestQuoteRequest,
            "BTC/USD",
        ),
        (
            CryptoHistoricalDataClient,
            "get_crypto_latest_trade",
            CryptoLatestTradeRequest,
            "BTC/USD",
        ),
        (
            OptionHistoricalDataClient,
            "get_option_latest_quote",
            OptionLatestQuoteRequest,
            "AAPL261218C00190000",
        ),
        (
            OptionHistoricalDataClient,
            "get_option_latest_trade",
            OptionLatestTradeRequest,
            "AAPL261218C00190000",
        ),
    ],
)
def test_the_data_clients_see_the_latest_prices(
    alpaca: AlpacaSimulator,
    made: Callable[..., Any],
    call: str,
    asked: Callable[..., Any],
    symbol: str,
) -> None:
    alpaca.quote(symbol, "12.25", "12.35")
    client = made(alpaca.key, alpaca.secret, url_override=alpaca.data_url)
    shown = getattr(client, call)(asked(symbol_or_symbols=symbol))[symbol]
    client._session.close()  # noqa: SLF001 (it has no other way to be closed)
    prices = (12.25, 12.35) if "quote" in call else (12.3,)
    names = ("bid_price", "ask_price") if "quote" in call else ("price",)
    assert tuple(getattr(shown, name) for name in names) == prices
