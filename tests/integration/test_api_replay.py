"""An alert once more: what it would lead to now, and trading it as a new one."""

from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from app.bootstrap import Server
from tests.fakes.clock import START, FakeClock
from tests.integration.api import SECRET, body_of, buy, client_of, quote, send

LATER = 3600


@pytest.fixture
def denied(client: FlaskClient, server: Server, clock: FakeClock) -> dict[str, Any]:
    """An entry of an hour ago that the kill switch stopped; now it is off."""
    client.post("/api/v1/kill-switch")
    told = buy(client, id="1234567", timenow=START.isoformat())
    assert told["reason"] == "KILL_SWITCH"
    client.delete("/api/v1/kill-switch")
    clock.advance(LATER)
    server.services.ownership.beat()
    quote(client, "AAPL", 201)
    return told


def replay(
    client: FlaskClient, alert_id: str, status: int, query: str = "?wait=1", **headers: str
) -> dict[str, Any]:
    answer = client.post(f"/api/v1/alerts/{alert_id}/replay{query}", headers=headers)
    assert answer.status_code == status, answer.text
    shown: dict[str, Any] = answer.get_json()
    return shown


def alert_of(client: FlaskClient, alert_id: str) -> dict[str, Any]:
    return body_of(client, f"/api/v1/alerts/{alert_id}")


def relatives(client: FlaskClient, alert_id: str) -> list[dict[str, Any]]:
    lines = alert_of(client, alert_id)["timeline"]
    return [line for line in lines if line["event"] == "replayed"]


def test_a_dry_run_says_what_it_would_lead_to_now(
    client: FlaskClient, denied: dict[str, Any]
) -> None:
    shown = replay(client, denied["alert_id"], 200, "?dry_run=1")
    assert shown["signal"] == {"asset_class": "equity", "trade_type": "entry", "side": "buy"}
    assert [order["quantity"] for order in shown["intents"]] == ["10"]
    assert "denied" not in shown


def test_a_dry_run_says_why_it_would_not_trade(client: FlaskClient) -> None:
    told = buy(client)
    shown = replay(client, told["alert_id"], 200, "?dry_run=true")
    assert shown["denied"]["reason"] == "ALREADY_LONG"


def test_a_dry_run_changes_nothing(client: FlaskClient, denied: dict[str, Any]) -> None:
    before = alert_of(client, denied["alert_id"])
    replay(client, denied["alert_id"], 200, "?dry_run=1")
    assert alert_of(client, denied["alert_id"]) == before
    assert len(body_of(client, "/api/v1/alerts")["alerts"]) == 1
    assert body_of(client, "/api/v1/orders")["orders"] == []


def test_a_replay_trades_as_a_new_alert_however_old_the_first_is(
    client: FlaskClient, denied: dict[str, Any]
) -> None:
    told = replay(client, denied["alert_id"], 200)
    assert (told["status"], told["quantity"], told["duplicate"]) == ("success", 10, False)
    assert told["alert_id"] != denied["alert_id"]
    assert alert_of(client, denied["alert_id"])["status"] == "denied"
    received = (START + timedelta(seconds=LATER)).strftime("%Y-%m-%dT%H:%M")
    assert alert_of(client, told["alert_id"])["received_at"].startswith(received)


def test_without_waiting_a_replay_is_accepted(client: FlaskClient, denied: dict[str, Any]) -> None:
    told = replay(client, denied["alert_id"], 202, "")
    assert told.keys() == {"status", "alert_id", "request_id", "duplicate"}
    assert told["status"] == "accepted"


def test_a_replay_trades_at_the_prices_of_now(client: FlaskClient, denied: dict[str, Any]) -> None:
    told = replay(client, denied["alert_id"], 200)
    assert told["amount"] == 2010
    (position,) = body_of(client, "/positions")["positions"]
    assert position["current_price"] == 201


def test_both_timelines_name_the_other(client: FlaskClient, denied: dict[str, Any]) -> None:
    told = replay(client, denied["alert_id"], 200)
    (of_first,) = relatives(client, denied["alert_id"])
    (of_second,) = relatives(client, told["alert_id"])
    assert of_first["replay"] == told["alert_id"]
    assert of_second["replay_of"] == denied["alert_id"]
    assert "replay" in alert_of(client, told["alert_id"])["notes"][-1]


def test_two_replays_are_two_alerts(client: FlaskClient, denied: dict[str, Any]) -> None:
    first, second = (replay(client, denied["alert_id"], 200) for _ in range(2))
    assert (first["status"], second["reason"]) == ("success", "ALREADY_LONG")
    assert len(relatives(client, denied["alert_id"])) == 2


def test_a_double_click_with_one_key_is_one_replay(
    client: FlaskClient, denied: dict[str, Any]
) -> None:
    key = {"Idempotency-Key": "click-1"}
    first, second = (replay(client, denied["alert_id"], 200, **key) for _ in range(2))
    assert (first["alert_id"], second["duplicate"]) == (second["alert_id"], True)
    assert len(relatives(client, denied["alert_id"])) == 1


def test_a_key_is_of_one_alert(client: FlaskClient, denied: dict[str, Any]) -> None:
    key = {"Idempotency-Key": "click-1"}
    replay(client, denied["alert_id"], 200, **key)
    other = send(client, action="close", symbol="MSFT")
    assert replay(client, other["alert_id"], 409, **key)["code"] == "conflicting_alert"


@pytest.mark.parametrize("query", ["", "?dry_run=1"])
def test_what_was_never_understood_cannot_be_replayed(query: str, client: FlaskClient) -> None:
    told = send(client, action="wait", symbol="AAPL")
    error = replay(client, told["alert_id"], 422, query)
    assert error["code"] == "malformed_alert"
    assert "wait" in error["message"]
    assert len(body_of(client, "/api/v1/alerts")["alerts"]) == 1


def test_an_alert_that_names_no_side_is_kept_again_and_never_trades(client: FlaskClient) -> None:
    told = send(client, symbol="AAPL", comment="the market opens")
    assert replay(client, told["alert_id"], 200)["status"] == "info"


def test_an_unknown_alert_cannot_be_replayed(client: FlaskClient) -> None:
    assert replay(client, "01JD5ZQF8G0000000000000000", 404)["code"] == "not_found"


def test_a_dry_run_is_asked_for_with_a_yes_or_no(
    client: FlaskClient, denied: dict[str, Any]
) -> None:
    error = replay(client, denied["alert_id"], 422, "?dry_run=maybe")
    assert "dry_run" in error["message"]


def test_a_replay_needs_the_key_and_not_the_secret(
    client: FlaskClient, stranger: FlaskClient, denied: dict[str, Any]
) -> None:
    assert replay(stranger, denied["alert_id"], 401)["code"] == "unauthorized"
    told = replay(client, denied["alert_id"], 200)
    assert SECRET not in str(alert_of(client, told["alert_id"]))


def test_a_replay_obeys_the_kill_switch_of_now(
    client: FlaskClient, server: Server, denied: dict[str, Any]
) -> None:
    client_of(server).post("/api/v1/kill-switch", json={"reason": "lunch"})
    assert replay(client, denied["alert_id"], 200)["reason"] == "KILL_SWITCH"
