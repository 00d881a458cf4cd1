"""The engine holds itself against the broker's truth: orders, fills, positions."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from app.domain.errors import BrokerUnavailable
from app.domain.order import OrderIntent, OrderRole, OrderStatus, OrderType, Side
from app.domain.outcome import AlertStatus
from app.engine.position_check import RECENTLY
from tests.fakes.broker import EVERYTHING, REQUEST_LOST, FakeBroker, Turn
from tests.integration.world import World, fake

BUY: dict[str, object] = {"action": "buy", "symbol": "AAPL", "quantity": 10}
LIMIT = {**BUY, "order_type": "limit", "limit_price": 90}
CLOSE: dict[str, object] = {"action": "close", "symbol": "AAPL"}
LAG = timedelta(seconds=5)


def look(world: World, rounds: int = 2) -> None:
    """So many rounds of the check, as they come every few seconds."""
    for _ in range(rounds):
        world.server.services.recovery.refresh()


def events(world: World, kind: str) -> list[Any]:
    return world.rows("SELECT * FROM events WHERE kind = ? ORDER BY id", kind)


def outcome(world: World, **fields: object) -> tuple[str, str]:
    record = world.record(world.send(**fields).alert_id)
    return record.status.value, record.outcome.reason


def by_hand(world: World, **overrides: Any) -> OrderIntent:
    """An order that somebody places at the broker himself."""
    intent = OrderIntent(
        client_order_id="0b5c2d5e-somebody",
        account="fake",
        symbol="AAPL",
        instrument="AAPL",
        side=Side.BUY,
        quantity=Decimal(3),
        role=OrderRole.ENTRY,
        order_type=OrderType.LIMIT,
        limit_price=Decimal(80),
    )
    fake(world).submit(replace(intent, **overrides))
    return intent


def later(world: World, delta: timedelta = RECENTLY) -> None:
    world.clock.advance(delta.total_seconds() + 1)
    world.server.services.ownership.beat()


# Orders.


def test_what_has_not_changed_is_not_looked_up_one_by_one(world: World) -> None:
    world.send(**LIMIT)
    world.send(**{**BUY, "symbol": "MSFT"}, stop_loss="2%", take_profit="4%")
    fake(world).calls.clear()
    look(world)
    assert fake(world).calls == []


def test_an_order_of_somebody_else_is_told_once_and_never_touched(world: World) -> None:
    by_hand(world)
    look(world, rounds=4)
    world.crash_and_boot()
    look(world, rounds=3)
    (event,) = events(world, "foreign_order")
    assert (event["symbol"], event["problem"]) == ("AAPL", 0)
    assert [order.client_order_id for order in fake(world).working] == ["0b5c2d5e-somebody"]
    world.send(**BUY)
    assert outcome(world, **CLOSE) == ("success", "")
    assert [order.client_order_id for order in fake(world).working] == ["0b5c2d5e-somebody"]


def test_a_cancel_and_the_kill_switch_leave_the_orders_of_others(world: World) -> None:
    by_hand(world)
    world.send(**LIMIT)
    world.send(action="cancel", symbol="AAPL")
    world.server.services.kill_switch.engage("stop")
    assert [order.client_order_id for order in fake(world).working] == ["0b5c2d5e-somebody"]


def test_an_order_of_ours_that_should_be_gone_is_canceled_and_told(world: World) -> None:
    """It arrived after everybody had agreed that it never would."""
    fake(world).script.append(Turn(filled=Decimal(0), hidden=0))
    world.send(**LIMIT)
    (order,) = world.orders()
    with world.server.services.journal.unit() as unit:
        unit.mark_order(order.client_order_id, OrderStatus.CANCELED, "never_placed")
    look(world)
    assert fake(world).working, "a list may be older than the end of an order"
    later(world, timedelta(seconds=6))
    look(world, rounds=3)
    assert fake(world).working == []
    assert len(events(world, "orphan_canceled")) == 1


def test_an_order_that_the_broker_does_not_know_keeps_entries_out_until_it_does(
    world: World,
) -> None:
    world.send(**LIMIT)
    broker, (order,) = fake(world), world.orders()
    broker.forget(order.client_order_id)
    look(world, rounds=3)
    assert events(world, "mismatch") == [], "what was just taken may not be found yet"
    later(world, timedelta(seconds=6))
    look(world, rounds=3)
    assert outcome(world, **LIMIT, comment="again") == ("denied", "MISMATCH")
    assert len(events(world, "mismatch")) == 1
    broker.remember(order.client_order_id)
    look(world, rounds=1)
    assert outcome(world, **LIMIT, comment="once more") == ("success", "")
    assert len(events(world, "lane_unblocked")) == 1


def test_an_order_that_its_broker_does_not_show_at_once_is_not_missed(world: World) -> None:
    world.send(**LIMIT)
    (order,) = world.orders()
    fake(world).forget(order.client_order_id)
    look(world, rounds=1)
    fake(world).remember(order.client_order_id)
    look(world, rounds=2)
    assert events(world, "mismatch") == []
    assert world.server.services.journal.blocks() == []


def test_an_order_that_is_gone_for_good_is_given_up_by_hand(world: World) -> None:
    world.send(**LIMIT)
    (order,) = world.orders()
    fake(world).forget(order.client_order_id)
    later(world, timedelta(seconds=6))
    look(world)
    (account,) = world.server.services.accounts
    assert "does not know" in (world.server.services.blocks.unblock(account, "AAPL") or "")
    (order,) = world.orders()
    assert (order.status, order.reason) == (OrderStatus.CANCELED, "not_at_broker")
    look(world, rounds=3)
    assert outcome(world, **BUY) == ("success", "")


# Fills.


def test_a_fill_of_an_order_that_was_given_up_is_found_and_is_ours(world: World) -> None:
    """The settle window was too short: the order came after it, and filled at once."""
    fake(world).script.append(REQUEST_LOST)
    fake(world).script.append(Turn(hidden=9))
    receipt = world.send(**BUY)
    order = world.orders()[0]
    with world.server.services.journal.unit() as unit:
        unit.mark_order(order.client_order_id, OrderStatus.CANCELED, "never_placed")
    world.run(seconds=90, step=1)
    assert world.record(receipt.alert_id).status.final
    look(world, rounds=4)
    assert world.journaled_position() == world.broker_position()
    assert world.server.services.journal.blocks() == []


# Positions.


def test_what_was_there_before_is_foreign_and_told_once(world: World) -> None:
    fake(world).hold("AAPL", Decimal(7))
    look(world, rounds=4)
    (event,) = events(world, "by_hand")
    assert '"now":"7"' in event["facts"]
    assert world.server.services.journal.foreign("fake") == {"AAPL": Decimal(7)}
    assert outcome(world, **BUY) == ("success", "")
    look(world, rounds=3)
    assert len(events(world, "by_hand")) == 1
    assert world.server.services.journal.blocks() == []


def test_what_is_traded_by_hand_while_we_are_idle_keeps_nothing_out(world: World) -> None:
    world.send(**BUY)
    later(world)
    fake(world).hold("AAPL", Decimal(5))
    look(world)
    assert world.server.services.journal.blocks() == []
    assert world.server.services.journal.foreign("fake") == {"AAPL": Decimal(5)}
    fake(world).hold("AAPL", Decimal(-5))
    look(world)
    assert world.server.services.journal.foreign("fake") == {}
    assert len(events(world, "by_hand")) == 2


def test_a_position_that_our_fills_do_not_explain_keeps_entries_out_and_is_told_once(
    world: World,
) -> None:
    world.send(**BUY)
    fake(world).hold("AAPL", Decimal(5))
    look(world, rounds=1)
    assert events(world, "mismatch") == [], "once may be a fill that was not told of yet"
    look(world, rounds=4)
    (event,) = events(world, "mismatch")
    assert event["problem"]
    assert outcome(world, **BUY, strategy="b") == ("denied", "MISMATCH")
    assert outcome(world, **{**BUY, "symbol": "MSFT"}) == ("success", ""), "other lanes go on"


def test_an_exit_works_in_a_lane_that_is_kept_out(world: World) -> None:
    world.send(**BUY)
    fake(world).hold("AAPL", Decimal(5))
    look(world, rounds=3)
    assert outcome(world, **CLOSE) == ("success", "")
    assert world.broker_position() == {"AAPL": Decimal(5)}


def explain_by_hand(world: World) -> None:
    fake(world).hold("AAPL", Decimal(-5))


def explain_by_adoption(world: World) -> None:
    world.server.services.adoption.adopt("fake", "AAPL", "b")


def explain_by_command(world: World) -> None:
    (account,) = world.server.services.accounts
    world.server.services.blocks.unblock(account, "AAPL")


@pytest.mark.parametrize("explain", [explain_by_hand, explain_by_adoption, explain_by_command])
def test_entries_come_in_again_when_the_position_is_explained(
    world: World, explain: Callable[[World], None]
) -> None:
    world.send(**BUY)
    fake(world).hold("AAPL", Decimal(5))
    look(world, rounds=3)
    later(world)
    look(world, rounds=3)
    assert world.server.services.journal.blocks(), "time explains nothing"
    explain(world)
    look(world, rounds=3)
    assert world.server.services.journal.blocks() == []
    assert outcome(world, **BUY, strategy="c") == ("success", "")
    assert len(events(world, "lane_unblocked")) == 1


def test_a_mismatch_outlives_a_restart(world: World) -> None:
    world.send(**BUY)
    fake(world).hold("AAPL", Decimal(5))
    look(world, rounds=3)
    later(world)
    world.crash_and_boot()
    look(world, rounds=3)
    assert outcome(world, **BUY, strategy="b") == ("denied", "MISMATCH")
    assert len(events(world, "mismatch")) == 1


def test_a_failed_read_is_unknown_and_changes_nothing(world: World) -> None:
    world.send(**BUY)
    fake(world).hold("AAPL", Decimal(5))
    look(world, rounds=3)
    fake(world).fail("positions", *[BrokerUnavailable("no route")] * 3)
    look(world, rounds=3)
    assert len(world.server.services.journal.blocks()) == 1
    assert world.stakes() == {("AAPL", ""): Decimal(10)}


def test_a_second_look_comes_soon_when_something_differs(world: World) -> None:
    fake(world).hold("AAPL", Decimal(7))
    look(world, rounds=1)
    world.turn()
    assert world.server.services.journal.foreign("fake") == {"AAPL": Decimal(7)}


# Positions that lag behind their fills.


@pytest.fixture
def lagging(tmp_path: Path) -> World:
    """A broker that shows a position some time after the fill that made it."""
    world = World(tmp_path)
    abilities = replace(EVERYTHING, positions_lag=LAG)
    world.broker = FakeBroker(clock=world.clock, capabilities=abilities)
    world.boot()
    return world


def test_a_position_that_lags_behind_its_fill_is_not_entered_twice(lagging: World) -> None:
    lagging.send(**BUY)
    fake(lagging).lag_positions(3)
    receipt = lagging.send(**BUY, comment="again")
    assert lagging.record(receipt.alert_id).status is AlertStatus.WAITING
    lagging.run(seconds=4)
    assert lagging.record(receipt.alert_id).outcome.reason == "ALREADY_LONG"
    assert lagging.broker_position() == {"AAPL": Decimal(10)}


def test_an_exit_right_after_the_fill_closes_what_the_position_does_not_show_yet(
    lagging: World,
) -> None:
    lagging.send(**BUY)
    fake(lagging).lag_positions(2)
    receipt = lagging.send(**CLOSE)
    lagging.run(seconds=4)
    assert lagging.record(receipt.alert_id).status is AlertStatus.SUCCESS
    assert lagging.broker_position() == {}


def test_a_position_that_lags_is_neither_a_mismatch_nor_written_down(lagging: World) -> None:
    lagging.send(**BUY)
    fake(lagging).lag_positions(4)
    look(lagging, rounds=4)
    assert lagging.stakes() == {("AAPL", ""): Decimal(10)}
    assert lagging.server.services.journal.blocks() == []


def test_a_position_that_never_shows_its_fill_is_waited_for_no_longer_than_it_may_lag(
    lagging: World,
) -> None:
    lagging.send(**BUY)
    fake(lagging).hold("AAPL", Decimal(-10))
    receipt = lagging.send(**CLOSE)
    assert lagging.record(receipt.alert_id).status is AlertStatus.WAITING
    lagging.run(seconds=7)
    assert lagging.record(receipt.alert_id).outcome.reason == "NO_POSITION"


# The clock.


def test_a_clock_that_differs_a_little_from_the_brokers_is_told_once(world: World) -> None:
    fake(world).ahead = timedelta(seconds=-3)
    look(world, rounds=3)
    assert outcome(world, **BUY) == ("success", "")
    assert len(events(world, "clock_skewed")) == 1
    fake(world).ahead = timedelta(seconds=1)
    look(world)
    fake(world).ahead = timedelta(seconds=3)
    look(world)
    assert len(events(world, "clock_skewed")) == 2


@pytest.mark.parametrize("seconds", [31, -31])
def test_entries_wait_while_the_clock_differs_much_from_the_brokers_and_exits_do_not(
    world: World, seconds: int
) -> None:
    world.send(**BUY)
    fake(world).ahead = timedelta(seconds=seconds)
    waiting = world.send(**{**BUY, "symbol": "MSFT"})
    assert world.record(waiting.alert_id).status is AlertStatus.WAITING
    assert outcome(world, **CLOSE) == ("success", "")
    fake(world).ahead = timedelta(0)
    world.run(seconds=3)
    assert world.record(waiting.alert_id).status is AlertStatus.SUCCESS
    fake(world).ahead = timedelta(seconds=seconds)
    stale = world.send(**{**BUY, "symbol": "TSLA"})
    world.run(seconds=70, step=1)
    assert world.record(stale.alert_id).outcome.reason == "STALE"
