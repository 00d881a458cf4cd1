"""When lists are refreshed, and until when contracts are traded by them. All times are Indian."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.adapters.instruments.age import good_until, is_due
from app.adapters.instruments.generation import Source
from app.domain.listing import IST

SOURCE = Source(
    name="NSE_FO",
    digest="",
    etag="",
    modified="",
    checked_at=datetime(2026, 7, 6, 8, 50, tzinfo=IST),
    rows=1,
)


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"{text}+05:30")


@pytest.mark.parametrize(
    ("checked", "until"),
    [
        ("2026-07-06T08:00", "2026-07-07T09:00"),
        ("2026-07-06T07:59", "2026-07-06T09:00"),
        ("2026-07-06T00:01", "2026-07-06T09:00"),
        ("2026-07-06T23:59", "2026-07-07T09:00"),
    ],
)
def test_contracts_are_traded_by_the_lists_of_the_day(checked: str, until: str) -> None:
    assert good_until(at(checked)) == at(until)


@pytest.mark.parametrize(
    ("now", "due"),
    [
        ("2026-07-06T23:00", False),
        ("2026-07-07T07:59", False),
        ("2026-07-07T08:00", True),
        ("2026-07-08T03:00", True),
    ],
)
def test_lists_are_refreshed_each_morning(now: str, *, due: bool) -> None:
    assert is_due([SOURCE], at(now)) is due


def test_a_second_look_is_taken_before_the_open() -> None:
    early = replace(SOURCE, checked_at=at("2026-07-07T08:00"))
    assert not is_due([early], at("2026-07-07T08:44"))
    assert is_due([early], at("2026-07-07T08:45"))


def test_one_old_list_is_enough() -> None:
    new = replace(SOURCE, checked_at=at("2026-07-07T08:45"))
    assert is_due([new, SOURCE], at("2026-07-07T09:00"))


moments = st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001  # hypothesis adds the zone


@given(moments)
def test_what_is_too_old_has_been_due_for_a_while(checked: datetime) -> None:
    until = good_until(checked)
    assert checked < until
    assert is_due([replace(SOURCE, checked_at=checked)], until.replace(hour=8, minute=45))
