"""What is refused, and with which of the vendor's codes."""

from typing import Any

import pytest

from tests.fakes.clock import FakeClock
from tests.simulators.fyers import FyersSimulator, refusals
from tests.unit.simulators.fyers.desk import AN_ORDER, PENDING, REJECTED, SBIN, TRADED, Desk

FUTURE = "NSE:NIFTY26NOVFUT"
CALL = "NSE:NIFTY26NOV24650CE"


@pytest.mark.parametrize(
    ("terms", "code"),
    [
        ({"symbol": "NSE:NOBODY-EQ"}, -300),
        ({"symbol": None}, -300),
        ({"symbol": "NSE:NIFTY50-INDEX"}, -300),
        ({"symbol": "NSE:NIFTY26N1924650CE"}, -300),
        ({"qty": 0}, -310),
        ({"qty": -5}, -310),
        ({"qty": 1.5}, -310),
        ({"qty": "many"}, -310),
        ({"type": 5}, -101),
        ({"type": True}, -101),
        ({"side": 0}, -313),
        ({"productType": "MARGIN"}, -314),
        ({"productType": "BO"}, -314),
        ({"limitPrice": 0}, -308),
        ({"limitPrice": -1}, -308),
        ({"limitPrice": 825.01}, -392),
        ({"type": 4, "stopPrice": 0, "limitPrice": 830}, -309),
        ({"type": 4, "stopPrice": 830, "limitPrice": 829}, -315),
        ({"type": 4, "stopPrice": 820, "limitPrice": 821, "side": -1}, -315),
        ({"validity": "GTC"}, -326),
        ({"disclosedQty": 11}, -327),
        ({"offlineOrder": "yes"}, -328),
        ({"stopLoss": -1}, -323),
        ({"takeProfit": "far"}, -325),
        ({"legType": 3}, -50),
        ({"isSliceOrder": True}, -50),
        ({"orderTag": "with-dash"}, -50),
        ({"orderTag": "X" * 31}, -50),
        ({"orderTag": "Untagged"}, -50),
        ({"orderTag": "XS00001"}, -50),
    ],
)
def test_no_such_order_is_taken(
    fyers: FyersSimulator, desk: Desk, terms: dict[str, Any], code: int
) -> None:
    told = desk.place(**terms)
    assert (told["s"], told["code"], told.get("id")) == ("error", code, None)
    assert fyers.owner().orders == {}


@pytest.mark.parametrize(
    ("terms", "code"),
    [
        ({"symbol": CALL, "qty": 65, "productType": "CNC", "limitPrice": 100}, -314),
        ({"symbol": CALL, "qty": 65, "productType": "MTF", "limitPrice": 100}, -314),
        ({"symbol": CALL, "qty": 75, "productType": "MARGIN", "limitPrice": 100}, -310),
        ({"symbol": FUTURE, "qty": 65, "productType": "MARGIN", "limitPrice": 24650.05}, -392),
        ({"symbol": "NSE:GOLDSTAR-SM", "qty": 11250, "productType": "MTF"}, -314),
    ],
)
def test_lots_ticks_and_products_are_those_of_the_master(
    desk: Desk, terms: dict[str, Any], code: int
) -> None:
    assert desk.place(**terms)["code"] == code


def rejection(desk: Desk, **terms: Any) -> str:
    """Why the risk management rejects an order: it has an id, and is in the book."""
    told = desk.place(**terms)
    assert (told["s"], told["code"]) == ("error", -99)
    row = desk.look(told["id"])
    assert (row["status"], row["message"]) == (REJECTED, told["message"])
    return str(told["message"])


def test_an_order_that_costs_too_much_is_rejected_and_in_the_book(desk: Desk) -> None:
    assert rejection(desk, qty=10_000).startswith("RED:Margin Shortfall[650000.00]")


def test_open_orders_bind_money(desk: Desk) -> None:
    desk.order(qty=5000, limitPrice=800)
    rejection(desk, qty=2000)
    desk.order(qty=1000)


def test_what_closes_a_position_costs_nothing(fyers: FyersSimulator, desk: Desk) -> None:
    desk.order(qty=6000)
    fyers.money(0)
    rejection(desk, qty=1)
    desk.order(qty=6000, side=-1)


def test_an_order_beyond_the_freeze_quantity_is_rejected(desk: Desk) -> None:
    terms = {"symbol": CALL, "productType": "MARGIN", "limitPrice": 1}
    assert "freeze quantity of 1800" in rejection(desk, qty=28 * 65, **terms)
    assert desk.place(qty=27 * 65, **terms)["code"] == 1101


@pytest.mark.parametrize(("kind", "stop"), [(2, 0), (3, 830)])
def test_market_orders_need_protection_unless_it_is_switched_off(
    fyers: FyersSimulator, desk: Desk, kind: int, stop: int
) -> None:
    terms = {"type": kind, "limitPrice": 0, "stopPrice": stop}
    assert "market protection" in rejection(desk, **terms)
    fyers.rules(market_protection=False)
    assert desk.place(**terms)["code"] == 1101


def test_a_stop_waits_for_the_last_price_and_is_a_limit_then(
    fyers: FyersSimulator, desk: Desk
) -> None:
    placed = desk.order(type=4, side=-1, stopPrice=820, limitPrice=819)
    fyers.quote(SBIN, "820.05")
    assert desk.status(placed) == PENDING
    fyers.quote(SBIN, "818")
    assert desk.status(placed) == PENDING
    fyers.quote(SBIN, "819.5")
    assert (desk.status(placed), desk.look(placed)["tradedPrice"]) == (TRADED, 819.5)


def test_a_stop_on_the_wrong_side_is_rejected_unless_it_is_switched_off(
    fyers: FyersSimulator, desk: Desk
) -> None:
    terms = {"type": 4, "side": -1, "stopPrice": 825, "limitPrice": 820}
    assert "wrong side of the last traded price" in rejection(desk, **terms)
    fyers.rules(refuses_reached_stops=False)
    assert desk.status(desk.order(**terms)) == TRADED


def test_immediate_or_cancel_leaves_nothing_behind(fyers: FyersSimulator, desk: Desk) -> None:
    fyers.quote(SBIN, "825", size=4)
    placed = desk.look(desk.order(validity="IOC"))
    assert (placed["status"], placed["filledQty"]) == (1, 4)


def test_a_closed_market_takes_orders_for_the_next_day_only(clock: FakeClock, desk: Desk) -> None:
    clock.advance(6 * 3600)
    assert "Market is closed" in rejection(desk)
    placed = desk.order(offlineOrder=True)
    assert desk.status(placed) == PENDING
    clock.advance(2 * 3600)
    assert desk.status(placed) == PENDING


def test_a_change_is_checked_like_an_order_and_leaves_it_alone_when_refused(desk: Desk) -> None:
    placed = desk.order(limitPrice=800)
    for change, code in (
        ({"limitPrice": 800.01}, -392),
        ({"qty": 0}, -310),
        ({"type": 9}, -101),
        ({"qty": 100_000}, -99),
        ({"stopPrice": "high"}, -309),
    ):
        told = desk.sdk.modify_order({"id": placed, "limitPrice": 700, **change})
        assert told["code"] == code
    assert (desk.look(placed)["limitPrice"], desk.look(placed)["qty"]) == (800.0, 10)


def test_orders_are_taken_from_the_static_address_only(fyers: FyersSimulator, desk: Desk) -> None:
    placed = desk.order(limitPrice=800)
    fyers.rules(static_ip="203.0.113.7")
    answer = desk.ask("POST", "/api/v3/orders/sync", json=AN_ORDER)
    assert (answer.status_code, answer.json()["code"]) == (403, -373)
    assert desk.sdk.cancel_order({"id": placed})["code"] == -373
    assert desk.status(placed) == PENDING
    fyers.rules(static_ip="127.0.0.1")
    assert desk.sdk.cancel_order({"id": placed})["code"] == 1103


def test_a_change_cannot_undo_what_is_filled(fyers: FyersSimulator, desk: Desk) -> None:
    placed = desk.order(limitPrice=800)
    fyers.fill(placed, qty=4)
    assert desk.sdk.modify_order({"id": placed, "qty": 4})["code"] == -310
    assert desk.sdk.modify_order({"id": placed, "qty": 5})["code"] == 1102
    assert desk.look(placed)["remainingQuantity"] == 1


def test_written_options_bind_margin_and_bought_ones_are_paid(
    fyers: FyersSimulator, desk: Desk
) -> None:
    fyers.quote(CALL, "100")
    terms = {"symbol": CALL, "qty": 65, "productType": "MARGIN", "limitPrice": 100}
    desk.order(**terms, side=-1)
    assert desk.available() == 1_000_000 + 6500 - 65 * 24650 * 0.15
    desk.order(**terms)
    desk.order(**terms)
    assert desk.available() == 1_000_000 - 6500


def test_codes_have_the_vendors_messages() -> None:
    told = refusals.messages()
    assert told[refusals.OFF_TICK] == "Price should be in multiples of tick size."
    codes = [value for name, value in vars(refusals).items() if name.isupper()]
    numbers = {code for code in codes if isinstance(code, int)}
    assert numbers - {refusals.REJECTED} <= told.keys()


def test_a_body_that_is_no_object_is_refused(desk: Desk) -> None:
    for body in ("[1]", "7", "no json"):
        assert desk.ask("POST", "/api/v3/orders/sync", data=body).json()["code"] in (-50, -300)
    assert desk.ask("GET", "/api/v3/nothing").status_code == 404
