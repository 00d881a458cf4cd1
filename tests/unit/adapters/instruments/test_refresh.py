"""Refreshes in child processes: begun when due, waited for by nobody, one at a time."""

import threading
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from app.adapters.instruments.generation import current, sources_of
from app.adapters.instruments.master import SymbolMaster
from app.adapters.instruments.refresh import RETRY, Refresher
from app.domain.errors import SymbolsError
from app.domain.listing import IST
from tests.fakes.clock import FakeClock
from tests.unit.adapters.instruments.lists import make_lists

MORNING = datetime(2025, 8, 18, 8, 50, tzinfo=IST)
LONG_ENOUGH = 120.0


class Desk:
    """A refresher, and what it told."""

    def __init__(self, folder: Path, base: Path) -> None:
        self.clock = FakeClock(MORNING)
        self.folder = folder
        self.told: list[str | None] = []
        self.refresher = Refresher(folder, str(base), self.clock, self.told.append)

    @property
    def generation(self) -> str:
        """The name of the generation that counts."""
        generation = SymbolMaster(self.folder).generation()
        return "" if generation is None else generation.path.stem

    def work(self, done: Callable[[], bool]) -> None:
        """Turn until something is done, as the loop does."""
        pause = threading.Event()
        for _ in range(int(LONG_ENOUGH / 0.02)):
            self.refresher.keep()
            if done():
                return
            pause.wait(0.02)
        pytest.fail("it was not done")


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    lists = make_lists(tmp_path / "lists")
    (lists / "BSE_FO.csv").unlink()  # the others are quicker
    made = Desk(tmp_path / "var", lists)
    yield made
    made.refresher.stop()


def test_lists_are_fetched_when_there_are_none(desk: Desk) -> None:
    desk.work(lambda: desk.generation == "2025-08-18T032000Z")
    assert desk.told == []


def test_they_are_fetched_anew_the_next_morning_and_not_before(desk: Desk) -> None:
    desk.work(lambda: bool(desk.generation))
    desk.work(lambda: not desk.refresher.running())
    desk.clock.advance(timedelta(hours=20))
    desk.refresher.keep()
    assert not desk.refresher.running()
    desk.clock.advance(timedelta(hours=4))
    desk.work(lambda: desk.generation == "2025-08-19T032000Z")


def test_what_fails_is_told_once_and_tried_again_until_it_works(desk: Desk, tmp_path: Path) -> None:
    (tmp_path / "lists").rename(tmp_path / "away")
    desk.work(lambda: bool(desk.told))
    assert "NSE_FO: " in str(desk.told[0])
    desk.refresher.keep()
    assert not desk.refresher.running(), "it waits before it tries again"
    desk.clock.advance(RETRY)
    desk.refresher.keep()
    desk.work(lambda: not desk.refresher.running())
    assert len(desk.told) == 1
    (tmp_path / "away").rename(tmp_path / "lists")
    desk.clock.advance(RETRY)
    desk.work(lambda: len(desk.told) > 1)
    assert desk.told[1] is None
    assert desk.generation


def test_a_list_that_spoils_is_told_and_the_others_are_new(desk: Desk, tmp_path: Path) -> None:
    desk.work(lambda: bool(desk.generation))
    desk.work(lambda: not desk.refresher.running())
    (tmp_path / "lists" / "NSE_FO.csv").write_text("<html></html>", encoding="utf-8")
    desk.clock.advance(timedelta(days=1))
    desk.work(lambda: bool(desk.told))
    assert "NSE_FO: 1 of 1 rows are of no use" in str(desk.told[0])
    assert desk.generation == "2025-08-19T032000Z"


def test_a_list_that_cannot_be_had_the_first_time_is_told_and_soon_asked_for_again(
    desk: Desk, tmp_path: Path
) -> None:
    file = tmp_path / "lists" / "NSE_FO.csv"
    good = file.read_text(encoding="utf-8")
    file.write_text("<html></html>", encoding="utf-8")
    desk.work(lambda: bool(desk.told))
    assert "NSE_FO: " in str(desk.told[0])

    file.write_text(good, encoding="utf-8")
    desk.clock.advance(RETRY)
    desk.work(lambda: len(desk.told) > 1)
    assert desk.told[1] is None
    path = current(desk.folder / "symbols")
    assert path is not None
    assert "NSE_FO" in sources_of(path)


def test_of_two_processes_one_refreshes(desk: Desk) -> None:
    other = Refresher(desk.folder, "nowhere", desk.clock, desk.told.append)
    desk.work(lambda: bool(desk.generation))
    other.keep()
    assert not other.running(), "there is nothing left to do"


def test_what_runs_is_broken_off_at_the_end(desk: Desk) -> None:
    desk.refresher.keep()
    assert desk.refresher.running()
    desk.refresher.stop()
    assert not desk.refresher.running()
    desk.refresher.stop()


def test_a_refresh_by_hand_is_waited_for(desk: Desk) -> None:
    assert desk.refresher.refresh().fresh == ["NSE_CM", "NSE_FO"]
    assert desk.generation == "2025-08-18T032000Z"


def test_a_refresh_that_cannot_be_written_says_why(desk: Desk) -> None:
    desk.folder.write_text("a file is in the way", encoding="utf-8")
    with pytest.raises(SymbolsError, match="could not be refreshed: NotADirectoryError"):
        desk.refresher.refresh()
