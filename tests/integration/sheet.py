"""A world whose playbook is a sheet, and the time that passes between two looks at it."""

from pathlib import Path

from app.bootstrap import Server
from app.ports.playbook import Standing
from tests.fakes.broker import FakeBroker
from tests.fakes.clock import FakeClock
from tests.integration.world import World
from tests.simulators.sheets import SheetsSimulator
from tests.simulators.sheets.simulator import SHEET_ID


def world_of(
    google: SheetsSimulator, folder: Path, clock: FakeClock | None = None, **settings: str
) -> World:
    """A server at a broker that does what it is told, with its rows in the sheet."""
    world = World(
        folder,
        clock=clock or FakeClock(),
        settings={
            "PLAYBOOK": "google_sheets",
            "GOOGLE_SHEET_ID": SHEET_ID,
            "SHEETS_API_URL": google.url,
            **settings,
        },
    )
    world.broker = FakeBroker(clock=world.clock)
    world.boot()
    return world


def turn(world: World) -> None:
    """The lease is renewed, and the sheet looked at if that is due."""
    world.turn()
    sheet = world.server.sheet
    assert sheet is not None
    sheet.background.turn()


def pass_time(world: World, seconds: float, step: float = 1) -> None:
    """Let time pass, with a turn each second."""
    for _ in range(int(seconds / step)):
        world.clock.advance(step)
        turn(world)


def standing(server: Server) -> Standing:
    """How the copy stands."""
    found = server.services.playbook.standing()
    assert found is not None
    return found
