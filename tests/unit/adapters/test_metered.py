"""What goes to a broker is counted by what was asked and how it came out. Nothing else changes."""

import pytest

from app.adapters.metered import MeteredBroker
from app.domain.errors import (
    BrokerError,
    BrokerLoginNeeded,
    BrokerRejected,
    BrokerUnavailable,
    JournalError,
    OutcomeUnknown,
)
from app.domain.order import BrokerOrder
from tests.fakes.broker import FakeBroker
from tests.fakes.clock import FakeClock


class Slow(FakeBroker):
    """Each look-up takes two seconds."""

    def __init__(self, clock: FakeClock) -> None:
        super().__init__(clock=clock)
        self.clock = clock

    def find(self, client_order_id: str) -> BrokerOrder | None:
        self.clock.advance(2)
        return super().find(client_order_id)


@pytest.fixture
def heard() -> list[tuple[str, str, float]]:
    return []


@pytest.fixture
def broker(clock: FakeClock) -> Slow:
    return Slow(clock)


@pytest.fixture
def metered(broker: Slow, clock: FakeClock, heard: list[tuple[str, str, float]]) -> MeteredBroker:
    def hear(asked: str, outcome: str, seconds: float) -> None:
        heard.append((asked, outcome, seconds))

    return MeteredBroker(broker, hear, clock)


def test_a_call_is_counted_with_its_seconds(
    metered: MeteredBroker, heard: list[tuple[str, str, float]]
) -> None:
    assert metered.find("ANY") is None
    assert metered.positions() == []
    assert heard == [("find", "answered", 2.0), ("positions", "answered", 0.0)]


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (BrokerRejected("no"), "rejected"),
        (BrokerUnavailable("refused"), "unavailable"),
        (BrokerLoginNeeded("dead"), "login_needed"),
        (OutcomeUnknown("lost"), "unknown"),
        (BrokerError("strange"), "error"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_went_wrong_is_counted_by_its_kind_and_raised_as_it_is(
    error: BrokerError,
    outcome: str,
    broker: Slow,
    metered: MeteredBroker,
    heard: list[tuple[str, str, float]],
) -> None:
    broker.fail("find", error)
    with pytest.raises(type(error)) as raised:
        metered.find("ANY")
    assert raised.value is error
    assert heard == [("find", outcome, 2.0)]


def test_a_fault_of_ours_is_not_the_broker_s(
    broker: Slow,
    metered: MeteredBroker,
    heard: list[tuple[str, str, float]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail() -> None:
        raise JournalError("the database is locked")

    monkeypatch.setattr(broker, "positions", fail)
    with pytest.raises(JournalError):
        metered.positions()
    assert heard == [("positions", "failed", 0.0)]
