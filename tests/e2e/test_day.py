"""A short day of every kind of alert; `make torture` has the long one."""

import pytest

from tests.e2e.books import STARTING_CASH
from tests.e2e.conftest import Serve
from tests.e2e.day import Day

pytestmark = pytest.mark.e2e


def test_after_a_day_with_restarts_every_alert_has_ended_and_the_books_are_exact(
    serve: Serve, seed: int
) -> None:
    server = serve(PAPER_CASH=str(STARTING_CASH), LOG_LEVEL="WARNING")
    print(Day(server, alerts=300, restarts=2, seed=seed).live())


def test_after_a_day_on_several_accounts_the_books_of_each_are_exact(
    serve: Serve, seed: int
) -> None:
    names = ("paper", "second", "third")
    cash = {f"{name.upper()}_CASH": str(STARTING_CASH) for name in names}
    brokers = ",".join(f"{name}=paper" for name in names)
    server = serve(ACCOUNTS=brokers, LOG_LEVEL="WARNING", **cash)
    print(Day(server, alerts=300, restarts=2, seed=seed, accounts=names).live())
