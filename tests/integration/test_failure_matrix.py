"""What a broker may do to us, where no other test shows it: docs/failure-matrix.md has all."""

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from app.domain.capabilities import Capabilities
from app.domain.errors import BrokerError, BrokerLoginNeeded, BrokerUnavailable
from app.domain.order import OrderRole, OrderStatus
from app.domain.outcome import AlertStatus
from tests.fakes.broker import (
    ACCEPT,
    EVERYTHING,
    LOGIN_NEEDED,
    REPLY_LOST,
    REQUEST_LOST,
    UNAVAILABLE,
    FakeBroker,
    Turn,
    fill_part,
    late,
    reject,
)
from tests.integration.world import World, fake

BUY: dict[str, object] = {"action": "buy", "symbol": "AAPL", "quantity": 10}
SELL: dict[str, object] = {"action": "sell", "symbol": "AAPL", "quantity": 10}
CLOSE: dict[str, object] = {"action": "close", "symbol": "AAPL"}
TAGS_ONLY = replace(EVERYTHING, unique_client_ids=False)


def outcome(world: World, alert_id: str) -> tuple[str, str]:
    record = world.record(alert_id)
    return record.status.value, record.outcome.reason


def at(folder: Path, *script: Turn, abilities: Capabilities = EVERYTHING) -> World:
    world = World(folder)
    world.broker = FakeBroker(clock=world.clock, script=script, capabilities=abilities)
    world.boot()
    return world


# The position cannot be read.


@pytest.mark.parametrize("error", [BrokerUnavailable("no route"), BrokerLoginNeeded("expired")])
def test_an_unreadable_position_is_not_flat(world: World, error: BrokerError) -> None:
    world.send(**BUY)
    fake(world).fail("position", *[error] * 3)
    receipt = world.send(**{**BUY, "comment": "again"})
    assert world.record(receipt.alert_id).status is AlertStatus.WAITING
    world.run(seconds=5)
    assert outcome(world, receipt.alert_id) == ("skipped", "ALREADY_LONG")
    assert fake(world).orders_placed == 1


def test_an_entry_whose_position_stays_unreadable_expires(world: World) -> None:
    fake(world).fail("position", *[BrokerUnavailable("no route")] * 1000)
    receipt = world.send(**BUY)
    world.run(seconds=70, step=1)
    assert outcome(world, receipt.alert_id) == ("expired", "STALE")
    assert fake(world).orders_placed == 0


# The close of a reversal.


def test_a_reversal_whose_close_is_rejected_does_not_enter_and_its_stop_is_back(
    tmp_path: Path,
) -> None:
    abilities = replace(EVERYTHING, reduce_only_legs=False)
    world = at(tmp_path, ACCEPT, reject("halted"), abilities=abilities)
    world.send(**BUY, stop_loss="2%")
    receipt = world.send(**SELL)
    world.run(seconds=15)
    assert outcome(world, receipt.alert_id) == ("denied", "NOT_FLAT")
    assert world.broker_position() == {"AAPL": Decimal(10)}
    (stop,) = [order for order in world.orders() if order.status.working]
    assert (stop.role, stop.quantity) == (OrderRole.STOP_LOSS, Decimal(10))


def test_a_reversal_whose_close_fills_in_part_enters_when_the_rest_has_filled(
    tmp_path: Path,
) -> None:
    world = at(tmp_path, ACCEPT, fill_part(Decimal(4)))
    world.send(**BUY)
    receipt = world.send(**SELL)
    assert world.broker_position() == {"AAPL": Decimal(6)}
    assert world.record(receipt.alert_id).status is AlertStatus.WAITING
    (close,) = [order for order in world.orders() if order.role is OrderRole.EXIT]
    fake(world).fill(close.client_order_id)
    world.run(seconds=3)
    assert outcome(world, receipt.alert_id) == ("success", "")
    assert world.broker_position() == {"AAPL": Decimal(-10)}


def test_a_reversal_whose_close_never_fills_completely_does_not_enter(tmp_path: Path) -> None:
    world = at(tmp_path, ACCEPT, fill_part(Decimal(4)))
    world.send(**BUY)
    receipt = world.send(**SELL)
    world.run(seconds=20)
    assert outcome(world, receipt.alert_id) == ("denied", "NOT_FLAT")
    assert world.broker_position() == {"AAPL": Decimal(6)}
    assert world.journaled_position() == {"AAPL": Decimal(6)}


# Sending.


@pytest.mark.parametrize("turn", [UNAVAILABLE, LOGIN_NEEDED])
def test_what_never_arrived_is_sent_while_it_is_fresh_and_not_after_it(
    tmp_path: Path, turn: Turn
) -> None:
    world = at(tmp_path, turn, turn)
    soon = world.send(**BUY)
    world.run(seconds=5)
    assert outcome(world, soon.alert_id) == ("success", "")
    fake(world).script.extend([turn] * 50)
    never = world.send(**{**BUY, "symbol": "MSFT"})
    world.run(seconds=90, step=1)
    assert outcome(world, never.alert_id) == ("expired", "STALE")
    assert fake(world).orders_placed == 1


@pytest.mark.parametrize("hidden", [0, 1, 4])
@pytest.mark.parametrize("abilities", [EVERYTHING, TAGS_ONLY], ids=["unique ids", "tags only"])
def test_an_order_whose_answer_was_lost_is_found_and_never_doubled(
    tmp_path: Path, abilities: Capabilities, hidden: int
) -> None:
    world = at(tmp_path, late(hidden, then=REPLY_LOST), abilities=abilities)
    receipt = world.send(**BUY, stop_loss="2%")
    assert world.record(receipt.alert_id).status in (AlertStatus.UNKNOWN, AlertStatus.SUCCESS)
    world.run(seconds=20)
    assert outcome(world, receipt.alert_id) == ("success", "")
    assert fake(world).orders_placed == 1
    assert world.journaled_position() == world.broker_position() == {"AAPL": Decimal(10)}
    assert {order.reason for order in world.orders()} == {""}, "the doubt is over"


def test_an_order_in_doubt_is_looked_up_every_other_second_however_long_its_alert_has_waited(
    world: World,
) -> None:
    away = BrokerUnavailable("no route")
    fake(world).fail("position", *[away] * 5)
    fake(world).script.append(REPLY_LOST)
    receipt = world.send(**BUY)
    world.run(seconds=9)
    assert world.record(receipt.alert_id).status is AlertStatus.UNKNOWN
    world.run(seconds=3)
    assert outcome(world, receipt.alert_id) == ("success", "")


def test_an_order_that_was_lost_on_the_way_is_not_sent_again_by_tags_before_the_window_closes(
    tmp_path: Path,
) -> None:
    world = at(tmp_path, REQUEST_LOST, abilities=TAGS_ONLY)
    receipt = world.send(**BUY)
    world.run(seconds=4)
    assert fake(world).orders_placed == 0
    world.run(seconds=20)
    assert outcome(world, receipt.alert_id) == ("success", "")
    assert fake(world).orders_placed == 1


def test_a_login_that_ends_between_entry_and_exit_pauses_and_drops_nothing(world: World) -> None:
    world.send(**BUY, stop_loss="2%")
    fake(world).script.extend([LOGIN_NEEDED] * 4)
    close = world.send(**CLOSE)
    entry = world.send(**{**BUY, "symbol": "MSFT"})
    assert world.record(close.alert_id).status is AlertStatus.WAITING
    assert world.record(entry.alert_id).status is AlertStatus.WAITING
    world.run(seconds=10)
    assert outcome(world, close.alert_id) == outcome(world, entry.alert_id) == ("success", "")
    assert world.broker_position() == {"MSFT": Decimal(10)}


@pytest.mark.parametrize("detail", ["margin", "price band", "quantity freeze", "tick size"])
def test_a_rejection_is_final_and_is_not_tried_again(world: World, detail: str) -> None:
    fake(world).script.append(reject(detail))
    receipt = world.send(**BUY)
    world.run(seconds=10)
    assert outcome(world, receipt.alert_id) == ("rejected", "BROKER_REJECTED")
    assert detail in world.record(receipt.alert_id).outcome.detail
    assert [call for call, _ in fake(world).calls].count("submit") == 1


# Filling.


def test_a_fill_that_no_stream_told_of_is_found_by_asking(world: World) -> None:
    fake(world).script.append(Turn(filled=Decimal(0)))
    receipt = world.send(**BUY)
    fake(world).fill(world.orders()[0].client_order_id)
    world.run(seconds=3)
    assert outcome(world, receipt.alert_id) == ("success", "")


def test_a_market_order_that_fills_in_part_is_told_as_far_as_it_went(world: World) -> None:
    fake(world).script.append(fill_part(Decimal(4)))
    receipt = world.send(**BUY)
    world.run(seconds=15)
    record = world.record(receipt.alert_id)
    assert record.status is AlertStatus.SUCCESS
    assert "partially_filled" in record.outcome.detail
    assert world.journaled_position() == {"AAPL": Decimal(4)}


# Positions and the death of the process.


def test_a_fill_while_the_process_was_dead_is_in_the_books_before_entries_go_on(
    world: World,
) -> None:
    world.send(**BUY, order_type="limit", limit_price=90, stop_loss="2%")
    fake(world).fill(world.orders()[0].client_order_id)
    fake(world).fail("positions", BrokerUnavailable("no route"))
    world.crash_and_boot()
    waiting = world.send(**{**BUY, "symbol": "MSFT"})
    assert world.record(waiting.alert_id).status is AlertStatus.WAITING
    world.run(seconds=3)
    assert outcome(world, waiting.alert_id) == ("success", "")
    assert world.journaled_position() == world.broker_position()
    (stop,) = [order for order in world.orders() if order.role is OrderRole.STOP_LOSS]
    assert stop.status is OrderStatus.LIVE


def test_a_position_under_a_new_name_is_told_and_never_guessed(world: World) -> None:
    """A rename or a split at the broker: what we hold is gone, something else is there."""
    world.send(**{**BUY, "symbol": "OLD"})
    fake(world).hold("OLD", Decimal(-10))
    fake(world).hold("NEW", Decimal(20))
    for _ in range(4):
        world.server.services.recovery.refresh()
    kinds = {row["kind"] for row in world.rows("SELECT kind FROM events WHERE account = 'fake'")}
    assert {"written_down", "by_hand"} <= kinds
    receipt = world.send(**{**CLOSE, "symbol": "NEW"})
    assert outcome(world, receipt.alert_id) == ("info", "NO_POSITION")
    assert world.broker_position() == {"NEW": Decimal(20)}
