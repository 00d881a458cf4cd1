"""Google is away for an hour, or has a quota: trading goes on, and then all of it arrives."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.clock import FakeClock
from tests.integration.sheet import pass_time, standing, turn, world_of
from tests.integration.world import World
from tests.simulators.sheets import Fault, Kind, SheetsSimulator
from tests.simulators.sheets.app import PER_MINUTE, Asked
from tests.simulators.sheets.ranges import column, split

SYMBOLS = ("AAPL", "HOOD", "TSLA", "NVDA")
MINUTE = 60.0


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def google(clock: FakeClock) -> Iterator[SheetsSimulator]:
    with SheetsSimulator(monotonic=clock.monotonic) as simulator:
        simulator.write(*((symbol, 5000.0, True, "15 Min") for symbol in SYMBOLS))
        simulator.book.add("Performance")
        yield simulator


@pytest.fixture
def world(google: SheetsSimulator, tmp_path: Path, clock: FakeClock) -> Iterator[World]:
    world = world_of(google, tmp_path, clock=clock)
    turn(world)
    yield world
    world.server.database.close()


def trade(world: World, symbol: str, number: int) -> None:
    """An entry, and at the next call for the symbol its exit."""
    action = "close" if number % 2 else "buy"
    size = {} if number % 2 else {"quantity": 10}
    receipt = world.send(action=action, symbol=symbol, timeframe="15", comment=f"n{number}", **size)
    assert world.record(receipt.alert_id).status == "success"


def most_within_a_minute(asked: Sequence[Asked]) -> int:
    times = sorted(each.at for each in asked)
    return max(
        (sum(1 for at in times if start <= at < start + MINUTE) for start in times), default=0
    )


def told(google: SheetsSimulator, after: float) -> list[tuple[str, str]]:
    """Every word or time that `Config` was given from a moment on: the cell, and what it got."""
    found: list[tuple[str, str]] = []
    for asked in google.asked:
        body: dict[str, Any] = asked.body
        if asked.at >= after and "data" in body and not asked.fault:
            for part in body["data"]:
                tab, area = split(part["range"])
                found += [
                    (f"{column(area.left + along)}{area.top + down}", text)
                    for down, line in enumerate(part["values"])
                    for along, text in enumerate(line)
                    if tab == "Config"
                ]
    return [(cell, text) for cell, text in found if cell[0] in "EF"]


AWAY = {
    "gone": Fault(Kind.DROPPED, times=None),
    "429": Fault(Kind.TOO_MANY, times=None),
    "503": Fault(Kind.GATEWAY, times=None),
}


@pytest.mark.parametrize("fault", AWAY.values(), ids=AWAY.keys())
def test_after_an_hour_without_google_all_words_arrive_once_and_in_order(
    google: SheetsSimulator, world: World, clock: FakeClock, fault: Fault
) -> None:
    google.fail(fault)
    for number in range(59):
        for symbol in SYMBOLS:
            trade(world, symbol, number)
        pass_time(world, 60, step=1.25)
    assert not standing(world.server).is_fresh(clock.now())
    assert standing(world.server).trouble
    assert len(world.rows("SELECT 1 FROM events WHERE kind = 'sheet_trouble'")) == 1
    google.mend()
    back = clock.monotonic()
    pass_time(world, 75, step=1.25)
    assert [google.status(line)[0] for line in range(2, 6)] == ["FILLED"] * 4
    assert standing(world.server).is_fresh(clock.now())
    words = [text for cell, text in told(google, back) if cell.startswith("E")]
    assert words == ["FILLED"] * 4, "each once, whatever was in between"
    assert most_within_a_minute([each for each in google.asked if each.writes]) <= PER_MINUTE
    assert most_within_a_minute([each for each in google.asked if not each.writes]) <= PER_MINUTE


def test_where_only_the_answers_are_lost_the_sheet_shows_all_and_is_known_to(
    google: SheetsSimulator, world: World
) -> None:
    google.fail(Fault(Kind.LOST, "POST *", times=None))
    for number in range(5):
        trade(world, "AAPL", number)
        pass_time(world, 30)
        assert google.status(2)[0] == ("WAITING" if number % 2 else "FILLED")
    assert not world.rows(
        "SELECT 1 FROM events WHERE kind = 'sheet_trouble' AND facts LIKE '%Config%'"
    )


def test_a_storm_of_alerts_stays_within_the_quota_and_words_never_go_back(
    google: SheetsSimulator, world: World, clock: FakeClock
) -> None:
    begun = clock.monotonic()
    for number in range(240):
        trade(world, SYMBOLS[number % 4], number // 4)
        pass_time(world, 1)
    pass_time(world, 10)
    assert {google.status(line)[0] for line in range(2, 6)} == {"WAITING"}
    assert most_within_a_minute([each for each in google.asked if each.writes]) <= 13
    assert most_within_a_minute([each for each in google.asked if not each.writes]) <= 26
    for line in range(2, 6):
        times = [text for cell, text in told(google, begun) if cell == f"F{line}"]
        assert times == sorted(times)
        assert len(times) > 10


def test_a_day_that_is_calm_costs_few_requests(google: SheetsSimulator, world: World) -> None:
    before = len(google.asked)
    pass_time(world, 600, step=1.25)
    reads = [each for each in google.asked[before:] if not each.writes]
    assert len(reads) <= 22 + 2, "twice a minute, and twice for the tab Performance"
    assert not [each for each in google.asked[before:] if each.writes]
