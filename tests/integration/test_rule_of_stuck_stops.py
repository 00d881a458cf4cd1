"""Trading-rule 36: a triggered stop that does not fill is told, and walked to the market."""

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from app.domain.errors import BrokerUnavailable
from app.domain.instrument import AssetClass, Ticker
from app.domain.order import OrderRole, OrderStatus
from app.engine.holdings import holdings_of
from app.ports.journal import OrderRecord
from tests.fakes.broker import EVERYTHING, REST, FakeBroker
from tests.integration.world import World

STOP = {"type": "stop_limit", "stopPrice": 95, "limitPrice": 94}
ENTRY: dict[str, object] = {"action": "buy", "symbol": "AAPL", "quantity": 10, "price": 100}
AAPL = Ticker("", "AAPL")


@pytest.fixture
def world(tmp_path: Path) -> World:
    """A paper account that holds ten, whose stop the price has jumped over."""
    world = World(tmp_path)
    world.boot()
    world.send(**ENTRY, stop_loss=STOP, take_profit=120)
    quote(world, 90)
    return world


def quote(world: World, price: int) -> None:
    world.server.services.quotes.note(AAPL, Decimal(price), world.clock.advance(0.5))


def watch(world: World, seconds: float) -> int:
    world.clock.advance(seconds)
    world.server.services.ownership.beat()
    return world.server.services.stop_watch.run()


def stop_of(world: World) -> OrderRecord:
    (stop,) = [order for order in world.orders() if order.role is OrderRole.STOP_LOSS]
    return stop


def protected(world: World) -> list[bool]:
    services = world.server.services
    (account,) = services.accounts
    return [holding.protected for holding in holdings_of(account, services.journal)]


def problems(world: World) -> list[str]:
    return [row["kind"] for row in world.rows("SELECT kind FROM events WHERE problem ORDER BY id")]


def test_rule_36_a_triggered_stop_protects_nothing_from_then_on(world: World) -> None:
    stop = stop_of(world)
    assert (stop.status, stop.triggered_at) == (OrderStatus.LIVE, world.clock.now())
    assert protected(world) == [False]


def test_rule_36_a_triggered_stop_has_3_s_to_fill_by_itself(world: World) -> None:
    assert watch(world, 2.5) == 0
    assert (problems(world), world.broker_position()) == ([], {"AAPL": Decimal(10)})
    quote(world, 94)

    assert watch(world, 10) == 0
    assert (problems(world), world.broker_position()) == ([], {})


def test_rule_36_after_3_s_it_is_told_and_the_position_is_closed(world: World) -> None:
    assert watch(world, 3) == 1

    stop = stop_of(world)
    assert (stop.status, stop.average_price) == (OrderStatus.FILLED, Decimal(90))
    assert problems(world) == ["unprotected"]
    assert world.broker_position() == world.journaled_position() == {}
    assert [order.status for order in world.orders() if order.status.working] == []
    assert watch(world, 1) == 0


def test_rule_36_without_a_fresh_quote_it_is_told_once_and_closed_by_the_next(
    world: World,
) -> None:
    world.clock.advance(1000)
    assert [watch(world, 1), watch(world, 1)] == [1, 1]
    assert problems(world) == ["unprotected"]
    assert stop_of(world).reason == "unprotected"

    quote(world, 80)
    assert watch(world, 1) == 1
    assert stop_of(world).average_price == 80
    assert (problems(world), world.broker_position()) == (["unprotected"], {})


def test_rule_36_another_process_goes_on_where_the_first_one_died(world: World) -> None:
    world.clock.advance(1000)
    watch(world, 3)
    world.crash_and_boot()
    quote(world, 80)

    assert watch(world, 1) == 1
    assert (problems(world), world.broker_position()) == (["unprotected"], {})


def test_rule_36_a_stop_is_moved_as_soon_as_the_broker_can_be_reached(tmp_path: Path) -> None:
    world = World(tmp_path)
    broker = FakeBroker(clock=world.clock)
    world.broker = broker
    world.boot()
    broker.prices["AAPL"] = Decimal(100)
    world.send(**ENTRY, stop_loss=STOP)
    broker.trigger(stop_of(world).client_order_id)
    broker.prices["AAPL"] = Decimal(90)
    world.server.services.recovery.refresh()
    broker.fail("reprice", BrokerUnavailable("connection refused"))

    assert [watch(world, 3), watch(world, 1), watch(world, 1)] == [1, 1, 0]
    assert problems(world) == ["unprotected"]
    assert world.broker_position() == {}


def test_rule_36_other_brackets_keep_what_they_protect(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.boot()
    world.send(**ENTRY, id="100001", stop_loss=50)
    world.send(**ENTRY | {"action": "add", "quantity": 5}, id="100002", stop_loss=STOP)
    quote(world, 90)
    watch(world, 3)

    assert world.broker_position() == {"AAPL": Decimal(10)}
    working = [order for order in world.orders() if order.status.working]
    assert [(order.stop_price, order.quantity) for order in working] == [(Decimal(50), Decimal(10))]
    assert protected(world) == [True]


@pytest.mark.parametrize("coins", [True, False])
def test_rule_36_a_stop_is_moved_where_its_kind_of_instrument_can_be(
    tmp_path: Path, *, coins: bool
) -> None:
    world = World(tmp_path)
    kinds = {AssetClass.CRYPTO: replace(EVERYTHING, reprices=coins)}
    abilities = replace(EVERYTHING, reprices=not coins, apart=kinds)
    broker = FakeBroker(clock=world.clock, capabilities=abilities)
    world.broker = broker
    world.boot()
    broker.prices["BTCUSD"] = Decimal(100)
    world.send(**{**ENTRY, "symbol": "BTC/USD"}, stop_loss=STOP)
    broker.trigger(stop_of(world).client_order_id)
    broker.prices["BTCUSD"] = Decimal(90)
    world.server.services.recovery.refresh()
    watch(world, 3)
    assert (world.broker_position() == {}) is coins


def test_rule_36_a_close_that_its_broker_sent_as_a_limit_is_walked_too(tmp_path: Path) -> None:
    world = World(tmp_path)
    broker = FakeBroker(clock=world.clock)
    world.broker = broker
    world.boot()
    broker.prices["AAPL"] = Decimal(100)
    world.send(**ENTRY)
    broker.script.append(REST)
    world.send(**ENTRY | {"action": "close"})
    (close,) = [order for order in world.orders() if order.role is OrderRole.EXIT]
    told = broker.protect_price(close.client_order_id, Decimal(99))
    broker.prices["AAPL"] = Decimal(90)
    world.server.services.settlement.apply([told])

    assert watch(world, 2) == 0
    assert [watch(world, 1), watch(world, 1)] == [1, 0]
    assert problems(world) == ["unprotected"]
    assert world.broker_position() == {}


def test_rule_36_a_close_at_the_market_is_left_to_its_broker(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.broker = broker = FakeBroker(clock=world.clock)
    world.boot()
    broker.prices["AAPL"] = Decimal(100)
    world.send(**ENTRY)
    broker.script.append(REST)
    world.send(**ENTRY | {"action": "close"})

    assert watch(world, 5) == 0
