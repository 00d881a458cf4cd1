"""Stops and targets that come with an order, or are attached to a position."""

from tests.simulators.fyers import FyersSimulator
from tests.unit.simulators.fyers.desk import (
    AN_ORDER,
    CANCELLED,
    PENDING,
    SBIN,
    TRADED,
    Desk,
    Shown,
)

ID = f"{SBIN}-INTRADAY"


def children(desk: Desk, parent: str) -> list[Shown]:
    """The rows that protect an order or a position, the target first."""
    return [row for row in desk.book() if row.get("parentId") == parent]


def test_a_traded_entry_is_protected_in_points_from_its_price(
    fyers: FyersSimulator, desk: Desk
) -> None:
    fyers.quote(SBIN, "820")
    placed = desk.order(takeProfit=20, stopLoss=10, orderTag="MINE")
    assert desk.look(placed)["takeProfit"] == 20
    target, stop = children(desk, placed)
    assert (target["type"], target["limitPrice"], target["side"]) == (1, 840.0, -1)
    assert (stop["type"], stop["stopPrice"], stop["qty"]) == (3, 810.0, 10)
    assert {target["status"], stop["status"]} == {PENDING}
    assert {row["orderTag"] for row in (target, stop)} == {"1:MINE"}


def test_a_short_entry_is_protected_in_percents(desk: Desk) -> None:
    placed = desk.order(side=-1, takeProfit=2, stopLoss=1, legType=2)
    target, stop = children(desk, placed)
    assert (target["limitPrice"], stop["stopPrice"], stop["side"]) == (808.5, 833.25, 1)


def test_an_entry_that_rests_has_no_legs_yet(fyers: FyersSimulator, desk: Desk) -> None:
    placed = desk.order(limitPrice=820, stopLoss=10)
    assert children(desk, placed) == []
    fyers.fill(placed, qty=4)
    [stop] = children(desk, placed)
    assert stop["qty"] == 4
    fyers.fill(placed, qty=6)
    assert [row["qty"] for row in children(desk, placed)] == [10]


def test_a_canceled_entry_leaves_its_fill_protected(fyers: FyersSimulator, desk: Desk) -> None:
    placed = desk.order(limitPrice=820, stopLoss=10)
    fyers.fill(placed, qty=4)
    desk.sdk.cancel_order({"id": placed})
    assert [(row["qty"], row["status"]) for row in children(desk, placed)] == [(4, PENDING)]


def test_one_leg_cancels_the_other(fyers: FyersSimulator, desk: Desk) -> None:
    placed = desk.order(takeProfit=20, stopLoss=10)
    fyers.quote(SBIN, "814")
    target, stop = children(desk, placed)
    assert (target["status"], stop["status"]) == (CANCELLED, TRADED)
    assert desk.net() == 0


def test_a_part_of_a_target_leaves_the_rest_protected(fyers: FyersSimulator, desk: Desk) -> None:
    placed = desk.order(takeProfit=20, stopLoss=10)
    fyers.quote(SBIN, "845", size=4)
    target, stop = children(desk, placed)
    assert (target["filledQty"], stop["qty"], stop["status"]) == (4, 6, PENDING)
    fyers.quote(SBIN, "815")
    target, stop = children(desk, placed)
    assert (target["status"], stop["status"], desk.net()) == (CANCELLED, TRADED, 0)


def test_legs_are_moved_and_canceled_like_orders(desk: Desk) -> None:
    placed = desk.order(takeProfit=20, stopLoss=10)
    target, stop = children(desk, placed)
    assert desk.sdk.modify_order({"id": stop["id"], "stopPrice": 818})["code"] == 1102
    assert desk.sdk.modify_order({"id": stop["id"], "stopPrice": 826})["code"] == -99
    assert desk.look(stop["id"])["stopPrice"] == 818
    assert desk.sdk.modify_order({"id": target["id"], "limitPrice": 840})["code"] == 1102
    assert desk.sdk.cancel_order({"id": stop["id"]})["code"] == 1103
    assert [row["status"] for row in children(desk, placed)] == [PENDING, CANCELLED]


def test_legs_of_a_waiting_entry_are_changed_with_it(fyers: FyersSimulator, desk: Desk) -> None:
    placed = desk.order(limitPrice=820, takeProfit=20, stopLoss=10)
    desk.sdk.modify_order({"id": placed, "stopLoss": 15, "takeProfit": None})
    fyers.quote(SBIN, "820")
    assert [row["stopPrice"] for row in children(desk, placed)] == [805.0]


def test_legs_are_attached_to_a_position_and_replaced(fyers: FyersSimulator, desk: Desk) -> None:
    desk.order()
    told = desk.sdk.attach_position_legs({"positionId": ID, "takeProfit": 20, "stopLoss": 10})
    assert told["s"] == "ok"
    target, stop = children(desk, ID)
    assert (target["limitPrice"], stop["stopPrice"], stop["orderTag"]) == (
        845.0,
        815.0,
        "2:Untagged",
    )
    desk.sdk.attach_position_legs({"positionId": ID, "stopLoss": 5})
    waiting = [row for row in children(desk, ID) if row["status"] == PENDING]
    assert [row["stopPrice"] for row in waiting] == [0.0, 820.0]
    fyers.quote(SBIN, "819")
    assert not [row for row in children(desk, ID) if row["status"] == PENDING]


def test_legs_are_taken_off_a_position(desk: Desk) -> None:
    desk.order()
    desk.sdk.attach_position_legs({"positionId": ID, "takeProfit": 20, "stopLoss": 10})
    desk.sdk.attach_position_legs({"positionId": ID, "takeProfit": None, "stopLoss": None})
    assert [row["status"] for row in children(desk, ID)] == [CANCELLED, CANCELLED]


def test_no_legs_are_attached_to_what_is_not_held(desk: Desk) -> None:
    told = desk.sdk.attach_position_legs({"positionId": ID, "stopLoss": 10})
    assert told["code"] == -53
    desk.order()
    told = desk.sdk.attach_position_legs({"positionId": ID, "stopLoss": 10, "qty": 11})
    assert told["code"] == -310


def test_legs_are_not_bound_to_the_position(fyers: FyersSimulator, desk: Desk) -> None:
    desk.order(stopLoss=10)
    fyers.trade(SBIN, "sell", 10)
    fyers.quote(SBIN, "810")
    assert desk.net() == -10


def test_closing_a_position_cancels_its_legs(fyers: FyersSimulator, desk: Desk) -> None:
    placed = desk.order(stopLoss=10)
    assert desk.sdk.exit_positions({"id": [ID]})["message"] == "The position is closed."
    assert (desk.net(), children(desk, placed)[0]["status"]) == (0, CANCELLED)


def test_positions_are_closed_by_what_they_are(fyers: FyersSimulator, desk: Desk) -> None:
    fyers.trade(SBIN, "buy", 10)
    fyers.trade("NSE:ITC-EQ", "sell", 5)
    fyers.trade("NSE:NIFTY26NOVFUT", "buy", 65, product="MARGIN")
    desk.sdk.exit_positions({"segment": [10], "side": [-1], "productType": ["INTRADAY"]})
    assert (desk.net(), desk.net("NSE:ITC-EQ-INTRADAY")) == (10, 0)
    desk.sdk.exit_positions({"exit_all": 1})
    assert desk.sdk.positions()["overall"]["count_open"] == 0


def test_there_may_be_nothing_to_close(desk: Desk) -> None:
    assert desk.sdk.exit_positions({"exit_all": 1})["code"] == -398
    desk.order()
    assert desk.sdk.exit_positions({"id": ["NSE:ITC-EQ-INTRADAY"]})["code"] == -53
    desk.sdk.exit_positions({"id": ID})
    desk.order(productType="CNC")
    assert desk.sdk.exit_positions({"id": [ID]})["code"] == -397


def test_pending_orders_are_canceled_together(desk: Desk) -> None:
    mine, other = desk.order(limitPrice=800), desk.order(limitPrice=800, productType="CNC")
    assert desk.sdk.exit_positions({"pending_orders_cancel": 1, "id": [ID]})["s"] == "ok"
    assert (desk.status(mine), desk.status(other)) == (CANCELLED, PENDING)
    assert desk.sdk.exit_positions({"pending_orders_cancel": 1})["s"] == "ok"
    assert desk.sdk.exit_positions({"pending_orders_cancel": 1})["code"] == -399


def test_a_position_is_converted(desk: Desk) -> None:
    desk.order()
    terms = {"symbol": SBIN, "positionSide": 1, "convertFrom": "INTRADAY", "convertTo": "CNC"}
    assert desk.sdk.convert_position({**terms, "convertQty": 11})["code"] == -50
    assert desk.sdk.convert_position({**terms, "convertQty": 4})["s"] == "ok"
    assert (desk.net(), desk.net(f"{SBIN}-CNC")) == (6, 4)
    assert desk.position(f"{SBIN}-CNC")["netAvg"] == 825


def test_a_basket_answers_for_each_order(desk: Desk) -> None:
    bodies = [AN_ORDER | {"orderTag": "ONE"}, AN_ORDER | {"qty": 0}]
    told = desk.sdk.place_basket_orders(bodies)["data"]
    assert [(each["statusCode"], each["body"]["code"]) for each in told] == [
        (200, 1101),
        (400, -310),
    ]
    resting = [desk.order(limitPrice=800), desk.order(limitPrice=801)]
    changed = desk.sdk.modify_basket_orders([{"id": name, "limitPrice": 802} for name in resting])
    assert [each["body"]["code"] for each in changed["data"]] == [1102, 1102]
    ended = desk.sdk.cancel_basket_orders([{"id": name} for name in resting])
    assert [each["body"]["code"] for each in ended["data"]] == [1103, 1103]
    assert desk.sdk.place_basket_orders([AN_ORDER] * 11)["code"] == -50


def test_the_margin_of_orders_is_told_before_they_are_placed(desk: Desk) -> None:
    body = {"data": [AN_ORDER, AN_ORDER | {"productType": "CNC"}]}
    told = desk.ask("POST", "/api/v3/multiorder/margin", json=body).json()["data"]
    assert told["margin_new_order"] == 8250 / 5 + 8250
    assert (told["margin_avail"], desk.book()) == (1_000_000, [])
