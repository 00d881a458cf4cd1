"""Lists: pages without gaps, filters, and what is said of a parameter that does not fit."""

import re
from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from app.adapters.journal.records import SqlRecords
from app.domain.errors import JournalError
from app.ports.records import AlertFilter
from tests.fakes.clock import START, FakeClock
from tests.integration.api import body_of, buy, pages, send, server_of

LISTS = [
    ("/api/v1/alerts", "alerts", "alert_id"),
    ("/api/v1/orders", "orders", "client_order_id"),
    ("/api/v1/fills", "fills", "client_order_id"),
]
every_list = pytest.mark.parametrize(("path", "plural", "id_name"), LISTS)


@pytest.fixture
def seven(client: FlaskClient, clock: FakeClock) -> FlaskClient:
    """Seven alerts with an order each; four of them came at the same moment."""
    for number in range(7):
        buy(client, f"S{number}")
        if number > 2:
            clock.advance(1)
    return client


@every_list
@pytest.mark.parametrize("limit", [1, 2, 3, 7, 200])
def test_pages_leave_nothing_out_and_show_nothing_twice(
    path: str, plural: str, id_name: str, limit: int, seven: FlaskClient
) -> None:
    found = pages(seven, f"{path}?limit={limit}", plural)
    assert [len(page) for page in found[:-1]] == [limit] * (len(found) - 1)
    ids = [item[id_name] for page in found for item in page]
    whole = [item[id_name] for item in body_of(seven, path)[plural]]
    assert ids == whole
    assert len(set(ids)) == 7


@every_list
def test_what_comes_meanwhile_does_not_shift_the_pages(
    path: str, plural: str, id_name: str, seven: FlaskClient
) -> None:
    first = body_of(seven, f"{path}?limit=4")
    buy(seven, "NEW")
    second = body_of(seven, f"{path}?limit=4&cursor={first['next_cursor']}")
    assert len({item[id_name] for item in first[plural] + second[plural]}) == 7
    assert second["next_cursor"] is None


def test_the_newest_comes_first(seven: FlaskClient) -> None:
    alerts = body_of(seven, "/api/v1/alerts")["alerts"]
    newest = [alert["fields"]["symbol"] for alert in alerts[:3]]
    assert newest == ["S6", "S5", "S4"]
    orders = body_of(seven, "/api/v1/orders")["orders"]
    assert [order["symbol"] for order in orders[:3]] == newest


@every_list
@pytest.mark.parametrize(("asked", "given"), [("0", 1), ("-5", 1), ("9999", 7), ("", 7)])
def test_a_limit_beyond_is_taken_for_the_nearest(
    path: str, plural: str, id_name: str, asked: str, given: int, seven: FlaskClient
) -> None:
    assert len(body_of(seven, f"{path}?limit={asked}")[plural]) == given


@every_list
@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("limit=ten", "limit"),
        ("limit=1e1", "limit"),
        ("nonsense=1", "nonsense"),
        ("cursor=nonsense", "cursor"),
        ("cursor=1.", "cursor"),
        ("cursor=99999999999999999999.X", "cursor"),
        ("cursor=%00", "cursor"),
    ],
)
def test_a_parameter_that_does_not_fit_is_named(
    path: str, plural: str, id_name: str, query: str, name: str, seven: FlaskClient
) -> None:
    error = body_of(seven, f"{path}?{query}", 422)
    assert error["code"] == "invalid"
    assert error["message"].startswith(f"{name}: "), error


def test_a_status_that_there_is_not_is_named(seven: FlaskClient) -> None:
    for path in ("/api/v1/alerts", "/api/v1/orders"):
        error = body_of(seven, f"{path}?status=nonsense", 422)
        assert error["message"].startswith("status: "), error


@every_list
def test_an_empty_list_has_the_same_form(
    path: str, plural: str, id_name: str, client: FlaskClient
) -> None:
    assert body_of(client, path) == {plural: [], "next_cursor": None}


def test_alerts_by_status(client: FlaskClient) -> None:
    buy(client)
    buy(client, "MSFT", quantity="50%", price=None)
    send(client, symbol="AAPL", comment="no side")
    (denied,) = body_of(client, "/api/v1/alerts?status=denied")["alerts"]
    assert (denied["fields"]["symbol"], denied["reason"]) == ("MSFT", "NO_QUOTE")
    (told,) = body_of(client, "/api/v1/alerts?status=INFO")["alerts"]
    assert told["reason"] == "NO_ACTION"
    assert body_of(client, "/api/v1/alerts?status=waiting")["alerts"] == []


@pytest.mark.parametrize(
    ("symbol", "found"),
    [
        ("NASDAQ:AAPL", ["NASDAQ:AAPL"]),
        ("aapl", ["NASDAQ:AAPL"]),
        ("BTCUSD", ["BTC/USD"]),
        ("BTC/USD", ["BTC/USD"]),
        ("MSFT", []),
        ("AAP", []),
        ("'; DROP TABLE alerts --", []),
    ],
)
def test_alerts_and_orders_by_symbol(symbol: str, found: list[str], client: FlaskClient) -> None:
    buy(client, "NASDAQ:AAPL")
    buy(client, "BTC/USD", quantity="0.1")
    query = {"symbol": symbol}
    alerts = client.get("/api/v1/alerts", query_string=query).get_json()["alerts"]
    assert [alert["fields"]["symbol"] for alert in alerts] == found
    orders = client.get("/api/v1/orders", query_string=query).get_json()["orders"]
    assert [order["symbol"] for order in orders] == [re.sub(".*:", "", name) for name in found]


def test_alerts_by_account_strategy_and_time(client: FlaskClient, clock: FakeClock) -> None:
    for number in range(4):
        buy(client, f"S{number}", strategy="even" if number % 2 == 0 else "odd")
        clock.advance(60)

    def found(**query: object) -> list[str]:
        alerts = client.get("/api/v1/alerts", query_string=query).get_json()["alerts"]
        return [alert["fields"]["symbol"] for alert in alerts]

    first, third = START.isoformat(), (START + timedelta(minutes=2)).isoformat()
    assert found(strategy="even") == ["S2", "S0"]
    assert found(account="paper") == ["S3", "S2", "S1", "S0"]
    assert found(account="other") == []
    assert found(since=third) == ["S3", "S2"]
    assert found(until=third) == ["S1", "S0"]
    assert found(since=first, until=third, strategy="odd") == ["S1"]
    assert found(since="0001-01-01", until="9999-12-31") == ["S3", "S2", "S1", "S0"]


def test_orders_by_status_account_and_alert(client: FlaskClient) -> None:
    told = buy(client, stop_loss="2%", take_profit="4%")
    buy(client, "MSFT")
    of_alert = body_of(client, f"/api/v1/orders?alert_id={told['alert_id']}")["orders"]
    assert sorted(order["role"] for order in of_alert) == ["entry", "stop_loss", "take_profit"]
    live = body_of(client, "/api/v1/orders?status=live")["orders"]
    assert {order["parent"] for order in live} == {told["client_order_id"]}
    assert len(body_of(client, "/api/v1/orders?account=PAPER")["orders"]) == 4
    assert body_of(client, "/api/v1/orders?account=other")["orders"] == []
    both = body_of(client, f"/api/v1/orders?status=live&alert_id={told['alert_id']}&limit=1")
    assert len(both["orders"]) == 1
    assert both["next_cursor"] is not None


def test_reading_disturbs_nobody_who_writes(seven: FlaskClient) -> None:
    records = server_of(seven).services.records
    records.counts()
    with server_of(seven).database.transaction():
        assert len(records.alerts(AlertFilter()).items) == 7


def test_records_that_cannot_be_read_are_an_error_of_the_journal() -> None:
    records = SqlRecords("sqlite:////nowhere/at/all.db")
    with pytest.raises(JournalError, match="unable to open database file"):
        records.counts()
