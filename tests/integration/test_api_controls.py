"""The kill switch and the quotes."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.fakes.clock import START, FakeClock
from tests.integration.api import MakeServer, body_of, buy, client_of, quote

SWITCH = "/api/v1/kill-switch"
QUOTES = "/api/v1/quotes"
BAD: dict[str, list[Any]] = {
    "symbol": [..., None, "", "NASDAQ:", 7, "A" * 65],
    "price": [..., None, 0, -1, "", "abc", "1e3", " 1", "1_0", True, [1], 10**15],
    "at": ["soon", 5, {}, "2026-11-20T15:30:31Z", "2099-01-01", 4102444800],
    "bid": [1],
}
"""Values that do not fit; `...` is none at all."""


def test_the_switch_stops_entries_until_it_is_reset(client: FlaskClient, clock: FakeClock) -> None:
    assert body_of(client, SWITCH) == {"active": False, "reason": "", "since": None}
    set_to = {"active": True, "reason": "lunch", "since": "2026-11-20T15:30:00.000000Z"}
    assert client.post(SWITCH, json={"reason": "lunch"}).get_json() == set_to
    assert body_of(client, SWITCH) == set_to
    assert buy(client)["reason"] == "KILL_SWITCH"
    assert client.delete(SWITCH).get_json()["active"] is False
    clock.advance(20)  # beyond the window of repeats
    assert buy(client)["status"] == "success"


def test_exits_go_on_meanwhile(client: FlaskClient) -> None:
    buy(client)
    client.post(SWITCH)
    assert buy(client, action="close")["status"] == "success"


def test_an_entry_that_rests_is_canceled(client: FlaskClient) -> None:
    told = buy(client, limit_price=100)
    client.post(SWITCH)
    order = body_of(client, f"/api/v1/orders/{told['client_order_id']}")
    assert order["status"] == "canceled"


def test_the_first_reason_stays(client: FlaskClient, clock: FakeClock) -> None:
    first = client.post(SWITCH, json={"reason": "lunch"}).get_json()
    clock.advance(60)
    assert client.post(SWITCH, json={"reason": "dinner"}).get_json() == first


def test_a_file_that_is_there_stays_in_force(make_server: MakeServer, tmp_path: Path) -> None:
    file = tmp_path / "stop"
    client = client_of(make_server(KILL_FILE=str(file)))
    file.touch()
    assert client.delete(SWITCH).get_json() == {
        "active": True,
        "reason": "the file stop exists",
        "since": None,
    }


@pytest.mark.parametrize("body", [{"reason": 1}, {"reason": "x" * 201}, {"why": "lunch"}, []])
def test_a_reason_that_does_not_fit_is_refused(body: Any, client: FlaskClient) -> None:
    assert client.post(SWITCH, json=body).status_code == 422
    assert body_of(client, SWITCH)["active"] is False


@pytest.mark.parametrize("price", [190, 190.5, "190.50", 0.00000001, "0.000000000001"])
def test_a_quote_is_a_price_to_trade_at(price: object, client: FlaskClient) -> None:
    quote(client, "MSFT", price)
    told = buy(client, "NASDAQ:MSFT", quantity=1, price=None)
    order = body_of(client, f"/api/v1/orders/{told['client_order_id']}")
    assert float(order["average_price"]) == float(str(price))


def test_several_quotes_come_as_a_list_in_their_order(
    client: FlaskClient, clock: FakeClock
) -> None:
    buy(client, stop_loss="2%", take_profit="4%")
    moments = [clock.advance(1).timestamp() for _ in range(3)]
    prices = zip((191, 180, 250), moments, strict=True)
    told = [{"symbol": "AAPL", "price": price, "at": at} for price, at in prices]
    assert client.post(QUOTES, data=json.dumps(told)).get_json() == {"quotes": 3}
    orders = body_of(client, "/api/v1/orders?status=filled")["orders"]
    prices_of = {order["role"]: order["average_price"] for order in orders}
    assert prices_of == {"entry": "190", "stop_loss": "180"}


def test_a_quote_of_before_does_not_replace_a_newer_one(client: FlaskClient) -> None:
    quote(client, "AAPL", 190)
    at = (START - timedelta(minutes=1)).isoformat()
    client.post(QUOTES, json={"symbol": "AAPL", "price": 100, "at": at})
    buy(client, price=None)
    (position,) = body_of(client, "/positions")["positions"]
    assert position["entry_price"] == 190


@pytest.mark.parametrize(
    ("name", "value"), [(name, value) for name in BAD for value in BAD[name]], ids=str
)
def test_a_quote_that_does_not_fit_is_refused_whole(
    name: str, value: object, client: FlaskClient
) -> None:
    given = {"symbol": "AAPL", "price": 1, name: value}
    bad = {name: value for name, value in given.items() if value is not ...}
    alone = client.post(QUOTES, json=bad)
    assert alone.status_code == 422
    assert alone.get_json()["message"].startswith(f"{name}: ")
    among_others = client.post(QUOTES, json=[{"symbol": "MSFT", "price": 1}, bad])
    assert among_others.status_code == 422
    assert among_others.get_json()["message"].startswith(f"1.{name}: ")
    assert buy(client, "MSFT", price=None)["reason"] == "NO_QUOTE", "none of them was taken"


def test_a_clock_may_be_a_little_ahead(client: FlaskClient) -> None:
    at = (START + timedelta(seconds=30)).isoformat()
    assert client.post(QUOTES, json={"symbol": "AAPL", "price": 1, "at": at}).status_code == 200


@pytest.mark.parametrize("body", ["[]", "3", "null", '"AAPL"', "[[]]", "[3]"])
def test_a_body_without_a_quote_is_refused(body: str, client: FlaskClient) -> None:
    assert client.post(QUOTES, data=body).status_code == 422


@pytest.mark.parametrize("body", ["", "{", '{"symbol": "AAPL", "price": NaN}', "[1" * 500])
def test_a_body_that_is_no_json_is_malformed(body: str, client: FlaskClient) -> None:
    answer = client.post(QUOTES, data=body)
    assert answer.status_code == 400
    assert answer.get_json()["code"] == "malformed_request"
