"""A simulator on loopback, and alpaca-py's own client on it."""

from collections.abc import Iterator

import pytest

from tests.fakes.clock import FakeClock
from tests.simulators.alpaca import AlpacaSimulator
from tests.unit.simulators.alpaca.desk import Desk


@pytest.fixture
def clock() -> FakeClock:
    """A Friday, an hour after the open."""
    return FakeClock()


@pytest.fixture
def alpaca(clock: FakeClock) -> Iterator[AlpacaSimulator]:
    """AAPL is quoted at 190."""
    with AlpacaSimulator(clock=clock, strict=True) as simulator:
        yield simulator
        assert simulator.state.wrong_answers == []


@pytest.fixture
def desk(alpaca: AlpacaSimulator) -> Iterator[Desk]:
    """Trades on the simulator's first account."""
    made = Desk(alpaca)
    yield made
    made.close()
