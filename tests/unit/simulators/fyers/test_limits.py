"""How often one may ask."""

from itertools import repeat

import pytest

from tests.fakes.clock import FakeClock
from tests.simulators.fyers import FyersSimulator
from tests.unit.simulators.fyers.desk import AN_ORDER, Desk


@pytest.fixture(autouse=True)
def limited(fyers: FyersSimulator) -> None:
    fyers.rules(rate_limits=True)


def answers(desk: Desk, clock: FakeClock, count: int, pause: float = 0.0) -> list[int]:
    """The statuses of so many requests."""
    found: list[int] = []
    for _ in repeat(None, count):
        found.append(desk.ask("GET", "/api/v3/profile").status_code)
        clock.advance(pause)
    return found


def test_ten_requests_a_second_are_answered(desk: Desk, clock: FakeClock) -> None:
    assert answers(desk, clock, 11) == [200] * 10 + [429]
    refused = desk.ask("GET", "/data/quotes", params={"symbols": "NSE:SBIN-EQ"})
    assert (refused.json()["code"], refused.headers["Retry-After"]) == (-429, "1")
    clock.advance(1)
    assert answers(desk, clock, 1) == [200]


def test_two_hundred_requests_a_minute_are_answered(desk: Desk, clock: FakeClock) -> None:
    assert answers(desk, clock, 201, pause=0.25) == [200] * 200 + [429]
    refused = desk.ask("GET", "/api/v3/profile")
    assert float(refused.headers["X-Retry-After-Ms"]) == 9750
    clock.advance(9.75)
    assert answers(desk, clock, 1) == [200]


def test_a_minute_that_is_broken_for_the_fourth_time_ends_the_day(
    fyers: FyersSimulator, desk: Desk, clock: FakeClock
) -> None:
    for broken in range(4):
        assert answers(desk, clock, 1) == [200], broken
        fyers.owner().asked["minute", int(clock.now().timestamp()) // 60] = 200
        clock.advance(1)
        assert answers(desk, clock, 1) == [429]
        clock.advance(59)
    told = desk.ask("GET", "/api/v3/profile")
    assert told.status_code == 429
    assert int(told.headers["Retry-After"]) == 13.5 * 3600 - 4 * 60
    clock.advance(int(told.headers["Retry-After"]))
    assert answers(desk, clock, 1) == [200]


def test_order_placement_is_counted_with_the_rest(desk: Desk, clock: FakeClock) -> None:
    assert answers(desk, clock, 9) == [200] * 9
    statuses = [
        desk.ask("POST", "/api/v3/orders/sync", json=AN_ORDER).status_code for _ in range(2)
    ]
    assert statuses == [200, 429]
    assert len(desk.fyers.owner().orders) == 1


def test_a_hundred_thousand_requests_a_day_are_answered(
    fyers: FyersSimulator, desk: Desk, clock: FakeClock
) -> None:
    answers(desk, clock, 1)
    [day] = [name for name in fyers.owner().asked if name[0] == "day"]
    fyers.owner().asked[day] = 100_000
    clock.advance(61)
    assert answers(desk, clock, 1) == [429]
