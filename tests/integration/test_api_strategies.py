"""The playbook's rows by HTTP."""

from typing import Any, cast

import pytest
from flask.testing import FlaskClient

from app.domain.order import Level, LevelKind
from tests.integration.api import MakeServer, body_of, buy, client_of, server_of

ROW = "/api/v1/strategies/AAPL/15m"
BAD: dict[str, list[Any]] = {
    "position_size": [0, -1, "ten", "1_0", "1e3", True, [], {}, "NaN", "", 10**16],
    "sizing_type": ["percent", "", 1, None],
    "max_quantity": [0, "x"],
    "active": ["yes", 1, None, "true"],
    "pyramiding": ["no", None],
    "shared": ["yes", None],
    "sync": ["always", "", None, True],
    "after_stop": ["wait", "", None],
    "account": ["nobody", "", 1],
    "sides": ["up", "", 1],
    "stop_loss": [0, -2, "2x", "%", "-2%", True, [2], {}, {"percent": 2, "price": 1}],
    "take_profit": [{"percent": 0}, {"points": 1}, {"percent": None}, "0%"],
    "order_status": ["READY"],
    "symbol": ["AAPL"],
    "stop_los": ["2%"],
}


def put(client: FlaskClient, path: str = ROW, /, **columns: object) -> dict[str, Any]:
    """The row as it is answered."""
    answer = client.put(path, json=columns)
    assert answer.status_code == 200, answer.text
    return cast("dict[str, Any]", answer.get_json())


def refused(client: FlaskClient, path: str = ROW, /, **columns: object) -> str:
    """What is said of columns that do not fit."""
    answer = client.put(path, json=columns)
    assert (answer.status_code, answer.get_json()["code"]) == (422, "invalid"), answer.text
    return str(answer.get_json()["message"])


def test_a_row_is_answered_as_it_is_kept(client: FlaskClient) -> None:
    shown = put(client, position_size=1000.5, active=False, sides="long", pyramiding=True)
    assert shown == {
        "symbol": "AAPL",
        "timeframe": "15m",
        "position_size": 1000.5,
        "sizing_type": "notional",
        "active": False,
        "account": None,
        "sides": "long",
        "stop_loss": None,
        "take_profit": None,
        "pyramiding": True,
        "max_quantity": None,
        "shared": False,
        "sync": "resync",
        "after_stop": "skip",
        "session_policy": None,
        "when_closed": "deny",
        "emulated_stop": False,
        "order_status": "READY",
        "last_updated": None,
    }
    assert body_of(client, ROW) == shown
    assert body_of(client, "/api/v1/strategies") == {"strategies": [shown], "next_cursor": None}
    assert body_of(client, "/config")["strategies"] == [shown]


def test_nothing_given_is_a_row_of_defaults(client: FlaskClient) -> None:
    answer = client.put(ROW)
    assert answer.status_code == 200
    assert answer.get_json()["active"] is True


def test_to_put_a_row_again_replaces_it_and_keeps_its_status(client: FlaskClient) -> None:
    put(client, position_size=1000, sides="long")
    buy(client, timeframe="15", quantity=None)
    shown = put(client, position_size=2000)
    assert (shown["position_size"], shown["sides"]) == (2000, None)
    assert shown["order_status"] == "FILLED"
    assert shown["last_updated"] == "2026-11-20T15:30:00.000000Z"


@pytest.mark.parametrize(
    ("path", "symbol", "timeframe"),
    [
        ("AAPL/15m", "AAPL", "15m"),
        ("aapl/15", "AAPL", "15m"),
        ("NASDAQ:AAPL/15 Min", "AAPL", "15m"),
        ("BTCUSD/60", "BTCUSD", "1h"),
        ("ES1!/D", "ES1!", "1d"),
        ("AAPL/1M", "AAPL", "1M"),
        ("AAPL/-", "AAPL", ""),
        ("AAPL/any", "AAPL", ""),
        ("AAPL/ANY", "AAPL", ""),
    ],
)
def test_a_row_is_found_under_every_spelling_of_its_key(
    path: str, symbol: str, timeframe: str, client: FlaskClient
) -> None:
    shown = put(client, f"/api/v1/strategies/{path}", position_size=1)
    assert (shown["symbol"], shown["timeframe"]) == (symbol, timeframe)
    assert body_of(client, f"/api/v1/strategies/{symbol}/{timeframe or '-'}") == shown


def test_a_row_serves_alerts_that_write_its_symbol_otherwise(client: FlaskClient) -> None:
    put(client, "/api/v1/strategies/BTCUSD/any", position_size=1000)
    told = buy(client, "COINBASE:BTC/USD", quantity=None, price=20000, timeframe="4h")
    assert (told["status"], told["quantity"]) == ("success", 0.05)


@pytest.mark.parametrize(
    ("given", "level"),
    [
        ("2%", (LevelKind.PERCENT, "2")),
        ("2.5 %", (LevelKind.PERCENT, "2.5")),
        (180.5, (LevelKind.PRICE, "180.5")),
        ("180.50", (LevelKind.PRICE, "180.50")),
        ({"percent": 2}, (LevelKind.PERCENT, "2")),
        ({"percent": "2.0"}, (LevelKind.PERCENT, "2.0")),
        ({"price": 0.1}, (LevelKind.PRICE, "0.1")),
        ({"offset": 3}, (LevelKind.OFFSET, "3")),
    ],
    ids=str,
)
@pytest.mark.parametrize("column", ["stop_loss", "take_profit"])
def test_a_level_is_written_in_any_of_its_forms(
    column: str, given: object, level: tuple[LevelKind, str], client: FlaskClient
) -> None:
    shown = put(client, **{column: given})
    kind, number = level
    assert shown[column] == {kind.value: float(number)}
    (row,) = server_of(client).services.playbook.rows()
    kept: Level | None = getattr(row, column)
    assert kept is not None
    assert (kept.kind, str(kept.value)) == level


def test_a_level_is_written_as_it_is_shown(client: FlaskClient) -> None:
    shown = put(client, stop_loss="2%", take_profit={"offset": "3.25"})
    again = put(client, stop_loss=shown["stop_loss"], take_profit=shown["take_profit"])
    assert again == shown


@pytest.mark.parametrize(
    ("column", "bad"), [(column, bad) for column in BAD for bad in BAD[column]], ids=str
)
def test_a_column_that_does_not_fit_is_named(column: str, bad: object, client: FlaskClient) -> None:
    assert refused(client, **{column: bad}).startswith(f"{column}: ")
    assert body_of(client, "/api/v1/strategies")["strategies"] == []


def test_every_column_that_does_not_fit_is_named_up_to_five(client: FlaskClient) -> None:
    columns = {f"column{number}": 1 for number in range(9)}
    assert refused(client, sides="up", **columns).count(";") == 4


def test_the_account_is_kept_as_it_is_called(make_server: MakeServer) -> None:
    client = client_of(make_server(ACCOUNTS="paper,swing=paper"))
    assert put(client, account="SWING")["account"] == "swing"
    told = buy(client, timeframe="15")
    assert told["account"] == "swing"


@pytest.mark.parametrize("path", ["AAPL/quarterly", "AAPL/0", "AAPL/15 parsecs"])
def test_a_timeframe_that_is_none_is_refused(path: str, client: FlaskClient) -> None:
    said = refused(client, f"/api/v1/strategies/{path}", position_size=1)
    assert said.startswith("timeframe: ")


@pytest.mark.parametrize("symbol", ["NASDAQ:", "%00", "A" * 65, "%20", "=1+1", "@A", "%23REF!"])
def test_a_symbol_that_is_none_is_refused(symbol: str, client: FlaskClient) -> None:
    said = refused(client, f"/api/v1/strategies/{symbol}/15m", position_size=1)
    assert said.startswith("symbol: ")


def test_a_row_that_was_deleted_is_gone(client: FlaskClient) -> None:
    shown = put(client, position_size=1)
    answer = client.delete(ROW)
    assert (answer.status_code, answer.get_json()) == (200, shown)
    assert body_of(client, ROW, 404)["code"] == "not_found"
    assert client.delete(ROW).status_code == 404


def test_the_row_of_any_timeframe_is_not_another_row(client: FlaskClient) -> None:
    put(client, "/api/v1/strategies/AAPL/any", position_size=1)
    assert body_of(client, ROW, 404)["code"] == "not_found"
    assert client.delete(ROW).status_code == 404


@pytest.mark.parametrize("body", ["[]", "3", '"x"', "null"])
def test_a_body_that_is_no_object_is_refused(body: str, client: FlaskClient) -> None:
    assert client.put(ROW, data=body).status_code == 422


@pytest.mark.parametrize("body", ["{", "active: no", '{"active": true, "active": false}', "\xff"])
def test_a_body_that_is_no_json_is_malformed(body: str, client: FlaskClient) -> None:
    answer = client.put(ROW, data=body.encode("latin-1"))
    assert answer.status_code == 400
    assert answer.get_json()["code"] == "malformed_request"


def test_rule_17_a_second_active_row_on_an_instrument_is_refused_and_the_other_one_named(
    client: FlaskClient,
) -> None:
    put(client, "/api/v1/strategies/AAPL/15m")
    assert "the row AAPL/15m is active" in refused(client, "/api/v1/strategies/AAPL/1h")
    assert "the row AAPL/15m is active" in refused(client, "/api/v1/strategies/AAPL/any")
    assert body_of(client, "/api/v1/strategies/AAPL/1h", 404)


@pytest.mark.parametrize("columns", [{"active": False}, {"shared": True}])
def test_rule_17_rows_that_are_shared_or_inactive_stand_beside_each_other(
    client: FlaskClient, columns: dict[str, object]
) -> None:
    put(client, "/api/v1/strategies/AAPL/any", **columns)
    put(client, "/api/v1/strategies/AAPL/1h", **columns)
    put(client, "/api/v1/strategies/AAPL/1h", position_size=5, **columns)


def test_rule_17_one_of_two_rows_cannot_share_alone(client: FlaskClient) -> None:
    put(client, "/api/v1/strategies/AAPL/15m", shared=True)
    assert "AAPL/15m" in refused(client, "/api/v1/strategies/AAPL/1h", shared=False)


def test_rule_17_rows_of_other_accounts_and_symbols_are_no_rivals(make_server: MakeServer) -> None:
    client = client_of(make_server(ACCOUNTS="paper, second=paper"))
    put(client, "/api/v1/strategies/AAPL/15m")
    put(client, "/api/v1/strategies/AAPL/1h", account="second")
    put(client, "/api/v1/strategies/MSFT/1h")
    refused(client, "/api/v1/strategies/AAPL/4h", account="paper")
