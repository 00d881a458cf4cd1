"""The engine protects what it trades at the simulated Alpaca, through the real SDK and sockets."""

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from app.domain.outcome import AlertStatus
from app.domain.strategy import Strategy
from app.engine.holdings import holdings_of
from tests.fakes.clock import FakeClock
from tests.integration.world import World
from tests.simulators.alpaca import AlpacaSimulator

D = Decimal
NOON = datetime(2026, 11, 24, 17, 0, tzinfo=UTC)
LEVELS: dict[str, object] = {"stop_loss": "2%", "take_profit": "4%"}
BUY: dict[str, object] = {"action": "buy", "symbol": "AAPL", "quantity": 10, **LEVELS}
COIN: dict[str, object] = {"action": "buy", "symbol": "BTC/USD", "quantity": "0.5", **LEVELS}
CLOSE: dict[str, object] = {"action": "close", "symbol": "AAPL"}


@pytest.fixture
def simulator() -> Iterator[AlpacaSimulator]:
    clock = FakeClock(NOON)
    with AlpacaSimulator(clock=clock, strict=True, rate_limit=None) as simulator:
        simulator.quote("AAPL", D(100))
        simulator.quote("BTC/USD", D(1000))
        yield simulator
        assert simulator.state.violations == []


@pytest.fixture
def world(tmp_path: Path, simulator: AlpacaSimulator) -> Iterator[World]:
    world = World(tmp_path, clock=FakeClock(NOON))
    world.settings = {
        "ACCOUNTS": "alpaca=alpaca",
        "DEFAULT_ACCOUNT": "alpaca",
        "ALPACA_API_KEY": simulator.key,
        "ALPACA_SECRET_KEY": simulator.secret,
        "ALPACA_BASE_URL": simulator.trading_url,
        "ALPACA_DATA_URL": simulator.data_url,
        "ALPACA_STREAM_URL": simulator.stream_url,
    }
    world.boot()
    yield world
    world.server.database.close()


def protections(world: World) -> list[tuple[str, Decimal]]:
    rows = world.rows(
        "SELECT role, quantity FROM orders WHERE role IN ('stop_loss', 'take_profit')"
        " AND status = 'live' ORDER BY role"
    )
    return [(row["role"], D(row["quantity"])) for row in rows]


def is_protected(world: World) -> bool:
    (account,) = world.server.services.accounts
    held = holdings_of(account, world.server.services.journal)
    return bool(held) and all(holding.protected for holding in held)


def done(world: World, fields: dict[str, object]) -> AlertStatus:
    receipt = world.send(**fields)
    world.run(5)
    return world.record(receipt.alert_id).status


def test_a_bracket_at_the_market_is_alpacas(world: World) -> None:
    assert done(world, BUY) is AlertStatus.SUCCESS
    assert protections(world) == [("stop_loss", D(10)), ("take_profit", D(10))]
    assert is_protected(world)


def test_rule_32_a_limit_entry_gets_its_pair_once_it_fills(
    world: World, simulator: AlpacaSimulator
) -> None:
    assert done(world, {**BUY, "order_type": "limit", "limit_price": 95}) is AlertStatus.SUCCESS
    assert protections(world) == []
    simulator.quote("AAPL", D(95))
    world.server.services.recovery.refresh()
    world.run(2)
    assert protections(world) == [("stop_loss", D(10)), ("take_profit", D(10))]
    assert is_protected(world)


def test_rule_33_a_coin_rests_on_its_stop_and_its_target_is_watched(
    world: World, simulator: AlpacaSimulator
) -> None:
    assert done(world, COIN) is AlertStatus.SUCCESS
    assert [role for role, _ in protections(world)] == ["stop_loss"]
    assert is_protected(world)
    simulator.quote("BTC/USD", D(1041))
    world.server.services.target_watch.run()
    world.run(3)
    assert protections(world) == []
    assert world.broker_position() == {}


def test_rule_23_a_close_makes_the_legs_give_way(world: World) -> None:
    done(world, BUY)
    assert done(world, CLOSE) is AlertStatus.SUCCESS
    assert protections(world) == []
    assert world.broker_position() == {}


def test_a_close_of_a_part_leaves_the_rest_protected(world: World) -> None:
    done(world, BUY)
    assert done(world, {**CLOSE, "quantity": 4}) is AlertStatus.SUCCESS
    assert protections(world) == [("stop_loss", D(6)), ("take_profit", D(6))]
    assert is_protected(world)


def test_a_reversal_ends_short_and_protected(world: World) -> None:
    done(world, BUY)
    assert done(world, {**BUY, "action": "sell", "quantity": 5}) is AlertStatus.SUCCESS
    assert world.broker_position() == {"AAPL": D(-5)}
    assert protections(world) == [("stop_loss", D(5)), ("take_profit", D(5))]
    assert is_protected(world)


def test_rule_32_a_bracket_that_stays_partial_ends_and_its_part_gets_a_pair(
    world: World, simulator: AlpacaSimulator
) -> None:
    simulator.quote("AAPL", D(100), size=4)
    assert done(world, BUY) is AlertStatus.SUCCESS
    assert world.broker_position() == {"AAPL": D(4)}
    assert protections(world) == [("stop_loss", D(4)), ("take_profit", D(4))]
    assert is_protected(world)


def test_rule_24_a_cancel_that_is_pending_is_waited_for(
    world: World, simulator: AlpacaSimulator
) -> None:
    done(world, BUY)
    simulator.rules(holds_cancels=True)
    receipt = world.send(**CLOSE)
    world.run(2)
    assert world.broker_position() == {"AAPL": D(10)}
    simulator.rules(holds_cancels=False)
    simulator.let_cancels_through()
    world.run(10)
    assert world.record(receipt.alert_id).status is AlertStatus.SUCCESS
    assert world.broker_position() == {}


@pytest.mark.parametrize("kind", ["lost", "dropped", "too_many", "error", "gateway", "html", "cut"])
def test_a_stop_is_armed_once_whatever_becomes_of_its_request(
    world: World, simulator: AlpacaSimulator, kind: str
) -> None:
    done(world, {**COIN, "order_type": "limit", "limit_price": 900})
    simulator.fault(kind, "POST /v2/orders")
    simulator.quote("BTC/USD", D(900))
    world.server.services.recovery.refresh()
    world.run(20)
    assert [role for role, _ in protections(world)] == ["stop_loss"]
    assert len([order for order in simulator.shown()["orders"] if order["status"] == "new"]) == 1
    assert is_protected(world)


def test_a_stop_that_trails_is_alpacas_and_its_target_is_watched(
    world: World, simulator: AlpacaSimulator
) -> None:
    entry = {name: value for name, value in BUY.items() if name != "stop_loss"}
    assert done(world, {**entry, "trail": "5%"}) is AlertStatus.SUCCESS
    assert protections(world) == [("stop_loss", D(10))]
    assert is_protected(world)
    simulator.quote("AAPL", D(102))
    simulator.quote("AAPL", D(96))
    world.server.services.recovery.refresh()
    assert protections(world) == []
    assert world.broker_position() == {}


def test_rule_33_an_exit_that_rests_has_its_stop_beside_it_at_alpaca(
    world: World, simulator: AlpacaSimulator
) -> None:
    assert done(world, BUY) is AlertStatus.SUCCESS
    limit: dict[str, object] = {**CLOSE, "order_type": "limit", "limit_price": 130}
    assert done(world, limit) is AlertStatus.SUCCESS
    assert protections(world) == [("stop_loss", D(10)), ("take_profit", D(10))]
    assert is_protected(world)
    simulator.quote("AAPL", D(131))
    world.server.services.recovery.refresh()
    assert world.broker_position() == {}


def test_rule_34_a_part_of_a_share_is_watched_by_the_server(
    world: World, simulator: AlpacaSimulator
) -> None:
    world.server.services.playbook.put(Strategy(symbol="AAPL", emulated_stop=True))
    assert done(world, {**BUY, "quantity": 0.5}) is AlertStatus.SUCCESS
    assert (protections(world), is_protected(world)) == ([], False)
    simulator.quote("AAPL", D(90))
    world.server.services.target_watch.run()
    world.run(3)
    world.server.services.recovery.refresh()
    assert world.broker_position() == {} == world.stakes()
