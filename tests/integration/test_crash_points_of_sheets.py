"""kill -9 at any step, and Google away for an hour: no status is lost, and none comes back."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from app.adapters.playbook.sheets.google import GoogleWire
from tests.integration.sheet import pass_time, turn, world_of
from tests.integration.world import Crash, Fuse, World
from tests.simulators.sheets import Fault, Kind, SheetsSimulator

ROWS = (("AAPL", 5000.0, True, "15 Min"), ("HOOD", 40000.0, True, "45 Min"))
BUY: dict[str, object] = {"action": "buy", "symbol": "AAPL", "timeframe": "15", "quantity": 10}
CLOSE: dict[str, object] = {"action": "close", "symbol": "AAPL", "timeframe": "15"}
SHORT: dict[str, object] = {"action": "sell", "symbol": "HOOD", "timeframe": "45", "quantity": 5}
ALERTS = (BUY, SHORT, CLOSE)


@pytest.fixture
def google() -> Iterator[SheetsSimulator]:
    with SheetsSimulator() as simulator:
        simulator.app.quota = None  # of a clock that each world has for itself
        simulator.book.add("Performance")
        yield simulator


@pytest.fixture
def stepped(monkeypatch: pytest.MonkeyPatch) -> list[World]:
    """Each request of the sheet is a step of the last world's fuse, before it is made and after."""
    worlds: list[World] = []
    for name in ("read", "write"):
        monkeypatch.setattr(GoogleWire, name, _stepped(getattr(GoogleWire, name), name, worlds))
    return worlds


def _stepped(call: Callable[..., object], name: str, worlds: list[World]) -> Callable[..., object]:
    def made(*given: object, **named: object) -> object:
        worlds[-1].fuse(f"before sheet {name}")
        answer = call(*given, **named)
        worlds[-1].fuse(f"after sheet {name}")
        return answer

    return made


def play(world: World) -> None:
    """Alerts, each followed by a look at the sheet; whatever dies is started anew and goes on."""
    for fields in ALERTS:
        for act in (lambda: world.send(**fields), lambda: look(world)):  # noqa: B023 (at once)
            try:
                act()
            except Crash:
                world.crash_and_boot()
                act()


def look(world: World) -> None:
    world.clock.advance(1)
    fuse, world.fuse = world.fuse, Fuse()
    world.turn()
    world.clock.advance(0.5)
    world.fuse = fuse
    assert world.server.sheet is not None
    world.server.sheet.background.turn()


def crashed_at(
    step: int | None, google: SheetsSimulator, folder: Path, worlds: list[World]
) -> Fuse:
    """A world that died at a step; when all is over the sheet shows what is true."""
    google.write(*ROWS)
    world = world_of(google, folder)
    worlds.append(world)
    turn(world)
    world.fuse = fuse = Fuse(at=step)
    play(world)
    world.fuse = Fuse()
    pass_time(world, 40)
    rows = world.server.services.playbook.rows()
    stamps = [f"{row.last_updated:%M:%S}" for row in rows if row.last_updated]
    assert [google.status(line)[0] for line in (2, 3)] == ["WAITING", "FILLED"], fuse.last
    assert [str(google.status(line)[1])[14:19] for line in (2, 3)] == stamps, fuse.last
    world.server.database.close()
    return fuse


def every_step(
    google: SheetsSimulator, folder: Path, worlds: list[World], most: int | None
) -> None:
    steps = crashed_at(None, google, folder / "calm", worlds).step
    assert steps > 50
    every = 1 if most is None else -(-steps // most)
    for step in range(1, steps + 1, every):
        crashed_at(step, google, folder / str(step), worlds)


def test_a_crash_at_any_step_of_an_alert_or_of_the_sheet_loses_no_status(
    google: SheetsSimulator, tmp_path: Path, stepped: list[World]
) -> None:
    every_step(google, tmp_path, stepped, most=40)


@pytest.mark.torture
def test_a_crash_at_every_single_step_loses_no_status(
    google: SheetsSimulator, tmp_path: Path, stepped: list[World]
) -> None:
    every_step(google, tmp_path, stepped, most=None)


@pytest.mark.parametrize("kind", [Kind.LOST, Kind.DROPPED, Kind.CUT, Kind.HTML, Kind.ERROR])
@pytest.mark.parametrize("nth", range(6))
def test_a_request_of_the_sheet_that_fails_loses_no_status(
    google: SheetsSimulator, tmp_path: Path, stepped: list[World], kind: Kind, nth: int
) -> None:
    class Burns(Fuse):
        def __call__(self, name: str) -> None:
            self.step += name.startswith("before sheet")
            if name.startswith("before sheet") and self.step == nth + 1:
                google.fail(Fault(kind, "*"))

    google.write(*ROWS)
    world = world_of(google, tmp_path)
    stepped.append(world)
    turn(world)
    world.fuse = Burns()
    play(world)
    world.fuse = Fuse()
    pass_time(world, 60)
    assert [google.status(line)[0] for line in (2, 3)] == ["WAITING", "FILLED"]
    world.server.database.close()
