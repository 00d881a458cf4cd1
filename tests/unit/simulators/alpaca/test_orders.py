"""What becomes of orders, and how they are found again."""

from datetime import timedelta

from tests.fakes.clock import FakeClock
from tests.simulators.alpaca import AlpacaSimulator
from tests.unit.simulators.alpaca.desk import Desk, refusal_of


def test_a_market_order_fills_wholly_at_the_quote(alpaca: AlpacaSimulator, desk: Desk) -> None:
    alpaca.quote("AAPL", "190", "190.02")
    placed = desk.order(client_order_id="mine")
    assert (placed["status"], placed["filled_qty"]) == ("pending_new", "0")
    now = desk.look(placed)
    assert (now["status"], now["filled_avg_price"]) == ("filled", "190.02")
    assert desk.position()["qty"] == "10"
    assert desk.account()["cash"] == "98099.8"


def test_a_limit_waits_for_its_price(alpaca: AlpacaSimulator, desk: Desk) -> None:
    placed = desk.order(type="limit", limit_price="189.5", time_in_force="gtc")
    assert desk.status(placed) == "new"
    alpaca.quote("AAPL", "189.49", "189.51")
    assert desk.status(placed) == "new"
    alpaca.quote("AAPL", "189.4", "189.45")
    assert desk.look(placed)["filled_avg_price"] == "189.45"


def test_a_stop_waits_for_its_price(alpaca: AlpacaSimulator, desk: Desk) -> None:
    placed = desk.order(type="stop", stop_price="191")
    alpaca.quote("AAPL", "190.98", "190.99")
    assert desk.status(placed) == "new"
    alpaca.quote("AAPL", "191.1", "191.2")
    assert desk.look(placed)["filled_avg_price"] == "191.2"


def test_a_stop_limit_that_was_passed_rests_as_a_limit(alpaca: AlpacaSimulator, desk: Desk) -> None:
    placed = desk.order(type="stop_limit", stop_price="191", limit_price="191.1")
    alpaca.quote("AAPL", "192")
    assert desk.status(placed) == "new"
    alpaca.quote("AAPL", "190")
    assert desk.look(placed)["filled_avg_price"] == "190"


def test_a_trailing_stop_follows_the_best_price(alpaca: AlpacaSimulator, desk: Desk) -> None:
    desk.order()
    trailing = desk.order(side="sell", type="trailing_stop", trail_percent="1")
    assert desk.look(trailing)["stop_price"] == "188.1"
    alpaca.quote("AAPL", "200")
    alpaca.quote("AAPL", "199")
    now = desk.look(trailing)
    assert (now["hwm"], now["stop_price"], now["status"]) == ("200", "198", "new")
    alpaca.quote("AAPL", "197.9")
    assert desk.look(trailing)["filled_avg_price"] == "197.9"


def test_a_notional_order_buys_parts_of_shares(desk: Desk) -> None:
    placed = desk.order(qty=None, notional="1000")
    now = desk.look(placed)
    assert (now["qty"], now["notional"], now["filled_qty"]) == (None, "1000", "5.263157894")


def test_an_order_is_found_by_the_clients_id(desk: Desk) -> None:
    placed = desk.order(client_order_id="mine")
    found = desk.get("/orders:by_client_order_id", client_order_id="mine")
    assert found["id"] == placed["id"]
    missing = refusal_of(lambda: desk.get("/orders:by_client_order_id", client_order_id="other"))
    assert (missing["status"], missing["code"]) == (404, 40410000)
    assert missing["message"] == "order not found for other"


def test_lists_are_by_status_time_and_symbol(
    alpaca: AlpacaSimulator, clock: FakeClock, desk: Desk
) -> None:
    first = desk.order()
    clock.advance(1)
    second = desk.order(type="limit", limit_price="100", symbol="MSFT")
    assert [each["id"] for each in desk.get("/orders")] == [second["id"]]
    assert [each["id"] for each in desk.get("/orders", status="closed")] == [first["id"]]
    both = desk.get("/orders", status="all", direction="asc")
    assert [each["id"] for each in both] == [first["id"], second["id"]]
    after = desk.get("/orders", status="all", after=first["submitted_at"])
    assert [each["id"] for each in after] == [second["id"]]
    until = desk.get("/orders", status="all", until=second["submitted_at"])
    assert [each["id"] for each in until] == [first["id"]]
    assert len(desk.get("/orders", status="all", limit=1)) == 1
    assert len(desk.get("/orders", status="all", symbols="MSFT")) == 1
    cursor = desk.get("/orders", status="all", after_order_id=first["id"])
    assert [each["id"] for each in cursor] == [second["id"]]


def test_a_replaced_order_is_a_new_one(desk: Desk) -> None:
    old = desk.order(type="limit", limit_price="100", client_order_id="a")
    new = desk.client.patch(f"/orders/{old['id']}", {"limit_price": "101", "client_order_id": "b"})
    assert (new["replaces"], new["limit_price"], new["qty"]) == (old["id"], "101", "10")
    assert desk.status(new) == "new"
    before = desk.look(old)
    assert (before["status"], before["replaced_by"]) == ("replaced", new["id"])


def test_a_canceled_order_stays_canceled(desk: Desk) -> None:
    placed = desk.order(type="limit", limit_price="100")
    desk.client.cancel_order_by_id(placed["id"])
    assert desk.status(placed) == "canceled"
    again = refusal_of(lambda: desk.client.cancel_order_by_id(placed["id"]))
    assert (again["status"], again["code"]) == (422, 42210000)
    assert again["message"] == "order is not cancelable"


def test_all_orders_are_canceled_at_once(desk: Desk) -> None:
    placed = [desk.order(type="limit", limit_price=price) for price in ("100", "101")]
    told = desk.client.cancel_orders()
    assert told == [{"id": each["id"], "status": 200} for each in placed]
    assert desk.get("/orders") == []


def test_a_day_order_ends_with_the_session(
    alpaca: AlpacaSimulator, clock: FakeClock, desk: Desk
) -> None:
    day = desk.order(type="limit", limit_price="100")
    good = desk.order(type="limit", limit_price="100", time_in_force="gtc")
    clock.advance(timedelta(hours=6))
    assert (desk.status(day), desk.status(good)) == ("expired", "new")


def test_what_an_immediate_order_does_not_fill_is_canceled(
    alpaca: AlpacaSimulator, desk: Desk
) -> None:
    alpaca.quote("AAPL", "190", size=4)
    some = desk.order(time_in_force="ioc")
    assert (desk.status(some), desk.look(some)["filled_qty"]) == ("canceled", "4")
    alpaca.quote("AAPL", "190", size=4)
    none = desk.order(time_in_force="fok")
    assert (desk.status(none), desk.look(none)["filled_qty"]) == ("canceled", "0")


def test_only_so_much_is_traded_as_a_quote_is_good_for(alpaca: AlpacaSimulator, desk: Desk) -> None:
    alpaca.quote("AAPL", "190", size=4)
    placed = desk.order()
    now = desk.look(placed)
    assert (now["status"], now["filled_qty"]) == ("partially_filled", "4")
    alpaca.quote("AAPL", "191", size=6)
    now = desk.look(placed)
    assert (now["status"], now["filled_avg_price"]) == ("filled", "190.6")
