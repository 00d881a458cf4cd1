"""What every playbook promises, wherever its rows are kept."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from app.domain.order import Level, LevelKind
from app.domain.strategy import AfterStop, Sides, Sizing, Strategy, Sync
from app.ports.playbook import Playbook
from tests.integration.world import World
from tests.simulators.sheets import SheetsSimulator
from tests.simulators.sheets.simulator import SHEET_ID

AAPL = Strategy(symbol="AAPL", timeframe="15m", position_size=Decimal(5000))
HOOD = Strategy(symbol="HOOD", timeframe="", position_size=Decimal("0.1"), active=False)
WHOLE = Strategy(
    symbol="BTCUSD",
    timeframe="4h",
    position_size=Decimal("12345.678901"),
    sizing_type=Sizing.PERCENT_OF_EQUITY,
    account="paper, paper2*0.5",
    sides=Sides.LONG,
    stop_loss=Level(LevelKind.PERCENT, Decimal(2)),
    take_profit=Level(LevelKind.PRICE, Decimal("250.5")),
    pyramiding=True,
    max_quantity=Decimal("123456789.123456789123"),
    shared=True,
    sync=Sync.DENY,
    after_stop=AfterStop.TRADE,
)


@pytest.fixture(params=["local", "google_sheets"])
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    """A server with a playbook of each kind; the sheet is empty but for its first line."""
    with SheetsSimulator() as google:
        google.write()
        world = World(
            tmp_path,
            settings={
                "ACCOUNTS": "paper,paper2=paper",
                "PLAYBOOK": request.param,
                "GOOGLE_SHEET_ID": SHEET_ID,
                "SHEETS_API_URL": google.url,
            },
        )
        world.boot()
        yield world
        world.server.database.close()


@pytest.fixture
def playbook(world: World) -> Playbook:
    return world.server.services.playbook


def test_there_are_no_rows_at_first(playbook: Playbook) -> None:
    assert not playbook.rows()
    assert playbook.find("AAPL", "15m") is None


@pytest.mark.parametrize("row", [AAPL, HOOD, WHOLE], ids=lambda row: row.symbol)
def test_a_row_is_found_as_it_was_written(playbook: Playbook, row: Strategy) -> None:
    playbook.put(row)
    assert playbook.find(row.symbol, row.timeframe) == row
    assert list(playbook.rows()) == [row]


def test_a_row_replaces_the_one_of_its_key(playbook: Playbook) -> None:
    playbook.put_all([WHOLE, AAPL])
    smaller = replace(AAPL, position_size=None, active=False)
    playbook.put(smaller)
    playbook.put(Strategy(symbol="BTCUSD", timeframe="4h"))
    assert list(playbook.rows()) == [smaller, Strategy(symbol="BTCUSD", timeframe="4h")]


def test_rows_come_by_symbol_and_timeframe(playbook: Playbook) -> None:
    rows = [replace(AAPL, timeframe=timeframe, shared=True) for timeframe in ("1h", "", "15m")]
    playbook.put_all([HOOD, *rows])
    assert [row.timeframe for row in playbook.rows()] == ["", "15m", "1h", ""]


def test_the_row_of_any_timeframe_serves_where_there_is_no_other(playbook: Playbook) -> None:
    anyone = replace(AAPL, timeframe="", shared=True)
    playbook.put_all([replace(AAPL, shared=True), anyone])
    assert playbook.find("AAPL", "1h") == anyone
    assert playbook.find("AAPL", None) == anyone
    assert playbook.find("AAPL", "15m") == replace(AAPL, shared=True)


def test_a_row_that_is_deleted_is_gone(playbook: Playbook) -> None:
    playbook.put_all([AAPL, HOOD])
    assert playbook.delete("AAPL", "15m")
    assert not playbook.delete("AAPL", "15m")
    assert list(playbook.rows()) == [HOOD]


def test_a_row_shows_its_status_and_keeps_it_when_it_is_written(
    world: World, playbook: Playbook
) -> None:
    playbook.put(AAPL)
    world.send(action="buy", symbol="AAPL", timeframe="15", price=100, quantity=1)
    playbook.put(replace(AAPL, pyramiding=True))
    row = playbook.find("AAPL", "15m")
    assert row is not None
    assert (row.order_status, row.last_updated) == ("FILLED", world.clock.now())
    assert row.pyramiding


def test_a_row_that_was_deleted_begins_anew(world: World, playbook: Playbook) -> None:
    playbook.put(AAPL)
    world.send(action="buy", symbol="AAPL", timeframe="15", price=100, quantity=1)
    playbook.delete("AAPL", "15m")
    playbook.put(AAPL)
    assert playbook.find("AAPL", "15m") == AAPL


def test_rows_go_from_one_kind_to_the_other_and_back(world: World, tmp_path: Path) -> None:
    """What `strategies export` and `import` do, and `sheets init`."""
    world.server.services.playbook.put_all([AAPL, HOOD, WHOLE])
    rows = world.server.services.playbook.rows()
    world.server.database.close()
    here = world.settings["PLAYBOOK"]
    for there in ("local", "google_sheets", here):
        world.settings["PLAYBOOK"] = there
        world.boot()
        sheet = world.server.sheet
        assert sheet is not None
        sheet.editor.init()
        world.clock.advance(timedelta(minutes=1))
        world.turn()
        if there == "google_sheets":
            sheet.background.turn()
        assert list(world.server.services.playbook.rows()) == list(rows), there
        world.server.database.close()
    world.boot()


def test_a_copy_tells_how_it_stands_and_rows_that_are_here_do_not(
    world: World, playbook: Playbook
) -> None:
    playbook.put(AAPL)
    standing = playbook.standing()
    if world.settings["PLAYBOOK"] == "local":
        assert standing is None
    else:
        assert standing is not None
        assert (standing.read_at, standing.trouble) == (world.clock.now(), "")
        assert standing.is_fresh(world.clock.now())
