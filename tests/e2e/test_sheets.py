"""The real server with its rows in a sheet, at a Google on loopback that asks for a login."""

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.e2e.commands import command
from tests.e2e.conftest import Serve
from tests.simulators.sheets import Fault, Kind, SheetsSimulator
from tests.simulators.sheets.simulator import SHEET_ID

pytestmark = pytest.mark.e2e

BUY = {"action": "buy", "symbol": "AAPL", "timeframe": "15", "price": 100}
CLOSE = {"action": "close", "symbol": "AAPL", "timeframe": "15", "price": 101}


@pytest.fixture
def google() -> Iterator[SheetsSimulator]:
    with SheetsSimulator(strict=True) as simulator:
        simulator.write(("AAPL", 5000.0, True, "15 Min"), ("HOOD", 1.0, True, "1h"))
        simulator.book.add("Performance")
        yield simulator


@pytest.fixture
def settings(google: SheetsSimulator, tmp_path: Path) -> dict[str, str]:
    file = tmp_path / "google.json"
    file.write_text(json.dumps(google.tokens.file(google.url)))
    return {
        "PLAYBOOK": "google_sheets",
        "GOOGLE_SHEET_ID": SHEET_ID,
        "GOOGLE_APPLICATION_CREDENTIALS": str(file),
        "SHEETS_API_URL": google.url,
    }


def soon(true: Callable[[], bool], seconds: float = 30) -> None:
    """Wait until something is so."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it took too long"
        time.sleep(0.05)


def test_the_sheet_sizes_an_entry_and_shows_what_became_of_it(
    serve: Serve, google: SheetsSimulator, settings: dict[str, str]
) -> None:
    server = serve(**settings)
    soon(lambda: google.status(2)[0] == "READY")
    answer = server.alert(wait=5, **BUY)
    assert (answer.body["status"], answer.body["quantity"]) == ("success", 50)
    soon(lambda: google.status(2)[0] == "FILLED")
    server.alert(wait=5, **CLOSE)
    soon(lambda: google.status(2)[0] == "WAITING")
    assert server.get("/ready").body["status"] == "ready"
    assert server.get("/config").body["sheet"]["trouble"] == ""
    assert "WRONG" not in command(server, "doctor").stdout


def test_a_status_that_google_did_not_take_survives_kill_9(
    serve: Serve, google: SheetsSimulator, settings: dict[str, str]
) -> None:
    server = serve(**settings)
    soon(lambda: google.status(2)[0] == "READY")
    google.fail(Fault(Kind.GATEWAY, "*", times=None))
    assert server.alert(wait=5, **BUY).body["status"] == "success"
    server.kill()
    google.mend()
    assert google.status(2)[0] == "READY"
    server.start()
    soon(lambda: google.status(2)[0] == "FILLED")


def test_google_that_hangs_delays_no_alert_and_no_stop(
    serve: Serve, google: SheetsSimulator, settings: dict[str, str]
) -> None:
    server = serve(**settings)
    soon(lambda: google.status(2)[0] == "READY")
    asked = len(google.asked)
    google.fail(Fault(Kind.SLOW, "*", times=None, seconds=600))
    assert server.alert(wait=5, **BUY).body["status"] == "success"
    soon(lambda: len(google.asked) > asked)
    began = time.monotonic()
    assert server.alert(wait=5, **CLOSE).body["status"] == "success"
    assert server.stop() == 0
    assert time.monotonic() - began < 30


def test_init_makes_the_tabs_of_an_empty_sheet_and_brings_the_rows_there(
    serve: Serve, google: SheetsSimulator, settings: dict[str, str]
) -> None:
    google.book.tabs.clear()
    server = serve(**{**settings, "PLAYBOOK": "local"})
    server.api("PUT", "/api/v1/strategies/AAPL/15m", {"position_size": 7})
    told = command(server, "sheets", "init")
    assert (told.returncode, told.stderr) == (0, "")
    assert "made the tab Config" in told.stdout
    assert google.rows()[0] == ["AAPL", 7, True, "15m"]
    assert "nothing to do" in command(server, "sheets", "init").stdout


def test_init_says_what_to_do_when_google_does_not_know_us(
    serve: Serve, google: SheetsSimulator, settings: dict[str, str]
) -> None:
    server = serve(**settings)
    told = command(server, "sheets", "init", GOOGLE_SHEET_ID="another")
    assert told.returncode == 1
    assert "playbook_refused: Google does not show us the sheet: share it" in told.stderr
    told = command(server, "sheets", "init", PLAYBOOK="local", GOOGLE_SHEET_ID="")
    assert "GOOGLE_SHEET_ID is not set" in told.stderr
