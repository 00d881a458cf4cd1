"""When the sheet is looked after, by whom, and what the owner is told of its troubles."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from threading import Lock
from typing import cast
from zoneinfo import ZoneInfo

import pytest

from app.adapters.playbook.sheets.background import Background
from app.adapters.playbook.sheets.copy import SheetCopy
from app.adapters.playbook.sheets.dashboard import TITLES, Dashboard
from app.adapters.playbook.sheets.pace import Pace
from app.adapters.playbook.sheets.sync import Sync
from app.adapters.playbook.sheets.wire import Cells, Patch, Wire
from app.domain.errors import PlaybookError, PlaybookRefused, PlaybookUnavailable
from app.domain.grains import money_grains
from app.domain.tally import Tally
from tests.fakes.clock import FakeClock


@dataclass
class Work:
    """A tab's work: it counts, and fails as it is told."""

    clock: FakeClock
    fails: PlaybookError | None = None
    times: list[float] = field(default_factory=list[float])
    trouble: list[str] = field(default_factory=list[str])
    lock: Lock = field(default_factory=Lock)

    def behind(self) -> bool:
        return True

    def forget(self) -> None:
        return

    def note_trouble(self, why: str) -> None:
        self.trouble.append(why)

    def run(self) -> None:
        self.times.append(self.clock.monotonic())
        if self.fails is not None:
            raise self.fails

    write = run


class House:
    """A background with both works, and what was told."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.begun = self.clock.monotonic()
        self.config, self.figures = Work(self.clock), Work(self.clock)
        self.leads = True
        self.told: list[tuple[str, str | None]] = []
        self.background = Background(
            cast("Sync", self.config),
            cast("Dashboard", self.figures),
            cast("SheetCopy", self.config),
            self.clock,
            leads=lambda: self.leads,
            tell=lambda of, why: self.told.append((of, why)),
            figures_every=timedelta(seconds=300),
        )

    def pass_time(self, seconds: int) -> None:
        for _ in range(seconds):
            self.background.turn()
            self.clock.advance(1)

    def times(self, work: Work) -> list[float]:
        return [at - self.begun for at in work.times]


@pytest.fixture
def house() -> House:
    return House()


def test_config_is_looked_at_every_five_seconds_and_figures_after_a_minute(house: House) -> None:
    house.pass_time(370)
    assert house.times(house.config)[:3] == [0, 5, 10]
    assert house.times(house.figures) == [60, 360]


def test_who_does_not_lead_does_nothing_and_begins_when_it_does(house: House) -> None:
    house.leads = False
    house.pass_time(100)
    assert not house.config.times + house.figures.times
    house.leads = True
    house.pass_time(6)
    assert house.config.times
    assert house.figures.times


def test_what_fails_is_tried_again_later_each_time_and_at_most_after_a_minute(
    house: House,
) -> None:
    house.config.fails = PlaybookUnavailable("503")
    house.pass_time(300)
    assert house.times(house.config) == [0, 5, 15, 35, 75, 135, 195, 255]
    house.config.fails = None
    house.pass_time(30)
    assert house.times(house.config)[-3:] == [315, 320, 325]


def test_trouble_that_passes_soon_is_not_told(house: House) -> None:
    house.config.fails = PlaybookUnavailable("503")
    house.pass_time(290)
    house.config.fails = None
    house.pass_time(60)
    assert not house.told
    assert house.config.trouble


def test_trouble_that_lasts_is_told_once_for_both_tabs_and_also_when_it_is_over(
    house: House,
) -> None:
    house.config.fails = house.figures.fails = PlaybookUnavailable("503")
    house.pass_time(3600)
    assert house.told == [("Google", "503")]
    house.config.fails = house.figures.fails = None
    house.pass_time(120)
    assert house.told == [("Google", "503"), ("Google", None)]


def test_what_a_person_has_to_mend_is_told_at_once_and_once(house: House) -> None:
    house.figures.fails = PlaybookRefused("no tab")
    house.pass_time(3600)
    assert house.told == [("Performance", "no tab")]
    house.figures.fails = None
    house.pass_time(61)
    assert house.told[-1] == ("Performance", None)


def test_another_fault_is_not_swallowed_and_does_not_come_every_second(house: House) -> None:
    house.config.fails = cast("PlaybookError", ZeroDivisionError())
    with pytest.raises(ZeroDivisionError):
        house.background.turn()
    house.clock.advance(1)
    house.background.turn()
    assert len(house.config.times) == 1


def test_a_pause_never_grows_beyond_a_minute() -> None:
    pace = Pace()
    for _ in range(10_000):
        pace.failed(0)
    assert pace.due == 60


# --- Performance ---------------------------------------------------------------------------------


class Paper:
    """A tab that remembers what was written."""

    def __init__(self, lines: int) -> None:
        self.lines = lines
        self.written: list[Patch] = []

    def read(self, tab: str, *, as_shown: bool = False) -> Cells:
        return [["x"]] * self.lines

    def write(self, tab: str, patches: list[Patch]) -> None:
        self.written += patches


@dataclass
class Trade:
    """What is counted of one."""

    pnl_grains: int
    fee_grains: int = 0
    is_fee: bool = False


def tally(*pnl: int) -> Tally:
    found = Tally()
    trades = [Trade(money_grains(Decimal(amount))) for amount in pnl]
    found.add(datetime(2026, 11, 20, tzinfo=UTC), trades)
    return found


def dashboard(paper: Paper, **figures: Tally) -> Dashboard:
    zone = ZoneInfo("America/New_York")
    return Dashboard(lambda: cast("Wire", paper), lambda: figures, FakeClock(), zone)


def test_a_line_has_the_ten_columns_of_the_seed() -> None:
    paper = Paper(lines=1)
    dashboard(paper, HOOD=tally(-4), AAPL=tally(10, -5, 7, 0)).write()
    (patch,) = paper.written
    assert (patch.row, patch.column) == (2, 1)
    at = "2026-11-20 10:30:00 EST"
    assert patch.cells == [
        ["AAPL", 4, 2, 1, 50.0, 12.0, 3.0, 10.0, -5.0, at],
        ["HOOD", 1, 0, 1, 0.0, -4.0, -4.0, -4.0, -4.0, at],
    ]
    assert len(TITLES) == len(patch.cells[0])


def test_lines_that_were_there_before_are_blank_after() -> None:
    paper = Paper(lines=4)
    dashboard(paper, AAPL=tally(1)).write()
    assert [line[0] for line in paper.written[0].cells] == ["AAPL", "", ""]


def test_without_trades_and_lines_nothing_is_written() -> None:
    paper = Paper(lines=1)
    dashboard(paper).write()
    assert not paper.written
