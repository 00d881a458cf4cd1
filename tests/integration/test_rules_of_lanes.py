"""Trading-rules 21, 22, 25 and 42, and the invariants of a lane, through the whole engine."""

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from app.domain.errors import BrokerUnavailable
from app.domain.order import OrderRole, OrderStatus
from app.domain.outcome import AlertStatus
from tests.fakes.broker import (
    ACCEPT,
    EVERYTHING,
    LOGIN_NEEDED,
    REPLY_LOST,
    REQUEST_LOST,
    REST,
    UNAVAILABLE,
    FakeBroker,
    Turn,
    fill_part,
    late,
    reject,
)
from tests.integration.world import World, fake

ENTRY: dict[str, object] = {"action": "buy", "symbol": "AAPL", "quantity": 10}
LIMIT = {**ENTRY, "order_type": "limit", "limit_price": 90}
CLOSE: dict[str, object] = {"action": "close", "symbol": "AAPL"}
TAG_ONLY = replace(EVERYTHING, unique_client_ids=False)


def status(world: World, alert_id: str) -> tuple[AlertStatus, str]:
    record = world.record(alert_id)
    return record.status, record.outcome.reason


def test_rule_21_a_close_cancels_the_resting_limit_before_it(world: World) -> None:
    limit = world.send(**LIMIT)
    assert status(world, limit.alert_id) == (AlertStatus.SUCCESS, "")
    close = world.send(**CLOSE)
    assert status(world, close.alert_id) == (AlertStatus.INFO, "NO_POSITION")
    assert fake(world).working == []
    assert [order.status for order in world.orders()] == [OrderStatus.CANCELED]


@pytest.mark.parametrize("unique_ids", [True, False])
def test_rule_21_a_close_goes_before_an_unknown_entry_and_closes_it(
    tmp_path: Path, *, unique_ids: bool
) -> None:
    world = World(tmp_path)
    broker = FakeBroker(
        clock=world.clock,
        script=[late(2, then=REPLY_LOST)],
        capabilities=EVERYTHING if unique_ids else TAG_ONLY,
    )
    world.broker = broker
    world.boot()
    entry = world.send(**ENTRY)
    assert world.record(entry.alert_id).status is AlertStatus.UNKNOWN
    close = world.send(**CLOSE)
    world.run(seconds=20)
    assert status(world, close.alert_id) == (AlertStatus.SUCCESS, "")
    assert status(world, entry.alert_id) == (AlertStatus.SUCCESS, "")
    assert world.broker_position() == {}
    assert world.journaled_position() == {}


def test_rule_21_an_unknown_entry_holds_back_the_entries_after_it(tmp_path: Path) -> None:
    world = World(tmp_path)
    turns = [late(3, then=REPLY_LOST)]
    world.broker = FakeBroker(clock=world.clock, script=turns, capabilities=TAG_ONLY)
    world.boot()
    fake(world).lag_positions(3)
    first = world.send(**ENTRY)
    second = world.send(**{**ENTRY, "quantity": 11})
    assert world.record(first.alert_id).status is AlertStatus.UNKNOWN
    assert world.record(second.alert_id).status is AlertStatus.WAITING
    world.run(seconds=20)
    assert world.record(first.alert_id).status is AlertStatus.SUCCESS
    assert status(world, second.alert_id) == (AlertStatus.SKIPPED, "ALREADY_LONG")
    assert fake(world).orders_placed == 1


def test_rule_22_a_reversal_cancels_the_resting_entry_first(world: World) -> None:
    world.own("AAPL", -3)
    world.send(**{**LIMIT, "action": "add", "quantity": 1})
    fake(world).script.clear()
    world.send(**ENTRY)
    assert world.broker_position() == {"AAPL": Decimal(10)}
    assert fake(world).working == []


def test_rule_22_a_new_entry_takes_the_place_of_one_that_rests(world: World) -> None:
    world.send(**LIMIT)
    second = world.send(**{**LIMIT, "limit_price": 91})
    world.run(seconds=1)
    assert world.record(second.alert_id).status is AlertStatus.SUCCESS
    (left,) = fake(world).working
    assert left.limit_price == Decimal(91)


def test_rule_21_a_cancel_keeps_what_had_filled_of_an_unsettled_entry(world: World) -> None:
    fake(world).script.append(fill_part(Decimal(4)))
    entry = world.send(**ENTRY)
    world.send(action="cancel", symbol="AAPL")
    world.run(seconds=5)
    record = world.record(entry.alert_id)
    assert record.status is AlertStatus.SUCCESS
    assert record.outcome.quantity == 4
    assert world.broker_position() == {"AAPL": Decimal(4)}


def test_rule_21_an_exit_after_a_cancel_wants_nothing_of_it(world: World) -> None:
    fake(world).script.append(late(3, then=REPLY_LOST))
    entry = world.send(**ENTRY)
    world.send(action="cancel", symbol="AAPL")
    close = world.send(**CLOSE)
    world.run(seconds=20)
    assert status(world, entry.alert_id) == (AlertStatus.SUCCESS, "")
    assert world.record(close.alert_id).outcome.quantity == 10
    assert world.broker_position() == {} == world.journaled_position()


def test_rule_22_what_filled_before_its_cancel_is_closed_with_the_rest(world: World) -> None:
    world.send(**ENTRY)
    world.send(**{**LIMIT, "action": "add", "quantity": 5})
    fake(world).fill(world.orders()[-1].client_order_id, Decimal(2))
    close = world.send(**CLOSE)
    assert world.record(close.alert_id).outcome.quantity == 12
    assert world.broker_position() == {} == world.journaled_position()


def test_rule_22_a_close_waits_until_the_resting_entry_is_gone(world: World) -> None:
    world.send(**ENTRY)
    world.send(**{**LIMIT, "action": "add", "quantity": 5})
    fake(world).linger(2)
    close = world.send(**CLOSE)
    assert world.record(close.alert_id).status is AlertStatus.WAITING
    fake(world).fill(world.orders()[-1].client_order_id, Decimal(3))
    world.run(seconds=5)
    assert world.record(close.alert_id).outcome.quantity == 13
    assert fake(world).working == []


def test_rule_9_what_is_taken_off_toward_a_target_is_measured_when_it_is_sent(world: World) -> None:
    world.send(**ENTRY)
    world.send(**{**LIMIT, "action": "add", "quantity": 5})
    fake(world).fill(world.orders()[-1].client_order_id, Decimal(2))
    world.send(action="sell", symbol="AAPL", position_size=4)
    assert world.broker_position() == {"AAPL": Decimal(4)}


def test_rule_24_legs_that_do_not_shrink_are_gone_before_the_close(tmp_path: Path) -> None:
    world = World(tmp_path)
    apart = replace(EVERYTHING, reduce_only_legs=False)
    world.broker = FakeBroker(clock=world.clock, capabilities=apart)
    world.boot()
    world.send(**ENTRY, stop_loss="2%", take_profit="4%")
    fake(world).linger(1)
    close = world.send(**CLOSE)
    assert world.record(close.alert_id).status is AlertStatus.WAITING
    assert world.broker_position() == {"AAPL": Decimal(10)}
    world.run(seconds=5)
    assert world.record(close.alert_id).status is AlertStatus.SUCCESS
    assert fake(world).working == []
    assert world.broker_position() == {} == world.journaled_position()


def test_rule_23_when_the_close_is_rejected_its_legs_come_back_and_it_is_told(
    tmp_path: Path,
) -> None:
    world = World(tmp_path)
    apart = replace(EVERYTHING, reduce_only_legs=False)
    script = [ACCEPT, reject("halted")]
    world.broker = FakeBroker(clock=world.clock, capabilities=apart, script=script)
    world.boot()
    world.send(**ENTRY, stop_loss="2%", take_profit="4%")
    close = world.send(**CLOSE)
    assert status(world, close.alert_id) == (AlertStatus.REJECTED, "BROKER_REJECTED")
    stop, target = sorted(fake(world).working, key=lambda order: order.stop_price is None)
    assert (stop.stop_price, stop.quantity) == (Decimal(98), Decimal(10))
    assert (target.limit_price, target.quantity) == (Decimal(104), Decimal(10))
    assert "close_failed" in world.events(close.alert_id)
    fake(world).fill(stop.client_order_id)
    world.server.services.recovery.refresh()
    assert world.stakes() == {} == world.filled()


def test_rule_25_the_kill_switch_denies_entries_and_lets_exits_through(world: World) -> None:
    world.own("MSFT", 2)
    world.server.services.kill_switch.engage("test")
    entry = world.send(**ENTRY)
    close = world.send(action="close", symbol="MSFT")
    assert status(world, entry.alert_id) == (AlertStatus.DENIED, "KILL_SWITCH")
    assert world.record(close.alert_id).status is AlertStatus.SUCCESS
    assert fake(world).orders_placed == 1


def test_rule_25_it_cancels_what_rests_and_denies_what_waits(world: World) -> None:
    world.send(**{**LIMIT, "symbol": "MSFT"})
    fake(world).script.append(UNAVAILABLE)
    waiting = world.send(**ENTRY)
    world.server.services.kill_switch.engage("test")
    assert fake(world).working == []
    world.run(seconds=2)
    assert status(world, waiting.alert_id) == (AlertStatus.DENIED, "KILL_SWITCH")
    world.server.services.kill_switch.reset()
    world.run(seconds=20)
    assert world.broker_position() == {}


def test_rule_25_a_reset_lets_nothing_in_that_came_while_entries_were_stopped(world: World) -> None:
    switch = world.server.services.kill_switch
    switch.engage("test")
    fake(world).fail("position", BrokerUnavailable("no route"))
    waiting = world.send(**ENTRY)
    assert world.record(waiting.alert_id).status is AlertStatus.WAITING
    world.clock.advance(1)
    switch.reset()
    later = world.send(**{**ENTRY, "symbol": "MSFT"})
    world.run(seconds=20)
    assert status(world, waiting.alert_id) == (AlertStatus.DENIED, "KILL_SWITCH")
    assert world.record(later.alert_id).status is AlertStatus.SUCCESS
    assert world.broker_position() == {"MSFT": Decimal(10)}


def test_rule_25_to_reset_what_is_not_set_denies_nothing(world: World) -> None:
    fake(world).fail("position", BrokerUnavailable("no route"))
    waiting = world.send(**ENTRY)
    world.clock.advance(1)
    world.server.services.kill_switch.reset()
    world.run(seconds=20)
    assert world.record(waiting.alert_id).status is AlertStatus.SUCCESS


def test_rule_25_a_reversal_finishes_its_close_only(world: World) -> None:
    world.own("AAPL", -4)
    world.server.services.kill_switch.engage("test")
    receipt = world.send(**ENTRY)
    record = world.record(receipt.alert_id)
    assert (record.status, record.outcome.reason) == (AlertStatus.DENIED, "KILL_SWITCH")
    assert "4 closed first" in record.outcome.detail
    assert world.broker_position() == {}


def test_rule_25_set_between_the_close_and_the_entry_of_a_reversal_it_stops_the_entry(
    world: World,
) -> None:
    world.own("AAPL", -4)
    fake(world).script.append(REST)
    receipt = world.send(**ENTRY)
    world.server.services.kill_switch.engage("test")
    fake(world).fill(world.orders()[0].client_order_id)
    world.run(seconds=5)
    assert status(world, receipt.alert_id) == (AlertStatus.DENIED, "KILL_SWITCH")
    assert "4 closed first" in world.record(receipt.alert_id).outcome.detail
    assert world.broker_position() == {}


def test_rule_25_what_cannot_be_read_counts_as_set(world: World) -> None:
    world.rows("DROP TABLE switches")
    receipt = world.send(**ENTRY)
    assert status(world, receipt.alert_id) == (AlertStatus.DENIED, "KILL_SWITCH")
    assert fake(world).orders_placed == 0


def test_rule_25_an_entry_that_could_not_be_canceled_is_canceled_later(world: World) -> None:
    world.send(**LIMIT)
    fake(world).fail("cancel", BrokerUnavailable("no route"))
    switch = world.server.services.kill_switch
    switch.engage("test")
    assert len(fake(world).working) == 1
    switch.enforce(*world.server.services.accounts)
    assert fake(world).working == []


def test_rule_25_the_kill_file_cancels_what_rests(tmp_path: Path) -> None:
    world = World(tmp_path, settings={"KILL_FILE": str(tmp_path / "KILL")})
    world.broker = FakeBroker(clock=world.clock)
    world.boot()
    world.send(**LIMIT)
    world.server.services.kill_switch.enforce(*world.server.services.accounts)
    assert len(fake(world).working) == 1
    (tmp_path / "KILL").touch()
    world.server.services.kill_switch.enforce(*world.server.services.accounts)
    assert fake(world).working == []


def test_rule_25_protection_stays_when_entries_stop(paper: World) -> None:
    paper.send(**ENTRY, price=100, stop_loss="2%")
    paper.server.services.kill_switch.engage("test")
    (stop,) = [order for order in paper.orders() if order.role is OrderRole.STOP_LOSS]
    assert stop.status is OrderStatus.LIVE


def test_rule_25_the_kill_file_stops_entries(tmp_path: Path) -> None:
    world = World(tmp_path, settings={"KILL_FILE": str(tmp_path / "KILL")})
    world.broker = FakeBroker(clock=world.clock)
    world.boot()
    (tmp_path / "KILL").touch()
    receipt = world.send(**ENTRY)
    assert status(world, receipt.alert_id) == (AlertStatus.DENIED, "KILL_SWITCH")


def test_rule_42_a_market_order_without_a_price_is_denied(paper: World) -> None:
    receipt = paper.send(**ENTRY)
    assert status(paper, receipt.alert_id) == (AlertStatus.DENIED, "NO_QUOTE")


def test_rule_42_a_quote_of_more_than_15_minutes_is_too_old(paper: World) -> None:
    paper.send(**ENTRY, price=100)
    paper.send(**CLOSE, price=100)
    paper.clock.advance(901)
    receipt = paper.send(**ENTRY)
    assert status(paper, receipt.alert_id) == (AlertStatus.DENIED, "NO_QUOTE")


def test_rule_42_a_price_works_the_legs_before_its_own_alert(paper: World) -> None:
    paper.send(**ENTRY, price=100, stop_loss="2%")
    close = paper.send(**CLOSE, price=90)
    assert status(paper, close.alert_id) == (AlertStatus.INFO, "NO_POSITION")
    (stop,) = [order for order in paper.orders() if order.role is OrderRole.STOP_LOSS]
    assert (stop.status, stop.average_price) == (OrderStatus.FILLED, Decimal(90))


def test_a_close_leaves_no_leg_behind_in_the_journal(paper: World) -> None:
    paper.send(**ENTRY, price=100, stop_loss="2%", take_profit="4%")
    paper.send(**CLOSE, price=101)
    legs = [order for order in paper.orders() if order.role.protects]
    assert [leg.status for leg in legs] == [OrderStatus.CANCELED] * 2


def test_a_broker_that_is_away_gets_the_order_once_it_is_back(world: World) -> None:
    fake(world).script.extend([UNAVAILABLE, LOGIN_NEEDED])
    receipt = world.send(**ENTRY)
    assert world.record(receipt.alert_id).status is AlertStatus.WAITING
    world.run(seconds=5)
    assert world.record(receipt.alert_id).status is AlertStatus.SUCCESS
    assert fake(world).orders_placed == 1


def test_a_rejection_is_final_and_says_why(world: World) -> None:
    fake(world).script.append(reject("not enough money"))
    receipt = world.send(**ENTRY)
    world.run(seconds=5)
    record = world.record(receipt.alert_id)
    assert (record.status, record.outcome.reason) == (AlertStatus.REJECTED, "BROKER_REJECTED")
    assert record.outcome.detail == "not enough money"
    assert fake(world).orders_placed == 0


def test_a_lost_request_is_sent_again_when_ids_are_unique(world: World) -> None:
    fake(world).script.append(REQUEST_LOST)
    receipt = world.send(**ENTRY)
    world.run(seconds=10)
    assert world.record(receipt.alert_id).status is AlertStatus.SUCCESS
    assert fake(world).orders_placed == 1


def test_a_market_order_that_fills_late_holds_back_the_next_entry(world: World) -> None:
    fake(world).script.append(REST)
    first = world.send(**ENTRY)
    second = world.send(**{**ENTRY, "quantity": 11})
    world.run(seconds=1)
    assert fake(world).orders_placed == 1
    fake(world).fill(world.orders()[0].client_order_id)
    world.run(seconds=3)
    assert world.record(first.alert_id).status is AlertStatus.SUCCESS
    assert status(world, second.alert_id) == (AlertStatus.SKIPPED, "ALREADY_LONG")


def test_a_partial_fill_is_journaled_as_far_as_it_goes(world: World) -> None:
    fake(world).script.append(fill_part(Decimal(4)))
    world.send(**ENTRY)
    world.run(seconds=2)
    assert world.journaled_position() == {"AAPL": Decimal(4)}
    fake(world).fill(world.orders()[0].client_order_id)
    world.run(seconds=3)
    assert world.journaled_position() == {"AAPL": Decimal(10)}


def test_a_fault_of_ours_is_retried_then_given_up_aloud_and_frees_the_lane(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError

    with monkeypatch.context() as patched:
        patched.setattr(fake(world), "position", broken)
        receipt = world.send(**ENTRY)
        world.run(seconds=120, step=2)
    assert status(world, receipt.alert_id) == (AlertStatus.FAILED, "INTERNAL_ERROR")
    following = world.send(**{**ENTRY, "quantity": 2})
    assert world.record(following.alert_id).status is AlertStatus.SUCCESS


@pytest.mark.parametrize(
    ("turn", "ended"),
    [
        (REPLY_LOST, (AlertStatus.UNKNOWN, "")),  # it may be there: it waits, visibly
        (UNAVAILABLE, (AlertStatus.FAILED, "INTERNAL_ERROR")),  # it never was
    ],
)
def test_a_fault_of_ours_never_forgets_an_order_that_may_be_at_the_broker(
    turn: Turn, ended: tuple[AlertStatus, str], world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake(world).script.append(turn)
    receipt = world.send(**ENTRY)

    def broken(*_: object) -> None:
        raise ZeroDivisionError

    with monkeypatch.context() as patched:
        patched.setattr(fake(world), "instrument", broken)
        world.run(seconds=200, step=5)
    assert status(world, receipt.alert_id) == ended
    world.run(seconds=60, step=5)
    found = world.record(receipt.alert_id).status
    assert found is (AlertStatus.SUCCESS if turn is REPLY_LOST else AlertStatus.FAILED)
    assert all(order.status.final for order in world.orders() if not order.role.protects)


def test_lanes_of_other_instruments_do_not_wait(world: World) -> None:
    fake(world).script.append(late(50, then=REPLY_LOST))
    stuck = world.send(**ENTRY)
    free = world.send(**{**ENTRY, "symbol": "MSFT"})
    assert world.record(stuck.alert_id).status is AlertStatus.UNKNOWN
    assert world.record(free.alert_id).status is AlertStatus.SUCCESS


def test_entries_wait_until_the_account_is_reconciled(world: World) -> None:
    (account,) = world.server.services.accounts
    account.reconciled.clear()
    receipt = world.send(**ENTRY)
    assert world.record(receipt.alert_id).status is AlertStatus.WAITING
    world.run(seconds=3)
    assert world.record(receipt.alert_id).status is AlertStatus.SUCCESS


def test_a_fill_that_happened_while_we_were_dead_is_found_at_the_start(world: World) -> None:
    world.send(**LIMIT)
    fake(world).fill(world.orders()[0].client_order_id)
    world.crash_and_boot()
    assert world.journaled_position() == {"AAPL": Decimal(10)}
    assert world.orders()[0].status is OrderStatus.FILLED


@pytest.mark.parametrize("appears", [True, False])
def test_an_entry_that_its_brokers_book_does_not_show_yet_has_no_other_beside_it(
    tmp_path: Path, *, appears: bool
) -> None:
    world = World(tmp_path)
    world.broker = broker = FakeBroker(clock=world.clock, script=[REST], capabilities=TAG_ONLY)
    world.boot()
    world.send(**LIMIT)
    (first,) = world.orders()
    broker.forget(first.client_order_id)

    broker.script.append(REST)
    second = world.send(**{**LIMIT, "limit_price": 91})
    assert world.orders() == [first]
    if appears:
        broker.remember(first.client_order_id)
    world.run(seconds=10)

    before, after = world.orders()
    assert (after.alert_id, after.status) == (second.alert_id, OrderStatus.LIVE)
    assert (before.status is OrderStatus.CANCELED) is appears
