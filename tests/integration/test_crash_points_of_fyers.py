"""The process dies at every step of an alert at Fyers, whose tags are not unique and show late."""

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from app.adapters.brokers.fyers.broker import FyersBroker
from app.adapters.brokers.fyers.options import read_options
from app.adapters.journal.addresses import SqlAddresses
from app.ports.addresses import Address
from tests.contracts.fyers import IN_SESSION, FyersVenue
from tests.fakes.clock import FakeClock
from tests.integration.test_crash_points import play
from tests.integration.world import Fuse, World
from tests.simulators.fyers.orders import Status

LAG = 0.1
ENTRY: dict[str, object] = {
    "action": "buy",
    "symbol": "NSE:SBIN",
    "quantity": 10,
    "stop_loss": "2%",
    "take_profit": "4%",
}
CLOSE: dict[str, object] = {"action": "close", "symbol": "NSE:SBIN"}
CARRIED = {**ENTRY, "product_type": "CNC", "order_type": "limit", "limit_price": 101}
SCENARIOS = {
    "entry then close": (ENTRY, CLOSE),
    "carried, with a pair": (CARRIED, CLOSE),
}


class OfTheServer:
    """The address book of whichever server lives."""

    def __init__(self, world: World) -> None:
        self._world = world

    def address(self, client_order_id: str) -> Address | None:
        return SqlAddresses(self._world.server.database).address(client_order_id)

    def named(self, account: str, broker_order_id: str) -> str | None:
        return SqlAddresses(self._world.server.database).named(account, broker_order_id)


class Stage:
    """A world whose account is at the simulator."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self.venue = FyersVenue(folder, FakeClock(IN_SESSION), lag=LAG)
        self.venue.trade_at(Decimal(100))
        self.world = World(folder, clock=self.venue.clock)
        lent = self.venue.resources(OfTheServer(self.world))
        options = read_options("fyers", self.venue.given())
        self.world.broker = FyersBroker("fyers", options, lent)
        self.world.boot()

    def found(self) -> object:
        """What must be equal with and without a crash.

        No tag stands in the book twice, and no pair is left when its position is gone.
        """
        owner = self.venue.simulator.owner()
        sent = [each for each in owner.orders.values() if not each.parent and each.source == "API"]
        assert len({order.tag for order in sent}) == len(sent)
        assert {gtt.status for gtt in owner.gtts.values()} <= {Status.CANCELLED}
        assert len(owner.gtts) <= 1
        return len(sent), self.ends(), self.world.journaled_position()

    def ends(self) -> list[str]:
        return [row["status"] for row in self.world.rows("SELECT status FROM alerts ORDER BY id")]

    def close(self) -> None:
        assert self.world.broker is not None
        self.world.broker.close()
        self.world.server.database.close()
        self.venue.close()


@pytest.fixture
def stages(tmp_path: Path) -> Iterator["list[Stage]"]:
    stages: list[Stage] = []
    yield stages
    for stage in stages:
        stage.close()


def steps_of(stage: Stage, scenario: str) -> int:
    """How many steps it takes when nothing dies."""
    stage.world.fuse = Fuse()
    play(stage.world, SCENARIOS[scenario])
    return stage.world.fuse.step


@pytest.mark.parametrize("scenario", SCENARIOS)
@pytest.mark.parametrize("part", range(3))
def test_nothing_is_lost_and_nothing_is_doubled(
    tmp_path: Path, stages: "list[Stage]", scenario: str, part: int
) -> None:
    calm = Stage(tmp_path / "calm")
    stages.append(calm)
    steps = steps_of(calm, scenario)
    assert calm.ends() == ["success", "success"]
    for at in range(1 + part * steps // 3, 1 + (part + 1) * steps // 3, 12):
        stage = Stage(tmp_path / str(at))
        stages.append(stage)
        stage.world.fuse = Fuse(at)
        play(stage.world, SCENARIOS[scenario])
        assert stage.found() == calm.found(), f"died at step {at}"
