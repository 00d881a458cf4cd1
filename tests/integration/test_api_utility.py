"""How the server is doing, by HTTP."""

import sqlite3
from datetime import timedelta
from typing import Any, NamedTuple

import pytest
from flask.testing import FlaskClient

import app
from app.adapters.sql import Query
from tests.fakes.clock import FakeClock
from tests.integration.api import (
    MakeServer,
    StillLoop,
    body_of,
    buy,
    client_of,
    quote,
    send,
    server_of,
)

OWNERS = Query("owners", "SELECT beat_at FROM owners")


class Disk(NamedTuple):
    """What shutil tells of a disk."""

    total: int
    used: int
    free: int


def ready(client: FlaskClient, status: int) -> dict[str, Any]:
    """The checks that are not fine."""
    shown = body_of(client, "/ready", status)
    assert shown["status"] == ("ready" if status == 200 else "not_ready")
    return {name: check["detail"] for name, check in shown["checks"].items() if not check["ok"]}


def still(client: FlaskClient) -> StillLoop:
    loop = server_of(client).loop
    assert isinstance(loop, StillLoop)
    return loop


def test_health_says_the_version(client: FlaskClient) -> None:
    assert body_of(client, "/health") == {"status": "ok", "version": app.__version__}


def test_a_server_that_runs_is_ready(client: FlaskClient) -> None:
    assert ready(client, 200) == {}


@pytest.mark.parametrize(("seconds", "status"), [(4.9, 200), (5.1, 503)])
def test_an_engine_that_stands_still_is_not_ready(
    seconds: float, status: int, client: FlaskClient
) -> None:
    still(client).stood = timedelta(seconds=seconds)
    broken = {} if status == 200 else {"engine": f"turned {seconds} s ago"}
    assert ready(client, status) == broken


def test_an_account_that_was_not_reconciled_is_not_ready(client: FlaskClient) -> None:
    for account in server_of(client).services.accounts:
        account.reconciled.clear()
    assert ready(client, 503) == {"recovery": "not reconciled yet: paper: its turn comes"}


@pytest.mark.parametrize(("free", "status"), [(51, 200), (50, 503), (0, 503)])
def test_a_full_disk_is_not_ready(
    free: int, status: int, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def usage(_: object) -> Disk:
        return Disk(1000, 1000 - free, free)

    monkeypatch.setattr("shutil.disk_usage", usage)
    assert list(ready(client, status)) == ([] if status == 200 else ["disk"])


def test_a_disk_that_cannot_be_read_is_not_ready(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("shutil.disk_usage", fail)
    assert ready(client, 503) == {"disk": "cannot be read: Permission denied"}


def test_a_database_that_takes_no_writes_is_not_ready(
    client: FlaskClient, clock: FakeClock
) -> None:
    holder = sqlite3.connect(server_of(client).database.path)
    holder.execute("BEGIN IMMEDIATE")
    assert ready(client, 503) == {"database": "database is locked"}
    holder.rollback()
    holder.close()
    clock.advance(1)
    assert ready(client, 200) == {}


def test_who_asks_often_does_not_write_often(client: FlaskClient, clock: FakeClock) -> None:
    beats: list[float] = []
    for _ in range(10):
        ready(client, 200)
        with server_of(client).database.reading() as tx:
            beats += [row["beat_at"] for row in tx.run(OWNERS, {}).fetchall()]
        clock.advance(0.25)
    assert len(set(beats)) == 3


def test_positions_have_numbers_and_signs(client: FlaskClient, clock: FakeClock) -> None:
    buy(client, quantity=4, stop_loss="2%")
    buy(client, "BTC/USD", action="sell", quantity="0.5", price=20000)
    clock.advance(1)
    quote(client, "AAPL", 199.5)
    quote(client, "BTCUSD", 21000)
    positions = body_of(client, "/positions")["positions"]
    assert sorted(positions, key=lambda position: str(position["symbol"])) == [
        {
            "account": "paper",
            "symbol": "AAPL",
            "qty": 4,
            "side": "LONG",
            "market_value": 798,
            "unrealized_pl": 38,
            "unrealized_plpc": 5,
            "entry_price": 190,
            "current_price": 199.5,
            "protected": True,
        },
        {
            "account": "paper",
            "symbol": "BTC/USD",
            "qty": -0.5,
            "side": "SHORT",
            "market_value": -10500,
            "unrealized_pl": -500,
            "unrealized_plpc": -5,
            "entry_price": 20000,
            "current_price": 21000,
            "protected": False,
        },
    ]


def test_a_target_alone_does_not_protect(client: FlaskClient) -> None:
    buy(client, take_profit="4%")
    (position,) = body_of(client, "/positions")["positions"]
    assert position["protected"] is False


def test_a_stop_that_covers_a_part_does_not_protect(client: FlaskClient, clock: FakeClock) -> None:
    client.put("/api/v1/strategies/AAPL/any", json={"pyramiding": True})
    buy(client, stop_loss="2%")
    clock.advance(1)
    buy(client, quantity=5)
    (position,) = body_of(client, "/positions")["positions"]
    assert (position["qty"], position["protected"]) == (15, False)
    clock.advance(1)
    send(client, action="sell", symbol="AAPL", quantity=5, market_position="long")
    (position,) = body_of(client, "/positions")["positions"]
    assert (position["qty"], position["protected"]) == (10, True)


def test_positions_of_one_account(make_server: MakeServer) -> None:
    client = client_of(make_server(ACCOUNTS="paper,swing=paper"))
    buy(client)
    buy(client, "MSFT", account="swing")
    shown = body_of(client, "/positions?account=SWING")["positions"]
    assert [(held["account"], held["symbol"]) for held in shown] == [("swing", "MSFT")]
    assert len(body_of(client, "/positions")["positions"]) == 2
    error = body_of(client, "/positions?account=nobody", 422)
    assert error["message"] == "account: must be one of paper, swing"


def test_settings_are_shown_without_secrets(client: FlaskClient) -> None:
    settings = body_of(client, "/config")["settings"]
    assert settings["WEBHOOK_SECRET"] == settings["API_KEY"] == "***"
    assert settings["MAX_ALERT_AGE"] == 60


def test_performance_tells_of_closed_trades(client: FlaskClient, clock: FakeClock) -> None:
    buy(client)
    buy(client, action="close", price=200)
    clock.advance(1)
    buy(client, "MSFT", price=400)
    buy(client, "MSFT", action="close", price=395)
    shown = body_of(client, "/performance")
    assert shown["total"] == {
        "total_trades": 2,
        "winning_trades": 1,
        "losing_trades": 1,
        "win_rate": 50,
        "total_pnl": 50,
        "avg_pnl_per_trade": 25,
        "best_trade": 100,
        "worst_trade": -50,
        "last_updated": "2026-11-20T15:30:01.000000Z",
    }
    assert [figures["symbol"] for figures in shown["symbols"]] == ["AAPL", "MSFT"]
    assert body_of(client, "/performance?refresh=1") == shown
    assert body_of(client, "/performance") == shown


def test_all_figures_are_by_symbol_by_strategy_and_of_the_account(
    client: FlaskClient, clock: FakeClock
) -> None:
    buy(client, strategy="trend")
    buy(client, action="close", price=200, strategy="trend")
    clock.advance(1)
    buy(client, "MSFT", price=400)
    buy(client, "MSFT", action="close", price=395)

    shown = body_of(client, "/api/v1/performance?account=paper")
    total = shown["total"]
    assert total == {
        **body_of(client, "/performance")["total"],
        "gross_profit": 100,
        "gross_loss": 50,
        "fees": 0,
        "avg_win": 100,
        "avg_loss": 50,
        "profit_factor": 2,
        "max_drawdown": 50,
        "streak": -1,
        "longest_winning_streak": 1,
        "longest_losing_streak": 1,
    }
    assert {row["symbol"]: row["max_drawdown"] for row in shown["symbols"]} == {
        "AAPL": 0,
        "MSFT": 50,
    }
    assert {row["strategy"]: row["total_pnl"] for row in shown["strategies"]} == {
        "": -50,
        "trend": 100,
    }
    (ratios,) = shown["ratios"]
    assert (ratios["account"], ratios["sharpe"]) == ("paper", None)


def test_of_several_accounts_together_there_is_no_order_of_trades(make_server: MakeServer) -> None:
    client = client_of(make_server(ACCOUNTS="paper,swing=paper"))
    for account in ("paper", "swing"):
        buy(client, account=account)
        buy(client, action="close", price=200, account=account)

    shown = body_of(client, "/api/v1/performance")
    assert (shown["total"]["total_pnl"], shown["total"]["max_drawdown"]) == (200, None)
    assert [each["account"] for each in shown["ratios"]] == ["paper", "swing"]


def test_an_account_without_trades_has_figures_too(client: FlaskClient) -> None:
    total = body_of(client, "/performance")["total"]
    assert (total["total_trades"], total["win_rate"], total["last_updated"]) == (0, 0, None)


def figures(client: FlaskClient) -> dict[str, float]:
    answer = client.get("/metrics")
    assert answer.content_type == "text/plain; version=1.0.0; charset=utf-8"
    lines = (line for line in answer.text.splitlines() if not line.startswith("#"))
    return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines)}


def test_metrics_tell_how_things_stand(client: FlaskClient) -> None:
    buy(client, stop_loss="2%")
    buy(client, "MSFT")
    buy(client, "TSLA", quantity=None)
    client.get("/positions", headers={"Authorization": "Bearer wrong"})
    shown = figures(client)
    assert shown['novalgo_alerts_total{outcome="success"}'] == 2
    assert shown['novalgo_alerts_total{outcome="denied"}'] == 1
    assert shown['novalgo_orders{state="filled"}'] == 2
    assert shown['novalgo_orders{state="live"}'] == 1
    assert shown["novalgo_positions_unprotected"] == 1
    assert shown["novalgo_intents_unknown"] == 0
    assert shown["novalgo_queue_depth"] == 0
    assert shown["novalgo_kill_switch"] == 0
    assert shown["novalgo_webhook_duration_seconds_count"] == 3
    assert shown["novalgo_alert_to_order_seconds_count"] == 2
    assert shown["novalgo_secrets_refused_total"] == 1
    assert shown["process_resident_memory_bytes"] > 0


def test_metrics_tell_of_the_kill_switch_and_of_the_queue(
    client: FlaskClient, clock: FakeClock
) -> None:
    for account in server_of(client).services.accounts:
        account.reconciled.clear()
    buy(client)
    clock.advance(10)
    client.post("/api/v1/kill-switch")
    shown = figures(client)
    assert shown["novalgo_queue_depth"] == 1
    assert shown["novalgo_queue_age_seconds"] == 0
    clock.advance(10)
    shown = figures(client)
    assert shown["novalgo_queue_age_seconds"] == 10
    assert shown["novalgo_kill_switch"] == 1


def test_what_metrics_cannot_read_is_no_number(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = server_of(client)
    monkeypatch.setattr(server.services.records, "_url", "sqlite:////nowhere/at/all.db")
    server.database.close()
    shown = figures(client)
    for name in ("intents_unknown", "queue_depth", "queue_age_seconds", "positions_unprotected"):
        assert shown[f"novalgo_{name}"] != shown[f"novalgo_{name}"], name
    assert shown["novalgo_kill_switch"] == 1, "what cannot be read counts as set"
    assert not any(name.startswith("novalgo_orders{") for name in shown)


def test_metrics_tell_of_disk_clock_backups_and_what_runs(
    client: FlaskClient, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def usage(_: object) -> Disk:
        return Disk(1000, 400, 600)

    monkeypatch.setattr("shutil.disk_usage", usage)
    shown = figures(client)
    assert (shown["novalgo_disk_free_bytes"], shown["novalgo_disk_size_bytes"]) == (600, 1000)
    assert shown["novalgo_clock_skew_seconds"] == 0
    assert shown["novalgo_backup_age_seconds"] != shown["novalgo_backup_age_seconds"]
    (build,) = [name for name in shown if name.startswith("novalgo_build_info{")]
    assert f'version="{app.__version__}"' in build
    checks = {name for name in shown if name.startswith("novalgo_ready_check{")}
    assert len(checks) == 7
    assert {shown[name] for name in checks} == {1}
    monkeypatch.undo()
    clock.advance(60)
    server_of(client).backups.keep()
    clock.advance(120)
    clock.jump(timedelta(seconds=-90))
    shown = figures(client)
    assert shown["novalgo_clock_skew_seconds"] == pytest.approx(-90)
    assert shown["novalgo_backup_age_seconds"] == 30


def test_metrics_say_which_check_fails(client: FlaskClient) -> None:
    still(client).stood = timedelta(seconds=60)
    shown = figures(client)
    assert shown['novalgo_ready_check{check="engine"}'] == 0
    assert shown['novalgo_ready_check{check="database"}'] == 1


def test_calls_of_the_broker_are_counted_where_orders_go_out(client: FlaskClient) -> None:
    buy(client)
    shown = figures(client)
    asked = 'novalgo_broker_requests_total{broker="paper",op="submit",outcome="answered"}'
    assert shown[asked] == 1


def test_a_position_counts_as_unprotected_from_when_it_lost_the_stop_that_was_asked_for(
    client: FlaskClient, clock: FakeClock
) -> None:
    """Who trades without stops is not woken up for it."""
    buy(client, "BARE")
    bought = buy(client, "HELD", stop_loss="5%")
    clock.advance(10)
    shown = figures(client)
    assert shown["novalgo_positions_unprotected"] == 1
    assert shown["novalgo_unprotected_seconds_max"] == 0
    orders = body_of(client, f"/api/v1/orders?alert_id={bought['alert_id']}")["orders"]
    (stop,) = [order["client_order_id"] for order in orders if order["parent"]]
    assert client.delete(f"/api/v1/orders/{stop}?force=1").status_code == 200
    clock.advance(7)
    shown = figures(client)
    assert shown["novalgo_positions_unprotected"] == 2
    assert shown["novalgo_unprotected_seconds_max"] == 7
    send(client, action="close", symbol="HELD", price=190)
    assert figures(client)["novalgo_unprotected_seconds_max"] == 0


def test_without_backups_for_an_hour_the_server_is_degraded_and_takes_alerts(
    client: FlaskClient, clock: FakeClock
) -> None:
    clock.advance(timedelta(minutes=61))
    shown = body_of(client, "/ready")
    assert shown["status"] == "degraded"
    assert shown["checks"]["backup"] == {"ok": False, "detail": "none for 61 minutes"}
    assert buy(client)["status"] == "success"
    server_of(client).backups.keep()
    assert ready(client, 200) == {}
