"""What the API tells of a sheet, and what it writes there."""

from collections.abc import Iterator
from http import HTTPStatus

import pytest
from flask.testing import FlaskClient

from app.bootstrap import Server
from tests.fakes.clock import FakeClock
from tests.integration.api import MakeServer, body_of, buy, client_of, send
from tests.simulators.sheets import Fault, Kind, SheetsSimulator
from tests.simulators.sheets.simulator import SHEET_ID

PATH = "/api/v1/strategies/TSLA/1h"


@pytest.fixture
def google() -> Iterator[SheetsSimulator]:
    with SheetsSimulator() as simulator:
        simulator.write(("AAPL", 5000.0, True, "15 Min"))
        simulator.book.add("Performance")
        yield simulator


@pytest.fixture
def server(google: SheetsSimulator, make_server: MakeServer) -> Server:
    return make_server(
        PLAYBOOK="google_sheets", GOOGLE_SHEET_ID=SHEET_ID, SHEETS_API_URL=google.url
    )


@pytest.fixture
def client(server: Server) -> FlaskClient:
    return client_of(server)


def look(server: Server) -> None:
    assert server.sheet is not None
    server.services.ownership.beat()
    server.sheet.background.turn()


def check(client: FlaskClient) -> dict[str, object]:
    checks: dict[str, dict[str, object]] = body_of(client, "/ready")["checks"]
    return checks["sheet"]


def test_a_sheet_that_was_never_read_is_told(client: FlaskClient) -> None:
    assert check(client) == {"ok": False, "detail": "never read"}
    assert body_of(client, "/config")["sheet"] == {
        "read_at": None,
        "age": None,
        "trouble": "",
        "refused": [],
    }


def test_readiness_says_how_old_the_copy_is(
    server: Server, client: FlaskClient, clock: FakeClock
) -> None:
    look(server)
    clock.advance(20)
    assert check(client) == {"ok": True, "detail": "read 20 s ago"}
    assert body_of(client, "/config")["sheet"]["age"] == 20


def test_an_old_copy_degrades_and_does_not_take_the_server_out(
    server: Server, client: FlaskClient, google: SheetsSimulator, clock: FakeClock
) -> None:
    look(server)
    google.fail(Fault(Kind.GATEWAY, times=None))
    clock.advance(301)
    look(server)
    assert body_of(client, "/ready")["status"] == "degraded"
    told = check(client)
    assert str(told["detail"]).startswith("read 301 s ago; 503: ")


def test_lines_that_are_refused_are_named(
    server: Server, client: FlaskClient, google: SheetsSimulator
) -> None:
    google.write(("AAPL", "much", True, "15 Min"), ("AAPL", 1, True, ""), ("", 1, True, "1h"))
    look(server)
    assert check(client)["detail"] == "read 0 s ago; lines that are refused: 2, 4"
    (first, _) = body_of(client, "/config")["sheet"]["refused"]
    assert first["line"] == 2
    assert first["why"].startswith("AAPL 15 Min: position_size: 'much'")
    rows = body_of(client, "/config")["strategies"]
    assert [(row["active"], row["order_status"]) for row in rows] == [
        (True, "READY"),
        (False, "REFUSED"),
    ]


def test_a_row_goes_through_the_api_into_the_sheet_and_out_of_it(
    client: FlaskClient, google: SheetsSimulator
) -> None:
    answer = client.put(PATH, json={"position_size": 7, "stop_loss": "2%"})
    assert answer.status_code == HTTPStatus.OK
    assert google.rows()[1][:7] == ["TSLA", 7, True, "1h", "READY", "", "2%"]
    assert client.delete(PATH).status_code == HTTPStatus.OK
    assert [row[0] for row in google.rows()] == ["AAPL"]
    assert client.delete(PATH).status_code == HTTPStatus.NOT_FOUND


def test_a_row_that_google_does_not_take_is_not_written(
    client: FlaskClient, google: SheetsSimulator
) -> None:
    google.fail(Fault(Kind.GATEWAY, times=None))
    answer = client.put(PATH, json={"position_size": 7})
    assert (answer.status_code, answer.json and answer.json["code"]) == (
        503,
        "playbook_unavailable",
    )
    google.mend()
    google.config.set_lines([["symbol"]])
    answer = client.put(PATH, json={"position_size": 7})
    assert (answer.status_code, answer.json and answer.json["code"]) == (503, "playbook_refused")
    assert client.get(PATH).status_code == HTTPStatus.NOT_FOUND


def test_rows_that_are_here_are_no_sheets(make_server: MakeServer) -> None:
    client = client_of(make_server(GOOGLE_SHEET_ID=SHEET_ID))
    assert "sheet" not in body_of(client, "/config")
    assert "sheet" not in body_of(client, "/ready")["checks"]


def test_figures_that_are_asked_for_anew_are_in_the_sheet_before_they_are_answered(
    client: FlaskClient, google: SheetsSimulator
) -> None:
    buy(client)
    send(client, action="close", symbol="AAPL", price=191)
    assert body_of(client, "/performance")["total"]["total_pnl"] == 10
    assert not google.rows("Performance")
    assert body_of(client, "/performance?refresh=1")["total"]["total_pnl"] == 10
    assert google.rows("Performance")[0][:6] == ["AAPL", 1, 1, 0, 100, 10]


def test_figures_are_answered_also_where_google_does_not_take_them(
    client: FlaskClient, google: SheetsSimulator
) -> None:
    google.fail(Fault(Kind.GATEWAY, times=None))
    assert body_of(client, "/performance?refresh=1")["total"]["total_trades"] == 0


def test_who_asks_for_figures_again_and_again_does_not_use_up_the_quota(
    server: Server, client: FlaskClient, google: SheetsSimulator, clock: FakeClock
) -> None:
    look(server)
    buy(client)
    body_of(client, "/performance?refresh=1")
    before = len(google.asked)
    send(client, action="close", symbol="AAPL", price=191)
    body_of(client, "/performance?refresh=1")
    assert (len(google.asked), google.rows("Performance")) == (before, [])
    clock.advance(5)
    look(server)
    assert google.rows("Performance")[0][0] == "AAPL"


def test_a_sheet_that_is_not_the_playbook_is_not_written(
    make_server: MakeServer, google: SheetsSimulator
) -> None:
    client = client_of(make_server(GOOGLE_SHEET_ID=SHEET_ID, SHEETS_API_URL=google.url))
    body_of(client, "/performance?refresh=1")
    assert not google.asked
