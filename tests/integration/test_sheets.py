"""The playbook in a sheet: rows come from there, words of orders go there (seed 002)."""

import json
from collections.abc import Iterator, Sequence
from decimal import Decimal
from pathlib import Path

import pytest

from app.adapters.playbook.sheets.dashboard import TITLES
from app.adapters.playbook.sheets.google import GoogleWire
from app.adapters.playbook.sheets.wire import Patch
from app.domain.errors import PlaybookRefused
from app.domain.strategy import Strategy
from tests.fakes.broker import REST
from tests.integration.sheet import pass_time, standing, turn, world_of
from tests.integration.world import World, fake
from tests.simulators.sheets import Fault, Kind, SheetsSimulator
from tests.simulators.sheets.simulator import HEADER

AAPL = ("AAPL", 5000.0, True, "15 Min")
HOOD = ("HOOD", 40000.0, True, "45 Min")
BUY: dict[str, object] = {"action": "buy", "symbol": "AAPL", "timeframe": "15", "quantity": 10}
CLOSE: dict[str, object] = {"action": "close", "symbol": "AAPL", "timeframe": "15"}


@pytest.fixture
def google() -> Iterator[SheetsSimulator]:
    with SheetsSimulator() as simulator:
        simulator.write(AAPL, HOOD)
        simulator.book.add("Performance")
        yield simulator


@pytest.fixture
def world(google: SheetsSimulator, tmp_path: Path) -> Iterator[World]:
    world = world_of(google, tmp_path)
    turn(world)
    yield world
    world.server.database.close()


def problems(world: World, kind: str) -> list[dict[str, object]]:
    rows = world.rows("SELECT facts FROM events WHERE kind = ? ORDER BY id", kind)
    return [json.loads(row["facts"]) for row in rows]


# --- rows come from the sheet --------------------------------------------------------------------


def test_the_rows_of_the_seed_are_those_of_the_playbook(world: World) -> None:
    rows = world.server.services.playbook.rows()
    assert [(row.symbol, row.timeframe, row.position_size) for row in rows] == [
        ("AAPL", "15m", Decimal(5000)),
        ("HOOD", "45m", Decimal(40000)),
    ]


def test_an_edit_counts_within_thirty_seconds(google: SheetsSimulator, world: World) -> None:
    google.write(("AAPL", 1, False, "15 Min"), HOOD)
    pass_time(world, 31)
    row = world.server.services.playbook.find("AAPL", "15m")
    assert row is not None
    assert (row.position_size, row.active) == (Decimal(1), False)
    receipt = world.send(**BUY)
    assert world.record(receipt.alert_id).outcome.reason == "INACTIVE"


def test_an_alert_never_asks_google(google: SheetsSimulator, world: World) -> None:
    before = len(google.asked)
    world.send(**BUY)
    world.send(**CLOSE)
    assert len(google.asked) == before


def test_a_row_that_is_not_understood_is_refused_told_once_and_marked_in_the_sheet(
    google: SheetsSimulator, world: World
) -> None:
    google.write(("AAPL", "much", True, "15 Min"), HOOD)
    pass_time(world, 120)
    assert [row.number for row in standing(world.server).refused] == [2]
    (told,) = problems(world, "sheet_rows_refused")
    assert "position_size: 'much'" in json.dumps(told)
    assert google.status(2)[0] == "REFUSED"
    receipt = world.send(**BUY)
    assert world.record(receipt.alert_id).outcome.reason == "INACTIVE"
    google.write(AAPL, HOOD)
    pass_time(world, 31)
    assert not standing(world.server).refused
    assert world.record(world.send(**BUY, comment="again").alert_id).status == "success"


def test_an_exit_goes_through_while_its_row_is_refused(
    google: SheetsSimulator, world: World
) -> None:
    world.send(**BUY)
    google.write(AAPL, AAPL)
    pass_time(world, 31)
    assert world.record(world.send(**CLOSE).alert_id).status == "success"


def test_a_first_line_that_is_not_understood_leaves_the_last_good_copy(
    google: SheetsSimulator, world: World
) -> None:
    google.write(AAPL, header=["ticker", *HEADER[1:]])
    pass_time(world, 31)
    assert len(world.server.services.playbook.rows()) == 2
    assert "no column symbol" in standing(world.server).trouble
    assert [told["of"] for told in problems(world, "sheet_trouble")] == ["Config"]
    google.write(AAPL, HOOD)
    pass_time(world, 61)
    assert standing(world.server).trouble == ""
    assert len(problems(world, "sheet_fine")) == 1


def test_the_copy_outlives_the_process_and_google(google: SheetsSimulator, world: World) -> None:
    google.fail(Fault(Kind.DROPPED, times=None))
    world.crash_and_boot()
    turn(world)
    assert len(world.server.services.playbook.rows()) == 2
    assert world.record(world.send(**BUY).alert_id).status == "success"
    assert not standing(world.server).is_fresh(world.clock.advance(300))


# --- words go there ------------------------------------------------------------------------------


def test_a_status_and_its_time_are_in_columns_e_and_f_within_seconds(
    google: SheetsSimulator, world: World
) -> None:
    assert google.status(2) == ("READY", "")
    world.send(**BUY)
    pass_time(world, 6)
    assert google.status(2) == ("FILLED", "2026-11-20 07:30:00 PST")
    assert google.status(3) == ("READY", "")
    world.send(**CLOSE)
    pass_time(world, 6)
    assert google.status(2) == ("WAITING", "2026-11-20 07:30:06 PST")


@pytest.mark.parametrize(
    ("zone", "stamp"),
    [("Asia/Kolkata", "2026-11-20 21:00:00 IST"), ("UTC", "2026-11-20 15:30:00 UTC")],
)
def test_the_time_is_that_of_the_sheets_zone(
    google: SheetsSimulator, tmp_path: Path, zone: str, stamp: str
) -> None:
    world = world_of(google, tmp_path, SHEET_TIMEZONE=zone)
    world.send(**BUY)
    turn(world)
    assert google.status(2)[1] == ""
    world.send(**CLOSE)
    pass_time(world, 6)
    assert google.status(2) == ("WAITING", stamp)
    world.server.database.close()


def test_a_resting_order_is_followed_also_after_its_alert(
    google: SheetsSimulator, world: World
) -> None:
    fake(world).script.append(REST)
    world.send(**BUY)
    pass_time(world, 6)
    assert google.status(2)[0] == "ORDER SUBMITTED"
    fake(world).fill(world.orders()[0].client_order_id)
    pass_time(world, 12)
    assert google.status(2)[0] == "FILLED"


def test_a_row_that_moved_is_found_by_its_key(google: SheetsSimulator, world: World) -> None:
    world.send(**BUY)
    google.write(("TSLA", 1.0, True, "1h"), HOOD, AAPL)
    pass_time(world, 6)
    assert [google.status(row)[0] for row in (2, 3, 4)] == ["READY", "READY", "FILLED"]


def test_columns_that_stand_elsewhere_are_written_where_they_are(
    google: SheetsSimulator, world: World
) -> None:
    google.write(
        ("mine", "", "", "15 Min", True, 5000.0, "AAPL"), header=["Notes", *reversed(HEADER)]
    )
    world.send(**BUY)
    pass_time(world, 6)
    assert google.rows()[0][:3] == ["mine", "2026-11-20 07:30:00 PST", "FILLED"]


def test_what_a_hand_wrote_over_is_put_right_at_the_next_read(
    google: SheetsSimulator, world: World
) -> None:
    google.write((*AAPL, "=1+1", "yesterday"), HOOD)
    pass_time(world, 31)
    assert google.status(2) == ("READY", "")


def test_many_changes_are_one_write(google: SheetsSimulator, world: World) -> None:
    before = sum(asked.writes for asked in google.asked)
    for number in range(10):
        world.send(**BUY, comment=f"in {number}")
        world.send(**CLOSE, comment=f"out {number}")
    pass_time(world, 6)
    assert google.status(2)[0] == "WAITING"
    assert sum(asked.writes for asked in google.asked) == before + 1


def test_without_news_nothing_is_written(google: SheetsSimulator, world: World) -> None:
    writes = sum(asked.writes for asked in google.asked)
    pass_time(world, 50)
    assert sum(asked.writes for asked in google.asked) == writes


def test_a_row_that_is_cut_and_put_back_has_kept_its_status(
    google: SheetsSimulator, world: World
) -> None:
    world.send(**BUY)
    google.write(HOOD)
    pass_time(world, 31)
    google.write(HOOD, AAPL)
    pass_time(world, 31)
    assert google.status(3)[0] == "FILLED"


# --- one process of many -------------------------------------------------------------------------


def test_of_several_processes_one_looks_after_the_sheet(
    google: SheetsSimulator, world: World
) -> None:
    first = world.server
    world.clock.advance(0.1)
    second = world.boot()
    before = len(google.asked)
    pass_time(world, 1)
    assert second.sheet is not None
    for _ in range(20):
        world.clock.advance(1)
        first.services.ownership.beat()
        second.services.ownership.beat()
        second.sheet.background.turn()
    assert len(google.asked) == before
    first.services.ownership.stop()
    pass_time(world, 6)
    assert len(google.asked) > before, "the first has left"
    first.database.close()


def test_a_process_that_was_frozen_does_not_look_after_it_any_more(
    google: SheetsSimulator, world: World
) -> None:
    frozen = world.server
    world.crash_and_boot()
    pass_time(world, 6)
    before = len(google.asked)
    assert frozen.sheet is not None
    world.clock.advance(60)
    frozen.sheet.background.turn()
    assert len(google.asked) == before


# --- Performance ---------------------------------------------------------------------------------


def test_performance_is_written_after_a_minute_and_then_every_five(
    google: SheetsSimulator, world: World
) -> None:
    world.send(**BUY)
    world.send(**CLOSE)
    pass_time(world, 59)
    assert not google.rows("Performance")
    pass_time(world, 1)
    (line,) = google.rows("Performance")
    assert line == ["AAPL", 1, 0, 0, 0, 0, 0, 0, 0, "2026-11-20 07:31:00 PST"]
    pass_time(world, 299)
    assert google.rows("Performance") == [line]
    pass_time(world, 1)
    assert google.rows("Performance")[0][-1] == "2026-11-20 07:36:00 PST"


def test_what_performance_showed_before_is_gone(google: SheetsSimulator, world: World) -> None:
    google.book.tab("Performance").set_lines([["symbol"], *((f"S{n}", n) for n in range(120))])
    pass_time(world, 60)
    assert google.book.tab("Performance").lines == [["symbol"]]


def test_a_tab_that_is_missing_is_told_and_the_other_one_goes_on(
    google: SheetsSimulator, world: World
) -> None:
    del google.book.tabs["Performance"]
    world.send(**BUY)
    pass_time(world, 120)
    (told,) = problems(world, "sheet_trouble")
    assert told["of"] == "Performance"
    assert google.status(2)[0] == "FILLED"
    assert standing(world.server).trouble == ""


# --- the owner writes through us -----------------------------------------------------------------


def test_a_row_is_written_into_the_sheet_and_columns_are_added_for_it(
    google: SheetsSimulator, world: World
) -> None:
    row = Strategy(symbol="TSLA", timeframe="1h", position_size=Decimal(7), pyramiding=True)
    world.server.services.playbook.put(row)
    assert google.config.lines[0][:7] == [*HEADER, "pyramiding"]
    assert google.rows()[2] == ["TSLA", 7, True, "1h", "READY", "", True]
    assert google.rows()[0][:4] == list(AAPL), "what its owner typed stays as it is"


def test_a_write_that_google_does_not_take_is_told_and_leaves_the_copy(
    google: SheetsSimulator, world: World
) -> None:
    google.fail(Fault(Kind.GATEWAY, "POST *", times=None))
    row = Strategy(symbol="TSLA", timeframe="1h")
    with pytest.raises(Exception, match="503") as caught:
        world.server.services.playbook.put(row)
    assert caught.type.__name__ == "PlaybookUnavailable"
    assert world.server.services.playbook.find("TSLA", "1h") is None


def test_init_makes_what_is_missing_and_then_nothing_more(
    google: SheetsSimulator, world: World
) -> None:
    google.book.tabs.clear()
    sheet = world.server.sheet
    assert sheet is not None
    assert sheet.editor.init() == [
        "made the tab Config",
        "made the tab Performance",
        f"wrote into the first line of Performance: {', '.join(TITLES)}",
        f"wrote into the first line of Config: {', '.join(HEADER)}",
        "wrote the rows of the playbook: 2",
    ]
    assert google.rows()[0] == ["AAPL", 5000, True, "15m"]
    assert sheet.editor.init() == []


def test_init_mends_a_first_line_without_touching_what_is_there(
    google: SheetsSimulator, world: World
) -> None:
    google.write(AAPL, header=["symbol", "position_size", "active", "Time Frame", "My own"])
    sheet = world.server.sheet
    assert sheet is not None
    sheet.editor.init()
    assert google.config.lines[0] == [
        "symbol",
        "position_size",
        "active",
        "Time Frame",
        "My own",
        "Last Updated",
        "Order Status",
    ]


def test_rows_that_give_way_to_those_of_a_sheet_are_in_the_log(
    google: SheetsSimulator, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    world = world_of(google, tmp_path, PLAYBOOK="local")
    world.server.services.playbook.put(Strategy(symbol="TSLA", timeframe="1h"))
    world.server.database.close()
    world.settings["PLAYBOOK"] = "google_sheets"
    world.clock.advance(10)
    world.boot()
    turn(world)
    assert [row.symbol for row in world.server.services.playbook.rows()] == ["AAPL", "HOOD"]
    (told,) = [record for record in caplog.records if "gave way" in record.message]
    assert '"TSLA"' in str(vars(told)["rows"])
    world.server.database.close()


def test_and_also_when_the_sheet_had_been_the_playbook_before(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    for playbook in ("local", "google_sheets"):
        world.server.database.close()
        world.settings["PLAYBOOK"] = playbook
        world.clock.advance(10)
        world.boot()
        if playbook == "local":
            row = Strategy(symbol="AAPL", timeframe="15m", position_size=Decimal(7))
            world.server.services.playbook.put_all([row, Strategy(symbol="TSLA", timeframe="1h")])
    turn(world)
    pass_time(world, 60)
    assert [row.position_size for row in world.server.services.playbook.rows()] == [5000, 40000]
    (told,) = [record for record in caplog.records if "gave way" in record.message]
    assert len(vars(told)["rows"]) == 2
    assert '"position_size":"7"' in str(vars(told)["rows"])


def test_columns_that_are_added_stand_behind_all_that_is_written_anywhere(
    google: SheetsSimulator, world: World
) -> None:
    google.write((*AAPL, "", "", "a note", "and another"), HOOD)
    row = Strategy(symbol="TSLA", timeframe="1h", pyramiding=True, shared=True)
    world.server.services.playbook.put(row)
    assert google.config.lines[0][6:] == ["", "", "pyramiding", "shared"]
    assert google.rows()[0][6:] == ["a note", "and another"]


def test_a_row_that_is_there_twice_is_not_written(google: SheetsSimulator, world: World) -> None:
    google.write(AAPL, HOOD, AAPL)
    rows = [Strategy(symbol="TSLA"), Strategy(symbol="AAPL", timeframe="15m")]
    with pytest.raises(PlaybookRefused, match="lines 2 and 4"):
        world.server.services.playbook.put_all(rows)
    assert len(google.rows()) == 3


def test_a_row_that_was_refused_is_mended_by_writing_it(
    google: SheetsSimulator, world: World
) -> None:
    google.write(("AAPL", "much", "perhaps", "15 Min"), HOOD)
    row = Strategy(symbol="AAPL", timeframe="15m", position_size=Decimal(7))
    world.server.services.playbook.put(row)
    assert google.rows()[0][:5] == ["AAPL", 7, True, "15 Min", "READY"]
    assert not standing(world.server).refused


def test_what_happens_while_the_sheet_is_written_is_written_next(
    google: SheetsSimulator, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = GoogleWire.write

    def slowly(wire: GoogleWire, tab: str, patches: Sequence[Patch]) -> None:
        monkeypatch.setattr(GoogleWire, "write", write)
        write(wire, tab, patches)
        world.send(**CLOSE)

    world.send(**BUY)
    monkeypatch.setattr(GoogleWire, "write", slowly)
    pass_time(world, 5)
    assert google.status(2)[0] == "FILLED"
    pass_time(world, 5)
    assert google.status(2)[0] == "WAITING"
