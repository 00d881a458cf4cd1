"""Some dozens of days of a server, always the same; `make torture` has thousands, always new."""

from hypothesis import settings
from hypothesis.stateful import run_state_machine_as_test

from tests.integration.machine import CALMLY, ReducedTrading, Trading

SHORT = settings(CALMLY, max_examples=60, stateful_step_count=25, derandomize=True)


def test_random_days_end_with_books_that_agree() -> None:
    run_state_machine_as_test(Trading, settings=SHORT)


def test_random_days_at_a_broker_that_protects_nothing_by_itself_end_the_same() -> None:
    run_state_machine_as_test(ReducedTrading, settings=SHORT)
