"""Ids of alerts sort in the order in which the alerts were taken in."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from app.engine.alert_ids import AlertIds
from tests.fakes.clock import START


@given(st.lists(st.tuples(st.integers(0, 2**80 - 1), st.integers(-3, 3)), min_size=2))
def test_ids_sort_as_they_were_given_even_when_the_clock_goes_back(
    draws: list[tuple[int, int]],
) -> None:
    noises = iter([noise for noise, _ in draws])
    ids = AlertIds(lambda: next(noises))
    given_ids = [ids.next(START + timedelta(milliseconds=shift)) for _, shift in draws]
    assert given_ids == sorted(set(given_ids))
