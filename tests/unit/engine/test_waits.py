"""A wait says what the alert is meanwhile, for how long, and whether later entries wait too."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.errors import BrokerLoginNeeded, BrokerUnavailable
from app.domain.outcome import AlertStatus
from app.engine.waits import AWAY, Wait, backoff, pause_after


@pytest.mark.parametrize(
    ("tries", "seconds"), [(0, 0.25), (1, 0.5), (2, 1), (5, 8), (6, 15), (7, 15), (10**6, 15)]
)
def test_the_pause_doubles_up_to_a_quarter_of_a_minute(tries: int, seconds: float) -> None:
    assert backoff(tries) == timedelta(seconds=seconds)


def test_the_first_and_the_longest_pause_may_be_others() -> None:
    assert [backoff(n, first=1, most=3).total_seconds() for n in range(4)] == [1, 2, 3, 3]


@given(st.integers(0, 10_000), st.integers(0, 10_000))
def test_a_later_try_never_pauses_for_less(tries: int, more: int) -> None:
    assert timedelta(0) < backoff(tries) <= backoff(tries + more) <= timedelta(seconds=15)


def test_a_wait_holds_later_entries_unless_it_says_so() -> None:
    second = timedelta(seconds=1)
    wait = Wait(AlertStatus.WAITING, second, "not filled yet")
    assert (wait.status, wait.delay, str(wait)) == (AlertStatus.WAITING, second, "not filled yet")
    assert wait.holds
    assert not Wait(AlertStatus.WAITING, second, "its predecessor", holds=False).holds


@pytest.mark.parametrize(("after", "seconds"), [(0.3, 0.3), (900.0, AWAY)])
def test_a_broker_that_says_when_is_asked_then(after: float, seconds: float) -> None:
    error = BrokerUnavailable("too many calls", after=after)

    assert pause_after(error, tries=3) == timedelta(seconds=seconds)


@pytest.mark.parametrize("error", [BrokerUnavailable("refused"), BrokerLoginNeeded("expired")])
def test_a_broker_that_does_not_is_asked_less_and_less_often(error: Exception) -> None:
    assert pause_after(error, tries=2) == backoff(2, most=AWAY)
