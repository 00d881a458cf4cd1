"""The process dies anywhere while the money moves: what was decided is closed, nothing else."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from app.domain.contract import MONTHS, Moneyness, Wish
from app.domain.decision import Denied
from app.domain.instrument import Instrument
from tests.fakes.broker import REPLY_LOST, REQUEST_LOST, UNAVAILABLE, FakeBroker, Turn, late
from tests.integration.nse import CALL, EXPIRY, FRONT, future, option
from tests.integration.test_crash_points import TAG_ONLY, Alerts, check_invariants, every_crash
from tests.integration.world import World

BUY, SELL = {"action": "BUY", **CALL}, {"action": "SELL", **CALL}
OTHER = {**BUY, "strategy": "other"}
SCENARIOS: dict[str, tuple[Alerts, tuple[Turn, ...]]] = {
    "bought and sold": ((BUY, SELL), ()),
    "written and covered, beside another": ((SELL, OTHER, BUY, {**OTHER, "action": "close"}), ()),
    "reply lost": ((BUY, SELL), (REPLY_LOST,)),
    "request lost": ((BUY, SELL), (REQUEST_LOST,)),
    "unavailable at first": ((BUY, SELL), (UNAVAILABLE,)),
    "late to be seen": ((BUY, SELL), (late(1, then=REPLY_LOST),)),
    "a future turned over a roll": (
        ({"action": "buy", **FRONT}, {"action": "sell", **FRONT}, {"action": "close", **FRONT}),
        (),
    ),
}


class Restless(FakeBroker):
    """Each time that it is asked, another strike is at the money, and another month the nearest."""

    asked = 0

    def contract(self, wish: Wish, at: datetime) -> Instrument | Denied:
        """The next contract, which from now on can be found by its name."""
        del at
        self.asked += 1
        found = future(MONTHS[self.asked], EXPIRY + timedelta(days=self.asked))
        if isinstance(wish.strike, Moneyness):
            found = option(26000 + 100 * self.asked, str(wish.option_type))
        self.contracts[found.symbol] = found
        return found


def check(world: World, where: str) -> None:
    """Each alert's orders are of one contract; an exit's are of the one that was entered."""
    check_invariants(world, where)
    rows = world.rows("SELECT DISTINCT alert_id, role, instrument FROM orders ORDER BY alert_id")
    entered = {row["instrument"] for row in rows if row["role"] == "entry"}
    assert {row["instrument"] for row in rows} == entered, where
    per_alert = world.rows(
        "SELECT alert_id FROM orders WHERE role = 'entry'"
        " GROUP BY alert_id HAVING count(DISTINCT instrument) > 1"
    )
    assert not per_alert, where


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_crash_at_any_step_closes_what_was_entered(tmp_path: Path, name: str) -> None:
    alerts, script = SCENARIOS[name]

    def make(number: str) -> World:
        world = World(tmp_path / number)
        world.broker = Restless(script=script, clock=world.clock, capabilities=TAG_ONLY)
        return world

    for world, where in every_crash(make, alerts, most=60, check=check):
        check(world, where)
