"""Some dozens of days of a server, always the same; `make torture` has thousands, always new."""

import pytest
from hypothesis import settings
from hypothesis.stateful import run_state_machine_as_test

from tests.integration.machine import CALMLY, ReducedTrading, Trading

SHORT = settings(CALMLY, max_examples=60, stateful_step_count=25, derandomize=True)


def test_random_days_end_with_books_that_agree() -> None:
    run_state_machine_as_test(Trading, settings=SHORT)


def test_random_days_at_a_broker_that_protects_nothing_by_itself_end_the_same() -> None:
    run_state_machine_as_test(ReducedTrading, settings=SHORT)


@pytest.mark.parametrize("crash", range(37, 41))
def test_stops_that_a_crash_left_unread_are_booked_in_the_order_in_which_they_are_read(
    crash: int,
) -> None:
    day = Trading()
    day.open(pyramiding=True)
    entry = {"symbol": "AAPL", "action": "buy", "stop_loss": "5%"}
    fall = {"symbol": "AAPL", "action": "sell", "quantity": 1, "price": 80}
    try:
        for quantity in ("2.5", "10"):
            day.alert(day.body_of({**entry, "quantity": quantity}), None, again=False)
        day.alert(day.body_of(fall), crash, again=True)
        day.all_is_well()
    finally:
        day.teardown()
