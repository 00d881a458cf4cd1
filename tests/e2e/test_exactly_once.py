"""Four deliveries of ten identical posts at once: one order. A second alert is a second order."""

import json
import time
from collections import Counter
from collections.abc import Mapping, Sequence

import pytest

from tests.e2e.books import STARTING_CASH, read_books
from tests.e2e.conftest import Serve
from tests.e2e.crowd import AT_ONCE, DELIVERIES, deliver_side_by_side
from tests.e2e.live import SECRET, Answer, LiveServer

pytestmark = pytest.mark.e2e

Fields = Mapping[str, object]


def deliver_again_and_again(server: LiveServer, *, trials: int) -> str:
    """Deliver alerts 40 times each; every one is answered alike and traded once."""
    began = time.monotonic()
    ids = deliver_side_by_side([server], trials)
    seconds = time.monotonic() - began
    server.await_idle(60)
    check_orders(server, ids)
    posts = len(ids) * DELIVERIES * AT_ONCE
    return f"{len(ids)} alerts, {posts} posts, {posts / seconds:.0f} posts/s: one order each"


def check_orders(server: LiveServer, ids: Sequence[str]) -> None:
    """Every alert has one order at the broker, and there is no other."""
    books = read_books(server.database)
    books.check()
    alert_of = {order["client_order_id"]: order["alert_id"] for order in books.orders}
    orders = Counter(alert_of[order["client_order_id"]] for order in books.paper_orders)
    assert orders == dict.fromkeys(ids, 1)
    assert {alert["id"] for alert in books.alerts} == set(ids)


@pytest.fixture
def server(serve: Serve) -> LiveServer:
    return serve(PAPER_CASH=str(STARTING_CASH), LOG_LEVEL="ERROR")


def test_an_alert_that_is_delivered_forty_times_is_one_order(server: LiveServer) -> None:
    print(deliver_again_and_again(server, trials=200))


BUY: Fields = {"action": "buy", "symbol": "AAPL", "quantity": 1, "price": 100}
ADD: Fields = {**BUY, "action": "add"}


def send(server: LiveServer, fields: Fields) -> Answer:
    return server.post("/webhook", json.dumps({"secret": SECRET, **fields}).encode())


def orders_of(server: LiveServer) -> int:
    server.await_idle()
    return len(server.everything("orders"))


def test_another_body_is_another_order(server: LiveServer) -> None:
    assert send(server, BUY).status == 202
    second = send(server, ADD)
    assert (second.status, second.body["duplicate"]) == (202, False)
    assert orders_of(server) == 2


def test_the_same_body_after_the_window_is_another_order(serve: Serve) -> None:
    server = serve(DEDUPE_WINDOW="1")
    assert send(server, BUY).status == 202
    first = send(server, ADD)
    assert send(server, ADD).body["duplicate"] is True
    time.sleep(1.1)
    again = send(server, ADD)
    assert (again.status, again.body["duplicate"]) == (202, False)
    assert again.body["alert_id"] != first.body["alert_id"]
    assert orders_of(server) == 3


def test_the_same_generated_id_with_another_body_is_refused(server: LiveServer) -> None:
    first = send(server, {**BUY, "id": "order-20261120"})
    assert first.status == 202
    other = send(server, {**BUY, "id": "order-20261120", "quantity": 2})
    assert (other.status, other.body["code"]) == (409, "conflicting_alert")
    assert other.body["alert_id"] == first.body["alert_id"]
    assert orders_of(server) == 1
