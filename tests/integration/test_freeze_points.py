"""The process freezes at every step, another one takes its work over, then the first one thaws."""

import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from app.engine.ownership import Ownership
from tests.fakes.broker import EVERYTHING, FakeBroker
from tests.integration.test_crash_points import (
    CLOSE,
    ENTRY,
    SHORT,
    TAG_ONLY,
    Alerts,
    check_invariants,
    final_picture,
    settle,
)
from tests.integration.world import LEASE, Fuse, World

SCENARIOS: dict[str, Alerts] = {
    "entry": (ENTRY,),
    "entry then close": (ENTRY, CLOSE),
    "reversal": (ENTRY, SHORT),
}
LONG = (
    ("entry", False),
    ("entry then close", True),
    ("entry then close", False),
    ("reversal", True),
)
"""Scenarios, with unique ids or with tags only, that `make test` leaves to `make torture`."""

ON_THE_WIRE = ("before submit", "before cancel")
"""Calls that were made before the freeze: the broker may get them after the thaw."""


class Freeze(Fuse):
    """At its n-th step the process stands still while another one does all of its work.

    `patch` is given when the loop's thread shall wake up before the one that froze in the middle
    of an alert: then the lease is good again when that one looks.
    """

    def __init__(self, world: World, at: int, patch: pytest.MonkeyPatch | None) -> None:
        super().__init__()
        self.froze_at = ""
        self.sent_before = 0
        self._world = world
        self._at = at
        self._patch = patch

    def __call__(self, name: str) -> None:
        self.step += 1
        self.last = name
        if self.step == self._at and name not in ON_THE_WIRE and not is_locked(self._world):
            self.froze_at = name
            self._stand_still()

    def _stand_still(self) -> None:
        world = self._world
        frozen, fuse = world.server, world.fuse
        world.fuse = Fuse()
        world.clock.advance(LEASE + timedelta(milliseconds=100))
        world.boot()
        settle(world)
        if self._patch is not None:
            beat_before_each_check(frozen.services.ownership, self._patch)
        world.fuse = fuse
        self.sent_before = len(sent(world))


def beat_before_each_check(ownership: Ownership, patch: pytest.MonkeyPatch) -> None:
    check = ownership.check

    def late(owner: str | None = None) -> None:
        ownership.beat()
        check(owner)

    patch.setattr(ownership, "check", late)


def is_locked(world: World) -> bool:
    """Whether somebody is in the middle of a write: frozen there, it locks all others out."""
    file: Path = world.server.database.path
    with closing(sqlite3.connect(file, timeout=0, isolation_level=None)) as connection:
        try:
            connection.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError:
            return True
    return False


def sent(world: World) -> list[str]:
    """The orders that were sent, in their order."""
    assert isinstance(world.broker, FakeBroker)
    return [order_id for call, order_id in world.broker.calls if call == "submit"]


def play(
    world: World, alerts: Alerts, at: int = 0, patch: pytest.MonkeyPatch | None = None
) -> Freeze:
    """Send alerts to a server that freezes at one of its steps."""
    world.boot()
    freeze = Freeze(world, at, patch)
    for fields in alerts:
        world.fuse = freeze
        world.send(**fields)
        world.fuse = Fuse()
        if freeze.froze_at and freeze.sent_before:
            assert len(sent(world)) == freeze.sent_before, f"it sent after it thawed: {fields}"
            freeze.sent_before = 0
        settle(world)
    return freeze


@pytest.mark.parametrize("beats", [True, False], ids=["loop first", "lane first"])
@pytest.mark.parametrize(
    ("name", "unique_ids"),
    [
        ("entry", True),
        ("reversal", False),
        *(pytest.param(*each, marks=pytest.mark.torture) for each in LONG),
    ],
)
def test_a_freeze_at_any_step_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, *, unique_ids: bool, beats: bool
) -> None:
    def make(number: int) -> World:
        world = World(tmp_path / str(number))
        capabilities = EVERYTHING if unique_ids else TAG_ONLY
        world.broker = FakeBroker(clock=world.clock, capabilities=capabilities)
        return world

    calm = make(0)
    steps = play(calm, SCENARIOS[name]).step
    froze = 0
    for at in range(1, steps + 1):
        world = make(at)
        with monkeypatch.context() as patch:
            freeze = play(world, SCENARIOS[name], at, patch if beats else None)
        where = f"step {at} of {steps}: {freeze.last}"
        check_invariants(world, where)
        assert final_picture(world) == final_picture(calm), where
        froze += bool(freeze.froze_at)
        for server in world.servers:
            server.database.close()
    assert froze > steps / 4
