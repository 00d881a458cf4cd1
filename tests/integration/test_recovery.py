"""Start-up is recovery, and so is every few seconds after it."""

import logging
import sqlite3
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from app.domain.errors import BrokerLoginNeeded, BrokerUnavailable, FencedOut
from app.domain.order import OrderStatus
from app.domain.outcome import AlertStatus
from tests.fakes.broker import REPLY_LOST, REST, UNAVAILABLE, FakeBroker, Turn
from tests.integration.world import LEASE, Fuse, World, fake

LIMIT: dict[str, object] = {
    "action": "buy",
    "symbol": "AAPL",
    "quantity": 10,
    "order_type": "limit",
    "limit_price": 90,
}


class Fault(Fuse):
    """A disk that is full at one statement, so many times."""

    def __init__(self, name: str, times: int) -> None:
        super().__init__()
        self.name = name
        self.times = times

    def __call__(self, name: str) -> None:
        if name == self.name and self.times:
            self.times -= 1
            raise sqlite3.OperationalError("database or disk is full")


def test_a_fill_that_nobody_told_us_of_is_found(world: World) -> None:
    world.send(**LIMIT)
    fake(world).fill(world.orders()[0].client_order_id)
    world.server.services.recovery.refresh()
    assert world.orders()[0].status is OrderStatus.FILLED
    assert world.journaled_position() == {"AAPL": Decimal(10)}


def test_entries_wait_for_a_broker_that_cannot_be_asked_yet(world: World) -> None:
    world.send(**LIMIT)
    fake(world).fail("orders", *[BrokerUnavailable("no route")] * 3)
    world.crash_and_boot()
    waiting = world.send(action="buy", symbol="MSFT", quantity=1)
    assert world.record(waiting.alert_id).status is AlertStatus.WAITING
    world.run(seconds=5)
    assert world.record(waiting.alert_id).status is AlertStatus.SUCCESS


def unreadable(world: World, seconds: int) -> list[tuple[str, int]]:
    """Look at an account that cannot be read, again and again; what was told of it."""
    fake(world).fail("orders", *[BrokerUnavailable("no route")] * (seconds // 10 + 1))
    for _ in range(0, seconds + 1, 10):
        world.server.services.recovery.refresh()
        world.clock.advance(10)
        world.server.services.ownership.beat()
    rows = world.rows("SELECT kind, problem FROM events WHERE kind LIKE 'broker%' ORDER BY id")
    return [(row["kind"], row["problem"]) for row in rows]


def test_a_broker_that_is_away_for_a_minute_is_told_once_and_when_it_is_back(
    world: World,
) -> None:
    world.send(**LIMIT)
    recovery = world.server.services.recovery
    assert unreadable(world, 50) == []
    recovery.refresh()
    assert unreadable(world, 90) == [("broker_away", 1)]
    assert dict(recovery.away) == {"fake": "no route"}
    recovery.refresh()
    assert dict(recovery.away) == {}
    assert unreadable(world, 0) == [("broker_away", 1), ("broker_back", 0)]


def test_a_broker_that_was_away_and_then_wanted_a_login_is_told_when_it_is_back(
    world: World,
) -> None:
    unreadable(world, 60)
    fake(world).fail("orders", BrokerLoginNeeded("the token is dead"))
    world.server.services.recovery.refresh()
    world.server.services.recovery.refresh()
    assert unreadable(world, 0) == [("broker_away", 0), ("broker_back", 0)]


def test_a_broker_that_is_away_where_nothing_is_at_stake_is_no_problem(world: World) -> None:
    assert unreadable(world, 60) == [("broker_away", 0)]


@pytest.fixture
def limited(tmp_path: Path) -> World:
    """A world in which an entry needs the broker's positions."""
    world = World(tmp_path, settings={"MAX_OPEN_POSITIONS": "1"})
    world.broker = FakeBroker(clock=world.clock)
    world.boot()
    return world


@pytest.mark.parametrize(("turn", "word"), [(REPLY_LOST, "success"), (UNAVAILABLE, "STALE")])
def test_an_alert_does_not_end_while_what_became_of_its_order_is_open(
    limited: World, turn: Turn, word: str
) -> None:
    broker = fake(limited)
    broker.script.append(turn)
    receipt = limited.send(action="buy", symbol="AAPL", quantity=1)
    broker.fail("positions", *[BrokerUnavailable("no route")] * 1000)
    limited.run(seconds=90, step=1)
    assert limited.record(receipt.alert_id).status is AlertStatus.UNKNOWN
    broker.mend("positions")
    limited.run(seconds=10)
    record = limited.record(receipt.alert_id)
    assert (record.outcome.reason or record.status.value) == word
    assert limited.journaled_position() == limited.broker_position()
    assert all(order.status.final for order in limited.orders())


def test_an_order_of_which_the_broker_knows_nothing_changes_nothing(world: World) -> None:
    world.send(**LIMIT)
    fake(world).fail("find")
    world.broker = FakeBroker(clock=world.clock)
    world.crash_and_boot()
    assert world.orders()[0].status is OrderStatus.LIVE


def test_a_thawed_process_writes_nothing_and_goes_on_under_a_new_name(world: World) -> None:
    frozen = world.server
    name = frozen.services.ownership.id
    world.clock.advance(LEASE + timedelta(seconds=1))
    world.boot()
    with pytest.raises(FencedOut):
        frozen.services.ownership.check()
    frozen.services.ownership.beat()
    frozen.services.ownership.check()
    assert frozen.services.ownership.id != name


def test_a_job_that_was_taken_over_cannot_be_finished_by_its_old_owner(world: World) -> None:
    fake(world).fail("position", *[BrokerUnavailable("no route")] * 1)
    world.send(action="buy", symbol="AAPL", quantity=1)
    job = world.job()
    with pytest.raises(FencedOut), world.server.services.journal.unit(job):
        pytest.fail("the fence let a job through that nobody runs")


def test_a_look_that_failed_puts_no_order_into_doubt_that_the_broker_has_taken(
    world: World,
) -> None:
    """Our own budget of calls may be spent: nobody is to be told that an outcome is unknown."""
    fake(world).script.append(REST)
    receipt = world.send(action="buy", symbol="AAPL", quantity=1)
    fake(world).fail("find", *[BrokerUnavailable("the budget of calls is spent", after=0.5)] * 3)
    fake(world).fail("orders", *[BrokerUnavailable("the budget of calls is spent", after=0.5)] * 3)
    world.run(seconds=2)
    assert world.record(receipt.alert_id).status is AlertStatus.WAITING
    fake(world).mend("find")
    fake(world).fill(world.orders()[0].client_order_id)
    world.run(seconds=5)
    assert world.record(receipt.alert_id).status is AlertStatus.SUCCESS
    assert "outcome_unknown" not in world.events(receipt.alert_id)
    assert not world.orders()[0].reason


def test_that_a_broker_cannot_be_asked_is_in_the_log_once_until_it_can_be(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    """A login may be missing for a night, and it is asked for each second."""
    for _ in range(2):
        fake(world).fail("orders", *[BrokerUnavailable("no route")] * 3)
        for _ in range(4):
            world.server.services.recovery.refresh()
    told = [line for line in caplog.records if line.getMessage() == "cannot reconcile yet"]
    assert [line.levelname for line in told if line.levelno >= logging.INFO] == ["WARNING"] * 2


def test_a_job_whose_end_could_not_be_written_is_run_again_and_not_sent_again(
    world: World,
) -> None:
    full = Fault("finish_alert", times=2)
    world.fuse = full
    receipt = world.send(action="buy", symbol="AAPL", quantity=1)
    assert not world.record(receipt.alert_id).status.final
    world.run(seconds=3)
    assert full.times == 0
    assert world.record(receipt.alert_id).status is AlertStatus.SUCCESS
    assert fake(world).orders_placed == 1
    assert world.count("fills") == 1


def test_an_order_that_the_broker_does_not_know_is_told_once(world: World) -> None:
    receipt = world.send(**LIMIT)
    fake(world).forget(world.orders()[0].client_order_id)
    world.clock.advance(6)  # until then it may only be shown late
    for _ in range(3):
        world.server.services.recovery.refresh()
    world.crash_and_boot()
    assert world.events(receipt.alert_id).count("mismatch") == 1
    assert world.orders()[0].status is OrderStatus.LIVE


def test_fills_of_one_moment_are_booked_in_the_order_of_their_alerts(paper: World) -> None:
    """Whatever their ids: the broker filled them in that order, and first in is first out."""
    symbols = [f"S{number}" for number in range(8)]
    for symbol in symbols:
        for quantity, strategy in ((2, "a"), (9, "b")):
            alert = {"action": "buy", "symbol": symbol, "price": 100, "quantity": quantity}
            paper.send(**alert, stop_loss="5%", strategy=strategy)
    (account,) = paper.server.services.accounts
    for symbol in symbols:
        account.broker.take_quote(symbol, Decimal(90), paper.clock.advance(0.001))
    paper.server.services.recovery.refresh()
    trades = paper.rows("SELECT quantity FROM trades ORDER BY instrument, exit_fill, entry_fill")
    assert [Decimal(row["quantity"]) for row in trades] == [2, 9] * len(symbols)
