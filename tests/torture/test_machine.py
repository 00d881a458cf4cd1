"""Thousands of random days of a server, longer than those of `make test`."""

import pytest
from hypothesis import settings
from hypothesis.stateful import run_state_machine_as_test

from tests.integration.machine import CALMLY, Trading

pytestmark = pytest.mark.torture


def test_two_thousand_random_days_end_with_books_that_agree() -> None:
    long = settings(CALMLY, max_examples=2_000, stateful_step_count=40)
    run_state_machine_as_test(Trading, settings=long)
