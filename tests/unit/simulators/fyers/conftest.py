"""A simulator on loopback, and the vendor's own SDK on it."""

import logging
from collections.abc import Iterator
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest

from tests.fakes.clock import FakeClock
from tests.simulators.fyers import FyersSimulator
from tests.unit.simulators.fyers.desk import Desk, vendor

MORNING = datetime(2026, 11, 20, 5, 0, tzinfo=UTC)


def no_file(_path: str) -> logging.Handler:
    """The SDK insists on log files in the folder where it runs."""
    return logging.NullHandler()


@pytest.fixture
def clock() -> FakeClock:
    """A Friday, half past ten in India."""
    return FakeClock(MORNING)


@pytest.fixture
def fyers(clock: FakeClock, monkeypatch: pytest.MonkeyPatch) -> Iterator[FyersSimulator]:
    """SBIN is quoted at 825."""
    with FyersSimulator(clock=clock) as simulator:
        monkeypatch.setattr(vendor.Config, "API", simulator.api_url)
        monkeypatch.setattr(vendor.Config, "DATA_API", simulator.data_url)
        monkeypatch.setattr(vendor, "logging", SimpleNamespace(FileHandler=no_file))
        yield simulator


@pytest.fixture
def desk(fyers: FyersSimulator) -> Iterator[Desk]:
    """Trades on the simulator's first account."""
    made = Desk(fyers)
    yield made
    made.close()
