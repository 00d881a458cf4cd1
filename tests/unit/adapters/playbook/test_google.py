"""gspread against the simulator: few requests, all or nothing, and what it means when one fails."""

import json
import socket
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from app.adapters.playbook.sheets.google import QUOTA, GoogleWire
from app.adapters.playbook.sheets.wire import Patch
from app.domain.errors import BrokerUnavailable, PlaybookRefused, PlaybookUnavailable
from app.domain.rates import Purpose, Rate
from tests.simulators.sheets import Fault, Kind, SheetsSimulator
from tests.simulators.sheets.book import Formula
from tests.simulators.sheets.simulator import SHEET_ID
from tests.simulators.sheets.tokens import Tokens

ROOT = Path(__file__).parents[4]
ROW = ("AAPL", 5000.0, True, "15 Min")


class FakeBudgets:
    """Budgets that count, and refuse when they are told to."""

    def __init__(self) -> None:
        self.spent: Counter[str] = Counter()
        self.refuse: BrokerUnavailable | None = None

    def of(self, name: str, rates: Sequence[Rate]) -> "FakeBudget":
        return FakeBudget(self, name)


class FakeBudget:
    """One of them."""

    def __init__(self, budgets: FakeBudgets, name: str) -> None:
        self._budgets = budgets
        self._name = name

    def spend(self, purpose: Purpose) -> None:
        if self._budgets.refuse is not None:
            raise self._budgets.refuse
        self._budgets.spent[self._name] += 1


@pytest.fixture
def google() -> Iterator[SheetsSimulator]:
    with SheetsSimulator() as simulator:
        simulator.write(ROW)
        yield simulator


def wire_of(google: SheetsSimulator, file: Path | None = None, sheet: str = SHEET_ID) -> GoogleWire:
    return GoogleWire(sheet, file, google.url, FakeBudgets())


@pytest.fixture
def wire(google: SheetsSimulator) -> GoogleWire:
    return wire_of(google)


def test_a_tab_is_found_once_and_then_read_with_one_request(
    google: SheetsSimulator, wire: GoogleWire
) -> None:
    first, *_ = [wire.read("Config") for _ in range(3)]
    assert list(first[1][:4]) == list(ROW)
    metadata = [asked for asked in google.asked if asked.path.endswith(SHEET_ID)]
    assert (len(metadata), len(google.asked)) == (2, 5)


def test_numbers_are_numbers_unless_they_are_asked_for_as_they_are_shown(wire: GoogleWire) -> None:
    assert wire.read("Config")[1][1:3] == [5000, True]
    assert wire.read("Config", as_shown=True)[1][1:3] == ["5000", "TRUE"]


def test_many_cells_are_written_with_one_request(google: SheetsSimulator, wire: GoogleWire) -> None:
    wire.read("Config")
    before = len(google.asked)
    wire.write("Config", [Patch(2, 5, [["FILLED", "now"]]), Patch(7, 1, [["HOOD"], ["TSLA"]])])
    assert len(google.asked) == before + 1
    assert google.status(2) == ("FILLED", "now")
    assert [line[0] for line in google.rows()[5:7]] == ["HOOD", "TSLA"]


@pytest.mark.parametrize("text", ["=HYPERLINK(1)", "+1+1", "-2", "@x", "1/2", "5000"])
def test_what_is_written_is_never_a_formula(
    google: SheetsSimulator, wire: GoogleWire, text: str
) -> None:
    wire.write("Config", [Patch(2, 5, [[text]])])
    assert google.config.cells[2, 5] == text
    assert not any(isinstance(cell, Formula) for cell in google.config.cells.values())


def test_a_tab_grows_for_what_is_written(google: SheetsSimulator, wire: GoogleWire) -> None:
    wire.write("Config", [Patch(1500, 30, [["there"]])])
    assert google.config.cells[1500, 30] == "there"


def test_a_server_that_does_not_tell_how_large_a_tab_is_is_written_to(
    google: SheetsSimulator, wire: GoogleWire, monkeypatch: pytest.MonkeyPatch
) -> None:
    def told(_: object) -> list[dict[str, dict[str, int | str]]]:
        return [{"properties": {"sheetId": 0, "title": "Config"}}]

    monkeypatch.setattr(type(google.book), "properties", told)
    wire.write("Config", [Patch(2, 5, [["FILLED"]])])
    assert google.status(2) == ("FILLED", "")


def test_of_a_batch_that_does_not_fit_is_nothing_written(
    google: SheetsSimulator, wire: GoogleWire
) -> None:
    wire.read("Config")
    google.config.rows = 10
    with pytest.raises(PlaybookRefused, match="exceeds grid limits"):
        wire.write("Config", [Patch(2, 5, [["FILLED"]]), Patch(900, 1, [["HOOD"]])])
    assert google.status(2) == ("", "")
    wire.write("Config", [Patch(900, 1, [["HOOD"]])])
    assert google.config.cells[900, 1] == "HOOD", "how large it is was asked anew"


def test_a_row_is_taken_out_and_those_below_move_up(
    google: SheetsSimulator, wire: GoogleWire
) -> None:
    google.write(ROW, ("HOOD",))
    wire.delete_row("Config", 2)
    assert google.rows() == [["HOOD"]]


def test_a_tab_is_made_once(google: SheetsSimulator, wire: GoogleWire) -> None:
    assert [wire.make("Performance"), wire.make("Performance"), wire.make("Config")] == [
        True,
        False,
        False,
    ]
    assert google.book.tabs.keys() == {"Config", "Performance"}


FAULTS = [Kind.LOST, Kind.DROPPED, Kind.TOO_MANY, Kind.ERROR, Kind.GATEWAY, Kind.HTML, Kind.CUT]


@pytest.mark.parametrize("kind", FAULTS)
@pytest.mark.parametrize("route", ["GET */values/*", "POST *"])
def test_what_may_pass_is_told_as_such_and_is_tried_once(
    google: SheetsSimulator, wire: GoogleWire, kind: Kind, route: str
) -> None:
    wire.read("Config")
    google.fail(Fault(kind, route))
    before = len(google.asked)
    with pytest.raises(PlaybookUnavailable):  # noqa: PT012 (one of the two fails)
        wire.read("Config")
        wire.write("Config", [Patch(2, 5, [["FILLED"]])])
    assert len(google.asked) <= before + 2
    wire.write("Config", [Patch(2, 5, [["FILLED"]])])
    assert google.status(2) == ("FILLED", "")


@pytest.mark.parametrize("kind", FAULTS)
def test_it_may_fail_at_the_very_first_request(
    google: SheetsSimulator, wire: GoogleWire, kind: Kind
) -> None:
    google.fail(Fault(kind, "GET *"))
    with pytest.raises(PlaybookUnavailable):
        wire.read("Config")
    assert wire.read("Config")


def test_google_that_is_slow_is_not_waited_for(
    google: SheetsSimulator, wire: GoogleWire, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.adapters.playbook.sheets.google.READ_SECONDS", 0.2)
    google.fail(Fault(Kind.SLOW, "GET *", seconds=30))
    with pytest.raises(PlaybookUnavailable, match="Timeout"):
        wire.read("Config")


def test_nobody_listens(google: SheetsSimulator) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{closed.getsockname()[1]}"
        with pytest.raises(PlaybookUnavailable):
            GoogleWire(SHEET_ID, None, url, FakeBudgets()).read("Config")


def test_a_tab_that_there_is_not_is_for_a_person_to_mend(
    google: SheetsSimulator, wire: GoogleWire
) -> None:
    with pytest.raises(PlaybookRefused, match=r"no tab Performance.*sheets init"):
        wire.read("Performance")
    google.book.add("Performance")
    assert wire.read("Performance") == [[]]


def test_a_sheet_that_is_not_shown_to_us_is_for_a_person_to_share(google: SheetsSimulator) -> None:
    with pytest.raises(PlaybookRefused, match="share it"):
        wire_of(google, sheet="another").read("Config")


def test_a_budget_that_is_spent_is_told_before_google_is_asked(google: SheetsSimulator) -> None:
    budgets = FakeBudgets()
    wire = GoogleWire(SHEET_ID, None, google.url, budgets)
    budgets.refuse = BrokerUnavailable("the budget of calls is spent", after=3)
    with pytest.raises(PlaybookUnavailable, match="budget"):
        wire.read("Config")
    assert not google.asked


def test_reads_and_writes_have_a_budget_each_below_googles_quota(google: SheetsSimulator) -> None:
    budgets = FakeBudgets()
    wire = GoogleWire(SHEET_ID, None, google.url, budgets)
    wire.read("Config")
    wire.write("Config", [Patch(2, 5, [["FILLED"]])])
    assert budgets.spent == {"sheets-reads": 3, "sheets-writes": 1}
    assert QUOTA.calls < 60


# --- who asks ------------------------------------------------------------------------------------


@pytest.fixture
def strict() -> Iterator[SheetsSimulator]:
    """It asks for tokens."""
    with SheetsSimulator(strict=True) as simulator:
        simulator.write(ROW)
        yield simulator


def key_file(strict: SheetsSimulator, folder: Path) -> Path:
    file = folder / "account.json"
    file.write_text(json.dumps(strict.tokens.file(strict.url)))
    return file


def test_a_service_account_gets_a_token_and_uses_it_until_it_dies(
    strict: SheetsSimulator, tmp_path: Path
) -> None:
    wire = wire_of(strict, key_file(strict, tmp_path))
    assert [list(wire.read("Config")[1]) for _ in range(2)] == [list(ROW)] * 2
    assert strict.tokens.given == {"token-1"}
    strict.tokens.given.clear()
    assert list(wire.read("Config")[1]) == list(ROW), "refused, so it asks for another one"
    assert strict.tokens.given == {"token-2"}


def test_without_an_account_a_sheet_that_asks_for_one_is_not_shown(strict: SheetsSimulator) -> None:
    with pytest.raises(PlaybookRefused, match="401"):
        wire_of(strict).read("Config")


def test_a_key_that_was_withdrawn_is_for_a_person_to_renew(
    strict: SheetsSimulator, tmp_path: Path
) -> None:
    file = tmp_path / "account.json"
    file.write_text(json.dumps(Tokens().file(strict.url)))
    wire = wire_of(strict, file)
    with pytest.raises(PlaybookRefused, match="Invalid JWT Signature"):
        wire.read("Config")
    key_file(strict, tmp_path)
    assert wire.read("Config"), "the file is read anew"


def test_an_endpoint_of_tokens_that_is_away_may_come_back(
    strict: SheetsSimulator, tmp_path: Path
) -> None:
    wire = wire_of(strict, key_file(strict, tmp_path))
    strict.fail(Fault(Kind.DROPPED, "POST /token", times=None))
    with pytest.raises(PlaybookUnavailable):
        wire.read("Config")
    strict.mend()
    assert wire.read("Config")


@pytest.mark.parametrize("text", [None, "no json", "{}"])
def test_a_file_of_the_account_that_is_no_good_is_told(
    strict: SheetsSimulator, tmp_path: Path, text: str | None
) -> None:
    file = tmp_path / "account.json"
    if text is not None:
        file.write_text(text)
    with pytest.raises(PlaybookRefused, match="service account"):
        wire_of(strict, file).read("Config")


# --- loading -------------------------------------------------------------------------------------

OPEN = """
import sys
from app.bootstrap import build
from app.config import Settings

build(Settings.from_env(dotenv=None))
print(sorted({"gspread", "google.auth"} & sys.modules.keys()))
"""


def test_a_server_with_a_sheet_starts_without_loading_what_speaks_to_google(tmp_path: Path) -> None:
    settings = {
        "PLAYBOOK": "google_sheets",
        "GOOGLE_SHEET_ID": SHEET_ID,
        "SHEETS_API_URL": "http://127.0.0.1:9",
        "WEBHOOK_SECRET": "a-secret-of-the-tests",
        "API_KEY": "a-key-of-the-tests",
        "DATA_DIR": str(tmp_path),
    }
    done = subprocess.run(  # noqa: S603  # our own words
        [sys.executable, "-c", OPEN],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
        env=settings,
        cwd=ROOT,
    )
    assert done.stdout.strip() == "[]"
