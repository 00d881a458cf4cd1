"""Ten thousand alerts of every kind through twenty restarts."""

import pytest

from tests.e2e.books import STARTING_CASH
from tests.e2e.conftest import Serve
from tests.e2e.day import Day

pytestmark = pytest.mark.torture


def test_after_ten_thousand_alerts_and_twenty_restarts_the_books_are_exact(
    serve: Serve, figures: list[str], seed: int
) -> None:
    server = serve(PAPER_CASH=str(STARTING_CASH), LOG_LEVEL="WARNING")
    figures.append(Day(server, alerts=10_000, restarts=20, seed=seed).live())
