"""How old an alert is, by its own time and by ours (rules 1 and 2)."""

from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.freshness import AgeLimits, age, age_in_session, bar_length
from app.domain.session import Calendar, Day, Hours, Market, SessionPolicy
from tests.builders import an_alert
from tests.fakes.clock import START

SECOND, MINUTE, HOUR, DAY = (timedelta(seconds=s) for s in (1, 60, 3600, 86400))
SPANS = st.timedeltas(-2 * HOUR, 40 * DAY)


@pytest.mark.parametrize(
    ("timeframe", "length"),
    [
        ("5s", 5 * SECOND),
        ("15m", 15 * MINUTE),
        ("4h", 4 * HOUR),
        ("1d", DAY),
        ("1w", 7 * DAY),
        ("1M", 31 * DAY),
        (None, DAY),
        ("", DAY),
        ("100t", DAY),
        ("10r", DAY),
    ],
)
def test_rule_1_a_bar_is_as_long_as_its_timeframe_and_a_day_when_that_is_not_known(
    timeframe: str | None, length: timedelta
) -> None:
    assert bar_length(timeframe) == length


def test_entries_may_be_a_minute_old_and_exits_a_quarter_of_an_hour() -> None:
    assert AgeLimits() == AgeLimits(entry=MINUTE, exit=15 * MINUTE)


@pytest.mark.parametrize(
    ("fired_ago", "received_ago", "seconds"),
    [(50, 3, 50), (3, 50, 50), (-20, 3, 3), (None, 3, 3)],
)
def test_rule_2_the_age_is_the_larger_of_the_alerts_own_and_the_time_since_its_receipt(
    fired_ago: int | None, received_ago: int, seconds: int
) -> None:
    alert = an_alert(fired_at=None if fired_ago is None else START - fired_ago * SECOND)
    assert age(alert, START - received_ago * SECOND, START) == seconds * SECOND


def test_rule_1_a_bar_time_counts_from_the_end_of_its_bar() -> None:
    alert = an_alert(bar_at=START, timeframe="15m")
    assert age(alert, START + 16 * MINUTE, START + 16 * MINUTE) == MINUTE


def test_rule_1_without_a_timeframe_a_bar_may_have_lasted_a_day() -> None:
    alert = an_alert(bar_at=START, timeframe=None)
    assert age(alert, START + 23 * HOUR, START + 23 * HOUR) == timedelta(0)
    assert age(alert, START + 25 * HOUR, START + 25 * HOUR) == HOUR


def test_rule_1_a_fire_time_wins_over_a_bar_time() -> None:
    alert = an_alert(fired_at=START - 5 * SECOND, bar_at=START - 9 * HOUR, timeframe="1h")
    assert age(alert, START, START) == 5 * SECOND


@given(fired=SPANS, bar=SPANS, received=SPANS, later=st.timedeltas(timedelta(0), DAY))
def test_rule_2_an_alert_only_grows_older_and_is_never_younger_than_its_receipt(
    *, fired: timedelta, bar: timedelta, received: timedelta, later: timedelta
) -> None:
    for alert in (an_alert(), an_alert(fired_at=START - fired), an_alert(bar_at=START - bar)):
        old = age(alert, START - received, START)
        assert old >= received
        assert age(alert, START - received, START + later) == old + later


NIGHTLY = Calendar(
    name="office hours", zone=UTC, usual=Day((Hours(time(9), time(17)),)), years=frozenset()
)


@given(st.timedeltas(0 * DAY, 9 * DAY), st.timedeltas(0 * DAY, DAY))
def test_rule_26_the_age_in_session_never_counts_more_than_the_age(
    waited: timedelta, old: timedelta
) -> None:
    alert = an_alert(fired_at=START - old)
    market = Market(calendar=NIGHTLY, policy=SessionPolicy.REGULAR)
    now = START + waited
    counted = age_in_session(alert, START, now, market)
    assert old <= counted <= age(alert, START, now)
    assert age_in_session(alert, START, now, Market(calendar=NIGHTLY)) == old + waited


def test_rule_26_a_night_does_not_make_an_alert_older() -> None:
    market = Market(calendar=NIGHTLY, policy=SessionPolicy.REGULAR)
    came = datetime(2026, 11, 24, 16, 55, tzinfo=UTC)
    now = datetime(2026, 11, 25, 9, 5, tzinfo=UTC)
    assert age_in_session(an_alert(), came, now, market) == timedelta(minutes=10)
