"""Sessions: the arithmetic of calendars, on real zones and on made-up exchanges."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.adapters.clock import zone
from app.domain.instrument import AssetClass, Ticker
from app.domain.session import (
    CLOSED,
    Calendar,
    Day,
    Hours,
    Market,
    SessionPolicy,
    calendar_name,
)

ALWAYS, REGULAR, EXTENDED = SessionPolicy.ALWAYS, SessionPolicy.REGULAR, SessionPolicy.EXTENDED
NEW_YORK = zone("America/New_York")
CORE = Hours(time(9, 30), time(16))
LONG = Hours(time(4), time(20))
STOCKS = Calendar(
    name="stocks",
    zone=NEW_YORK,
    usual=Day((CORE,), (LONG,)),
    dates={
        date(2026, 11, 26): CLOSED,
        date(2026, 11, 27): Day((Hours(time(9, 30), time(13)),), (Hours(time(4), time(17)),)),
        date(2026, 11, 28): Day((Hours(time(18), time(19)),), (Hours(time(18), time(19)),)),
    },
    years=frozenset({2026}),
)
NIGHTS = Calendar(name="nights", zone=NEW_YORK, usual=Day((Hours(time(18), time(17)),)))

moments = st.datetimes(
    min_value=datetime(2024, 1, 1),  # noqa: DTZ001  # the zone is the next argument
    max_value=datetime(2030, 1, 1),  # noqa: DTZ001
    timezones=st.just(UTC),
)
spans = st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=20))
calendars = st.sampled_from([STOCKS, NIGHTS])
policies = st.sampled_from(SessionPolicy)


def at(text: str) -> datetime:
    """A moment by the clock of New York."""
    return datetime.fromisoformat(text).replace(tzinfo=NEW_YORK).astimezone(UTC)


@pytest.mark.parametrize(
    ("moment", "regular", "extended"),
    [
        ("2026-11-25T09:29:59", False, True),
        ("2026-11-25T09:30:00", True, True),
        ("2026-11-25T15:59:59", True, True),
        ("2026-11-25T16:00:00", False, True),
        ("2026-11-25T20:00:00", False, False),
        ("2026-11-26T12:00:00", False, False),  # Thanksgiving
        ("2026-11-27T12:59:59", True, True),  # its half day
        ("2026-11-27T13:00:00", False, True),
        ("2026-11-27T17:00:00", False, False),
        ("2026-11-28T12:00:00", False, False),
        ("2026-11-28T18:30:00", True, True),  # a special session on a Saturday
        ("2026-11-29T12:00:00", False, False),
    ],
)
def test_hours_holidays_half_days_and_special_sessions(
    moment: str, regular: bool, extended: bool
) -> None:
    assert STOCKS.is_open(at(moment), REGULAR) is regular
    assert STOCKS.is_open(at(moment), EXTENDED) is extended
    assert STOCKS.is_open(at(moment), ALWAYS)


@pytest.mark.parametrize(
    ("before", "opens"),
    [
        ("2026-10-30T17:00:00", "2026-11-02T14:30:00+00:00"),  # the clocks go back on November 1
        ("2027-03-12T17:00:00", "2027-03-15T13:30:00+00:00"),  # and forward on March 14
        ("2027-03-11T17:00:00", "2027-03-12T14:30:00+00:00"),
        ("2026-11-25T17:00:00", "2026-11-27T14:30:00+00:00"),
    ],
)
def test_the_next_open_is_by_the_clock_of_the_exchange(before: str, opens: str) -> None:
    assert STOCKS.next_open(at(before), REGULAR) == datetime.fromisoformat(opens)


def test_a_session_may_begin_the_evening_before() -> None:
    assert not NIGHTS.is_open(at("2026-11-22T17:59:59"), REGULAR)
    assert NIGHTS.is_open(at("2026-11-22T18:00:00"), REGULAR)  # a Sunday
    assert not NIGHTS.is_open(at("2026-11-23T17:30:00"), REGULAR)
    assert NIGHTS.close_of(at("2026-11-22T18:00:00"), REGULAR) == at("2026-11-23T17:00:00")
    assert not NIGHTS.is_open(at("2026-11-27T18:00:00"), REGULAR)


def test_a_day_ends_where_nothing_ever_closes_too() -> None:
    noon, evening = at("2026-11-25T12:00:00"), at("2026-11-25T19:00:00")
    assert STOCKS.close_of(noon, ALWAYS) == at("2026-11-25T16:00:00")
    assert STOCKS.close_of(evening, REGULAR) == at("2026-11-27T13:00:00")
    assert STOCKS.close_of(evening, EXTENDED) == at("2026-11-25T20:00:00")


def test_time_that_was_open_leaves_nights_and_holidays_out() -> None:
    start, end = at("2026-11-25T15:55:00"), at("2026-11-27T09:40:00")
    assert STOCKS.open_time(start, end, REGULAR) == timedelta(minutes=15)
    assert STOCKS.open_time(start, end, ALWAYS) == end - start


@given(calendars, policies, moments)
def test_the_next_open_is_open_and_nothing_before_it_is(
    calendar: Calendar, policy: SessionPolicy, moment: datetime
) -> None:
    opens = calendar.next_open(moment, policy)
    assert opens >= moment
    assert calendar.is_open(opens, policy)
    assert calendar.is_open(moment, policy) is (opens == moment)
    assert calendar.open_time(moment, opens, policy) == timedelta(0)


@given(calendars, policies, moments)
def test_a_session_ends_where_it_says(
    calendar: Calendar, policy: SessionPolicy, moment: datetime
) -> None:
    closes = calendar.close_of(moment, policy)
    assert closes > moment
    if policy is not ALWAYS:
        assert calendar.is_open(closes - timedelta(microseconds=1), policy)
        assert not calendar.is_open(closes, policy)


@given(calendars, policies, moments, spans, spans)
def test_open_time_adds_up(
    calendar: Calendar, policy: SessionPolicy, moment: datetime, one: timedelta, two: timedelta
) -> None:
    middle, end = moment + one, moment + one + two
    parts = calendar.open_time(moment, middle, policy) + calendar.open_time(middle, end, policy)
    assert calendar.open_time(moment, end, policy) == parts
    assert timedelta(0) <= parts <= end - moment


@given(moments)
def test_regular_hours_lie_within_the_extended_ones(moment: datetime) -> None:
    assert not STOCKS.is_open(moment, REGULAR) or STOCKS.is_open(moment, EXTENDED)


def test_a_year_without_dates_is_told() -> None:
    inside, outside = at("2026-12-31T23:59:00"), at("2027-01-01T00:01:00")
    assert STOCKS.knows(inside)
    assert not STOCKS.knows(outside)
    assert not Market(calendar=STOCKS, policy=REGULAR).knows(outside)
    assert Market(calendar=STOCKS).knows(outside)  # `always` asks no calendar


def test_after_hours_are_the_extended_without_the_regular_ones() -> None:
    market = Market(calendar=STOCKS, policy=EXTENDED)
    assert market.after_hours(at("2026-11-25T08:00:00"))
    assert not market.after_hours(at("2026-11-25T10:00:00"))
    assert not Market(calendar=STOCKS).after_hours(at("2026-11-25T08:00:00"))


@pytest.mark.parametrize(
    ("asset_class", "symbol", "name"),
    [
        (AssetClass.EQUITY, "AAPL", "XNYS"),
        (AssetClass.EQUITY, "NASDAQ:AAPL", "XNYS"),
        (AssetClass.EQUITY, "NSE:SBIN", "XNSE"),
        (AssetClass.EQUITY, "BSE:500112", "XNSE"),
        (AssetClass.EQUITY, "LSE:VOD", "WEEKDAYS"),
        (AssetClass.OPTION, "NIFTY", "XNSE"),
        (AssetClass.OPTION, "AAPL", "XNYS"),
        (AssetClass.FUTURE, "NSE:NIFTY1!", "XNSE"),
        (AssetClass.FUTURE, "BANKNIFTY1!", "XNSE"),
        (AssetClass.FUTURE, "CME_MINI:ES1!", "CMES"),
        (AssetClass.FUTURE, "ES1!", "CMES"),
        (AssetClass.FUTURE, "EUREX:FDAX1!", "WEEKDAYS"),
        (AssetClass.FOREX, "OANDA:EURUSD", "FX"),
        (AssetClass.CRYPTO, "BINANCE:BTCUSDT", "24x7"),
    ],
)
def test_which_calendar_an_instrument_has(asset_class: AssetClass, symbol: str, name: str) -> None:
    assert calendar_name(asset_class, Ticker.parse(symbol)) == name


def test_a_zone_of_the_clock_is_that_of_the_standard_library() -> None:
    moment = datetime(2027, 3, 14, 12, tzinfo=UTC)
    assert moment.astimezone(NEW_YORK).utcoffset() == timedelta(hours=-4)
    assert isinstance(NEW_YORK, ZoneInfo)
