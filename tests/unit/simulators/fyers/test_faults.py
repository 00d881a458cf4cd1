"""What goes wrong on demand, and what is seen late."""

import threading
import time

import pytest
import requests

from tests.fakes.clock import FakeClock
from tests.simulators.fyers import FyersSimulator
from tests.unit.simulators.fyers.desk import (
    AN_ORDER,
    CANCELLED,
    PENDING,
    REJECTED,
    SBIN,
    TRADED,
    TRANSIT,
    Desk,
)

PLACE = "POST /api/v3/orders/sync"


@pytest.mark.parametrize(
    ("kind", "code", "taken"),
    [
        ("lost", -99, True),
        ("dropped", -99, False),
        ("cut", -99, True),
        ("html", 502, False),
        ("error", -96, False),
        ("gateway", None, False),
        ("trouble", -204, False),
        ("too_many", -429, False),
        ("unacknowledged", 201, True),
    ],
)
def test_a_fault_happens_once_and_says_whether_the_order_was_taken(
    fyers: FyersSimulator, desk: Desk, kind: str, code: int | None, taken: bool
) -> None:
    fyers.fault(kind, PLACE)
    told = desk.place(orderTag="MINE")
    assert told.get("code") == code
    assert bool(fyers.owner().tagged("MINE")) is taken
    assert desk.place(orderTag="OTHER")["code"] == 1101
    assert [asked.fault for asked in fyers.state.requests] == [kind, ""]


@pytest.mark.parametrize("kind", ["html", "error", "gateway", "trouble", "too_many"])
def test_an_error_may_come_after_the_order_was_taken(
    fyers: FyersSimulator, desk: Desk, kind: str
) -> None:
    fyers.fault(kind, PLACE, taken=True)
    assert desk.place(orderTag="MINE").get("s") != "ok"
    assert len(fyers.owner().tagged("MINE")) == 1


def test_an_order_without_acknowledgement_may_never_have_arrived(
    fyers: FyersSimulator, desk: Desk
) -> None:
    fyers.fault("unacknowledged", PLACE, taken=False)
    assert (desk.place()["code"], desk.book()) == (201, [])


def test_too_many_requests_are_told_when_to_try_again(fyers: FyersSimulator, desk: Desk) -> None:
    fyers.fault("too_many", seconds=1.5)
    answer = desk.ask("GET", "/api/v3/profile")
    assert (answer.status_code, answer.json()["code"]) == (429, -429)
    assert (answer.headers["Retry-After"], answer.headers["X-Retry-After-Ms"]) == ("2", "1500")


@pytest.mark.parametrize("taken", [True, False])
def test_a_slow_reply_outlasts_the_client(fyers: FyersSimulator, desk: Desk, taken: bool) -> None:
    fyers.fault("slow", PLACE, seconds=30, taken=taken)
    headers = {"Authorization": f"{fyers.app_id}:{fyers.token}"}
    with pytest.raises(requests.Timeout):
        requests.post(f"{fyers.api_url}/orders/sync", json=AN_ORDER, headers=headers, timeout=0.2)
    fyers.close()  # nothing is under way any more
    assert bool(fyers.owner().orders) is taken


def test_order_book_and_trade_book_lag_behind(
    fyers: FyersSimulator, clock: FakeClock, desk: Desk
) -> None:
    fyers.rules(lag=0.1)
    placed = desk.order()
    assert (desk.book(), desk.trades()) == ([], [])
    assert desk.net() == 10
    clock.advance(0.1)
    assert (desk.status(placed), len(desk.trades())) == (TRADED, 1)


def test_what_readers_see_of_an_order_is_as_old_as_the_lag(
    fyers: FyersSimulator, clock: FakeClock, desk: Desk
) -> None:
    fyers.rules(lag=0.1)
    placed = desk.order(limitPrice=820)
    clock.advance(1)
    fyers.quote(SBIN, "820")
    assert (desk.status(placed), desk.trades()) == (PENDING, [])
    clock.advance(0.1)
    assert (desk.status(placed), len(desk.trades())) == (TRADED, 1)


def test_a_single_order_may_be_late(fyers: FyersSimulator, clock: FakeClock, desk: Desk) -> None:
    fyers.fault("late", PLACE, seconds=3)
    desk.order(orderTag="LATE")
    desk.order(orderTag="MINE")
    assert [row["orderTag"] for row in desk.book()] == ["1:MINE"]
    clock.advance(3)
    assert [row["orderTag"] for row in desk.book()] == ["1:LATE", "1:MINE"]


def test_the_exchange_may_reject_what_was_taken(fyers: FyersSimulator, desk: Desk) -> None:
    fyers.fault("rejected", PLACE)
    row = desk.look(desk.order())
    assert (row["status"], row["message"]) == (REJECTED, "EXCHANGE:Order is not accepted")
    assert desk.status(desk.order()) == TRADED


def test_orders_stay_in_transit_until_they_are_let_through(
    fyers: FyersSimulator, desk: Desk
) -> None:
    fyers.rules(holds_in_transit=True)
    placed, ended = desk.order(), desk.order()
    fyers.quote(SBIN, "820")
    assert desk.status(placed) == TRANSIT
    assert desk.sdk.cancel_order({"id": ended})["code"] == 1103
    fyers.let_through()
    assert (desk.status(placed), desk.status(ended)) == (TRADED, CANCELLED)


def test_many_clients_trade_at_once_and_the_books_are_right(fyers: FyersSimulator) -> None:
    def trade() -> None:
        desk = Desk(fyers)
        for _ in range(10):
            desk.order(qty=1, productType="CNC")
        desk.close()

    threads = [threading.Thread(target=trade) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    owner = fyers.owner()
    assert owner.positions[f"{SBIN}-CNC"].net == 50
    assert (int(owner.cash), len(owner.orders)) == (1_000_000 - 50 * 825, 50)


def test_a_token_may_die_on_the_way(fyers: FyersSimulator, desk: Desk) -> None:
    fyers.fault("token", "GET /api/v3/orders")
    desk.order()
    answer = desk.ask("GET", "/api/v3/orders")
    assert (answer.status_code, answer.json()["code"]) == (401, -8)
    assert desk.ask("GET", "/api/v3/profile").json()["code"] == -8
    assert Desk(fyers, fyers.login()).book()[0]["status"] == TRADED


def test_chance_is_the_same_for_a_seed(clock: FakeClock) -> None:
    def run(seed: int) -> list[bool]:
        with FyersSimulator(clock=clock, seed=seed) as fyers:
            fyers.fault("error", "GET *", times=None, rate=0.3)
            return [fyers.faults.draw("GET", "/x") is not None for _ in range(200)]

    first = run(1)
    assert first == run(1) != run(2)
    assert 30 < sum(first) < 90


def test_a_fault_that_no_broker_has_is_refused(fyers: FyersSimulator) -> None:
    with pytest.raises(ValueError, match="gremlin"):
        fyers.fault("gremlin")


def test_connections_are_refused_while_it_is_away(fyers: FyersSimulator, desk: Desk) -> None:
    assert desk.sdk.get_profile()["s"] == "ok"
    with fyers.away():
        assert desk.sdk.get_profile()["code"] == -99
    assert desk.sdk.get_profile()["s"] == "ok"


def test_fills_come_in_parts_now_and_then(fyers: FyersSimulator, desk: Desk) -> None:
    fyers.rules(partial_rate=1.0)
    placed = desk.order()
    parts = [row["tradedQty"] for row in desk.trades()]
    assert (len(parts), sum(parts), desk.status(placed)) == (2, 10, TRADED)
    assert len({row["tradeNumber"] for row in desk.trades()}) == 2


def test_orders_are_held_open_and_filled_by_hand(fyers: FyersSimulator, desk: Desk) -> None:
    fyers.hold(SBIN)
    placed = desk.order(orderTag="MINE")
    fyers.fill("MINE", qty=3, price="824.5")
    row = desk.look(placed)
    assert (row["status"], row["filledQty"], row["remainingQuantity"]) == (PENDING, 3, 7)
    assert row["tradedPrice"] == 824.5
    fyers.release(SBIN)
    assert desk.status(placed) == TRADED
    with pytest.raises(ValueError, match="cannot be filled"):
        fyers.fill(placed)


def test_on_a_real_clock_what_lags_appears_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    with FyersSimulator(lag=0.05) as fyers:
        fyers.market(is_open=True)
        fyers.place(AN_ORDER)
        [order] = fyers.owner().orders.values()
        first, _ = order.versions[0]
        deadline = time.monotonic() + 20
        while order.seen_at(fyers.state.nanos()) is None:
            assert time.monotonic() < deadline
        assert fyers.state.nanos() >= first
