"""Trading-rules 1 to 5: time, repeats and order, through the whole engine."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import pytest

from app.domain.errors import BrokerUnavailable
from app.domain.outcome import AlertStatus
from tests.fakes.broker import UNAVAILABLE
from tests.integration.world import World, fake

Make = Callable[..., World]


def ago(world: World, seconds: float) -> str:
    return (world.clock.now() - timedelta(seconds=seconds)).isoformat()


def test_rule_1_an_entry_older_than_its_limit_expires(world: World) -> None:
    receipt = world.send(action="buy", symbol="AAPL", quantity=1, timenow=ago(world, 61))
    record = world.record(receipt.alert_id)
    assert (record.status, record.outcome.reason) == (AlertStatus.EXPIRED, "STALE")
    assert fake(world).orders_placed == 0


def test_rule_1_a_bars_time_counts_from_the_end_of_the_bar(world: World) -> None:
    bar = (world.clock.now() - timedelta(minutes=15)).replace(second=0)
    fields = {"action": "buy", "symbol": "AAPL", "quantity": 1, "timeframe": "15"}
    receipt = world.send(**fields, time=bar.isoformat())
    assert world.record(receipt.alert_id).status is AlertStatus.SUCCESS


def test_rule_2_an_entry_that_gets_old_while_it_is_retried_expires(world: World) -> None:
    fake(world).script.extend([UNAVAILABLE] * 100)
    receipt = world.send(action="buy", symbol="AAPL", quantity=1)
    world.run(seconds=50)
    assert not world.record(receipt.alert_id).status.final
    world.run(seconds=30)
    record = world.record(receipt.alert_id)
    assert (record.status, record.outcome.reason) == (AlertStatus.EXPIRED, "STALE")
    assert fake(world).orders_placed == 0


def test_rule_2_after_an_outage_of_three_hours_nothing_old_enters(world: World) -> None:
    fake(world).script.append(UNAVAILABLE)
    receipt = world.send(action="buy", symbol="AAPL", quantity=1)
    world.clock.advance(timedelta(hours=3))
    world.crash_and_boot()
    world.run(seconds=5)
    assert world.record(receipt.alert_id).outcome.reason == "STALE"
    assert fake(world).orders_placed == 0


def test_rule_2_an_entry_whose_end_has_come_is_not_sent(world: World) -> None:
    limit = {"action": "buy", "symbol": "AAPL", "quantity": 1, "limit_price": 90}
    receipt = world.send(**limit, expires_at=ago(world, 0))
    assert world.record(receipt.alert_id).outcome.reason == "STALE"
    assert fake(world).orders_placed == 0
    receipt = world.send(**limit, expires_at=ago(world, -1))
    assert world.record(receipt.alert_id).status is AlertStatus.SUCCESS


def test_rule_3_an_exit_lives_longer_than_an_entry(world: World) -> None:
    world.own("AAPL", 5)
    receipt = world.send(action="close", symbol="AAPL", timenow=ago(world, 600))
    assert world.record(receipt.alert_id).status is AlertStatus.SUCCESS
    assert fake(world).positions() == []


def test_rule_3_a_missed_exit_blocks_the_entries_of_its_lane_until_flat(world: World) -> None:
    world.own("AAPL", 5)
    missed = world.send(action="close", symbol="AAPL", timenow=ago(world, 901))
    assert world.record(missed.alert_id).status is AlertStatus.EXPIRED
    assert world.record(missed.alert_id).outcome.reason == "EXIT_MISSED"
    assert "lane_blocked" in world.events(missed.alert_id)
    entry = world.send(action="reverse", symbol="AAPL", quantity=1)
    assert world.record(entry.alert_id).outcome.reason != "EXIT_MISSED"  # its close makes it flat


def test_rule_3_a_blocked_lane_denies_what_would_grow_the_position(world: World) -> None:
    world.own("AAPL", 5)
    world.send(action="close", symbol="AAPL", timenow=ago(world, 901))
    entry = world.send(action="add", symbol="AAPL", quantity=1)
    assert world.record(entry.alert_id).outcome.reason == "EXIT_MISSED"
    world.send(action="close", symbol="AAPL")
    again = world.send(action="buy", symbol="AAPL", quantity=1)
    assert world.record(again.alert_id).status is AlertStatus.SUCCESS


def test_rule_3_an_unreadable_position_expires_an_exit_aloud(world: World) -> None:
    world.own("AAPL", 5)
    fake(world).fail("position", *[BrokerUnavailable("no route")] * 1000)
    receipt = world.send(action="close", symbol="AAPL")
    world.run(seconds=890, step=5)
    assert world.record(receipt.alert_id).status is AlertStatus.WAITING
    world.run(seconds=40, step=5)
    record = world.record(receipt.alert_id)
    assert (record.status, record.outcome.reason) == (AlertStatus.EXPIRED, "EXIT_MISSED")


@pytest.mark.parametrize(
    ("held", "action"), [(5, "sell"), (-5, "buy"), (5, "reverse"), (-5, "reverse")]
)
def test_rule_3_a_reversal_whose_position_cannot_be_read_lives_as_long_as_an_exit(
    world: World, held: int, action: str
) -> None:
    world.own("AAPL", held)
    fake(world).fail("position", *[BrokerUnavailable("no route")] * 1000)
    receipt = world.send(action=action, symbol="AAPL", quantity=1)
    world.run(seconds=600, step=5)
    fake(world).mend("position")
    world.run(seconds=60, step=5)
    assert world.record(receipt.alert_id).outcome.reason == "STALE"  # its entry only
    assert fake(world).positions() == []


@pytest.mark.parametrize(("held", "action"), [(5, "buy"), (-5, "sell"), (5, "add"), (0, "sell")])
def test_rule_2_what_reduces_nothing_lives_as_long_as_an_entry(
    world: World, held: int, action: str
) -> None:
    if held:
        world.own("AAPL", held)
    fake(world).fail("position", *[BrokerUnavailable("no route")] * 1000)
    receipt = world.send(action=action, symbol="AAPL", quantity=1)
    world.run(seconds=90, step=5)
    assert world.record(receipt.alert_id).outcome.reason == "STALE"


def test_rule_4_the_window_slides_with_each_delivery_up_to_30_seconds(world: World) -> None:
    fields = {"action": "add", "symbol": "AAPL", "quantity": 1}
    first = world.send(**fields)
    for _ in range(2):
        world.clock.advance(14)
        assert world.send(**fields).alert_id == first.alert_id
    world.clock.advance(3)  # 31 s after the first
    assert world.send(**fields).alert_id != first.alert_id


def test_rule_4_a_repeat_without_id_and_time_is_told(world: World) -> None:
    first = world.send(action="buy", symbol="AAPL", quantity=1)
    assert world.send(action="buy", symbol="AAPL", quantity=1).duplicate
    assert "repeated" in world.events(first.alert_id)


def test_rule_4_the_same_generated_id_with_another_body_is_a_conflict(world: World) -> None:
    world.send(action="buy", symbol="AAPL", quantity=1, id="order-10000017")
    receipt = world.send(action="buy", symbol="AAPL", quantity=2, id="order-10000017")
    assert receipt.conflict
    assert world.count("alerts") == 1


def test_rule_5_an_alert_waits_for_its_predecessor(world: World) -> None:
    second = {"action": "sell", "symbol": "AAPL", "quantity": 2, "market_position": "short"}
    early = world.send(**second, prev_market_position="long")
    assert world.record(early.alert_id).status is AlertStatus.WAITING
    entry = {"action": "buy", "symbol": "AAPL", "quantity": 1, "market_position": "long"}
    world.send(**entry, prev_market_position="flat")
    world.run(seconds=1)
    assert world.record(early.alert_id).status is AlertStatus.SUCCESS
    assert world.broker_position() == {"AAPL": Decimal(-1)}


def test_rule_5_an_alert_waits_two_seconds_at_most(world: World) -> None:
    fields = {"action": "sell", "symbol": "AAPL", "quantity": 1, "market_position": "short"}
    receipt = world.send(**fields, prev_market_position="long", prev_position_size=0)
    world.run(seconds=2.5)
    assert world.record(receipt.alert_id).status is AlertStatus.SUCCESS


def test_rule_5_what_fired_earlier_than_what_was_taken_is_dropped(world: World) -> None:
    entry = {"action": "buy", "symbol": "AAPL", "quantity": 1, "strategy": "s"}
    close = world.send(action="close", symbol="AAPL", strategy="s", timenow=ago(world, 1))
    late = world.send(**entry, timenow=ago(world, 5))
    assert world.record(close.alert_id).outcome.reason == "NO_POSITION"
    record = world.record(late.alert_id)
    assert (record.status, record.outcome.reason) == (AlertStatus.SKIPPED, "OUT_OF_ORDER")


def test_rule_5_the_same_second_and_other_strategies_are_not_out_of_order(world: World) -> None:
    world.send(action="buy", symbol="AAPL", quantity=1, strategy="a", timenow=ago(world, 1))
    same = world.send(action="close", symbol="AAPL", strategy="a", timenow=ago(world, 1))
    other = world.send(action="buy", symbol="AAPL", quantity=1, strategy="b", time=ago(world, 7.5))
    assert world.record(same.alert_id).status is AlertStatus.SUCCESS
    assert world.record(other.alert_id).status is AlertStatus.SUCCESS
