"""Alerts on an account at Alpaca, from the webhook to the exchange and back."""

import re
from collections.abc import Callable, Iterator
from itertools import count
from typing import Any, TypeAlias

import pytest
from flask.testing import FlaskClient

from app.bootstrap import Server
from tests.contracts.alpaca import options_of
from tests.fakes.clock import FakeClock
from tests.integration.api import MakeServer, body_of, client_of, send
from tests.simulators.alpaca import AlpacaSimulator

Trade: TypeAlias = Callable[..., dict[str, Any]]

PATIENCE = 60
"""Looks at an alert; each lets half a second pass on the fake clock."""


@pytest.fixture
def alpaca(clock: FakeClock) -> Iterator[AlpacaSimulator]:
    """The exchange is open, and AAPL trades at 190."""
    with AlpacaSimulator(clock=clock, strict=True, rate_limit=None) as simulator:
        simulator.quote("AAPL", 190)
        yield simulator
        assert simulator.state.violations == []


@pytest.fixture
def server(make_server: MakeServer, alpaca: AlpacaSimulator) -> Server:
    keys = {f"ALPACA_{option}": value for option, value in options_of(alpaca).items()}
    return make_server(DEFAULT_ACCOUNT="alpaca", DEFAULT_POSITION_SIZE="5000", **keys)


@pytest.fixture
def client(server: Server) -> FlaskClient:
    return client_of(server)


@pytest.fixture
def trade(server: Server, client: FlaskClient, clock: FakeClock, alpaca: AlpacaSimulator) -> Trade:
    """Send an alert, and look at it until it is over."""
    ids = count(100_001)

    def send_and_look(action: str, symbol: str = "AAPL", **fields: object) -> dict[str, Any]:
        told = send(client, action=action, symbol=symbol, id=str(next(ids)), **fields)
        for _ in range(PATIENCE):
            alert = body_of(client, f"/api/v1/alerts/{told['alert_id']}")
            if alert["status"] not in ("accepted", "executing", "waiting", "unknown"):
                return alert
            clock.advance(0.5)
            alpaca.quote("AAPL", alpaca.state.quotes["AAPL"].bid)
            server.services.lanes.sweep()
        raise AssertionError(f"alert {told['alert_id']} does not end")

    return send_and_look


def sent(alpaca: AlpacaSimulator) -> list[dict[str, Any]]:
    """The orders that arrived."""
    return [each.body for each in alpaca.state.requests if each.method == "POST"]


def held(client: FlaskClient) -> dict[str, float]:
    positions = body_of(client, "/positions")["positions"]
    return {position["symbol"]: position["qty"] for position in positions}


def test_the_seeds_flow_buys_by_worth_and_turns_around_through_flat(
    trade: Trade, client: FlaskClient, alpaca: AlpacaSimulator
) -> None:
    assert trade("BUY")["status"] == "success"
    assert trade("BUY")["reason"] == "ALREADY_LONG"
    assert trade("SELL")["status"] == "success"
    assert trade("SELL")["reason"] == "ALREADY_SHORT"

    bought, closed, short = sent(alpaca)
    assert bought == {
        "symbol": "AAPL",
        "notional": "5000",
        "side": "buy",
        "type": "market",
        "time_in_force": "day",
        "client_order_id": bought["client_order_id"],
    }
    assert (closed["side"], closed["qty"][:8]) == ("sell", "26.31578")
    assert (short["side"], short["qty"]) == ("sell", "26")
    assert held(client) == {"AAPL": -26}


def test_a_bracket_is_protected_by_legs_under_our_own_names(
    trade: Trade, client: FlaskClient, alpaca: AlpacaSimulator
) -> None:
    trade("buy", quantity=10, stop_loss="2%", take_profit="4%")
    orders = body_of(client, "/api/v1/orders")["orders"]

    assert len(sent(alpaca)) == 1
    assert {order["role"]: order["status"] for order in orders} == {
        "entry": "filled",
        "stop_loss": "live",
        "take_profit": "live",
    }
    assert all(order["broker_order_id"] for order in orders)
    (position,) = body_of(client, "/positions")["positions"]
    assert position["protected"] is True


def test_a_stop_that_filled_meanwhile_is_found_by_looking(
    trade: Trade, server: Server, client: FlaskClient, alpaca: AlpacaSimulator
) -> None:
    trade("buy", quantity=10, stop_loss="2%", take_profit="4%")
    alpaca.quote("AAPL", 186)
    server.services.recovery.refresh()

    orders = body_of(client, "/api/v1/orders")["orders"]
    assert {order["role"]: order["status"] for order in orders} == {
        "entry": "filled",
        "stop_loss": "filled",
        "take_profit": "canceled",
    }
    assert body_of(client, "/performance")["total"]["total_pnl"] == -40


def test_an_exit_takes_its_legs_out_of_the_way(
    trade: Trade, client: FlaskClient, alpaca: AlpacaSimulator
) -> None:
    trade("buy", quantity=10, stop_loss="2%", take_profit="4%")
    assert trade("close")["status"] == "success"

    assert held(client) == {}
    assert not [order for order in alpaca.owner().orders.values() if order.is_open]


@pytest.mark.parametrize("role", ["stop_loss", "take_profit"])
def test_rule_38_a_leg_that_takes_the_stop_along_leaves_the_position_bare(
    trade: Trade, client: FlaskClient, role: str
) -> None:
    alert = trade("buy", quantity=10, stop_loss="2%", take_profit="4%")
    orders = body_of(client, "/api/v1/orders")["orders"]
    (leg,) = [order["client_order_id"] for order in orders if order["role"] == role]
    assert client.delete(f"/api/v1/orders/{leg}").status_code == 409
    assert client.delete(f"/api/v1/orders/{leg}?force=1").status_code == 200

    legs = [order for order in body_of(client, "/api/v1/orders")["orders"] if order["parent"]]
    assert [order["status"] for order in legs] == ["canceled", "canceled"]
    events = body_of(client, f"/api/v1/alerts/{alert['alert_id']}")["timeline"]
    assert [each["event"] for each in events if each.get("reason") == "FORCED"] == ["unprotected"]


@pytest.mark.parametrize("kind", ["lost", "cut", "dropped", "error", "html", "gateway"])
def test_whatever_becomes_of_the_answer_there_is_one_order(
    trade: Trade, client: FlaskClient, alpaca: AlpacaSimulator, kind: str
) -> None:
    alpaca.fault(kind, "POST /v2/orders")
    assert trade("buy", quantity=10)["status"] == "success"
    assert held(client) == {"AAPL": 10}


def test_a_refusal_is_the_end_of_an_alert_and_says_why(trade: Trade) -> None:
    alert = trade("buy", quantity=100_000)
    assert (alert["status"], alert["reason"]) == ("rejected", "INSUFFICIENT_BUYING_POWER")


def test_an_account_that_cannot_be_reached_does_not_hold_up_another(
    trade: Trade, client: FlaskClient, alpaca: AlpacaSimulator
) -> None:
    with alpaca.away():
        told = send(client, action="buy", symbol="AAPL", quantity=10)
        assert told["status"] in ("accepted", "waiting")
        on_paper = send(
            client, action="buy", symbol="AAPL", quantity=10, price=190, account="paper"
        )
        assert on_paper["status"] == "success"


def test_coins_are_bought_by_any_of_their_names(trade: Trade, client: FlaskClient) -> None:
    assert trade("buy", "BINANCE:BTCUSDT", quantity="0.1")["status"] == "success"
    assert trade("close", "BTC/USD")["status"] == "success"
    assert held(client) == {}


def calls(alpaca: AlpacaSimulator) -> list[str]:
    """What was asked for since the last time, the ids left out."""
    asked = [f"{each.method} {each.path.removeprefix('/v2/')}" for each in alpaca.state.requests]
    alpaca.state.requests.clear()
    return [re.sub(r"[0-9a-f-]{36}", "ID", each) for each in asked]


def test_an_alert_costs_few_calls(trade: Trade, alpaca: AlpacaSimulator, clock: FakeClock) -> None:
    trade("BUY", quantity=1)
    trade("CLOSE")
    clock.advance(1.5)  # a quote is good for a second
    calls(alpaca)

    trade("BUY", quantity=1, stop_loss="5%")
    entry = calls(alpaca)
    trade("CLOSE")
    closing = calls(alpaca)

    assert entry[:3] == ["GET positions/AAPL", "GET stocks/quotes/latest", "POST orders"]
    assert len(entry) <= 5
    assert closing[:5] == [
        "GET positions/AAPL",
        "DELETE orders/ID",
        "GET orders/ID",
        "GET positions/AAPL",
        "POST orders",
    ]
    assert len(closing) <= 8


def test_a_name_that_there_is_not_is_denied_with_the_nearest(trade: Trade) -> None:
    told = trade("buy", "NASDAQ:AAPLE")
    assert told["reason"] == "UNKNOWN_SYMBOL"
    assert told["detail"].startswith("'AAPLE' is not known to alpaca; the nearest: AAPL")
