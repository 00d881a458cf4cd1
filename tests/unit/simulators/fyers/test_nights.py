"""Nights: what becomes of shares, of positions for the day, and of the day's books."""

from tests.fakes.clock import FakeClock
from tests.simulators.fyers import FyersSimulator
from tests.unit.simulators.fyers.desk import CANCELLED, EXPIRED, PENDING, SBIN, Desk, Shown

CNC = f"{SBIN}-CNC"
FUTURE = "NSE:NIFTY26NOVFUT"


def home(desk: Desk) -> Shown:
    """The one holding."""
    [row] = desk.sdk.holdings()["holdings"]
    return dict(row)


def test_bought_shares_move_from_the_positions_to_the_holdings(
    fyers: FyersSimulator, desk: Desk
) -> None:
    desk.order(productType="CNC")
    assert (desk.net(CNC), desk.sdk.holdings()["holdings"]) == (10, [])
    fyers.night()
    assert desk.sdk.positions()["netPositions"] == []
    row = home(desk)
    assert (row["quantity"], row["remainingQuantity"], row["costPrice"]) == (10, 10, 825)
    assert row["holdingType"] == "T1"
    fyers.night()
    assert home(desk)["holdingType"] == "HLD"


def test_the_sales_of_a_day_are_a_position_and_leave_less_at_home(
    fyers: FyersSimulator, desk: Desk
) -> None:
    fyers.transfer(SBIN, 10, 700)
    desk.order(productType="CNC", side=-1, qty=4)
    assert (desk.net(CNC), home(desk)["quantity"], home(desk)["remainingQuantity"]) == (-4, 10, 6)
    fyers.night()
    assert (home(desk)["quantity"], home(desk)["remainingQuantity"]) == (6, 6)
    desk.order(productType="CNC", side=-1, qty=6)
    fyers.night()
    assert desk.sdk.holdings()["holdings"] == []


def test_shares_of_several_days_have_one_average(fyers: FyersSimulator, desk: Desk) -> None:
    fyers.transfer(SBIN, 10, 725)
    desk.order(productType="CNC")
    fyers.night()
    assert (home(desk)["quantity"], home(desk)["costPrice"]) == (20, 775)


def test_only_what_is_there_is_delivered(fyers: FyersSimulator, desk: Desk) -> None:
    fyers.transfer(SBIN, 10, 700)
    resting = desk.order(productType="CNC", side=-1, qty=6, limitPrice=900)
    assert desk.place(productType="CNC", side=-1, qty=5)["code"] == -99
    assert desk.sdk.modify_order({"id": resting, "qty": 11})["code"] == -99
    assert desk.sdk.modify_order({"id": resting, "qty": 10})["code"] == 1102


def test_holdings_are_sold_only_when_that_is_authorised(fyers: FyersSimulator, desk: Desk) -> None:
    fyers.transfer(SBIN, 10, 700)
    fyers.edis(authorised=False)
    told = desk.place(productType="CNC", side=-1)
    assert (told["code"], "EDIS" in told["message"]) == (-99, True)
    desk.order(productType="CNC")
    desk.order(productType="CNC", side=-1)
    fyers.edis(authorised=True)
    desk.order(productType="CNC", side=-1)


def test_positions_for_the_day_are_closed_and_others_are_carried(
    fyers: FyersSimulator, desk: Desk
) -> None:
    desk.order()
    fyers.trade(FUTURE, "buy", 65, product="MARGIN")
    fyers.trade(SBIN, "buy", 5, product="MTF")
    fyers.night()
    carried = desk.position(f"{FUTURE}-MARGIN")
    assert (carried["netQty"], carried["cfBuyQty"], carried["dayBuyQty"]) == (65, 65, 0)
    names = {row["id"] for row in desk.sdk.positions()["netPositions"]}
    assert names == {f"{FUTURE}-MARGIN", f"{SBIN}-MTF"}


def test_orders_are_for_the_day_and_the_books_begin_anew(fyers: FyersSimulator, desk: Desk) -> None:
    desk.order()
    resting = desk.order(limitPrice=800)
    fyers.night()
    assert (desk.book(), desk.trades()) == ([], [])
    assert fyers.owner().orders[resting].status == 7
    assert desk.sdk.cancel_order({"id": resting})["code"] == -161


def test_orders_end_with_the_session(fyers: FyersSimulator, clock: FakeClock, desk: Desk) -> None:
    resting = desk.order(limitPrice=800)
    clock.advance(5 * 3600 - 1)
    assert desk.status(resting) == PENDING
    clock.advance(1)
    assert desk.status(resting) == EXPIRED


def test_positions_for_the_day_are_closed_before_it_ends(
    fyers: FyersSimulator, clock: FakeClock, desk: Desk
) -> None:
    desk.order(stopLoss=10)
    desk.order(productType="CNC")
    clock.advance(4 * 3600 + 50 * 60 - 1)
    assert desk.net() == 10
    clock.advance(1)
    assert (desk.net(), desk.net(CNC)) == (0, 10)
    assert [row["status"] for row in desk.book() if row.get("parentId")] == [CANCELLED]


def test_nobody_closes_them_while_that_is_switched_off(
    fyers: FyersSimulator, clock: FakeClock, desk: Desk
) -> None:
    fyers.rules(squares_off=False)
    desk.order()
    clock.advance(4 * 3600 + 55 * 60)
    assert desk.net() == 10


def test_the_night_comes_by_itself(fyers: FyersSimulator, clock: FakeClock, desk: Desk) -> None:
    desk.order(productType="CNC")
    clock.advance(86_400)
    desk = Desk(fyers, fyers.login())
    assert home(desk)["quantity"] == 10


def test_an_order_for_the_next_day_works_when_it_begins(
    fyers: FyersSimulator, clock: FakeClock, desk: Desk
) -> None:
    clock.advance(6 * 3600)
    placed = desk.order(offlineOrder=True)
    clock.advance((2 * 24 + 17) * 3600)  # Monday, half past nine
    later = Desk(fyers, fyers.login())
    assert later.look(placed)["filledQty"] == 10


def test_what_expires_is_settled_at_the_last_price(
    fyers: FyersSimulator, clock: FakeClock, desk: Desk
) -> None:
    fyers.trade(FUTURE, "buy", 65, product="MARGIN", price=24_600)
    clock.advance(7 * 86_400)  # Friday, the day after
    later = Desk(fyers, fyers.login())
    assert later.sdk.positions()["netPositions"] == []
    assert later.available() == 1_000_000 + 65 * 50


def test_money_of_shares_is_paid_and_received(fyers: FyersSimulator, desk: Desk) -> None:
    desk.order(productType="CNC")
    fyers.night()
    fyers.quote(SBIN, "830")
    assert desk.available() == 1_000_000 - 8250
    desk.order(productType="CNC", side=-1, limitPrice=830)
    assert desk.available() == 1_000_050
