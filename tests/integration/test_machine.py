"""Some dozens of days of a server, always the same; `make torture` has thousands, always new."""

from hypothesis import settings
from hypothesis.stateful import run_state_machine_as_test

from tests.integration.machine import CALMLY, Trading


def test_random_days_end_with_books_that_agree() -> None:
    short = settings(CALMLY, max_examples=60, stateful_step_count=25, derandomize=True)
    run_state_machine_as_test(Trading, settings=short)
