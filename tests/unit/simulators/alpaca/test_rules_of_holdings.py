"""contracts.md A.3: what is held, which side is open, and trades with oneself."""

from typing import Any

import pytest

from tests.simulators.alpaca import AlpacaSimulator
from tests.unit.simulators.alpaca.desk import Desk, Shown, refusal_of

BRACKET: Shown = {
    "order_class": "bracket",
    "take_profit": {"limit_price": "200"},
    "stop_loss": {"stop_price": "180"},
}
LIMIT_BUY: Shown = {"type": "limit", "limit_price": "180"}
LIMIT_SELL: Shown = {"side": "sell", "type": "limit", "limit_price": "200"}
STOP_SELL: Shown = {"side": "sell", "type": "stop", "stop_price": "170"}
TRAILING: Shown = {"side": "sell", "type": "trailing_stop", "trail_percent": "5"}
OCO: Shown = {
    "side": "sell",
    "type": "limit",
    "order_class": "oco",
    "take_profit": {"limit_price": "200"},
    "stop_loss": {"stop_price": "170"},
}
WASH = "potential wash trade detected. use complex orders"


def test_what_other_exits_hold_cannot_be_sold(desk: Desk) -> None:
    entry = desk.order(**BRACKET)
    told = desk.refusal(side="sell")
    legs = {leg["id"] for leg in entry["legs"]}
    assert set(told.pop("related_orders")) == legs
    assert told == {
        "status": 403,
        "code": 40310000,
        "message": "insufficient qty available for order (requested: 10, available: 0)",
        "symbol": "AAPL",
        "available": "0",
        "existing_qty": "10",
        "held_for_orders": "10",
    }
    assert desk.position()["qty_available"] == "0"


def test_a_close_needs_its_legs_canceled_first(desk: Desk) -> None:
    entry = desk.order(**BRACKET)
    assert refusal_of(lambda: desk.client.close_position("AAPL"))["code"] == 40310000
    desk.client.cancel_order_by_id(entry["legs"][0]["id"])
    assert {desk.status(leg) for leg in entry["legs"]} == {"canceled"}
    desk.client.close_position("AAPL")
    assert desk.get("/positions") == []


def test_an_order_does_not_flip_a_position(desk: Desk) -> None:
    desk.order()
    told = desk.refusal(side="sell", qty="16")
    assert told["message"] == (
        "insufficient qty available for order (requested: 16, available: 10)"
    )
    desk.order(side="sell")
    desk.order(side="sell")
    assert desk.position()["side"] == "short"
    assert desk.refusal(qty="16")["code"] == 40310000


@pytest.mark.parametrize(
    ("resting", "new", "message"),
    [
        (LIMIT_SELL, {}, "cannot open a long buy while a short sell order is open"),
        (LIMIT_BUY, {"side": "sell"}, "cannot open a short sell while a long buy order is open"),
    ],
)
def test_neither_side_is_opened_while_the_other_is_about_to_be(
    desk: Desk, resting: Shown, new: Shown, message: str
) -> None:
    desk.order(**resting)
    told = desk.refusal(**new)
    assert (told["status"], told["code"], told["message"]) == (403, 40310000, message)


@pytest.mark.parametrize(
    ("resting", "new", "refused"),
    [
        (STOP_SELL, {}, True),  # a top-up at the market over a resting stop
        (LIMIT_SELL, {}, True),
        (STOP_SELL, LIMIT_BUY, True),  # always, wherever they are
        (LIMIT_BUY, STOP_SELL, True),
        (LIMIT_BUY, {"side": "sell"}, True),
        (LIMIT_SELL, LIMIT_BUY, False),  # they do not cross
        (LIMIT_SELL, LIMIT_BUY | {"limit_price": "200"}, True),  # they do
        (LIMIT_SELL, LIMIT_BUY | {"limit_price": "199.99"}, False),
        (LIMIT_BUY, LIMIT_SELL | {"limit_price": "180.01"}, False),
        (LIMIT_BUY, TRAILING, False),  # exempt
        (TRAILING, {}, False),
        (OCO, {}, False),
        (LIMIT_BUY, OCO, False),
        (STOP_SELL, BRACKET, False),
    ],
)
def test_nobody_trades_with_himself(desk: Desk, resting: Shown, new: Shown, refused: bool) -> None:
    desk.order()
    other = desk.order(**resting)
    if not refused:
        assert desk.order(**new)["status"] == "pending_new"
        return
    told = desk.refusal(**new)
    assert (told["status"], told["code"], told["message"]) == (403, 40310000, WASH)
    assert told["existing_order_id"] == other["id"]
    assert told["reject_reason"] == f"opposite side {other['type']} order exists"


def test_crypto_is_not_exempt_from_the_wash_rule(desk: Desk) -> None:
    crypto: dict[str, Any] = {"symbol": "BTC/USD", "time_in_force": "gtc"}
    desk.order(**crypto, qty="0.1")
    stop = {"type": "stop_limit", "stop_price": "80000", "limit_price": "79000"}
    desk.order(**crypto, qty="0.05", side="sell", **stop)
    assert desk.refusal(**crypto, qty="0.1")["message"] == WASH


def test_an_older_form_of_the_wash_refusal_can_be_had(alpaca: AlpacaSimulator, desk: Desk) -> None:
    alpaca.rules(wash_trade_is_422=True)
    desk.order()
    desk.order(**STOP_SELL)
    told = desk.refusal()
    assert (told["status"], told["code"], told["message"]) == (422, 42210000, WASH)


def test_what_cannot_be_borrowed_is_not_sold_short(desk: Desk) -> None:
    told = desk.refusal(symbol="GME", side="sell")
    assert (told["status"], told["code"]) == (422, 42210000)
    assert told["message"] == 'asset "GME" cannot be sold short'
