"""The simulated Sheets answers gspread as Google does."""

from collections.abc import Iterator
from pathlib import Path

import gspread
import pytest
from gspread.exceptions import APIError
from gspread.utils import ValueInputOption, ValueRenderOption
from requests import PreparedRequest, Response, Session
from requests.adapters import HTTPAdapter

from app.adapters.playbook.sheets.google import GoogleWire
from tests.fakes.budget import NoLimit
from tests.fakes.clock import FakeClock
from tests.simulators.sheets import Fault, Kind, SheetsSimulator
from tests.simulators.sheets.book import Formatted
from tests.simulators.sheets.simulator import SHEET_ID
from tests.unit.simulators.process import Process

GOOGLE = "https://sheets.googleapis.com"


class Here(HTTPAdapter):
    """Brings requests for Google to the simulator."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self._url = url

    def send(self, request: PreparedRequest, *given: object, **named: object) -> Response:
        request.url = self._url + (request.url or "").removeprefix(GOOGLE)
        return super().send(request, *given, **named)  # type: ignore[arg-type]


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def google(clock: FakeClock) -> Iterator[SheetsSimulator]:
    with SheetsSimulator(monotonic=clock.monotonic) as simulator:
        simulator.write(["AAPL", 5000.0, True, "15 Min"])
        yield simulator


@pytest.fixture
def tab(google: SheetsSimulator) -> gspread.Worksheet:
    session = Session()
    session.mount(GOOGLE, Here(google.url))
    return gspread.Client(None, session).open_by_key(SHEET_ID).worksheet("Config")  # type: ignore[arg-type]


def test_the_calls_of_the_first_bot_do_what_they_did(
    google: SheetsSimulator, tab: gspread.Worksheet
) -> None:
    (row,) = tab.get_all_records()
    assert (row["symbol"], row["Time Frame"]) == ("AAPL", "15 Min")
    assert (row["position_size"], row["active"]) == (5000, "TRUE")
    tab.update([["FILLED"]], "E2")
    tab.update([["a", "b"], ["c", "d"]], "A4:B5")
    assert google.status(2) == ("FILLED", "")
    tab.batch_clear(["A4:J100"])
    tab.append_row(["HOOD", 1])
    assert [line[0] for line in google.rows()] == ["AAPL", "HOOD"]


def test_raw_values_stay_as_they_are_and_typed_ones_may_be_formulas(
    google: SheetsSimulator, tab: gspread.Worksheet
) -> None:
    tab.update([["=1+1"]], "E2", value_input_option=ValueInputOption.raw)
    assert google.status(2)[0] == "=1+1"
    tab.update([["=1+1"]], "E2", value_input_option=ValueInputOption.user_entered)
    assert google.status(2)[0] == "#REF!"
    assert tab.get("E2", value_render_option=ValueRenderOption.formula) == [["=1+1"]]


def test_a_number_may_be_shown_otherwise(google: SheetsSimulator, tab: gspread.Worksheet) -> None:
    google.write(["AAPL", Formatted(0.02, "2.00%")])
    assert tab.get("B2") == [["2.00%"]]
    assert tab.get("B2", value_render_option=ValueRenderOption.unformatted) == [[0.02]]


def test_a_batch_is_done_as_a_whole_or_not_at_all(
    google: SheetsSimulator, tab: gspread.Worksheet
) -> None:
    far = {"range": "A2000", "values": [["x"]]}
    with pytest.raises(APIError, match="exceeds grid limits"):
        tab.batch_update([{"range": "E2", "values": [["FILLED"]]}, far])
    assert google.status(2)[0] == ""


def test_reads_and_writes_have_a_quota_each_that_comes_back(
    google: SheetsSimulator, tab: gspread.Worksheet, clock: FakeClock
) -> None:
    for _ in range(60):
        tab.update([["x"]], "E2")
    with pytest.raises(APIError) as caught:
        tab.update([["y"]], "E2")
    assert (caught.value.code, caught.value.error["status"]) == (429, "RESOURCE_EXHAUSTED")
    assert tab.get("E2") == [["x"]]
    clock.advance(61)
    tab.update([["y"]], "E2")
    assert google.status(2)[0] == "y"


@pytest.mark.parametrize(("kind", "code"), [(Kind.ERROR, 500), (Kind.GATEWAY, 503)])
def test_it_fails_when_it_is_told_to(
    google: SheetsSimulator, tab: gspread.Worksheet, kind: Kind, code: int
) -> None:
    google.fail(Fault(kind, "GET */values/*"))
    with pytest.raises(APIError) as caught:
        tab.get("E2")
    assert caught.value.code == code


def test_rows_and_tabs_come_and_go(google: SheetsSimulator, tab: gspread.Worksheet) -> None:
    tab.spreadsheet.add_worksheet("Performance", rows=10, cols=10)
    assert [each.title for each in tab.spreadsheet.worksheets()] == ["Config", "Performance"]
    tab.resize(rows=20)
    tab.delete_rows(2)
    assert (google.config.rows, google.rows()) == (19, [])


def test_it_is_a_process_of_its_own_that_prints_its_settings(tmp_path: Path) -> None:
    file = tmp_path / "google.json"
    process = Process("sheets", 4, "--key", str(file))
    assert process.settings == {
        "PLAYBOOK": "google_sheets",
        "GOOGLE_SHEET_ID": SHEET_ID,
        "SHEETS_API_URL": process.settings["SHEETS_API_URL"],
        "GOOGLE_APPLICATION_CREDENTIALS": str(file),
    }
    wire = GoogleWire(SHEET_ID, file, process.settings["SHEETS_API_URL"], NoLimit())
    assert wire.make("Config")
    assert process.end() == 0
