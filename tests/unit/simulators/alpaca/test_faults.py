"""What goes wrong on demand."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
import requests
from alpaca.common.exceptions import APIError

from tests.fakes.clock import FakeClock
from tests.simulators.alpaca import AlpacaSimulator, Fault, Kind
from tests.unit.simulators.alpaca.desk import Desk, Shown, refusal_of

PLACE = "POST /v2/orders"


def is_there(alpaca: AlpacaSimulator, name: str = "mine") -> bool:
    return name in alpaca.owner().by_client_id


@pytest.mark.parametrize(
    ("kind", "error", "taken"),
    [
        ("lost", requests.ConnectionError, True),
        ("dropped", requests.ConnectionError, False),
        ("cut", requests.RequestException, True),
        ("too_many", APIError, False),
        ("error", APIError, False),
        ("gateway", APIError, False),
        ("html", APIError, False),
    ],
)
def test_a_fault_happens_once_and_says_whether_the_order_was_taken(
    alpaca: AlpacaSimulator, desk: Desk, kind: str, error: type[Exception], taken: bool
) -> None:
    alpaca.fault(kind, PLACE)
    with pytest.raises(error):
        desk.order(client_order_id="mine")
    assert is_there(alpaca) is taken
    assert desk.order(client_order_id="other")["status"] == "pending_new"
    assert [asked.fault for asked in alpaca.state.requests] == [kind, ""]


@pytest.mark.parametrize(
    ("kind", "status", "body"),
    [
        ("too_many", 429, '{"message": "too many requests."}'),
        ("error", 500, '{"code": 50010000, "message": "internal server error"}'),
        ("gateway", 504, '{"message": "upstream request timeout"}'),
    ],
)
def test_a_refusal_may_come_after_the_order_was_taken(
    alpaca: AlpacaSimulator, desk: Desk, kind: str, status: int, body: str
) -> None:
    alpaca.fault(kind, PLACE, taken=True)
    with pytest.raises(APIError) as told:
        desk.order(client_order_id="mine")
    failed: Any = told.value
    assert (failed.status_code, str(failed), is_there(alpaca)) == (status, body, True)


def test_too_many_requests_are_told_when_to_try_again(
    alpaca: AlpacaSimulator, clock: FakeClock
) -> None:
    alpaca.fault("too_many", seconds=30)
    answer = requests.get(f"{alpaca.trading_url}/v2/clock", timeout=20)
    assert (answer.status_code, answer.headers["X-RateLimit-Remaining"]) == (429, "0")
    assert int(answer.headers["X-RateLimit-Reset"]) == clock.now().timestamp() + 30


def test_a_proxy_answers_with_a_page(alpaca: AlpacaSimulator, desk: Desk) -> None:
    alpaca.fault("html", "*")
    with pytest.raises(APIError, match="<html>"):
        desk.account()


@pytest.mark.parametrize("taken", [True, False])
def test_a_slow_reply_outlasts_the_client(alpaca: AlpacaSimulator, desk: Desk, taken: bool) -> None:
    alpaca.fault("slow", PLACE, seconds=30, taken=taken)
    url = f"{alpaca.trading_url}/v2/orders"
    headers = {"APCA-API-KEY-ID": alpaca.key, "APCA-API-SECRET-KEY": alpaca.secret}
    body = {"symbol": "AAPL", "qty": "1", "side": "buy", "type": "market", "time_in_force": "day"}
    with pytest.raises(requests.Timeout):
        requests.post(url, json=body | {"client_order_id": "mine"}, headers=headers, timeout=0.2)
    alpaca.close()  # nothing is under way any more
    assert is_there(alpaca) is taken


def test_a_late_order_is_not_found_for_a_while(
    alpaca: AlpacaSimulator, clock: FakeClock, desk: Desk
) -> None:
    alpaca.fault("late", PLACE, seconds=1.5)
    placed = desk.order(client_order_id="mine", type="limit", limit_price="100")

    def find() -> Shown:
        found: Shown = desk.get("/orders:by_client_order_id", client_order_id="mine")
        return found

    assert refusal_of(find)["code"] == 40410000
    assert refusal_of(lambda: desk.look(placed))["code"] == 40410000
    assert desk.get("/orders") == []
    assert desk.refusal(client_order_id="mine")["message"] == "client_order_id must be unique"
    clock.advance(1.6)
    assert find()["id"] == placed["id"]


def test_faults_have_their_routes(alpaca: AlpacaSimulator, desk: Desk) -> None:
    alpaca.fault("error", "GET /v2/orders*", times=2)
    assert desk.account()["status"] == "ACTIVE"
    placed = desk.order()
    assert refusal_of(lambda: desk.get("/orders"))["status"] == 500
    assert refusal_of(lambda: desk.look(placed))["status"] == 500
    assert desk.status(placed) == "filled"


def test_chance_is_the_same_for_a_seed(clock: FakeClock) -> None:
    def run(seed: int) -> list[bool]:
        with AlpacaSimulator(clock=clock, seed=seed) as alpaca:
            alpaca.faults.add(Fault(Kind.ERROR, "GET *", times=None, rate=0.3))
            return [alpaca.faults.draw("GET", "/v2/clock") is not None for _ in range(200)]

    first = run(1)
    assert first == run(1) != run(2)
    assert 30 < sum(first) < 90


def test_nothing_goes_wrong_any_more_once_the_faults_are_cleared(
    alpaca: AlpacaSimulator, desk: Desk
) -> None:
    alpaca.fault("error", times=None)
    assert refusal_of(desk.account)["status"] == 500
    alpaca.clear_faults()
    assert desk.account()["status"] == "ACTIVE"


def test_connections_are_refused_while_it_is_away(alpaca: AlpacaSimulator, desk: Desk) -> None:
    desk.account()
    with alpaca.away(), pytest.raises(requests.ConnectionError, match="refused"):
        desk.account()
    assert desk.account()["status"] == "ACTIVE"


def test_fills_come_in_parts_now_and_then(alpaca: AlpacaSimulator, desk: Desk) -> None:
    alpaca.rules(partial_rate=1.0)
    placed = desk.order()
    parts = desk.get("/account/activities/FILL", direction="asc")
    assert [each["type"] for each in parts] == ["partial_fill", "fill"]
    assert sum(int(each["qty"]) for each in parts) == 10
    assert desk.status(placed) == "filled"


def test_orders_are_held_open_and_filled_by_hand(alpaca: AlpacaSimulator, desk: Desk) -> None:
    alpaca.hold("AAPL")
    placed = desk.order(client_order_id="mine")
    assert desk.status(placed) == "new"
    alpaca.fill("mine", qty=3, price="189.5")
    now = desk.look(placed)
    assert (now["status"], now["filled_avg_price"]) == ("partially_filled", "189.5")
    alpaca.release("AAPL")
    assert desk.status(placed) == "filled"
    with pytest.raises(ValueError, match="status filled"):
        alpaca.fill("mine", qty=1)


def test_a_cancel_may_stay_pending_and_lose_to_a_fill(alpaca: AlpacaSimulator, desk: Desk) -> None:
    alpaca.rules(holds_cancels=True)
    won = desk.order(type="limit", limit_price="100", client_order_id="won")
    lost = desk.order(type="limit", limit_price="100", client_order_id="lost")
    for each in (won, lost):
        desk.client.cancel_order_by_id(each["id"])
        assert desk.status(each) == "pending_cancel"
    alpaca.fill("lost", qty=4)
    assert (desk.status(lost), desk.look(lost)["filled_qty"]) == ("pending_cancel", "4")
    alpaca.fill("lost")
    alpaca.let_cancels_through()
    assert (desk.status(won), desk.status(lost)) == ("canceled", "filled")


def test_trades_by_hand_are_seen_like_any_other(alpaca: AlpacaSimulator, desk: Desk) -> None:
    by_hand = alpaca.trade("AAPL", "buy", 5, price="189")
    assert (desk.position()["qty"], desk.position()["avg_entry_price"]) == ("5", "189")
    assert desk.get("/account/activities/FILL")[0]["order_id"] == by_hand.id
    alpaca.trade("AAPL", "sell", 8)
    assert (desk.position()["side"], desk.position()["qty"]) == ("short", "-3")
    alpaca.transfer("MSFT", 7, "400")
    assert desk.position("MSFT")["qty"] == "7"
    resting = alpaca.place(
        {
            "symbol": "F",
            "qty": 1,
            "side": "buy",
            "type": "limit",
            "limit_price": 1,
            "time_in_force": "gtc",
        }
    )
    assert [each["id"] for each in desk.get("/orders")] == [resting.id]


def test_many_clients_trade_at_once_and_the_books_are_right(alpaca: AlpacaSimulator) -> None:
    alpaca.rules(rate_limit=None)

    def trade() -> None:
        desk = Desk(alpaca)
        for _ in range(10):
            desk.order(qty="1")
        desk.close()

    together(trade, 5)
    owner = alpaca.owner()
    assert owner.held(alpaca.state.assets["AAPL"]) == 50
    assert owner.cash == 100_000 - 50 * 190


def together(work: Callable[[], None], count: int) -> None:
    threads = [threading.Thread(target=work) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
