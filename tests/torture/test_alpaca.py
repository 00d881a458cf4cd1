"""Ten thousand alerts at Alpaca, 1 % of each fault, 110 kills: more than an hour."""

import pytest

from tests.e2e.conftest import Serve
from tests.e2e.test_alpaca_storm import storm_and_kill

pytestmark = pytest.mark.torture


def test_a_hundred_kills_among_ten_thousand_alerts_leave_books_that_agree(
    serve: Serve, figures: list[str], seed: int
) -> None:
    figures.append(storm_and_kill(serve, kills=110, alerts=10_000, seed=seed, pause=2))
