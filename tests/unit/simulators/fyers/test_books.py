"""Orders, trades, positions, holdings and money, as the vendor's SDK reads them."""

import pytest

from tests.fakes.clock import FakeClock
from tests.simulators.fyers import FyersSimulator
from tests.unit.simulators.fyers.desk import CANCELLED, PENDING, SBIN, TRADED, Desk


def test_an_order_is_placed_and_traded(desk: Desk) -> None:
    told = desk.place(orderTag="ABC123")
    assert told["message"] == f"Order submitted successfully. Your Order Ref. No.{told['id']}"
    row = desk.look(told["id"])
    assert (row["status"], row["filledQty"], row["tradedPrice"]) == (TRADED, 10, 825.0)
    assert (row["orderTag"], row["productType"], row["side"]) == ("1:ABC123", "INTRADAY", 1)
    assert row["orderDateTime"] == "20-Nov-2026 10:30:00"
    [trade] = desk.trades()
    assert (trade["orderNumber"], trade["tradedQty"], trade["tradePrice"]) == (told["id"], 10, 825)
    assert trade["tradeNumber"] == f"{told['id']}-1"


def test_ids_begin_with_the_day_and_are_the_same_again(
    fyers: FyersSimulator, clock: FakeClock, desk: Desk
) -> None:
    assert [desk.order(), desk.order()] == ["26112000000001", "26112000000002"]
    with FyersSimulator(clock=clock) as again:
        assert again.token == fyers.token


def test_an_order_rests_until_its_price_comes(fyers: FyersSimulator, desk: Desk) -> None:
    placed = desk.order(limitPrice=820)
    assert desk.status(placed) == PENDING
    fyers.quote(SBIN, "820.05", "820.10")
    assert desk.status(placed) == PENDING
    fyers.quote(SBIN, "819.95", "820")
    assert (desk.status(placed), desk.look(placed)["tradedPrice"]) == (TRADED, 820.0)


def test_an_order_is_modified(fyers: FyersSimulator, desk: Desk) -> None:
    placed = desk.order(limitPrice=800)
    told = desk.sdk.modify_order({"id": placed, "limitPrice": 810.5, "qty": 5})
    assert (told["code"], told["id"]) == (1102, placed)
    row = desk.look(placed)
    assert (row["limitPrice"], row["qty"], row["status"]) == (810.5, 5, PENDING)
    desk.sdk.modify_order({"id": placed, "limitPrice": 826})
    assert desk.status(placed) == TRADED


def test_an_order_is_canceled_once(desk: Desk) -> None:
    placed = desk.order(limitPrice=800)
    assert desk.sdk.cancel_order({"id": placed})["code"] == 1103
    assert desk.status(placed) == CANCELLED
    told = desk.sdk.cancel_order({"id": placed})
    assert (told["code"], told["message"]) == (-161, "This order has already been cancelled")


@pytest.mark.parametrize(
    ("body", "code"), [({}, -51), ({"id": ""}, -51), ({"id": "26112000009999"}, -159)]
)
def test_an_unknown_order_cannot_be_changed(desk: Desk, body: dict[str, str], code: int) -> None:
    assert desk.sdk.modify_order({"limitPrice": 1, **body})["code"] == code
    assert desk.sdk.cancel_order(body)["code"] == code


def test_a_traded_order_cannot_be_changed(desk: Desk) -> None:
    placed = desk.order()
    assert desk.sdk.modify_order({"id": placed, "limitPrice": 1})["code"] == -162
    assert desk.sdk.cancel_order({"id": placed})["code"] == -162


def test_tags_are_looked_up_and_need_not_be_unique(desk: Desk) -> None:
    first, second = desk.order(orderTag="TWICE"), desk.order(orderTag="TWICE", limitPrice=800)
    desk.order(orderTag="OTHER")
    found = desk.sdk.orderbook({"order_tag": "1:TWICE"})["orderBook"]
    assert [row["id"] for row in found] == [first, second]
    traded = desk.ask("GET", "/api/v3/tradebook", params={"order_tag": "1:TWICE"}).json()
    assert [row["orderNumber"] for row in traded["tradeBook"]] == [first]
    assert desk.sdk.orderbook({"order_tag": "1:NONE"})["orderBook"] == []


def test_orders_without_a_tag_say_so(desk: Desk) -> None:
    assert desk.look(desk.order())["orderTag"] == "2:Untagged"


def test_a_position_opens_shrinks_and_closes(fyers: FyersSimulator, desk: Desk) -> None:
    desk.order()
    fyers.quote(SBIN, "830")
    open_now = desk.position()
    assert (open_now["netQty"], open_now["side"], open_now["netAvg"]) == (10, 1, 825.0)
    assert (open_now["unrealized_profit"], open_now["ltp"]) == (50.0, 830.0)
    desk.order(side=-1, qty=4, limitPrice=830)
    assert (desk.net(), desk.position()["realized_profit"]) == (6, 20.0)
    desk.order(side=-1, qty=6, limitPrice=830)
    closed = desk.position()
    assert (closed["netQty"], closed["side"], closed["pl"]) == (0, 0, 50.0)
    assert desk.sdk.positions()["overall"] == {
        "count_total": 1,
        "count_open": 0,
        "pl_total": 50.0,
        "pl_realized": 50.0,
        "pl_unrealized": 0,
    }


def test_a_position_can_be_crossed(desk: Desk) -> None:
    desk.order()
    desk.order(side=-1, qty=25, limitPrice=800)
    row = desk.position()
    assert (row["netQty"], row["side"], row["netAvg"]) == (-15, -1, 825.0)


def test_money_follows_what_is_traded(fyers: FyersSimulator, desk: Desk) -> None:
    assert desk.available() == 1_000_000
    desk.order()
    assert desk.available() == 1_000_000 - 8250 / 5
    fyers.quote(SBIN, "830")
    desk.order(side=-1, limitPrice=830)
    assert desk.available() == 1_000_050
    desk.order(limitPrice=800, productType="CNC")
    assert desk.available() == 1_000_050 - 8000
    limits = {row["title"]: row["equityAmount"] for row in desk.sdk.funds()["fund_limit"]}
    assert limits["Total Balance"] == limits["Utilized Amount"] + limits["Available Balance"]
    assert limits["Realized Profit and Loss"] == 50


def test_the_profile_tells_whose_account_it_is(fyers: FyersSimulator, desk: Desk) -> None:
    assert desk.sdk.get_profile()["data"]["fy_id"] == fyers.fy_id


def test_quotes_and_depth_tell_the_best_prices(fyers: FyersSimulator, desk: Desk) -> None:
    fyers.quote("NSE:M&M-EQ", "3650.10", "3650.40", size=7)
    shown = desk.sdk.quotes({"symbols": "NSE:M&M-EQ,NSE:NIFTY50-INDEX,NSE:NOBODY-EQ"})["d"]
    prices = shown[0]["v"]
    assert (prices["bid"], prices["ask"], prices["lp"]) == (3650.1, 3650.4, 3650.2)
    assert [row["s"] for row in shown] == ["ok", "ok", "error"]
    depth = desk.sdk.depth({"symbol": "NSE:M&M-EQ", "ohlcv_flag": 1})["d"]["NSE:M&M-EQ"]
    assert (depth["bids"][0]["price"], depth["ask"][0]["volume"]) == (3650.1, 7)
    posted = desk.sdk.quotes_v2({"symbols": ["NSE:M&M-EQ"]})["d"]
    assert posted[0]["v"]["ask"] == 3650.4
    assert desk.sdk.quotes({"symbols": ",".join([SBIN] * 51)})["code"] == -50


def test_the_market_tells_whether_it_is_open(clock: FakeClock, desk: Desk) -> None:
    def words() -> set[str]:
        return {row["status"] for row in desk.sdk.market_status()["marketStatus"]}

    assert words() == {"OPEN"}
    clock.advance(6 * 3600)
    assert words() == {"CLOSED"}
