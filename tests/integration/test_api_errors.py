"""Errors of the API: one form, a stable code, an id to ask about."""

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.domain.errors import (
    BrokerLoginNeeded,
    BrokerUnavailable,
    JournalError,
    OutcomeUnknown,
    TradingError,
)
from app.web.payloads import LARGEST_BODY
from tests.integration.api import SECRET, buy, server_of


def assert_form(answer: TestResponse, status: int, code: str) -> None:
    assert answer.status_code == status, answer.text
    assert answer.content_type == "application/json"
    body = answer.get_json()
    assert (body["status"], body["code"]) == ("error", code)
    assert body["message"]
    assert body["request_id"] == answer.headers["X-Request-ID"] != ""


@pytest.mark.parametrize("path", ["/", "/nope", "/api/v1", "/api/v1/nope", "/api/v1/alerts/a/b"])
def test_an_unknown_path_is_not_found(path: str, client: FlaskClient) -> None:
    assert_form(client.get(path), 404, "not_found")


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/webhook"), ("POST", "/health"), ("PATCH", "/api/v1/orders"), ("PUT", "/metrics")],
)
def test_a_method_that_a_route_does_not_have_is_told(
    method: str, path: str, client: FlaskClient
) -> None:
    answer = client.open(path, method=method)
    assert_form(answer, 405, "method_not_allowed")
    assert "OPTIONS" in answer.headers["Allow"]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/api/v1/quotes"),
        ("POST", "/api/v1/preview"),
        ("POST", "/api/v1/kill-switch"),
        ("PUT", "/api/v1/strategies/AAPL/15m"),
        ("POST", f"/webhook/{SECRET}"),
    ],
)
def test_a_body_beyond_64_kb_is_too_large(method: str, path: str, client: FlaskClient) -> None:
    answer = client.open(path, method=method, data=b" " * (LARGEST_BODY + 1))
    assert_form(answer, 413, "too_large")


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (BrokerUnavailable("down"), 503, "broker_unavailable"),
        (BrokerLoginNeeded("expired"), 503, "login_needed"),
        (JournalError("disk full"), 503, "not_journaled"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else str(value),
)
def test_what_the_broker_or_the_journal_cannot_do_is_told(
    error: TradingError,
    status: int,
    code: str,
    client: FlaskClient,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(_: object) -> None:
        raise error

    for account in server_of(client).services.accounts:
        monkeypatch.setattr(type(account.broker), "positions", fail)
    assert_form(client.get("/positions"), status, code)


def test_a_cancel_that_may_have_arrived_is_told(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise OutcomeUnknown("lost")

    resting = buy(client, limit_price=100)["client_order_id"]
    for account in server_of(client).services.accounts:
        monkeypatch.setattr(type(account.broker), "cancel", fail)
    assert_form(client.delete(f"/api/v1/orders/{resting}"), 202, "outcome_unknown")


def test_a_journal_that_is_gone_is_a_503_on_every_route_that_reads_it(client: FlaskClient) -> None:
    server_of(client).database.close()
    for path in ("/api/v1/alerts/x", "/api/v1/orders/x", "/api/v1/strategies"):
        assert_form(client.get(path), 503, "not_journaled")
    assert_form(client.post(f"/webhook/{SECRET}", json={"action": "buy"}), 503, "not_journaled")
    assert client.get("/health").status_code == 200
    assert client.get("/ready").status_code == 503


def test_a_fault_of_ours_shows_nothing_of_itself(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: object) -> None:
        raise RuntimeError("the inside of the house")

    monkeypatch.setattr(type(server_of(client).services.kill_switch), "state", fail)
    answer = client.get("/api/v1/kill-switch")
    assert_form(answer, 500, "internal_error")
    assert "house" not in answer.text
