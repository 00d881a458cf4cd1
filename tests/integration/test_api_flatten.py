"""POST /api/v1/flatten: what it would do, and what came of it."""

from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.integration.api import body_of, buy


def flatten(client: FlaskClient, status: int = 200, **body: object) -> dict[str, Any]:
    answer = client.post("/api/v1/flatten", json=body)
    assert answer.status_code == status, answer.text
    shown: dict[str, Any] = answer.get_json()
    return shown


@pytest.fixture
def told(client: FlaskClient) -> dict[str, Any]:
    """A protected position of a strategy, and a limit order of another that rests."""
    resting = {"limit_price": 20000, "price": 30000, "quantity": "0.5"}
    buy(client, "BTC/USD", strategy="other", **resting)
    return buy(client, strategy="trend", stop_loss="2%", take_profit="4%")


def test_a_dry_run_lists_and_changes_nothing(client: FlaskClient, told: dict[str, Any]) -> None:
    shown = flatten(client, account="paper", dry_run=True)
    assert (shown["dry_run"], shown["foreign"], shown["unreadable"]) == (True, [], [])
    assert {
        (one["symbol"], one["strategy"], one["qty"], one["entries"], one["alert_id"])
        for one in shown["positions"]
    } == {("AAPL", "trend", 10, 0, None), ("BTC/USD", "other", 0, 1, None)}
    assert len(body_of(client, "/api/v1/alerts")["alerts"]) == 2
    assert body_of(client, "/positions")["positions"]


def test_it_closes_and_tells_the_end_of_each(client: FlaskClient, told: dict[str, Any]) -> None:
    shown = flatten(client, account="paper")
    ends = {one["symbol"]: (one["status"], one["reason"]) for one in shown["positions"]}
    assert ends == {"AAPL": ("success", ""), "BTC/USD": ("info", "NO_POSITION")}
    assert body_of(client, "/positions")["positions"] == []
    left = body_of(client, "/api/v1/orders")["orders"]
    assert {order["status"] for order in left} == {"filled", "canceled"}


def test_each_close_is_an_alert_with_its_timeline(
    client: FlaskClient, told: dict[str, Any]
) -> None:
    (one,) = flatten(client, symbol="AAPL")["positions"]
    shown = body_of(client, f"/api/v1/alerts/{one['alert_id']}")
    assert shown["notes"] == ["asked for by flatten"]
    assert shown["fields"] == {
        "action": "close",
        "symbol": "AAPL",
        "account": "paper",
        "strategy": "trend",
    }
    assert [order["role"] for order in shown["orders"]] == ["exit"]


def test_where_nothing_is_ours_nothing_is_done(client: FlaskClient) -> None:
    shown = flatten(client)
    assert shown == {"dry_run": False, "positions": [], "foreign": [], "unreadable": []}


def test_it_works_under_the_kill_switch(client: FlaskClient, told: dict[str, Any]) -> None:
    client.post("/api/v1/kill-switch")
    flatten(client, account="paper")
    assert body_of(client, "/positions")["positions"] == []


@pytest.mark.parametrize(
    ("body", "name"),
    [
        ({"account": "other"}, "account"),
        ({"account": 3}, "account"),
        ({"symbol": ""}, "symbol"),
        ({"dry_run": "yes"}, "dry_run"),
        ({"dryrun": True}, "dryrun"),
    ],
)
def test_what_does_not_fit_flattens_nothing(
    body: dict[str, object], name: str, client: FlaskClient, told: dict[str, Any]
) -> None:
    error = flatten(client, 422, **body)
    assert name in error["message"]
    assert body_of(client, "/positions")["positions"]
