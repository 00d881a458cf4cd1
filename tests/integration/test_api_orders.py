"""Orders: one with its legs and fills, and canceling by hand."""

from decimal import Decimal
from typing import Any

import pytest
from flask.testing import FlaskClient

from app.domain.errors import BrokerUnavailable, OutcomeUnknown
from app.domain.order import OrderIntent, OrderRole, OrderStatus, OrderType, Side
from app.engine.accounts import Account, Accounts
from app.engine.order_desk import Obstacle, OrderDesk
from app.engine.settlement import Settlement
from tests.fakes.broker import FakeBroker
from tests.fakes.clock import FakeClock
from tests.integration.api import body_of, buy, quote, server_of


def order_of(client: FlaskClient, client_order_id: str) -> dict[str, Any]:
    return body_of(client, f"/api/v1/orders/{client_order_id}")


def cancel(
    client: FlaskClient, client_order_id: str, status: int = 200, query: str = ""
) -> dict[str, Any]:
    answer = client.delete(f"/api/v1/orders/{client_order_id}{query}")
    assert answer.status_code == status, answer.text
    shown: dict[str, Any] = answer.get_json()
    return shown


def leg_of(client: FlaskClient, entry: str, role: str) -> str:
    legs = order_of(client, entry)["legs"]
    return next(str(leg["client_order_id"]) for leg in legs if leg["role"] == role)


def problems_of(client: FlaskClient, alert_id: str) -> list[tuple[str, str]]:
    timeline = body_of(client, f"/api/v1/alerts/{alert_id}")["timeline"]
    return [(line["event"], line["reason"]) for line in timeline if line["problem"]]


@pytest.fixture
def protected(client: FlaskClient) -> dict[str, Any]:
    """A position with a stop and a target."""
    return buy(client, stop_loss="2%", take_profit="4%")


@pytest.fixture
def resting(client: FlaskClient) -> dict[str, Any]:
    """A limit entry that rests, its legs waiting for it."""
    return buy(client, limit_price=100, stop_loss="2%", take_profit="4%")


def test_an_order_shows_its_legs_and_fills(client: FlaskClient, protected: dict[str, Any]) -> None:
    shown = order_of(client, protected["client_order_id"])
    assert (shown["status"], shown["quantity"], shown["filled_quantity"]) == ("filled", "10", "10")
    assert sorted(leg["role"] for leg in shown["legs"]) == ["stop_loss", "take_profit"]
    (fill,) = shown["fills"]
    assert (fill["quantity"], fill["price"], fill["fee"]) == ("10", "190", "0")


def test_an_entry_that_rests_is_canceled_with_its_legs(
    client: FlaskClient, resting: dict[str, Any]
) -> None:
    shown = cancel(client, resting["client_order_id"])
    assert shown["status"] == "canceled"
    assert {leg["status"] for leg in shown["legs"]} == {"canceled"}
    assert order_of(client, resting["client_order_id"]) == shown
    assert problems_of(client, resting["alert_id"]) == []


@pytest.mark.parametrize("role", ["stop_loss", "take_profit"])
def test_rule_38_the_leg_of_an_open_position_is_not_canceled_by_accident(
    role: str, client: FlaskClient, protected: dict[str, Any]
) -> None:
    leg = leg_of(client, protected["client_order_id"], role)
    assert cancel(client, leg, 409)["code"] == "protective_leg"
    assert cancel(client, leg, 409, "?force=0")["code"] == "protective_leg"
    assert order_of(client, leg)["status"] == "live"


@pytest.mark.parametrize(
    ("role", "event"), [("stop_loss", "unprotected"), ("take_profit", "canceled")]
)
def test_forced_it_is_canceled_and_noted_as_a_problem(
    role: str, event: str, client: FlaskClient, protected: dict[str, Any]
) -> None:
    leg = leg_of(client, protected["client_order_id"], role)
    assert cancel(client, leg, query="?force=1")["status"] == "canceled"
    assert problems_of(client, protected["alert_id"]) == [(event, "FORCED")]
    (position,) = body_of(client, "/positions")["positions"]
    assert position["protected"] == (role == "take_profit")


def test_the_leg_of_an_entry_that_may_still_fill_is_needed_too(
    client: FlaskClient, resting: dict[str, Any]
) -> None:
    leg = leg_of(client, resting["client_order_id"], "stop_loss")
    assert cancel(client, leg, 409)["code"] == "protective_leg"
    assert cancel(client, leg, query="?force=true")["status"] == "canceled"


@pytest.mark.parametrize("query", ["", "?force=1"])
def test_what_is_final_cannot_be_canceled(
    query: str, client: FlaskClient, protected: dict[str, Any]
) -> None:
    error = cancel(client, protected["client_order_id"], 409, query)
    assert error["code"] == "not_cancelable"


def test_a_leg_that_was_executed_cannot_be_canceled(
    client: FlaskClient, protected: dict[str, Any], clock: FakeClock
) -> None:
    stop = leg_of(client, protected["client_order_id"], "stop_loss")
    clock.advance(1)
    quote(client, "AAPL", 180)
    assert cancel(client, stop, 409)["code"] == "not_cancelable"
    assert order_of(client, stop)["status"] == "filled"


@pytest.mark.parametrize("name", ["x", "A" * 26, "%20"])
def test_an_unknown_order_is_not_found(name: str, client: FlaskClient) -> None:
    assert body_of(client, f"/api/v1/orders/{name}", 404)["code"] == "not_found"
    assert cancel(client, name, 404)["code"] == "not_found"


def test_a_force_that_is_neither_yes_nor_no_is_refused(
    client: FlaskClient, protected: dict[str, Any]
) -> None:
    assert cancel(client, protected["client_order_id"], 422, "?force=perhaps")["code"] == "invalid"


# ---------------------------------------------------- what the broker may answer, on its desk


@pytest.fixture
def broker() -> FakeBroker:
    """A broker that knows nothing of our orders."""
    return FakeBroker(account="paper")


def desk_of(client: FlaskClient, clock: FakeClock, *brokers: FakeBroker) -> OrderDesk:
    services = server_of(client).services
    accounts = Accounts([Account(broker.account, broker) for broker in brokers], "paper")
    settlement = Settlement(services.journal, clock)
    return OrderDesk(services.journal, accounts, settlement, clock)


def test_what_the_broker_does_not_know_is_left_to_whoever_sent_it(
    client: FlaskClient, resting: dict[str, Any], clock: FakeClock, broker: FakeBroker
) -> None:
    desk = desk_of(client, clock, broker)
    answer = desk.cancel(resting["client_order_id"], force=False)
    assert answer is Obstacle.NOT_CANCELABLE
    assert order_of(client, resting["client_order_id"])["status"] == "live"


def test_an_order_of_an_account_that_is_gone_cannot_be_canceled(
    client: FlaskClient, resting: dict[str, Any], clock: FakeClock
) -> None:
    desk = desk_of(client, clock)
    assert desk.cancel(resting["client_order_id"], force=False) is Obstacle.NOT_CANCELABLE


def test_a_position_that_cannot_be_read_may_be_open(
    client: FlaskClient, protected: dict[str, Any], clock: FakeClock, broker: FakeBroker
) -> None:
    broker.fail("position", BrokerUnavailable("down"))
    stop = leg_of(client, protected["client_order_id"], "stop_loss")
    with pytest.raises(BrokerUnavailable):
        desk_of(client, clock, broker).cancel(stop, force=False)


def test_a_leg_without_a_position_may_go(
    client: FlaskClient, protected: dict[str, Any], clock: FakeClock, broker: FakeBroker
) -> None:
    stop = leg_of(client, protected["client_order_id"], "stop_loss")
    desk = desk_of(client, clock, broker)
    assert desk.cancel(stop, force=False) is Obstacle.NOT_CANCELABLE, "no longer protective_leg"
    broker.hold("AAPL", Decimal(10))
    assert desk.cancel(stop, force=False) is Obstacle.PROTECTIVE_LEG


def test_an_outcome_that_is_not_known_is_said_so(
    client: FlaskClient, resting: dict[str, Any], clock: FakeClock, broker: FakeBroker
) -> None:
    broker.fail("cancel", OutcomeUnknown("the reply was lost"))
    with pytest.raises(OutcomeUnknown):
        desk_of(client, clock, broker).cancel(resting["client_order_id"], force=False)
    assert order_of(client, resting["client_order_id"])["status"] == OrderStatus.LIVE


def by_hand(
    client: FlaskClient, limit_price: Decimal | None = None, stop_price: Decimal | None = None
) -> None:
    """An order that somebody places at the broker himself, and two looks at what works there."""
    (account,) = server_of(client).services.accounts
    order = OrderIntent(
        client_order_id=f"by-hand-{len(account.broker.orders())}",
        account="paper",
        symbol="MSFT",
        instrument="MSFT",
        side=Side.BUY,
        quantity=Decimal(3),
        role=OrderRole.ENTRY,
        order_type=OrderType.STOP if limit_price is None else OrderType.LIMIT,
        limit_price=limit_price,
        stop_price=stop_price,
    )
    account.broker.submit(order)
    for _ in range(2):
        server_of(client).services.recovery.refresh()


def test_orders_of_others_are_listed_and_never_touched(
    client: FlaskClient, resting: dict[str, Any]
) -> None:
    by_hand(client, limit_price=Decimal(80))
    foreign, ours, *_ = body_of(client, "/api/v1/orders")["orders"]
    assert {name: value for name, value in foreign.items() if value is not None} == {
        "client_order_id": "by-hand-1",
        "broker_order_id": foreign["broker_order_id"],
        "account": "paper",
        "symbol": "MSFT",
        "side": "buy",
        "quantity": "3",
        "filled_quantity": "0",
        "order_type": "limit",
        "limit_price": "80",
        "status": "live",
        "reason": "",
        "foreign": True,
    }
    assert ours["foreign"] is False
    assert cancel(client, "by-hand-1", status=404)["code"] == "not_found"
    assert resting["alert_id"] == ours["alert_id"]


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("symbol=NASDAQ:MSFT", 1),
        ("symbol=AAPL", 0),
        ("account=paper&status=live", 1),
        ("account=second", 0),
        ("status=filled", 0),
        ("alert_id=A", 0),
    ],
)
def test_orders_of_others_are_found_like_ours(client: FlaskClient, query: str, shown: int) -> None:
    by_hand(client, stop_price=Decimal(500))
    listed = body_of(client, f"/api/v1/orders?{query}")["orders"]
    assert [order["order_type"] for order in listed] == ["stop"] * shown


def test_orders_of_others_stand_on_the_first_page_only(client: FlaskClient) -> None:
    buy(client, limit_price=100)
    buy(client, "MSFT", limit_price=100)
    by_hand(client, limit_price=Decimal(80))
    first = body_of(client, "/api/v1/orders?limit=1")
    second = body_of(client, f"/api/v1/orders?limit=1&cursor={first['next_cursor']}")
    assert [order["foreign"] for order in first["orders"]] == [True, False]
    assert [order["foreign"] for order in second["orders"]] == [False]
