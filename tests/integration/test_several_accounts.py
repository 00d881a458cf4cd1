"""One alert, several accounts: each has its own job, size and result (trading-rules 15)."""

import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from app.domain.errors import BrokerError, BrokerLoginNeeded, BrokerUnavailable
from app.domain.order import BrokerOrder, OrderStatus
from app.ports.broker import Broker
from tests.fakes.broker import FakeBroker
from tests.integration.api import (
    MakeServer,
    body_of,
    client_of,
    send,
    server_of,
)
from tests.integration.world import World

ACCOUNTS = {
    "ACCOUNTS": "paper,second=paper,third=paper",
    "SECOND_CASH": "50000",
    "THIRD_MAX_ORDER_QUANTITY": "4",
}
BUY: dict[str, object] = {"action": "buy", "symbol": "AAPL", "price": 100}
Row = tuple[str, str, object]


@pytest.fixture
def client(make_server: MakeServer) -> FlaskClient:
    return client_of(make_server(**ACCOUNTS))


def put(client: FlaskClient, status: int = 200, **columns: object) -> dict[str, Any]:
    answer = client.put("/api/v1/strategies/AAPL/any", json=columns)
    assert answer.status_code == status, answer.text
    return dict(answer.get_json())


def results(body: dict[str, Any]) -> list[Row]:
    return [
        (each["account"], each["reason"] or each["status"], each["quantity"])
        for each in body["results"]
    ]


def held(client: FlaskClient) -> dict[str, float]:
    return {each["account"]: each["qty"] for each in body_of(client, "/positions")["positions"]}


@pytest.mark.parametrize("named", ["paper, Second", ["paper", "SECOND"], "second*1,paper"])
def test_rule_15_an_alert_that_names_several_accounts_trades_on_each(
    client: FlaskClient, named: object
) -> None:
    body = send(client, **BUY, quantity=5, account=named)
    assert sorted(results(body)) == [("paper", "success", 5), ("second", "success", 5)]
    assert held(client) == {"paper": 5, "second": 5}
    assert (body["status"], body["duplicate"]) == ("success", False)
    assert len({each["client_order_id"] for each in body["results"]}) == 2
    assert {each["alert_id"] for each in body["results"]} == {body["alert_id"]}


def test_an_alert_with_one_account_has_one_result(client: FlaskClient) -> None:
    body = send(client, **BUY, quantity=5, account="second")
    assert "results" not in body
    assert (body["account"], body["quantity"]) == ("second", 5)


@pytest.mark.parametrize(
    ("quantity", "of_paper", "of_second"),
    [(5, 5, 2.5), ("$1000", 10, 5), ("10%", 100, 50)],
)
def test_rule_15_each_sizes_on_its_own_equity_and_an_absolute_size_is_multiplied(
    client: FlaskClient, quantity: object, of_paper: float, of_second: float
) -> None:
    places = [{"account_id": "paper"}, {"account_id": "second", "quantity_multiplier": 0.5}]
    body = send(client, **BUY, quantity=quantity, multiple_accounts=places)
    assert results(body) == [("paper", "success", of_paper), ("second", "success", of_second)]


def test_rule_15_an_unknown_account_is_denied_for_itself_and_holds_no_other_back(
    client: FlaskClient,
) -> None:
    body = send(client, **BUY, quantity=5, account="nobody,second")
    assert results(body) == [("nobody", "UNKNOWN_ACCOUNT", None), ("second", "success", 5)]
    assert held(client) == {"second": 5}
    assert (body["status"], body["reason"]) == ("denied", "UNKNOWN_ACCOUNT")
    assert body["detail"] == "nobody: the accounts are: paper, second, third"


def test_rule_15_the_limits_of_one_account_hold_no_other_back(client: FlaskClient) -> None:
    body = send(client, **BUY, quantity=5, account="paper,third")
    assert results(body) == [("paper", "success", 5), ("third", "LIMIT_QUANTITY", None)]


def test_a_row_names_accounts_with_their_shares(client: FlaskClient) -> None:
    row = put(client, account="Paper,second*0.5 , third=$200", position_size=1000)
    assert row["account"] == "paper, second*0.5, third=$200"
    body = send(client, **BUY)
    assert results(body) == [
        ("paper", "success", 10),
        ("second", "success", 5),
        ("third", "success", 2),
    ]
    assert body["account"] == "paper,second,third"


def test_the_default_size_is_multiplied_too(make_server: MakeServer) -> None:
    client = client_of(make_server(**ACCOUNTS, DEFAULT_POSITION_SIZE="1000"))
    body = send(client, **BUY, account="paper,second*0.3")
    assert results(body) == [("paper", "success", 10), ("second", "success", 3)]


def test_an_alert_says_where_and_the_row_how_much(client: FlaskClient) -> None:
    put(client, account="paper, second*0.5", position_size=1000)
    assert send(client, **BUY, account="second")["quantity"] == 5
    body = send(client, **BUY, account="third*0.2,paper")
    assert results(body) == [("third", "success", 2), ("paper", "success", 10)]


@pytest.mark.parametrize(
    "accounts", ["paper, nobody", "paper*0", "paper*2, paper*3", "paper=", "", 5, ["paper"]]
)
def test_a_row_with_accounts_that_cannot_be_meant_is_refused(
    client: FlaskClient, accounts: object
) -> None:
    assert "account" in put(client, 422, account=accounts)["message"]


def test_rule_17_rows_that_have_one_account_in_common_are_rivals(client: FlaskClient) -> None:
    put(client, account="paper, second*0.5")
    path = "/api/v1/strategies/AAPL/1h"
    assert client.put(path, json={"account": "third, second"}).status_code == 422
    assert client.put(path, json={"account": "third"}).status_code == 200


def test_an_exit_closes_on_each_account_what_is_held_there(client: FlaskClient) -> None:
    send(client, **BUY, quantity=10, account="paper,second*0.5")
    part = {"action": "sell", "symbol": "AAPL", "market_position": "long", "quantity": 4}
    body = send(client, **part, account="paper,second*0.5")
    assert results(body) == [("paper", "success", 4), ("second", "success", 2)]
    assert held(client) == {"paper": 6, "second": 3}
    body = send(client, action="close", symbol="AAPL", account="paper,second,third")
    assert results(body)[2] == ("third", "NO_POSITION", None)
    assert held(client) == {}


def test_rule_9_a_target_is_multiplied_and_reached_on_each_account(client: FlaskClient) -> None:
    target = {**BUY, "quantity": 8, "position_size": 8, "account": "paper,second*0.5"}
    send(client, **target)
    assert held(client) == {"paper": 8, "second": 4}
    assert [row[1] for row in results(send(client, **target, comment="again"))] == [
        "ALREADY_LONG",
        "ALREADY_LONG",
    ]
    send(client, **{**target, "action": "sell", "position_size": -2})
    assert held(client) == {"paper": -2, "second": -1}


def test_one_alert_is_shown_with_all_its_orders_and_accounts(client: FlaskClient) -> None:
    sent = send(client, **BUY, quantity=5, account="paper,nobody,second", stop_loss="2%")
    alert = body_of(client, f"/api/v1/alerts/{sent['alert_id']}")
    assert results(alert) == results(sent)
    assert {(order["account"], order["status"]) for order in alert["orders"]} == {
        ("paper", "filled"),
        ("paper", "live"),
        ("second", "filled"),
        ("second", "live"),
    }
    finished = [step for step in alert["timeline"] if step["event"] == "finished"]
    assert sorted(step["account"] for step in finished) == ["nobody", "paper", "second"]
    for account in ("paper", "nobody", "second"):
        listed = body_of(client, f"/api/v1/alerts?account={account}")["alerts"]
        assert [each["alert_id"] for each in listed] == [sent["alert_id"]]
    assert body_of(client, "/api/v1/alerts?account=pap")["alerts"] == []


def test_a_preview_shows_the_intents_of_each_account(client: FlaskClient) -> None:
    alert = {**BUY, "quantity": 5, "account": "paper,second*0.4,nobody"}
    body = client.post("/api/v1/preview", json=alert).get_json()
    intents = [(intent["account"], intent["quantity"]) for intent in body["intents"]]
    assert intents == [("paper", "5"), ("second", "2")]
    assert body["denied"]["reason"] == "UNKNOWN_ACCOUNT"
    assert [each["account"] for each in body["results"]] == ["paper", "second", "nobody"]
    assert held(client) == {}


def test_a_preview_of_an_account_that_cannot_be_read_holds_no_other_back(
    make_server: MakeServer,
) -> None:
    broker = FakeBroker(account="second")
    broker.fail("position", BrokerUnavailable("no answer"), BrokerUnavailable("no answer"))
    client = client_of(make_server(broker, **ACCOUNTS))
    alert = {**BUY, "quantity": 5, "account": "second,paper"}
    body = client.post("/api/v1/preview", json=alert).get_json()
    assert [intent["account"] for intent in body["intents"]] == ["paper"]
    assert body["results"][0]["denied"] == {"reason": "BROKER_UNAVAILABLE", "detail": "no answer"}
    alone = client.post("/api/v1/preview", json={**alert, "account": "second"})
    assert alone.get_json()["code"] == "broker_unavailable"


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (BrokerUnavailable("the budget of calls is spent"), "broker_unavailable"),
        (BrokerLoginNeeded("log in"), "login_needed"),
    ],
)
def test_an_account_that_cannot_be_read_is_named_and_hides_no_other(
    error: BrokerError, code: str, make_server: MakeServer
) -> None:
    broker = FakeBroker(account="second")
    client = client_of(make_server(broker, **ACCOUNTS))
    send(client, **BUY, quantity=5, account="paper")
    broker.fail("positions", *[error] * 9)
    body = body_of(client, "/positions")
    assert [(each["account"], each["qty"]) for each in body["positions"]] == [("paper", 5)]
    assert body["unreadable"] == [{"account": "second", "code": code, "message": str(error)}]
    broker.mend("positions")
    assert "unreadable" not in body_of(client, "/positions")


def test_an_account_that_is_asked_for_alone_and_cannot_be_read_is_an_error(
    make_server: MakeServer,
) -> None:
    broker = FakeBroker(account="second")
    client = client_of(make_server(broker, **ACCOUNTS))
    broker.fail("positions", *[BrokerLoginNeeded("log in")] * 9)
    assert body_of(client, "/positions?account=second", 503)["code"] == "login_needed"
    assert "unreadable" not in body_of(client, "/positions?account=paper")


def test_positions_are_an_error_when_no_account_can_be_read(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(broker: Broker) -> None:
        raise BrokerUnavailable(f"{broker.account} is down")

    for account in server_of(client).services.accounts:
        monkeypatch.setattr(type(account.broker), "positions", fail)
    body = body_of(client, "/positions", 503)
    assert (body["code"], body["message"]) == ("broker_unavailable", "paper is down")
    assert "positions" not in body


def unprotected(client: FlaskClient) -> str:
    lines = client.get("/metrics").text.splitlines()
    (line,) = [line for line in lines if line.startswith("novalgo_positions_unprotected ")]
    return line.rpartition(" ")[2]


def test_what_is_known_to_be_unprotected_is_told_while_another_account_cannot_be_read(
    make_server: MakeServer,
) -> None:
    broker = FakeBroker(account="second")
    client = client_of(make_server(broker, **ACCOUNTS))
    broker.fail("positions", *[BrokerUnavailable("no answer")] * 9)
    assert unprotected(client) == "NaN"
    send(client, **BUY, quantity=5, account="paper")
    assert unprotected(client) == "1.0"
    broker.mend("positions")
    send(client, action="close", symbol="AAPL", account="paper")
    assert unprotected(client) == "0.0"


def test_a_replay_trades_on_all_accounts_again(client: FlaskClient) -> None:
    sent = send(client, **BUY, quantity=5, account="paper,second")
    send(client, action="close", symbol="AAPL", account="paper,second")
    path = f"/api/v1/alerts/{sent['alert_id']}/replay"
    dry = client.post(f"{path}?dry_run=1").get_json()
    assert [intent["account"] for intent in dry["intents"]] == ["paper", "second"]
    body = client.post(f"{path}?wait=0.01").get_json()
    assert results(body) == [("paper", "success", 5), ("second", "success", 5)]


def test_a_repeat_is_answered_with_the_results_of_all(client: FlaskClient) -> None:
    alert = {**BUY, "quantity": 5, "account": "paper,second"}
    first, again = send(client, **alert), send(client, **alert)
    assert again["duplicate"]
    assert results(again) == results(first)
    assert held(client) == {"paper": 5, "second": 5}


def test_a_flatten_closes_what_one_alert_opened_on_several_accounts(client: FlaskClient) -> None:
    send(client, **BUY, quantity=5, account="paper,second")
    body = client.post("/api/v1/flatten", json={"account": "second"}).get_json()
    assert [(each["account"], each["status"]) for each in body["positions"]] == [
        ("second", "success")
    ]
    assert held(client) == {"paper": 5}


def test_each_account_keeps_its_own_ledger(client: FlaskClient) -> None:
    both = {"account": "paper,second*0.5"}
    send(client, **BUY, **both, quantity=10)
    send(client, action="close", symbol="AAPL", price=110, **both)
    total = {
        name: body_of(client, f"/performance?account={name}")["total"]["total_pnl"]
        for name in ("paper", "second", "third")
    }
    assert total == {"paper": 100, "second": 50, "third": 0}
    assert body_of(client, "/performance")["total"]["total_pnl"] == 150


def test_an_sdk_that_cannot_be_imported_concerns_its_own_account_only(
    make_server: MakeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "app.adapters.brokers.alpaca.sdk", None)
    keys = {"ALPACA_API_KEY": "key", "ALPACA_SECRET_KEY": "hush"}
    client = client_of(make_server(ACCOUNTS="paper,alpaca", **keys))

    assert send(client, **BUY, quantity=5)["status"] == "success"
    waits = send(client, **BUY, quantity=5, account="alpaca")
    alert = body_of(client, f"/api/v1/alerts/{waits['alert_id']}")
    assert alert["status"] == "waiting"
    assert "BROKER_UNAVAILABLE: alpaca-py cannot be loaded: " in alert["detail"]
    recovery = client.get("/ready").get_json()["checks"]["recovery"]
    assert "alpaca: alpaca-py cannot be loaded: ModuleNotFoundError" in recovery["detail"]
    assert "paper" not in recovery["detail"]


class Dead(FakeBroker):
    """It answers no cancel before the others have; a test that waits in vain fails."""

    def __init__(self, others: threading.Event) -> None:
        super().__init__(account="dead")
        self._others = others

    def cancel(self, client_order_id: str) -> BrokerOrder | None:
        assert self._others.wait(20), "it keeps the others waiting"
        return super().cancel(client_order_id)


class Alive(FakeBroker):
    """It tells when it has canceled."""

    def __init__(self, canceled: threading.Event) -> None:
        super().__init__(account="alive")
        self._canceled = canceled

    def cancel(self, client_order_id: str) -> BrokerOrder | None:
        answer = super().cancel(client_order_id)
        self._canceled.set()
        return answer


def test_rule_25_a_broker_that_hangs_keeps_no_entry_of_another_account_at_work(
    tmp_path: Path,
) -> None:
    canceled = threading.Event()
    brokers: dict[str, Broker] = {"dead": Dead(canceled), "alive": Alive(canceled)}
    accounts = {"ACCOUNTS": "dead=paper,alive=paper", "DEFAULT_ACCOUNT": "dead"}
    world = World(tmp_path, brokers=brokers, settings=accounts)
    world.boot()
    for account in brokers:
        world.send(**BUY, quantity=1, order_type="limit", limit_price=90, account=account)
    world.server.services.kill_switch.engage("stop")
    assert [order.status for order in world.orders()] == [OrderStatus.CANCELED] * 2
