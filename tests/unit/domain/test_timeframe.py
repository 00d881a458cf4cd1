"""Timeframes in one form, so that a chart's interval meets the sheet's."""

import pytest

from app.domain.freshness import UNKNOWN_BAR, bar_length
from app.domain.timeframe import canonical_timeframe

FORMS = {
    "5s": ["5S", "5s", "5 sec", "5 Seconds"],
    "1m": ["1", "1m", "1 Min", "60S", "m", "min"],
    "3m": ["3"],
    "15m": ["15", "15m", "15M", "15 Min", "15 min", "15 minutes", "15mins", " 15 "],
    "90m": ["90"],
    "1h": ["60", "1H", "1h", "60m", "60 Min", "1 Hour", "1hr", "H", "Hourly"],
    "4h": ["240", "4H", "4 hours"],
    "1d": ["D", "1D", "1 Day", "d", "Daily", "24H", "1440"],
    "7d": ["7D"],
    "1w": ["W", "1W", "1 Week", "weekly"],
    "1M": ["M", "1M", "1 Month", "monthly", "1mo"],
    "12M": ["12M"],
    "100t": ["100T", "100 ticks"],
    "10r": ["10R"],
}


@pytest.mark.parametrize(
    ("written", "canonical"),
    [(written, canonical) for canonical, forms in FORMS.items() for written in forms],
)
def test_every_form_of_a_timeframe_is_one(written: str, canonical: str) -> None:
    assert canonical_timeframe(written) == canonical
    assert canonical_timeframe(canonical) == canonical


@pytest.mark.parametrize("text", ["", " ", "0", "0m", "-5", "1.5h", "12345", "chart", "15x", "m15"])
def test_what_is_no_timeframe_is_told(text: str) -> None:
    assert canonical_timeframe(text) is None


@pytest.mark.parametrize("canonical", [form for form in FORMS if form[-1] not in "tr"])
def test_the_length_of_every_bar_of_time_is_known(canonical: str) -> None:
    assert canonical == "1d" or bar_length(canonical) != UNKNOWN_BAR
