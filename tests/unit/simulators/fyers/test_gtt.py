"""Orders that are good till they are triggered."""

from typing import Any

import pytest

from tests.fakes.clock import FakeClock
from tests.simulators.fyers import FyersSimulator
from tests.unit.simulators.fyers.desk import CANCELLED, PENDING, REJECTED, SBIN, TRADED, Desk, Shown


def leg(price: float, trigger: float, qty: int = 10) -> Shown:
    """A leg of one."""
    return {"price": price, "triggerPrice": trigger, "qty": qty}


def placed(desk: Desk, first: Shown, second: Shown | None = None, **terms: Any) -> Shown:
    """What is told of a GTT order to sell SBIN for delivery."""
    info = {"leg1": first} if second is None else {"leg1": first, "leg2": second}
    body = {"symbol": SBIN, "side": -1, "productType": "CNC", "orderInfo": info, **terms}
    return dict(desk.sdk.place_gtt_order(body))


def row(desk: Desk) -> Shown:
    """The one in the book."""
    [found] = desk.sdk.gtt_orderbook()["orderBook"]
    return dict(found)


def test_a_pair_waits_and_is_shown(fyers: FyersSimulator, desk: Desk) -> None:
    told = placed(desk, leg(850, 849), leg(800, 801, 5))
    assert told["code"] == 1101
    shown = row(desk)
    assert (shown["id"], shown["ord_status"], shown["gtt_oco_ind"]) == (told["id"], PENDING, 2)
    assert (shown["price_limit"], shown["price_trigger"], shown["qty"]) == (850, 849, 10)
    assert (shown["price2_limit"], shown["price2_trigger"], shown["qty2"]) == (800, 801, 5)
    assert desk.available() == 1_000_000


def test_the_leg_that_is_reached_becomes_a_limit_order_and_the_other_ends(
    fyers: FyersSimulator, desk: Desk
) -> None:
    fyers.transfer(SBIN, 10, 700)
    placed(desk, leg(850, 849), leg(800, 801), orderTag="MINE")
    fyers.quote(SBIN, "849.5")
    [child] = desk.book()
    assert (child["status"], child["limitPrice"], child["orderTag"]) == (PENDING, 850, "1:GTTMINE")
    assert row(desk)["ord_status"] == TRADED
    fyers.quote(SBIN, "790")
    assert len(desk.book()) == 1
    fyers.quote(SBIN, "850")
    assert desk.status(child["id"]) == TRADED


def test_the_lower_leg_is_reached_from_above(fyers: FyersSimulator, desk: Desk) -> None:
    fyers.transfer(SBIN, 10, 700)
    placed(desk, leg(850, 849), leg(800, 801, 5))
    fyers.quote(SBIN, "801")
    [child] = desk.book()
    assert (child["limitPrice"], child["qty"], child["status"]) == (800, 5, TRADED)


def test_it_may_tell_its_tag_and_what_came_of_it_its_parent(
    fyers: FyersSimulator, desk: Desk
) -> None:
    fyers.transfer(SBIN, 10, 700)
    name = placed(desk, leg(850, 849), orderTag="MINE")["id"]
    assert "orderTag" not in row(desk)
    fyers.rules(gtt_tells=True)
    assert row(desk)["orderTag"] == "1:MINE"
    fyers.quote(SBIN, "849")
    assert desk.book()[0]["parentId"] == name


def test_a_single_one_waits_on_either_side(fyers: FyersSimulator, desk: Desk) -> None:
    fyers.transfer(SBIN, 10, 700)
    placed(desk, leg(799, 800))
    fyers.quote(SBIN, "801")
    assert desk.book() == []
    fyers.quote(SBIN, "800")
    assert desk.book()[0]["status"] == TRADED


def test_it_is_not_bound_to_what_is_held(fyers: FyersSimulator, desk: Desk) -> None:
    future = "NSE:NIFTY26NOVFUT"
    fyers.trade(future, "buy", 65, product="MARGIN")
    placed(desk, leg(24600, 24610, 65), symbol=future, productType="MARGIN")
    fyers.trade(future, "sell", 65, product="MARGIN")
    fyers.quote(future, "24605")
    assert desk.net(f"{future}-MARGIN") == -65


def test_what_comes_of_it_may_be_rejected(fyers: FyersSimulator, desk: Desk) -> None:
    placed(desk, leg(799, 800))
    fyers.quote(SBIN, "800")
    assert (desk.book()[0]["status"], row(desk)["ord_status"]) == (REJECTED, REJECTED)
    assert row(desk)["oms_msg"] == "RED:Holdings are not sufficient to sell"


def test_it_outlives_the_day(fyers: FyersSimulator, desk: Desk) -> None:
    placed(desk, leg(850, 849))
    fyers.night()
    assert row(desk)["ord_status"] == PENDING


def test_a_price_that_is_reached_at_night_counts_when_the_market_opens(
    fyers: FyersSimulator, clock: FakeClock, desk: Desk
) -> None:
    fyers.transfer(SBIN, 10, 700)
    placed(desk, leg(850, 849), leg(800, 801))
    clock.advance(6 * 3600)
    fyers.quote(SBIN, "790")
    assert row(desk)["ord_status"] == PENDING
    clock.advance((2 * 24 + 17) * 3600)  # Monday, half past nine
    later = Desk(fyers, fyers.login())
    assert [each["status"] for each in later.book()] == [PENDING]
    assert row(later)["ord_status"] == TRADED


def test_it_is_changed_leg_by_leg(desk: Desk) -> None:
    name = placed(desk, leg(850, 849), leg(800, 801))["id"]
    change = {"id": name, "orderInfo": {"leg2": {"triggerPrice": 810, "price": 809}}}
    assert desk.sdk.modify_gtt_order(change)["code"] == 1102
    shown = row(desk)
    assert (shown["price_limit"], shown["price2_limit"], shown["price2_trigger"]) == (850, 809, 810)


def test_it_is_canceled_once(desk: Desk) -> None:
    name = placed(desk, leg(850, 849))["id"]
    assert desk.sdk.cancel_gtt_order({"id": name})["code"] == 1103
    assert row(desk)["ord_status"] == CANCELLED
    assert desk.sdk.cancel_gtt_order({"id": name})["code"] == -161
    assert desk.sdk.modify_gtt_order({"id": "7", "orderInfo": {}})["code"] == -159


@pytest.mark.parametrize(
    ("first", "second", "terms", "code"),
    [
        (leg(820, 819), leg(800, 801), {}, -309),
        (leg(850, 849), leg(830, 831), {}, -309),
        (leg(850, 825), None, {}, -309),
        (leg(0, 849), None, {}, -308),
        (leg(850, 0), None, {}, -309),
        (leg(850.01, 849), None, {}, -392),
        (leg(850, 849, 0), None, {}, -310),
        (leg(850, 849), None, {"productType": "INTRADAY"}, -314),
        (leg(850, 849), None, {"productType": "MARGIN"}, -314),
        (leg(850, 849), None, {"side": 0}, -313),
        (leg(850, 849), None, {"symbol": "NSE:NIFTY50-INDEX"}, -300),
        (leg(850, 849), None, {"orderInfo": {}}, -50),
        (leg(850, 849), None, {"orderTag": "no good"}, -50),
    ],
)
def test_one_that_makes_no_sense_is_refused(
    desk: Desk, first: Shown, second: Shown | None, terms: dict[str, Any], code: int
) -> None:
    assert placed(desk, first, second, **terms)["code"] == code
    assert desk.sdk.gtt_orderbook()["orderBook"] == []
