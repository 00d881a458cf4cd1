"""Protection at a broker that takes only some of it along (trading-rules 22-24, 31-39; I4, I5)."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from app.domain.errors import BrokerUnavailable
from app.domain.instrument import Instrument, Ticker
from app.domain.order import BrokerOrder, OrderIntent, OrderRole, OrderStatus, OrderType
from app.domain.outcome import AlertStatus
from app.domain.strategy import Strategy
from app.engine.holdings import holdings_of
from app.ports.journal import OrderRecord
from tests.fakes.broker import (
    ACCEPT,
    COINS,
    RESERVING,
    REST,
    UNAVAILABLE,
    FakeBroker,
    Turn,
    fill_part,
    reject,
)
from tests.fakes.clock import FakeClock
from tests.integration.world import World, fake

D = Decimal
STOP, TARGET, EXIT = OrderRole.STOP_LOSS, OrderRole.TAKE_PROFIT, OrderRole.EXIT
LEVELS: dict[str, object] = {"stop_loss": "2%", "take_profit": "4%"}
BUY: dict[str, object] = {"action": "buy", "symbol": "AAPL", "quantity": 10, **LEVELS}
LIMIT = {**BUY, "order_type": "limit", "limit_price": 100}
COIN: dict[str, object] = {"action": "buy", "symbol": "BTCUSD", "quantity": 2, **LEVELS}
CLOSE: dict[str, object] = {"action": "close", "symbol": "AAPL"}


def a_world(folder: Path, *script: Turn, holds_legs: bool = True) -> World:
    world = World(folder)
    world.broker = FakeBroker(
        clock=world.clock, capabilities=RESERVING, script=script, holds_legs=holds_legs
    )
    fake(world).prices = {"AAPL": D(100), "BTCUSD": D(100)}
    world.boot()
    return world


def working(world: World, *roles: OrderRole) -> list[tuple[OrderRole, Decimal]]:
    """The role and quantity of what works in the journal."""
    return [
        (order.role, order.quantity)
        for order in orders(world)
        if order.status.working and order.role in (roles or (STOP, TARGET))
    ]


def orders(world: World, role: OrderRole | None = None) -> Sequence[OrderRecord]:
    rows = world.rows("SELECT client_order_id FROM orders ORDER BY created_at, rowid")
    found = [world.server.services.journal.order(row["client_order_id"]) for row in rows]
    return [o for o in found if o is not None and (role is None or o.role is role)]


def is_protected(world: World) -> bool:
    (account,) = world.server.services.accounts
    (holding,) = holdings_of(account, world.server.services.journal)
    return holding.protected


def books_agree(world: World) -> None:
    """The journal knows every order as its broker does (I5, I6)."""
    assert world.broker_position() == world.journaled_position()
    at_work = {order.client_order_id: order.quantity for order in fake(world).working}
    known = {o.client_order_id: o.quantity for o in orders(world) if o.status.working}
    assert known == at_work


def owe(world: World) -> None:
    """Have the duty of the first entry done once more."""
    entry = orders(world)[0].client_order_id
    with world.server.services.journal.unit() as unit:
        unit.owe(entry)


# --- limit and stop entries: armed by us, fill by fill --------------------------------------------


def test_rule_32_a_limit_entry_goes_alone_and_each_fill_gets_its_pair(tmp_path: Path) -> None:
    world = a_world(tmp_path)
    receipt = world.send(**LIMIT)
    (entry,) = orders(world)
    assert working(world) == []
    assert world.record(receipt.alert_id).status is AlertStatus.SUCCESS
    for part, armed in ((4, [4, 4]), (6, [4, 4, 6, 6])):
        fake(world).fill(entry.client_order_id, D(part), D(100))
        world.server.services.recovery.refresh()
        world.run(1)
        assert [quantity for _, quantity in working(world)] == armed
        assert is_protected(world)
        books_agree(world)


def test_rule_31_percents_refer_to_the_average_fill(tmp_path: Path) -> None:
    world = a_world(tmp_path)
    world.send(**LIMIT)
    (entry,) = orders(world)
    fake(world).fill(entry.client_order_id, D(10), D(90))
    world.server.services.recovery.refresh()
    world.run(1)
    (stop,), (target,) = orders(world, STOP), orders(world, TARGET)
    assert (stop.stop_price, target.limit_price) == (D("88.2"), D("93.6"))
    assert (stop.parent, target.parent) == (entry.client_order_id, stop.client_order_id)


def test_one_of_a_pair_cancels_the_other(tmp_path: Path) -> None:
    world = a_world(tmp_path, fill_part(D(10)))
    world.send(**LIMIT)
    (target,) = orders(world, TARGET)
    fake(world).fill(target.client_order_id, price=D(104))
    world.server.services.recovery.refresh()
    world.run(5)
    assert working(world) == []
    assert world.broker_position() == {}
    books_agree(world)


def test_a_stop_that_fills_takes_back_the_rest_of_its_entry(tmp_path: Path) -> None:
    world = a_world(tmp_path, fill_part(D(4)))
    world.send(**LIMIT)
    (stop,) = orders(world, STOP)
    fake(world).fill(stop.client_order_id, price=D(98))
    world.server.services.recovery.refresh()
    world.run(2)
    assert orders(world)[0].status is OrderStatus.CANCELED
    assert world.broker_position() == {}
    books_agree(world)


def test_invariant_4_the_pair_comes_within_five_seconds_while_its_broker_is_away(
    tmp_path: Path,
) -> None:
    world = a_world(tmp_path, fill_part(D(10)), UNAVAILABLE, UNAVAILABLE, UNAVAILABLE)
    world.send(**LIMIT)
    world.run(5)
    assert working(world) == [(STOP, D(10)), (TARGET, D(10))]


def test_an_entry_behind_a_bare_position_waits_and_an_exit_does_not(tmp_path: Path) -> None:
    away = [UNAVAILABLE] * 3
    world = a_world(tmp_path, fill_part(D(10)), *away)
    world.send(**LIMIT)
    other = world.send(**{**BUY, "quantity": 5, "strategy": "b"})
    assert not world.record(other.alert_id).status.final
    close = world.send(**CLOSE)
    world.run(10)
    assert world.record(close.alert_id).outcome.quantity == 10
    assert world.record(other.alert_id).status is AlertStatus.SUCCESS
    assert world.broker_position() == {"AAPL": D(5)}
    assert working(world) == [(STOP, D(5)), (TARGET, D(5))]
    books_agree(world)


def test_a_close_that_never_arrived_is_not_sent_larger_than_what_is_left(tmp_path: Path) -> None:
    world = a_world(tmp_path)
    world.send(**BUY)
    fake(world).script.append(UNAVAILABLE)
    receipt = world.send(**CLOSE)
    fake(world).hold("AAPL", -D(6))
    world.run(2)
    first, second = orders(world, EXIT)
    assert (first.status, first.quantity) == (OrderStatus.CANCELED, D(10))
    assert (second.status, second.quantity) == (OrderStatus.FILLED, D(4))
    assert world.record(receipt.alert_id).status is AlertStatus.SUCCESS


# --- a stop that is refused -----------------------------------------------------------------------


def test_a_refused_stop_is_tried_once_more_at_a_price_that_can_be(tmp_path: Path) -> None:
    world = a_world(tmp_path, fill_part(D(10)), reject("the stop was reached already"))
    fake(world).quotes = {}
    fake(world).prices["AAPL"] = D(97)
    receipt = world.send(**{**LIMIT, "limit_price": 100})
    world.run(1)
    refused, taken = orders(world, STOP)
    assert refused.status is OrderStatus.REJECTED
    assert taken.status.working
    assert taken.stop_price is not None
    assert taken.stop_price < D(97)
    assert world.record(receipt.alert_id).status is AlertStatus.SUCCESS


def test_a_stop_that_is_refused_twice_closes_the_part_and_tells(tmp_path: Path) -> None:
    world = a_world(tmp_path, fill_part(D(10)), reject(), reject())
    receipt = world.send(**LIMIT)
    world.run(1)
    assert world.broker_position() == {}
    record = world.record(receipt.alert_id)
    assert (record.status, record.outcome.reason) == (AlertStatus.DENIED, "STOP_REFUSED")
    assert "unprotected" in world.events(receipt.alert_id)
    books_agree(world)


# --- native brackets that arm only when all has filled --------------------------------------------


def test_rule_32_a_market_bracket_that_stays_partial_ends_and_its_part_gets_a_pair(
    tmp_path: Path,
) -> None:
    world = a_world(tmp_path, fill_part(D(4)))
    receipt = world.send(**BUY)
    assert not world.record(receipt.alert_id).status.final
    assert not is_protected(world)
    world.run(5)
    assert orders(world)[0].status is OrderStatus.CANCELED
    assert working(world) == [(STOP, D(4)), (TARGET, D(4))]
    record = world.record(receipt.alert_id)
    assert (record.status, record.outcome.quantity) == (AlertStatus.SUCCESS, D(4))
    books_agree(world)


def test_a_market_bracket_that_fills_whole_is_left_to_its_broker(tmp_path: Path) -> None:
    world = a_world(tmp_path)
    receipt = world.send(**BUY)
    assert world.record(receipt.alert_id).status is AlertStatus.SUCCESS
    assert working(world) == [(STOP, D(10)), (TARGET, D(10))]
    world.run(10)
    assert fake(world).orders_placed == 1


# --- crypto: only the stop rests, the target is watched -------------------------------------------


def test_rule_33_a_coin_has_its_stop_before_its_alert_succeeds(tmp_path: Path) -> None:
    world = a_world(tmp_path)
    receipt = world.send(**COIN)
    assert world.record(receipt.alert_id).status is AlertStatus.SUCCESS
    (stop,) = orders(world, STOP)
    assert (stop.order_type, stop.stop_price, stop.limit_price) == (
        OrderType.STOP_LIMIT,
        D(98),
        D("97.02"),
    )
    assert working(world) == [(STOP, D(2))]
    assert is_protected(world)


def watch(world: World) -> None:
    world.server.services.target_watch.run()
    world.run(1)


def test_rule_33_a_watched_target_is_swapped_for_the_stop(tmp_path: Path) -> None:
    world = a_world(tmp_path)
    world.send(**COIN)
    watch(world)
    assert working(world) == [(STOP, D(2))]
    fake(world).prices["BTCUSD"] = D(104)
    watch(world)
    assert world.broker_position() == {}
    assert working(world) == []
    (sale,) = orders(world, TARGET)
    assert (sale.status, sale.average_price) == (OrderStatus.FILLED, D(104))
    books_agree(world)


def test_rule_7_a_sale_at_a_watched_target_counts_as_a_leg(tmp_path: Path) -> None:
    world = a_world(tmp_path)
    world.send(**COIN)
    fake(world).prices["BTCUSD"] = D(104)
    watch(world)
    late = world.send(action="sell", symbol="BTCUSD", quantity=2)
    assert world.record(late.alert_id).outcome.reason == "STOPPED_OUT"


@pytest.mark.parametrize("turn", [reject(), REST])
def test_rule_33_the_stop_comes_back_when_the_sale_does_not_come_about(
    tmp_path: Path, turn: Turn
) -> None:
    world = a_world(tmp_path)
    world.send(**COIN)
    fake(world).script.extend([turn])
    fake(world).prices["BTCUSD"] = D(104)
    watch(world)
    world.run(5)
    assert working(world) == [(STOP, D(2))]
    assert orders(world, STOP)[-1].stop_price == D(98)
    watch(world)
    assert working(world) == [(STOP, D(2))], "it is not tried again at once"
    books_agree(world)


def test_a_stop_that_fills_while_it_makes_way_leaves_nothing_to_sell(tmp_path: Path) -> None:
    world = a_world(tmp_path)
    world.send(**COIN)
    (stop,) = orders(world, STOP)
    fake(world).prices["BTCUSD"] = D(104)
    fake(world).fill(stop.client_order_id, price=D(98))
    watch(world)
    world.server.services.recovery.refresh()
    assert world.broker_position() == {}
    assert orders(world, TARGET) == []
    books_agree(world)


def test_rule_39_stops_and_exits_use_what_the_fee_has_left(tmp_path: Path) -> None:
    world = a_world(tmp_path)
    fake(world).fee_share = D("0.0025")
    world.send(**COIN)
    assert working(world) == [(STOP, D("1.995"))]
    assert is_protected(world)
    world.send(action="close", symbol="BTCUSD")
    assert world.broker_position() == {}


class Coarse(FakeBroker):
    """It trades thousandths only."""

    def instrument(self, ticker: Ticker) -> Instrument | None:
        found = super().instrument(ticker)
        return None if found is None else replace(found, step=D("0.001"), least=D("0.001"))


def test_rule_39_what_a_fee_leaves_below_the_grid_is_not_taken_for_bare(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.broker = Coarse(clock=world.clock, capabilities=COINS)
    fake(world).prices = {"BTCUSD": D(100)}
    fake(world).fee_share = D("0.0025")
    world.boot()
    receipt = world.send(**{**COIN, "quantity": 1})
    assert working(world) == [(STOP, D("0.997"))]
    jobs = world.count("jobs")
    for _ in range(5):
        world.clock.advance(10)
        world.server.services.recovery.refresh()
        world.turn()

    assert world.count("jobs") == jobs
    assert "unprotected" not in world.events(receipt.alert_id)


# --- exits at a broker whose open exits reserve ---------------------------------------------------


def test_rule_23_legs_make_way_for_a_close_and_are_gone_before_it(tmp_path: Path) -> None:
    world = a_world(tmp_path)
    world.send(**BUY)
    fake(world).calls.clear()
    receipt = world.send(**CLOSE)
    assert [name for name, _ in fake(world).calls if name != "find"] == ["cancel"] * 2 + ["submit"]
    assert world.record(receipt.alert_id).status is AlertStatus.SUCCESS
    assert world.broker_position() == {}
    books_agree(world)


def test_rule_23_legs_come_back_and_stay_while_nobody_can_tell_what_there_is_to_close(
    tmp_path: Path,
) -> None:
    world = a_world(tmp_path)
    world.send(**BUY)
    fake(world).script.append(UNAVAILABLE)
    receipt = world.send(**CLOSE)
    fake(world).fail("position", *[BrokerUnavailable("no route")] * 1000)
    world.run(seconds=10)
    assert is_protected(world)
    world.run(seconds=20)
    assert is_protected(world)
    fake(world).mend("position")
    world.run(seconds=10)
    assert world.record(receipt.alert_id).status is AlertStatus.SUCCESS
    assert world.broker_position() == {}


def test_rule_24_a_leg_that_the_broker_does_not_show_yet_is_waited_for(tmp_path: Path) -> None:
    world = a_world(tmp_path)
    world.send(**BUY)
    legs = [*orders(world, STOP), *orders(world, TARGET)]
    for leg in legs:
        fake(world).forget(leg.client_order_id)
    world.send(**CLOSE)
    world.run(2)
    assert orders(world, EXIT) == [], "it works, whatever its broker shows"
    for leg in legs:
        fake(world).remember(leg.client_order_id)
    world.run(5)
    assert world.broker_position() == {}
    assert fake(world).working == []
    books_agree(world)


def test_rule_24_a_leg_that_is_not_gone_yet_is_waited_for(tmp_path: Path) -> None:
    world = a_world(tmp_path)
    world.send(**BUY)
    fake(world).linger(3)
    receipt = world.send(**CLOSE)
    assert orders(world, EXIT) == []
    world.run(5)
    assert world.record(receipt.alert_id).status is AlertStatus.SUCCESS
    assert world.broker_position() == {}


def test_rule_23_a_refused_close_brings_the_legs_back(tmp_path: Path) -> None:
    world = a_world(tmp_path)
    world.send(**BUY)
    fake(world).script.append(reject())
    receipt = world.send(**CLOSE)
    world.run(1)
    assert working(world) == [(STOP, D(10)), (TARGET, D(10))]
    assert [o.stop_price for o in orders(world, STOP)] == [D(98), D(98)]
    assert "close_failed" in world.events(receipt.alert_id)
    books_agree(world)


def test_rule_23_a_close_that_cannot_be_sent_brings_the_legs_back_in_time(tmp_path: Path) -> None:
    world = a_world(tmp_path)
    world.send(**BUY)
    fake(world).script.extend([UNAVAILABLE] * 3)
    receipt = world.send(**CLOSE)
    assert working(world) == []
    world.run(6)
    record = world.record(receipt.alert_id)
    assert record.status is AlertStatus.SUCCESS or is_protected(world)
    world.run(30)
    assert world.record(receipt.alert_id).status is AlertStatus.SUCCESS
    assert world.broker_position() == {}
    books_agree(world)


def test_rule_23_legs_do_not_come_back_before_a_close_that_is_about_to_be_sent(
    tmp_path: Path,
) -> None:
    world = a_world(tmp_path)
    world.send(**BUY)
    fake(world).script.extend([UNAVAILABLE] * 5)
    receipt = world.send(**CLOSE)
    world.run(9)
    assert world.record(receipt.alert_id).status is AlertStatus.SUCCESS
    assert len(orders(world, STOP)) == 1
    books_agree(world)


def test_rule_23_legs_come_back_where_a_close_is_tried_in_vain(tmp_path: Path) -> None:
    world = a_world(tmp_path)
    world.send(**BUY)
    fake(world).script.extend([UNAVAILABLE] * 7)
    receipt = world.send(**CLOSE)
    world.run(14)
    assert len(orders(world, STOP)) == 2
    world.run(60)
    assert world.record(receipt.alert_id).status is AlertStatus.SUCCESS
    books_agree(world)


class TakesNoExits(FakeBroker):
    """A broker that is away whenever it is to close something."""

    takes_none = True

    def submit(self, intent: OrderIntent) -> BrokerOrder:
        if intent.role is EXIT and self.takes_none:
            raise BrokerUnavailable("no route")
        return super().submit(intent)


def test_rule_23_a_close_that_is_tried_in_vain_leaves_its_stop_alone_most_of_the_time(
    tmp_path: Path,
) -> None:
    world = World(tmp_path)
    world.broker = broker = TakesNoExits(clock=world.clock, capabilities=RESERVING)
    broker.prices = {"AAPL": D(100)}
    world.boot()
    world.send(**BUY)
    receipt = world.send(**CLOSE)
    protected: list[bool] = []
    for _ in range(120):
        world.run(1)
        protected.append(is_protected(world))
    assert protected.count(True) > 80
    broker.takes_none = False
    world.run(60)
    assert world.record(receipt.alert_id).status is AlertStatus.SUCCESS
    assert world.broker_position() == {}
    books_agree(world)


def test_a_part_that_is_closed_leaves_the_rest_protected(tmp_path: Path) -> None:
    world = a_world(tmp_path)
    world.send(**BUY)
    world.send(**{**CLOSE, "quantity": 4})
    world.run(1)
    assert working(world) == [(STOP, D(6)), (TARGET, D(6))]
    assert is_protected(world)
    books_agree(world)


def test_rule_23_what_is_left_has_its_stops_again_at_once(tmp_path: Path) -> None:
    world = a_world(tmp_path)
    world.send(**BUY)
    world.clock.tick = timedelta(microseconds=1)
    world.send(**{**CLOSE, "quantity": 4})
    world.run(1)
    assert working(world) == [(STOP, D(6)), (TARGET, D(6))]


def test_a_reversal_clears_the_legs_closes_and_enters_with_its_own(tmp_path: Path) -> None:
    world = a_world(tmp_path)
    world.send(**BUY)
    receipt = world.send(**{**BUY, "action": "sell", "quantity": 5})
    world.run(5)
    assert world.record(receipt.alert_id).status is AlertStatus.SUCCESS
    assert world.broker_position() == {"AAPL": D(-5)}
    assert working(world) == [(STOP, D(5)), (TARGET, D(5))]
    assert is_protected(world)
    books_agree(world)


def test_rule_35_a_leg_that_lapses_comes_back_and_is_not_shown_as_protection_meanwhile(
    tmp_path: Path,
) -> None:
    world = a_world(tmp_path, fill_part(D(10)))
    world.send(**LIMIT)
    (stop,), (target,) = orders(world, STOP), orders(world, TARGET)
    for leg in (stop, target):
        fake(world).expire(leg.client_order_id)
    fake(world).script.append(UNAVAILABLE)
    world.server.services.recovery.refresh()
    assert not is_protected(world)
    world.run(2)
    assert working(world) == [(STOP, D(10)), (TARGET, D(10))]
    assert is_protected(world)
    books_agree(world)


def test_no_protection_is_armed_twice_for_one_fill(tmp_path: Path) -> None:
    world = a_world(tmp_path, fill_part(D(10)))
    world.send(**LIMIT)
    settlement = world.server.services.settlement
    for order in list(fake(world).working):
        settlement.apply([order])
    owe(world)
    world.run(2)
    assert working(world) == [(STOP, D(10)), (TARGET, D(10))]


def test_invariant_5_stops_that_cover_more_than_is_held_are_cut(tmp_path: Path) -> None:
    """A duty that meets more stops than position, whatever made them too many."""
    world = a_world(tmp_path)
    world.send(**COIN)
    fake(world).hold("BTCUSD", -D(1))
    world.clock.advance(10)
    owe(world)
    world.run(2)
    assert working(world) == [(STOP, D(1))]


def test_rule_34_an_exit_of_a_part_leaves_whole_shares_where_only_those_are_protected(
    tmp_path: Path,
) -> None:
    world = a_world(tmp_path)
    world.send(**{**BUY, "quantity": 5})
    world.send(**{**CLOSE, "quantity": "50%"})
    world.run(1)
    assert world.broker_position() == {"AAPL": D(3)}
    assert working(world) == [(STOP, D(3)), (TARGET, D(3))]


def test_rule_19_a_position_that_shrinks_by_hand_has_its_stops_cut(tmp_path: Path) -> None:
    world = a_world(tmp_path)
    world.send(**BUY)
    fake(world).hold("AAPL", -D(4))
    for _ in range(4):
        world.clock.advance(10)
        world.server.services.recovery.refresh()
        world.run(1)
    assert working(world) == [(STOP, D(6)), (TARGET, D(6))]
    assert is_protected(world)


def test_rule_39_dust_counts_as_flat(tmp_path: Path) -> None:
    world = a_world(tmp_path)
    fake(world).least = D("0.01")
    fake(world).hold("BTCUSD", D("0.005"))
    world.server.services.adoption.adopt("fake", "BTCUSD")
    close = world.send(action="close", symbol="BTCUSD")
    assert world.record(close.alert_id).outcome.reason == "NO_POSITION"
    receipt = world.send(**COIN)
    assert world.record(receipt.alert_id).status is AlertStatus.SUCCESS


def test_an_unplaced_stop_counts_as_missing_in_the_figures(tmp_path: Path) -> None:
    world = a_world(tmp_path, fill_part(D(10)), *[UNAVAILABLE] * 9)
    world.send(**LIMIT)
    records = world.server.services.records
    assert records.unprotected_since("fake", "AAPL") is not None
    assert records.unprotected_since("fake", "MSFT") is None


def test_a_stop_that_is_refused_for_the_entry_that_still_rests_comes_after_it(
    tmp_path: Path,
) -> None:
    world = a_world(tmp_path, fill_part(D(1)))
    world.send(**{**COIN, "order_type": "limit", "limit_price": 100})
    world.run(1)
    assert orders(world)[0].status is OrderStatus.CANCELED
    assert working(world) == [(STOP, D(1))]
    books_agree(world)


def test_rule_22_a_close_takes_back_whatever_entry_rests_against_it(tmp_path: Path) -> None:
    world = a_world(tmp_path)
    world.send(**BUY)
    world.send(**{**LIMIT, "limit_price": 90, "strategy": "b"})
    receipt = world.send(**CLOSE)
    world.run(1)
    assert world.record(receipt.alert_id).status is AlertStatus.SUCCESS
    assert world.broker_position() == {}
    books_agree(world)


def test_rule_24_what_cannot_be_protected_is_not_closed_into_a_closed_market(
    tmp_path: Path,
) -> None:
    friday = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
    world = World(tmp_path, clock=FakeClock(friday), settings={"SESSION_POLICY": "regular"})
    world.broker = FakeBroker(clock=world.clock, capabilities=RESERVING, holds_legs=True)
    world.boot()
    world.send(**LIMIT)
    before_the_open = friday + timedelta(days=3) - timedelta(minutes=30, seconds=10)
    world.clock.advance((before_the_open - friday).total_seconds())
    world.run(1)
    fake(world).refuses = {STOP}
    fake(world).fill(orders(world)[0].client_order_id)
    world.server.services.recovery.refresh()
    world.run(4)
    assert world.broker_position() == {"AAPL": D(10)}
    assert orders(world, EXIT) == []
    world.run(30)
    assert world.broker_position() == {}
    assert orders(world, EXIT)[-1].status is OrderStatus.FILLED


def test_a_target_without_a_stop_comes_back_too(tmp_path: Path) -> None:
    world = a_world(tmp_path)
    world.send(action="buy", symbol="BTCUSD", quantity=2, take_profit="4%")
    assert working(world) == [(TARGET, D(2))]
    world.send(action="close", symbol="BTCUSD", quantity=1)
    world.run(1)
    assert working(world) == [(TARGET, D(1))]
    books_agree(world)


def test_rule_9_a_target_between_whole_shares_is_the_whole_one_below(tmp_path: Path) -> None:
    world = a_world(tmp_path)
    wants = {**BUY, "quantity": 5, "position_size": 2.5}
    first, second = (world.send(**wants, comment=word) for word in ("one", "two"))
    assert world.record(first.alert_id).outcome.quantity == 2
    assert world.record(second.alert_id).outcome.reason == "ALREADY_LONG"
    less = world.send(**{**wants, "action": "sell", "position_size": 1.5})
    assert world.record(less.alert_id).outcome.quantity == 1
    none = world.send(**{**wants, "symbol": "MSFT", "position_size": 0.5})
    assert world.record(none.alert_id).outcome.reason == "TOO_SMALL"


def test_rule_33_an_exit_that_rests_has_its_stop_beside_it(tmp_path: Path) -> None:
    world = a_world(tmp_path)
    world.send(**BUY)
    close = world.send(**CLOSE, order_type="limit", limit_price=130)
    record = world.record(close.alert_id)
    assert (record.status, record.outcome.quantity) == (AlertStatus.SUCCESS, D(10))
    assert "its stop rests beside it" in record.outcome.detail
    world.run(5)
    assert working(world) == [(STOP, D(10)), (TARGET, D(10))]
    assert [order.limit_price for order in orders(world, TARGET) if order.status.working] == [130]
    assert is_protected(world)
    assert "unprotected" not in world.events(close.alert_id)
    (target,) = [order for order in orders(world, TARGET) if order.status.working]
    fake(world).fill(target.client_order_id)
    world.server.services.recovery.refresh()
    assert world.broker_position() == {} == world.stakes()
    books_agree(world)


def test_rule_33_of_coins_only_the_stop_rests_and_the_limit_of_an_exit_is_watched(
    tmp_path: Path,
) -> None:
    world = a_world(tmp_path)
    world.send(**COIN)
    close = world.send(action="close", symbol="BTCUSD", order_type="limit", limit_price=130)
    assert world.record(close.alert_id).status is AlertStatus.SUCCESS
    assert working(world) == [(STOP, D(2))]
    assert is_protected(world)
    fake(world).prices["BTCUSD"] = D(131)
    world.server.services.target_watch.run()
    world.run(5)
    assert world.broker_position() == {} == world.stakes()


def test_rule_33_an_exit_that_rests_keeps_its_stop_where_open_exits_reserve_nothing(
    tmp_path: Path,
) -> None:
    world = World(tmp_path)
    for_the_day = replace(RESERVING, exits_reserve=False, oco=False)
    world.broker = FakeBroker(clock=world.clock, capabilities=for_the_day, holds_legs=True)
    fake(world).prices = {"AAPL": D(100)}
    world.boot()
    world.send(**BUY)
    close = world.send(**CLOSE, order_type="limit", limit_price=130)
    world.run(5)
    assert working(world) == [(STOP, D(10))]
    assert is_protected(world)
    assert "unprotected" not in world.events(close.alert_id)
    fake(world).prices["AAPL"] = D(131)
    world.server.services.target_watch.run()
    world.run(5)
    assert world.broker_position() == {} == world.stakes()
    books_agree(world)


def test_rule_33_an_exit_of_a_part_that_rests_leaves_stops_for_all(tmp_path: Path) -> None:
    world = a_world(tmp_path)
    world.send(**BUY)
    world.send(**CLOSE, quantity=4, order_type="limit", limit_price=130)
    world.run(5)
    assert sorted(working(world, STOP)) == [(STOP, D(4)), (STOP, D(6))]
    assert is_protected(world)
    close = world.send(**CLOSE)
    world.run(5)
    assert world.record(close.alert_id).outcome.quantity == 10
    assert world.broker_position() == {} == world.stakes()
    books_agree(world)


def test_rule_33_an_exit_whose_limit_is_reached_goes_as_it_is(tmp_path: Path) -> None:
    world = a_world(tmp_path)
    world.send(**BUY)
    world.send(**CLOSE, order_type="limit", limit_price=90)
    (exit_,) = orders(world, EXIT)
    assert (exit_.order_type, exit_.limit_price) == (OrderType.LIMIT, D(90))


def test_rule_23_an_exit_beside_its_stop_that_is_refused_brings_the_legs_back(
    tmp_path: Path,
) -> None:
    world = a_world(tmp_path, ACCEPT, reject("halted"))
    world.send(**BUY)
    close = world.send(**CLOSE, order_type="limit", limit_price=130)
    world.run(5)
    assert world.record(close.alert_id).status is AlertStatus.REJECTED
    assert "close_failed" in world.events(close.alert_id)
    assert working(world) == [(STOP, D(10)), (TARGET, D(10))]
    assert is_protected(world)


@pytest.mark.parametrize("kind", ["market", "limit"])
def test_rule_33_a_stop_that_trails_rests_alone_and_the_target_is_watched(
    tmp_path: Path, kind: str
) -> None:
    world = a_world(tmp_path, fill_part(D(10)))
    entry = {**LIMIT, "order_type": kind} if kind == "limit" else dict(BUY)
    del entry["stop_loss"]
    receipt = world.send(**entry, trail="5%")
    world.run(3)
    assert world.record(receipt.alert_id).status is AlertStatus.SUCCESS
    assert working(world) == [(STOP, D(10))]
    assert is_protected(world)
    (stop,) = orders(world, STOP)
    assert (stop.order_type, stop.stop_price) == (OrderType.TRAILING_STOP, D(95))
    fake(world).follow("AAPL", D(103))
    fake(world).prices["AAPL"] = D(104)
    world.server.services.target_watch.run()
    world.run(5)
    assert world.broker_position() == {} == world.stakes()


# --- less than one share --------------------------------------------------------------------------

PART: dict[str, object] = {**BUY, "quantity": 0.5}


def emulating(world: World) -> World:
    world.server.services.playbook.put(Strategy(symbol="AAPL", emulated_stop=True))
    return world


def test_rule_34_less_than_one_share_with_a_stop_is_denied(tmp_path: Path) -> None:
    world = a_world(tmp_path)
    assert world.record(world.send(**PART).alert_id).outcome.reason == "TOO_SMALL"


@pytest.mark.parametrize(("price", "role"), [(98, STOP), (104, TARGET)])
def test_rule_34_less_than_one_share_is_watched_and_closed_by_the_server(
    tmp_path: Path, price: int, role: OrderRole
) -> None:
    world = emulating(a_world(tmp_path))
    entry = world.send(**PART)
    record = world.record(entry.alert_id)
    assert (record.status, record.outcome.quantity) == (AlertStatus.SUCCESS, D("0.5"))
    assert (working(world), is_protected(world)) == ([], False)
    fake(world).prices["AAPL"] = D("103.9")
    assert world.server.services.target_watch.run() == 0
    world = reboot(world)
    fake(world).prices["AAPL"] = D(price)
    assert world.server.services.target_watch.run() == 1
    world.run(3)
    assert world.broker_position() == {} == world.stakes()
    (closed,) = orders(world, role)
    assert (closed.order_type, closed.quantity) == (OrderType.MARKET, D("0.5"))
    assert "protected" not in world.events(entry.alert_id)
    assert world.server.services.target_watch.run() == 0
    books_agree(world)


def reboot(world: World) -> World:
    world.crash_and_boot()
    return world


def test_rule_7_a_stop_that_the_server_watched_counts_as_a_leg(tmp_path: Path) -> None:
    world = emulating(a_world(tmp_path))
    world.send(**PART)
    fake(world).prices["AAPL"] = D(90)
    world.server.services.target_watch.run()
    world.run(3)
    late = world.send(action="sell", symbol="AAPL", quantity=1)
    assert world.record(late.alert_id).outcome.reason == "STOPPED_OUT"


def test_rule_34_an_exit_closes_what_is_watched(tmp_path: Path) -> None:
    world = emulating(a_world(tmp_path))
    world.send(**PART)
    close = world.send(**CLOSE)
    assert world.record(close.alert_id).outcome.quantity == D("0.5")
    fake(world).prices["AAPL"] = D(90)
    assert world.server.services.target_watch.run() == 0
    assert world.broker_position() == {}


def test_rule_34_a_close_of_what_is_watched_is_tried_until_it_is_taken(tmp_path: Path) -> None:
    world = emulating(a_world(tmp_path, ACCEPT, reject("halted"), UNAVAILABLE))
    entry = world.send(**PART)
    fake(world).prices["AAPL"] = D(90)
    world.server.services.target_watch.run()
    world.run(10)
    assert world.broker_position() == {} == world.stakes()
    assert "rejected" in world.events(entry.alert_id)


def test_rule_34_whole_shares_have_their_stop_at_the_broker_all_the_same(tmp_path: Path) -> None:
    world = emulating(a_world(tmp_path))
    world.send(**{**BUY, "quantity": 2.5})
    assert working(world) == [(STOP, D(2)), (TARGET, D(2))]


class Slow(FakeBroker):
    """A broker of which a budget lets one order be canceled a second."""

    _canceled_at = -1.0

    def cancel(self, client_order_id: str) -> BrokerOrder | None:
        now = self._clock.monotonic()
        if now - self._canceled_at < 1:
            raise BrokerUnavailable("the budget of calls is spent", after=0.25)
        self._canceled_at = now
        return super().cancel(client_order_id)


def test_an_exit_gets_ahead_of_many_stops_though_calls_are_few(tmp_path: Path) -> None:
    """What comes back before the last of them is gone would keep it waiting for ever."""
    world = World(tmp_path)
    world.broker = Slow(clock=world.clock, capabilities=RESERVING)
    fake(world).prices = {"AAPL": D(100)}
    world.boot()
    for action in ("buy", *["add"] * 5):
        world.send(action=action, symbol="AAPL", quantity=1, stop_loss="2%")
        world.run(1)
        world.clock.advance(30)
    assert [quantity for _, quantity in working(world, STOP)] == [D(1)] * 6
    receipt = world.send(**CLOSE)
    world.run(15)
    assert world.record(receipt.alert_id).status is AlertStatus.SUCCESS
    assert world.broker_position() == {}
    books_agree(world)
