"""One alert on paper and at the simulated Alpaca: two brokers, one alert, the same rules."""

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from app.domain.outcome import AlertStatus
from app.domain.strategy import Strategy
from tests.contracts.alpaca import options_of
from tests.fakes.clock import FakeClock
from tests.integration.world import World
from tests.simulators.alpaca import AlpacaSimulator

S, D = AlertStatus, Decimal
BUY: dict[str, object] = {"action": "buy", "symbol": "AAPL", "timeframe": "15m", "price": 190}
CLOSE: dict[str, object] = {"action": "close", "symbol": "AAPL", "timeframe": "15m", "price": 200}


@pytest.fixture
def alpaca() -> Iterator[AlpacaSimulator]:
    with AlpacaSimulator(clock=FakeClock(), strict=True, rate_limit=None) as simulator:
        simulator.quote("AAPL", D(190))
        yield simulator
        assert simulator.state.violations == []


@pytest.fixture
def world(tmp_path: Path, alpaca: AlpacaSimulator) -> Iterator[World]:
    options = {f"ALPACA_{name}": value for name, value in options_of(alpaca).items()}
    accounts = {"ACCOUNTS": "paper,alpaca", "DEFAULT_ACCOUNT": "paper"}
    world = World(tmp_path, settings={**accounts, **options})
    world.boot()
    row = Strategy(symbol="AAPL", timeframe="15m", account="paper, alpaca*0.5")
    world.server.services.playbook.put(row)
    yield world
    for account in world.server.services.accounts:
        account.broker.close()
    world.server.database.close()


def held(world: World) -> dict[str, Decimal]:
    return {
        account.name: position.quantity
        for account in world.server.services.accounts
        for position in account.broker.positions()
    }


def word(world: World) -> str:
    row = world.server.services.playbook.find("AAPL", "15m")
    assert row is not None
    return row.order_status


def test_an_alert_enters_and_leaves_on_paper_and_at_alpaca(world: World) -> None:
    receipt = world.send(**BUY, quantity=10)
    world.run(seconds=3)
    assert world.record(receipt.alert_id).status is S.SUCCESS, world.record(receipt.alert_id)
    assert held(world) == {"paper": D(10), "alpaca": D(5)}
    assert word(world) == "FILLED"
    receipt = world.send(**CLOSE)
    world.run(seconds=3)
    assert world.record(receipt.alert_id).status is S.SUCCESS
    assert held(world) == {}
    assert word(world) == "WAITING"


def test_paper_trades_while_alpaca_cannot_be_reached(world: World, alpaca: AlpacaSimulator) -> None:
    with alpaca.away():
        receipt = world.send(**BUY, quantity=10)
        outcomes = world.record(receipt.alert_id).outcomes
        assert (outcomes["paper"].status, outcomes["alpaca"].status) == (S.SUCCESS, S.WAITING)
    world.run(seconds=5)
    assert world.record(receipt.alert_id).status is S.SUCCESS
    assert held(world) == {"paper": D(10), "alpaca": D(5)}
