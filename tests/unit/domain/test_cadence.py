"""What is quiet: learned of the longest gaps of days, with a wide margin, and robust."""

from collections.abc import Iterable
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.cadence import DAYS, LEAST_PATIENCE, MARGIN, Cadence
from tests.fakes.clock import START

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
gaps = st.timedeltas(min_value=MINUTE, max_value=3 * DAY)


def learned(gaps: Iterable[timedelta]) -> Cadence:
    """A rhythm in a market that never closes."""
    cadence = Cadence(START)
    for gap in gaps:
        cadence.hear(cadence.last + gap, gap)
    return cadence


@pytest.mark.parametrize(
    ("gaps", "patience"),
    [
        ([], None),
        ([DAY] * 8, None),
        ([MINUTE] * 1000, None),
        ([DAY] * 9, 4 * DAY),
        ([HOUR] * 72, 4 * HOUR),
        ([MINUTE] * 5000, LEAST_PATIENCE),
        ([*[HOUR] * 72, 9 * DAY], 4 * HOUR),
        ([*[HOUR] * 72, 9 * DAY, HOUR, 9 * DAY], 36 * DAY),
        ([MINUTE, 2 * DAY] * 20, 8 * DAY),
        ([*[9 * DAY] * 30, *[HOUR] * 24 * 25], 4 * HOUR),
    ],
    ids=[
        "one alert",
        "too few",
        "too few days",
        "daily",
        "hourly",
        "each minute",
        "one outlier",
        "two outliers are a habit",
        "entry and exit",
        "what was long ago is forgotten",
    ],
)
def test_patience(gaps: list[timedelta], patience: timedelta | None) -> None:
    assert learned(gaps).patience == patience


@given(st.lists(gaps, min_size=30, max_size=200))
def test_what_was_usual_is_never_quiet(heard: list[timedelta]) -> None:
    cadence = learned(heard)
    if cadence.usual is not None and cadence.patience is not None:
        assert cadence.patience >= LEAST_PATIENCE
        assert cadence.usual in heard
        assert cadence.patience >= MARGIN * min(heard[-DAYS:])


@given(st.lists(gaps, min_size=60, max_size=60), st.integers(0, 59))
def test_one_gap_however_long_changes_nothing_for_the_worse(
    heard: list[timedelta], place: int
) -> None:
    with_outlier = [*heard[:place], 365 * DAY, *heard[place + 1 :]]
    usual = learned(with_outlier).usual
    assert usual is None or usual <= max(heard)
