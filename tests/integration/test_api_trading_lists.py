"""Trades, equity, fills, the order log and the log: what they hold, and their filters."""

import csv
import io
import json
import logging
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from app.adapters.sql import Query
from app.domain.events import Event, EventKind
from tests.fakes.clock import START, FakeClock
from tests.integration.api import MakeServer, body_of, buy, client_of, pages, quote, send, server_of

TRADES, EQUITY, FILLS = "/api/v1/trades", "/api/v1/equity", "/api/v1/fills"
ORDER_LOG, LOGS = "/api/v1/order-log", "/api/v1/logs"
DAY = timedelta(days=1)
Fits = Callable[[dict[str, Any]], bool]


@pytest.fixture
def traded(client: FlaskClient, clock: FakeClock) -> FlaskClient:
    """A gain with AAPL on the first day; on the second one a loss, short, with MSFT."""
    beat = server_of(client).services.ownership.beat

    def wait(seconds: float) -> None:
        clock.advance(seconds)
        beat()

    buy(client, price=190, strategy="trend")
    wait(60)
    send(client, action="close", symbol="AAPL", price=200, strategy="trend")
    wait(DAY.total_seconds())
    send(client, action="sell", symbol="MSFT", quantity=2, price=400, strategy="=fade()")
    wait(60)
    send(client, action="close", symbol="MSFT", price=410, strategy="=fade()")
    return client


def items(client: FlaskClient, path: str, **query: object) -> list[dict[str, Any]]:
    answer = client.get(path, query_string=query)
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.get_json()
    return next(value for name, value in body.items() if name != "next_cursor")


def table(client: FlaskClient, path: str, **headers: str) -> list[dict[str, str]]:
    answer = client.get(path, headers=headers)
    assert answer.content_type == "text/csv; charset=utf-8"
    return list(csv.DictReader(io.StringIO(answer.text)))


def test_a_trade_tells_both_its_sides(traded: FlaskClient) -> None:
    loss, gain = items(traded, TRADES)
    entry, way_out = reversed(items(traded, FILLS, symbol="AAPL"))
    assert gain == {
        "trade_id": "2-1",
        "account": "paper",
        "symbol": "AAPL",
        "instrument": "AAPL",
        "side": "LONG",
        "quantity": "10",
        "entry_price": "190",
        "exit_price": "200",
        "entered_at": entry["at"],
        "exited_at": way_out["at"],
        "multiplier": "1",
        "fees": "0",
        "pnl": "100",
        "mae": "0",
        "mfe": "100",
        "strategy": "trend",
        "exit_strategy": "trend",
        "entry_alert_id": entry["alert_id"],
        "exit_alert_id": way_out["alert_id"],
    }
    assert (loss["side"], loss["quantity"], loss["pnl"]) == ("SHORT", "2", "-20")


def test_a_short_that_never_stood_worse_than_its_entry_lost_nothing_on_its_way(
    client: FlaskClient,
) -> None:
    send(client, action="sell", symbol="AAPL", quantity=10, price=190)
    send(client, action="close", symbol="AAPL", price=180)
    (trade,) = body_of(client, "/api/v1/trades")["trades"]
    assert (trade["side"], trade["mae"], trade["mfe"]) == ("SHORT", "0", "100")


def test_trades_by_filter(traded: FlaskClient) -> None:
    loss, gain = items(traded, TRADES)
    second_day = (START + DAY).isoformat()
    for query, found in (
        ({"symbol": "NASDAQ:AAPL"}, [gain]),
        ({"account": "PAPER"}, [loss, gain]),
        ({"account": "other"}, []),
        ({"strategy": "trend"}, [gain]),
        ({"alert_id": gain["entry_alert_id"]}, [gain]),
        ({"alert_id": loss["exit_alert_id"]}, [loss]),
        ({"since": second_day}, [loss]),
        ({"until": second_day}, [gain]),
        ({"limit": 1}, [loss]),
    ):
        assert items(traded, TRADES, **query) == found, query


@pytest.mark.parametrize("path", [TRADES, EQUITY, FILLS, ORDER_LOG])
def test_pages_of_one_show_the_whole_list(path: str, traded: FlaskClient) -> None:
    whole = items(traded, path, limit=200)
    plural = {EQUITY: "equity", ORDER_LOG: "events"}.get(path, path.rpartition("/")[2])
    ones = pages(traded, f"{path}?limit=1", plural)
    assert [item for page in ones for item in page] == whole
    assert len(whole) >= 2


@pytest.mark.parametrize("path", [TRADES, EQUITY, FILLS, ORDER_LOG, LOGS])
@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("nonsense=1", "nonsense"),
        ("since=yesterday", "since"),
        ("until=", ""),
        ("cursor=x", "cursor"),
        ("cursor=1.2.3.4", "cursor"),
        ("limit=ten", "limit"),
    ],
)
def test_a_filter_that_does_not_fit_is_named(
    path: str, query: str, name: str, client: FlaskClient
) -> None:
    if not name:
        body_of(client, f"{path}?{query}")
        return
    error = body_of(client, f"{path}?{query}", 422)
    assert error["message"].startswith(f"{name}: "), error


def test_fills_by_filter(traded: FlaskClient) -> None:
    fills = items(traded, FILLS)
    assert [(fill["symbol"], fill["side"], fill["price"]) for fill in fills] == [
        ("MSFT", "buy", "410"),
        ("MSFT", "sell", "400"),
        ("AAPL", "sell", "200"),
        ("AAPL", "buy", "190"),
    ]
    for name in ("strategy", "alert_id", "client_order_id", "account", "symbol"):
        same = [fill for fill in fills if fill[name] == fills[-1][name]]
        assert items(traded, FILLS, **{name: fills[-1][name]}) == same
    assert items(traded, FILLS, side="BUY", until=(START + DAY).isoformat()) == fills[-1:]


def test_equity_adds_up_by_day_and_account(traded: FlaskClient, clock: FakeClock) -> None:
    server_of(traded).services.performance.note_equity()
    second, first = items(traded, EQUITY)
    assert first == {
        "account": "paper",
        "day": "2026-11-20",
        "trades": 1,
        "realised": "100",
        "fees": "0",
        "cumulative": "100",
        "equity": None,
        "equity_at": None,
    }
    assert (second["day"], second["realised"], second["cumulative"]) == ("2026-11-21", "-20", "80")
    assert second["equity"] == "100080"
    assert second["equity_at"].startswith("2026-11-21T")
    assert items(traded, EQUITY, since="2026-11-21") == [second]
    assert items(traded, EQUITY, until="2026-11-21", account="paper") == [first]
    assert items(traded, EQUITY, account="other") == []


def test_what_an_account_is_worth_is_kept_of_days_without_trades_too(client: FlaskClient) -> None:
    server_of(client).services.performance.note_equity()
    (day,) = items(client, EQUITY)
    assert (day["trades"], day["cumulative"], day["equity"]) == (0, "0", "100000")


@pytest.mark.parametrize("path", [TRADES, EQUITY])
def test_csv_holds_what_json_holds(path: str, traded: FlaskClient) -> None:
    listed = items(traded, path)
    by_name, by_header = table(traded, f"{path}?format=csv"), table(traded, path, Accept="text/csv")
    assert by_name == by_header
    assert len(by_name) == len(listed)
    for row, item in zip(by_name, listed, strict=True):
        assert list(row) == list(item)
        shown = {name: "" if value is None else str(value) for name, value in item.items()}
        assert {name: text.removeprefix("'") for name, text in row.items()} == shown


def test_json_is_answered_unless_csv_is_asked_for(traded: FlaskClient) -> None:
    for accept in ("*/*", "text/html, */*;q=0.8", "application/json"):
        assert traded.get(TRADES, headers={"Accept": accept}).is_json
    assert traded.get(f"{TRADES}?format=json", headers={"Accept": "text/csv"}).is_json
    assert "format: " in body_of(traded, f"{TRADES}?format=xml", 422)["message"]


def test_a_cell_of_csv_is_never_a_formula(traded: FlaskClient) -> None:
    loss, _ = table(traded, f"{TRADES}?format=csv")
    assert loss["strategy"] == "'=fade()"
    assert loss["pnl"] == "-20"


def test_csv_has_all_rows_however_many_pages_that_are(
    traded: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.web.csv_lists.ROWS", 1)
    assert len(table(traded, f"{TRADES}?format=csv")) == 2
    assert len(table(traded, f"{EQUITY}?format=csv&limit=1")) == 2


def test_csv_that_cannot_be_read_is_an_error_not_half_a_file(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server_of(client).services.records, "_url", "sqlite:////nowhere/at/all.db")
    assert body_of(client, f"{TRADES}?format=csv", 503)["code"] == "not_journaled"


def test_the_order_log_tells_everything_newest_first(traded: FlaskClient) -> None:
    events = items(traded, ORDER_LOG, limit=200)
    assert [event["at"] for event in events] == sorted((e["at"] for e in events), reverse=True)
    assert events[0]["event"] == "finished"
    assert events[0]["facts"]["status"] == "success"


def test_the_order_log_by_filter(traded: FlaskClient) -> None:
    told = buy(traded, "TSLA", quantity=None)
    assert told["status"] == "denied"
    events = items(traded, ORDER_LOG, limit=200)
    order_id = next(event["client_order_id"] for event in events if event["client_order_id"])
    fitting: list[tuple[dict[str, Any], Fits]] = [
        ({"alert_id": told["alert_id"]}, lambda e: e["alert_id"] == told["alert_id"]),
        ({"event": "FILLED"}, lambda e: e["event"] == "filled"),
        ({"client_order_id": order_id}, lambda e: e["client_order_id"] == order_id),
        ({"symbol": "NASDAQ:AAPL"}, lambda e: e["symbol"] == "AAPL"),
        ({"account": "paper"}, lambda e: e["account"] == "paper"),
        ({"problem": "true"}, lambda e: e["problem"]),
        ({"problem": "false"}, lambda e: not e["problem"]),
        ({"since": events[3]["at"]}, lambda e: e["at"] >= events[3]["at"]),
        ({"until": events[3]["at"]}, lambda e: e["at"] < events[3]["at"]),
    ]
    for query, fits in fitting:
        found = items(traded, ORDER_LOG, limit=200, **query)
        assert found == [event for event in events if fits(event)], query
        assert found, query


def test_events_of_no_alert_are_in_the_order_log(client: FlaskClient) -> None:
    client.post("/api/v1/kill-switch", json={"reason": "lunch"})
    (event,) = items(client, ORDER_LOG, event="kill_switch_set")
    assert (event["alert_id"], event["facts"]["reason"]) == (None, "lunch")


@pytest.fixture
def noisy(make_server: MakeServer) -> FlaskClient:
    return client_of(make_server(LOG_LEVEL="INFO"))


def test_the_log_is_shown_newest_first_and_by_filter(noisy: FlaskClient) -> None:
    told = buy(noisy, "TSLA", quantity=None)
    logging.getLogger("app.workers.loop").error("it burns", extra={"where": "in the attic"})
    lines = items(noisy, LOGS)
    assert lines[0]["event"] == "it burns"
    assert (lines[0]["level"], lines[0]["logger"]) == ("error", "app.workers.loop")
    assert items(noisy, LOGS, level="ERROR") == lines[:1]
    assert items(noisy, LOGS, logger="app.workers") == lines[:1]
    assert items(noisy, LOGS, logger="app.work") == []
    assert items(noisy, LOGS, text="THE ATTIC") == lines[:1]
    of_alert = items(noisy, LOGS, alert_id=told["alert_id"])
    assert {line["event"] for line in of_alert} >= {"received", "finished"}
    assert items(noisy, LOGS, until="2000-01-01") == []
    assert items(noisy, LOGS, since="2000-01-01", limit=1)[0]["logger"] == "app.web.request_log"


def test_pages_of_the_log_go_on_where_they_stopped(noisy: FlaskClient) -> None:
    log = logging.getLogger("app.test")
    for number in range(5):
        log.warning("line %d", number)
    found = pages(noisy, f"{LOGS}?limit=2&logger=app.test", "logs")
    assert [[line["event"][-1] for line in page] for page in found] == [
        ["4", "3"],
        ["2", "1"],
        ["0"],
    ]


def test_an_event_with_every_kind_of_fact_can_be_listed(client: FlaskClient) -> None:
    facts = {"a": 1, "b": None, "c": ["x"], "d": {"e": True}}
    with server_of(client).services.journal.unit() as unit:
        unit.record(Event(kind=EventKind.RECONCILED, at=START))
    with server_of(client).database.transaction() as tx:
        tx.run(Query("facts", "UPDATE events SET facts = :facts"), {"facts": json.dumps(facts)})
    (event,) = items(client, ORDER_LOG, event="reconciled", until=(START + DAY).isoformat())
    assert event["facts"] == facts


def test_a_stop_that_a_quote_set_off_belongs_to_the_alert_of_its_entry(client: FlaskClient) -> None:
    told = buy(client, stop_loss="2%", strategy="trend")
    quote(client, "AAPL", 180)
    (trade,) = items(client, TRADES)
    assert (trade["exit_alert_id"], trade["exit_strategy"]) == (told["alert_id"], "trend")
