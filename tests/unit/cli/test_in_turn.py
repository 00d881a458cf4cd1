"""A command and the server beside it share one budget of calls."""

from collections.abc import Callable

import pytest

from app.cli.shared import IN_TURN, in_turn
from app.domain.errors import BrokerUnavailable


def spent(times: int, after: float | None) -> Callable[[], int]:
    """A question that is answered once so many calls had no room."""
    left = [BrokerUnavailable("the budget of calls is spent", after=after)] * times

    def ask() -> int:
        if left:
            raise left.pop()
        return 7

    return ask


def test_a_command_waits_for_its_turn() -> None:
    assert in_turn(spent(times=2, after=0.001)) == 7


@pytest.mark.parametrize("after", [None, IN_TURN + 1])
def test_a_broker_that_is_away_is_told_of_at_once(after: float | None) -> None:
    with pytest.raises(BrokerUnavailable):
        in_turn(spent(times=1, after=after))
