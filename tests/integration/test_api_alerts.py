"""One alert whole, and what an alert would lead to."""

import json
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.fakes.clock import FakeClock
from tests.integration.api import SECRET, MakeServer, body_of, buy, client_of, quote, send

NO_ID = "0" * 26


def whole(client: FlaskClient, told: dict[str, Any]) -> dict[str, Any]:
    return body_of(client, f"/api/v1/alerts/{told['alert_id']}")


def test_an_alert_shows_what_was_understood_and_what_was_sent(client: FlaskClient) -> None:
    told = send(
        client, side="LONG", ticker="NASDAQ:AAPL", contracts="10", close=190, interval="15", sl="2%"
    )
    shown = whole(client, told)
    assert shown["status"] == "success"
    assert shown["account"] == "paper"
    assert shown["fields"] == {
        "action": "buy",
        "symbol": "NASDAQ:AAPL",
        "timeframe": "15m",
        "quantity": "10",
        "quantity_type": "fixed_quantity",
        "price": "190",
        "stop_loss": {"percent": "2"},
    }
    assert json.loads(shown["raw"])["secret"] == "***"
    assert json.loads(shown["raw"])["ticker"] == "NASDAQ:AAPL"


def test_its_orders_come_in_the_order_of_the_trade(client: FlaskClient) -> None:
    told = buy(client, stop_loss="2%", take_profit="4%")
    entry, *legs = whole(client, told)["orders"]
    assert (entry["role"], entry["parent"]) == ("entry", None)
    assert {leg["parent"] for leg in legs} == {told["client_order_id"]}
    assert {leg["role"]: leg["stop_price"] or leg["limit_price"] for leg in legs} == {
        "stop_loss": "186.2",
        "take_profit": "197.6",
    }


def test_its_timeline_tells_what_happened_when(client: FlaskClient, clock: FakeClock) -> None:
    told = buy(client, stop_loss="2%")
    clock.advance(1.25)
    quote(client, "AAPL", 180)
    timeline = whole(client, told)["timeline"]
    assert [(line["event"], line["ms"]) for line in timeline] == [
        ("received", 0),
        ("decided", 0),
        ("submitting", 0),
        ("acknowledged", 0),
        ("filled", 0),
        ("protected", 0),
        ("finished", 0),
        ("filled", 1250),
    ]
    stopped = timeline[-1]
    assert stopped["at"] == "2026-11-20T15:30:01.250000Z"
    assert (stopped["role"], stopped["average_price"]) == ("stop_loss", "180")
    assert stopped["client_order_id"] != told["client_order_id"]


def test_what_was_not_understood_is_kept_with_its_reason(client: FlaskClient) -> None:
    told = send(client, action="wait", symbol="AAPL")
    assert told["code"] == "malformed_alert"
    shown = whole(client, told)
    assert (shown["status"], shown["reason"]) == ("denied", "malformed_alert")
    assert shown["fields"] == {}
    assert shown["orders"] == []
    (line,) = shown["timeline"]
    assert (line["event"], line["status"], line["problem"]) == ("received", "denied", True)


@pytest.mark.parametrize("alert_id", [NO_ID, "x", "%20", "a" * 500])
def test_an_unknown_alert_is_not_found(alert_id: str, client: FlaskClient) -> None:
    assert body_of(client, f"/api/v1/alerts/{alert_id}", 404)["code"] == "not_found"


def foresee(client: FlaskClient, **fields: object) -> dict[str, Any]:
    answer = client.post("/api/v1/preview", data=json.dumps(fields))
    assert answer.status_code == 200, answer.text
    shown: dict[str, Any] = answer.get_json()
    return shown


def test_a_preview_of_an_entry_shows_its_order(client: FlaskClient) -> None:
    quote(client, "AAPL", 190)
    shown = foresee(
        client, action="buy", symbol="AAPL", quantity="$1000", stop_loss="2%", take_profit=200
    )
    assert shown == {
        "fields": {
            "action": "buy",
            "symbol": "AAPL",
            "quantity": "1000",
            "quantity_type": "dollar_amount",
            "stop_loss": {"percent": "2"},
            "take_profit": {"price": "200"},
        },
        "account": "paper",
        "signal": {"asset_class": "equity", "trade_type": "entry", "side": "buy"},
        "intents": [
            {
                "account": "paper",
                "symbol": "AAPL",
                "role": "entry",
                "side": "buy",
                "quantity": "5.263157894",
                "order_type": "market",
                "time_in_force": "gtc",
                "stop_loss": {"percent": "2"},
                "take_profit": {"price": "200"},
            }
        ],
    }


def test_a_preview_of_a_reversal_shows_both_orders(client: FlaskClient) -> None:
    buy(client)
    shown = foresee(client, action="sell", symbol="AAPL", quantity=3)
    assert shown["signal"] == {"asset_class": "equity", "trade_type": "reverse", "side": "sell"}
    orders = [(order["role"], order["side"], order["quantity"]) for order in shown["intents"]]
    assert orders == [("exit", "sell", "10"), ("entry", "sell", "3")]


@pytest.mark.parametrize(
    ("fields", "quantity"),
    [({}, "10"), ({"quantity": "50%"}, "5"), ({"quantity": 3}, "3"), ({"quantity": 99}, "10")],
    ids=["all", "half", "some", "too much"],
)
def test_a_preview_of_an_exit_shows_how_much_goes(
    fields: dict[str, object], quantity: str, client: FlaskClient
) -> None:
    buy(client)
    assert foresee(client, action="close", symbol="AAPL", **fields)["intents"] == [
        {
            "account": "paper",
            "symbol": "AAPL",
            "role": "exit",
            "side": "sell",
            "quantity": quantity,
            "order_type": "market",
            "time_in_force": "day",
        }
    ]


def test_a_preview_of_an_exit_at_a_limit_shows_the_limit(client: FlaskClient) -> None:
    buy(client, action="sell")
    (close,) = foresee(client, action="close", symbol="AAPL", limit_price="180.019")["intents"]
    assert (close["side"], close["order_type"]) == ("buy", "limit")
    assert close["limit_price"] == "180.01"


def test_a_preview_of_an_exit_says_why_it_cannot_be_sized(client: FlaskClient) -> None:
    buy(client)
    shown = foresee(client, action="close", symbol="AAPL", quantity="0.0000000001")
    assert shown["denied"]["reason"] == "TOO_SMALL"
    assert shown["intents"] == []


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"action": "buy", "symbol": "AAPL"}, "NO_SIZE"),
        ({"action": "buy", "symbol": "MSFT", "quantity": 1}, "NO_QUOTE"),
        ({"action": "buy", "symbol": "AAPL", "quantity": 1, "account": "x"}, "UNKNOWN_ACCOUNT"),
        ({"action": "buy", "symbol": "NYSE_DLY:AAPL", "quantity": 1}, "DELAYED_DATA"),
        ({"action": "close", "symbol": "AAPL"}, "NO_POSITION"),
        ({"symbol": "AAPL"}, "NO_ACTION"),
    ],
)
def test_a_preview_says_why_there_would_be_no_order(
    fields: dict[str, object], reason: str, client: FlaskClient
) -> None:
    quote(client, "AAPL", 190)
    shown = foresee(client, **fields)
    assert shown["denied"]["reason"] == reason
    assert shown["denied"]["detail"]
    assert not shown.get("intents")


def test_a_preview_changes_nothing(client: FlaskClient) -> None:
    quote(client, "AAPL", 190)
    foresee(client, action="buy", symbol="AAPL", quantity=1, price=500)
    assert body_of(client, "/api/v1/alerts")["alerts"] == []
    assert body_of(client, "/api/v1/orders")["orders"] == []
    assert body_of(client, "/positions")["positions"] == []


def test_a_preview_does_not_need_the_secret_and_does_not_show_it(client: FlaskClient) -> None:
    quote(client, "AAPL", 190)
    answer = client.post(
        "/api/v1/preview", json={"secret": SECRET, "action": "buy", "symbol": "AAPL", "qty": 1}
    )
    assert answer.status_code == 200
    assert SECRET not in answer.text


@pytest.mark.parametrize(
    "body",
    ["", "{", "[]", "[3]", "3", '{"action": "wait"}', '{"action": "buy", "quantity": -1}', "\0"],
)
def test_a_preview_of_what_cannot_be_understood_is_malformed(
    body: str, client: FlaskClient
) -> None:
    answer = client.post("/api/v1/preview", data=body)
    assert answer.status_code == 400
    assert answer.get_json()["code"] == "malformed_alert"


def test_a_preview_is_of_one_alert(client: FlaskClient) -> None:
    answer = client.post("/api/v1/preview", json=[{"action": "buy"}, {"action": "sell"}])
    assert answer.status_code == 422
    one = client.post("/api/v1/preview", json=[{"action": "buy", "symbol": "AAPL"}])
    assert one.status_code == 200


def test_a_preview_and_an_alert_tell_of_a_closed_market(make_server: MakeServer) -> None:
    client = client_of(make_server(SESSION_POLICY="regular"))
    fields = {"action": "buy", "symbol": "NSE:SBIN", "quantity": 1, "price": 800}
    denied = {"reason": "MARKET_CLOSED", "detail": "XNSE is closed until 2026-11-23 03:45 UTC"}
    assert foresee(client, **fields)["denied"] == denied
    told = send(client, **fields)
    assert (told["status"], told["reason"]) == ("denied", "MARKET_CLOSED")


def test_a_queued_alert_shows_when_its_market_opens(make_server: MakeServer) -> None:
    client = client_of(make_server(SESSION_POLICY="regular"))
    client.put("/api/v1/strategies/SBIN/any", json={"when_closed": "queue"})
    fields = {"action": "buy", "symbol": "NSE:SBIN", "quantity": 1, "price": 800}
    seen = foresee(client, **fields)
    assert seen["queued"]["until"] == "2026-11-23T03:45:00.000000Z"
    assert len(seen["intents"]) == 1
    shown = whole(client, send(client, **fields))
    assert (shown["status"], shown["reason"]) == ("waiting", "MARKET_CLOSED")
    assert shown["detail"] == seen["queued"]["detail"]
    assert [line["event"] for line in shown["timeline"]] == ["received", "queued"]
