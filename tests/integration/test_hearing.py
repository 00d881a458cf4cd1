"""What a broker tells of orders is a hint: it makes things quick, and never right or wrong."""

import threading
from collections import Counter
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.domain.errors import BrokerUnavailable
from app.domain.events import EventKind
from app.domain.order import OrderStatus
from app.domain.outcome import AlertStatus
from app.engine.hearing import MANY, PAUSE, Hearing
from tests.fakes.broker import REPLY_LOST, REST, FakeBroker, late
from tests.integration.world import World, fake

BUY: dict[str, object] = {"action": "buy", "symbol": "AAPL", "quantity": 10}
LIMIT = {**BUY, "order_type": "limit", "limit_price": 90}


def ear(world: World) -> Hearing:
    (watch,) = world.server.watches
    return watch.hearing


def tell(world: World, *hints: str | None) -> None:
    """The broker tells; then whoever is woken by it looks."""
    for hint in hints:
        ear(world).hear(hint)
    ear(world).act()


def asked(world: World) -> Counter[str]:
    """How often each order was looked up since the last time that this was asked."""
    found = Counter(name for call, name in fake(world).calls if call == "find")
    fake(world).calls.clear()
    return found


def one(world: World) -> str:
    return world.orders()[0].client_order_id


def test_a_market_order_whose_fill_is_told_of_ends_at_once(world: World) -> None:
    fake(world).script.append(REST)
    receipt = world.send(**BUY, stop_loss="2%")
    assert world.record(receipt.alert_id).status is AlertStatus.WAITING
    fake(world).fill(one(world))
    tell(world, one(world))
    record = world.record(receipt.alert_id)
    assert (record.status, record.outcome.quantity) == (AlertStatus.SUCCESS, Decimal(10))
    assert "protected" in world.events(receipt.alert_id)


def test_an_order_in_doubt_is_settled_as_soon_as_it_is_told_of(world: World) -> None:
    fake(world).script.append(late(1, then=REPLY_LOST))
    receipt = world.send(**BUY)
    assert world.record(receipt.alert_id).status is AlertStatus.UNKNOWN
    tell(world, one(world))  # not to be seen yet
    tell(world, one(world))
    assert world.record(receipt.alert_id).status is AlertStatus.SUCCESS
    assert fake(world).orders_placed == 1


def test_a_fill_of_a_resting_order_is_in_the_books_when_it_is_told_of(world: World) -> None:
    world.send(**LIMIT)
    fake(world).fill(one(world))
    tell(world, one(world))
    assert world.journaled_position() == world.broker_position()


def test_many_hints_of_one_order_are_one_look(world: World) -> None:
    world.send(**LIMIT)
    asked(world)
    tell(world, *[one(world)] * 50)
    assert asked(world) == {one(world): 1}


def test_hints_of_what_is_not_ours_or_has_filled_ask_the_broker_nothing(world: World) -> None:
    world.send(**BUY)
    asked(world)
    fake(world).fail("orders", *[BrokerUnavailable("nobody asks")] * 9)
    tell(world, "somebody-elses", one(world), one(world))
    assert asked(world) == {}


def test_hints_of_very_many_orders_are_one_list(world: World) -> None:
    world.send(**LIMIT)
    fake(world).fill(one(world))
    asked(world)
    tell(world, *(f"order-{number}" for number in range(10 * MANY)))
    assert asked(world) == {one(world): 1}
    assert world.orders()[0].status is OrderStatus.FILLED


def test_what_cannot_be_looked_up_before_a_moment_is_looked_up_then(world: World) -> None:
    world.send(**LIMIT)
    fake(world).fill(one(world))
    fake(world).fail("find", BrokerUnavailable("the budget of calls is spent", after=0.75))
    tell(world, one(world))
    ear(world).act()
    assert world.orders()[0].status is OrderStatus.LIVE
    asked(world)
    world.clock.advance(0.5)
    ear(world).act()
    assert asked(world) == {}, "it would be refused again"
    world.clock.advance(0.25)
    ear(world).act()
    assert world.orders()[0].status is OrderStatus.FILLED


def test_after_each_connection_everything_is_looked_at_and_not_more_often_than_needed(
    world: World,
) -> None:
    world.send(**LIMIT)
    tell(world, None)
    fake(world).fill(one(world))
    asked(world)
    tell(world, None, None)
    assert asked(world) == {}, "it was looked at a moment ago"
    world.clock.advance(PAUSE)
    ear(world).act()
    assert asked(world) == {one(world): 1}
    assert world.orders()[0].status is OrderStatus.FILLED


@pytest.mark.parametrize("call", ["find", "orders"])
def test_a_hint_that_cannot_be_followed_is_as_one_that_never_came(world: World, call: str) -> None:
    world.send(**LIMIT)
    fake(world).fill(one(world))
    fake(world).fail(call, BrokerUnavailable("no route"))
    tell(world, one(world), None)
    tell(world)
    world.server.services.recovery.refresh()
    assert world.orders()[0].status is OrderStatus.FILLED


HINTS = st.lists(st.sampled_from(["a", "b", "other", "all", "round"]), min_size=1, max_size=12)


@given(HINTS)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_hints_dropped_repeated_or_out_of_order_end_the_same(
    tmp_path_factory: pytest.TempPathFactory, hints: list[str]
) -> None:
    world = World(tmp_path_factory.mktemp("hints"))
    world.broker = FakeBroker(clock=world.clock, script=[REST])
    world.boot()
    market = world.send(**BUY, stop_loss="2%")
    world.send(**{**LIMIT, "symbol": "MSFT"})
    names = {order.symbol: order.client_order_id for order in world.orders() if not order.parent}
    words = {"a": names["AAPL"], "b": names["MSFT"], "other": "somebody-elses", "all": None}
    for number, hint in enumerate(hints):
        if number == len(hints) // 2:
            fake(world).fill(names["AAPL"])
        if hint == "round":
            world.server.services.recovery.refresh()
        else:
            tell(world, words[hint])
    world.run(seconds=3)
    fake(world).fill(names["MSFT"])
    world.server.services.recovery.refresh()
    world.run(seconds=12)
    assert world.journaled_position() == world.broker_position()
    assert world.record(market.alert_id).status is AlertStatus.SUCCESS
    assert world.count("fills") == 2
    world.server.database.close()


def test_a_server_listens_from_its_start_and_acts_on_its_own_thread(world: World) -> None:
    fake(world).script.append(REST)
    receipt = world.send(**BUY)
    fake(world).fill(one(world))
    ended = threading.Event()
    world.server.services.bus.subscribe(
        lambda event: ended.set() if event.kind is EventKind.FINISHED else None
    )
    (watch,) = world.server.watches
    watch.start()
    heard = fake(world).heard
    assert heard is not None
    heard(one(world))
    assert ended.wait(timeout=20)
    watch.loop.stop()
    assert world.record(receipt.alert_id).status is AlertStatus.SUCCESS
