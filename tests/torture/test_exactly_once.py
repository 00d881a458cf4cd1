"""Ten thousand alerts, forty deliveries each."""

import pytest

from tests.e2e.books import STARTING_CASH
from tests.e2e.conftest import Serve
from tests.e2e.test_exactly_once import deliver_again_and_again

pytestmark = pytest.mark.torture


def test_ten_thousand_alerts_of_forty_deliveries_are_ten_thousand_orders(
    serve: Serve, figures: list[str]
) -> None:
    server = serve(PAPER_CASH=str(STARTING_CASH), LOG_LEVEL="ERROR")
    figures.append(deliver_again_and_again(server, trials=10_000))
