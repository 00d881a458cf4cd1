"""Trading-rules 27: what may not be held any longer is closed in time."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.fakes.broker import REST, UNAVAILABLE, FakeBroker
from tests.fakes.clock import FakeClock
from tests.integration.nse import CALL, EXPIRY, FRONT, future, option
from tests.integration.world import World, fake

MORNING = datetime(2026, 11, 30, 5, tzinfo=UTC)
"""Monday, the day before the options of these tests expire."""
SHARES: dict[str, object] = {"symbol": "NSE:SBIN", "quantity": 5, "productType": "MIS"}


@pytest.fixture
def nse(tmp_path: Path) -> World:
    return open_world(tmp_path, {})


def open_world(folder: Path, settings: Mapping[str, str]) -> World:
    """On Monday morning, at a broker with a call and a future of NIFTY that expire on Tuesday."""
    world = World(folder, clock=FakeClock(MORNING), settings=dict(settings))
    world.broker = FakeBroker(clock=world.clock)
    world.broker.contracts = {
        "NIFTY WEEKLY ATM CE": option(26000),
        "NIFTY +0 future": future("NOV"),
    }
    world.boot()
    return world


def at(world: World, moment: datetime) -> int:
    """It is that time; how many closes were asked for."""
    world.clock.jump(moment - world.clock.now())
    (account,) = world.server.services.accounts
    asked = world.server.services.square_off.look(account)
    world.run(seconds=2)
    return asked


def test_rule_27_options_are_closed_half_an_hour_before_they_expire(nse: World) -> None:
    nse.send(action="BUY", **CALL)
    assert at(nse, EXPIRY - timedelta(minutes=31)) == 0
    assert nse.broker_position()
    assert at(nse, EXPIRY - timedelta(minutes=30)) == 1
    assert nse.broker_position() == {}
    assert fake(nse).working == []


def test_rule_27_what_is_written_is_closed_too_and_whose_it_was_is_told(nse: World) -> None:
    nse.send(action="SELL", **CALL, strategy="writer")
    at(nse, EXPIRY - timedelta(minutes=29))
    (stake,) = nse.rows("SELECT strategy, quantity FROM stakes")
    assert (stake["strategy"], stake["quantity"]) == ("writer", "0")
    (raw,) = nse.rows("SELECT raw FROM alerts ORDER BY id DESC LIMIT 1")
    assert "closed in time" in raw["raw"]


def test_rule_27_a_future_of_an_index_is_left_alone(nse: World) -> None:
    nse.send(action="BUY", **FRONT)
    assert at(nse, EXPIRY - timedelta(minutes=5)) == 0


def test_rule_27_what_is_delivered_is_closed_in_the_session_before(nse: World) -> None:
    fake(nse).contracts["NIFTY +0 future"] = future("NOV", delivered=True)
    nse.send(action="BUY", **FRONT)
    before = EXPIRY - timedelta(days=1)
    assert at(nse, before - timedelta(minutes=31)) == 0
    assert at(nse, before - timedelta(minutes=29)) == 1
    assert nse.broker_position() == {}


def test_rule_27_what_should_have_gone_the_day_before_goes_at_the_open(nse: World) -> None:
    fake(nse).contracts["NIFTY +0 future"] = future("DEC", delivered=True)
    nse.send(action="BUY", **FRONT)
    assert at(nse, EXPIRY - timedelta(hours=12)) == 0
    assert at(nse, EXPIRY - timedelta(hours=6)) == 1
    assert nse.broker_position() == {}


def test_rule_27_it_may_be_switched_off(tmp_path: Path) -> None:
    world = open_world(tmp_path, {"EXPIRY_FLATTEN_MINUTES": "0"})
    world.send(action="BUY", **CALL)
    assert at(world, EXPIRY - timedelta(minutes=1)) == 0


def test_rule_27_an_entry_that_rests_is_taken_back(nse: World) -> None:
    fake(nse).script.append(REST)
    nse.send(action="BUY", **CALL, orderType="limit", limit_price=80)
    at(nse, EXPIRY - timedelta(minutes=29))
    assert fake(nse).working == []


def test_rule_27_it_is_asked_for_once_in_five_minutes_by_all_processes(nse: World) -> None:
    nse.send(action="BUY", **CALL)
    fake(nse).script.extend([UNAVAILABLE] * 3)
    moment = EXPIRY - timedelta(minutes=30)
    assert at(nse, moment) == 1
    nse.crash_and_boot()
    at(nse, moment + timedelta(seconds=10))
    assert nse.rows("SELECT count(*) AS n FROM alerts")[0]["n"] == 2


@pytest.mark.parametrize(("product", "left"), [("MIS", {}), ("BO", {}), ("CNC", {"SBIN": 5})])
def test_rule_27_intraday_products_are_closed_at_12_past_three(
    tmp_path: Path, product: str, left: dict[str, int]
) -> None:
    world = open_world(tmp_path, {"SESSION_POLICY": "regular"})
    world.send(action="buy", **{**SHARES, "productType": product})
    assert at(world, MORNING.replace(hour=9, minute=41)) == 0
    at(world, MORNING.replace(hour=9, minute=42))
    assert world.broker_position() == left


def test_rule_27_no_intraday_entry_after_ten_past_three(tmp_path: Path) -> None:
    world = open_world(tmp_path, {"SESSION_POLICY": "regular"})
    world.clock.jump(MORNING.replace(hour=9, minute=41) - world.clock.now())
    receipt = world.send(action="buy", **SHARES)
    assert world.record(receipt.alert_id).outcome.reason == "MARKET_CLOSED"
