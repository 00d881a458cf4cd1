"""A token tells when it dies; one that does not dies at six in the morning in India."""

import base64
import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.token import Claim, Login, Token, claims_of, expiry_of, next_death

NOW = datetime(2026, 11, 26, 3, 45, tzinfo=UTC)  # 09:15 in India
NEXT_SIX = datetime(2026, 11, 27, 0, 30, tzinfo=UTC)
moments = st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001  # hypothesis wants them naive


def web_token(said: object) -> str:
    payload = base64.urlsafe_b64encode(json.dumps(said).encode()).decode().rstrip("=")
    return f"eyJh.{payload}.c2ln"


def test_a_token_dies_when_it_says_so() -> None:
    dies = datetime(2026, 11, 26, 12, 0, tzinfo=UTC)
    assert expiry_of(web_token({"exp": dies.timestamp()}), NOW) == dies


@pytest.mark.parametrize(
    "access",
    [
        "",
        "opaque",
        "a.b.c",
        "a.b",
        web_token([]),
        web_token({}),
        web_token({"exp": "soon"}),
        web_token({"exp": True}),
        web_token({"exp": 10**400}),
        web_token({"exp": None}),
        "a." + "[" * 4000 + ".c",
    ],
)
def test_a_token_that_does_not_say_when_dies_at_six_in_india(access: str) -> None:
    assert expiry_of(access, NOW) == NEXT_SIX


@given(now=moments)
def test_the_daily_death_comes_within_a_day_at_half_past_midnight_utc(now: datetime) -> None:
    death = next_death(now)
    assert (death.hour, death.minute, death.second) == (0, 30, 0)
    assert timedelta(0) < death - now <= timedelta(days=1)


@given(text=st.text())
def test_whatever_a_token_is_it_can_be_asked(text: str) -> None:
    assert isinstance(claims_of(text), dict)
    assert expiry_of(text, NOW) > NOW


def test_a_token_and_its_refresh_token_are_never_shown() -> None:
    token = Token(access="open", refresh="sesame", expires_at=NEXT_SIX, obtained_at=NOW)
    assert "open" not in repr(token)
    assert "sesame" not in repr(token)


def test_of_two_tokens_the_one_that_lives_longer_is_newer() -> None:
    old = Token(access="old", expires_at=NOW, obtained_at=NOW)
    new = Token(access="new", expires_at=NEXT_SIX, obtained_at=NOW - timedelta(hours=1))
    assert new.newer_than(old)
    assert not old.newer_than(new)
    assert old.newer_than(None)
    assert not old.newer_than(old)


def test_a_claim_holds_others_back_until_it_ends() -> None:
    login = Login(claim=Claim("us", NEXT_SIX))
    assert login.claimed(NOW, unless_by="them")
    assert not login.claimed(NOW, unless_by="us")
    assert not login.claimed(NEXT_SIX, unless_by="them")
    assert not Login().claimed(NOW, unless_by="them")
