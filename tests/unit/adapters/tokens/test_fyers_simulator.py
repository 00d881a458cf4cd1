"""The login desk at the simulated Fyers: browser, refresh token, and the steps behind its page."""

from collections.abc import Iterator
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from app.adapters.tokens.fyers import FyersDesk, read_login_options
from app.domain.errors import LoginRefused
from app.domain.token import expiry_of, next_death
from tests.fakes.clock import FakeClock
from tests.simulators.fyers import FyersSimulator

REDIRECT = "https://novalgo.test/auth/callback"


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def fyers(clock: FakeClock) -> Iterator[FyersSimulator]:
    with FyersSimulator(clock=clock) as fyers:
        yield fyers


@pytest.fixture
def desk(fyers: FyersSimulator, clock: FakeClock) -> FyersDesk:
    options = {
        "APP_ID": fyers.app_id,
        "SECRET_ID": fyers.secret,
        "REDIRECT_URI": REDIRECT,
        "PIN": fyers.pin,
        "USER_ID": fyers.fy_id,
        "TOTP_SECRET": fyers.totp,
        "AUTO_LOGIN": "true",
        "API_URL": fyers.api_url,
        "LOGIN_URL": fyers.login_url,
    }
    return FyersDesk(read_login_options("fyers", options), clock)


def browse(url: str) -> dict[str, list[str]]:
    """Log in; what the browser is sent back with."""
    answer = requests.get(url, allow_redirects=False, timeout=10)
    address = answer.headers["Location"]
    assert address.startswith(REDIRECT)
    return parse_qs(urlsplit(address).query)


def test_a_login_in_the_browser_ends_with_a_token_until_the_morning(
    desk: FyersDesk, clock: FakeClock
) -> None:
    sent_back = browse(desk.url("a state & more"))
    assert sent_back["state"] == ["a state & more"]
    grant = desk.exchange(sent_back["auth_code"][0])
    assert desk.accepts(grant.access)
    assert grant.refresh
    assert expiry_of(grant.access, clock.now()) == next_death(clock.now())


def test_a_code_is_good_once(desk: FyersDesk) -> None:
    (code,) = browse(desk.url("state"))["auth_code"]
    desk.exchange(code)
    with pytest.raises(LoginRefused, match="-437"):
        desk.exchange(code)


def test_overnight_the_token_dies_and_the_refresh_token_makes_another(
    desk: FyersDesk, clock: FakeClock
) -> None:
    grant = desk.exchange(browse(desk.url("state"))["auth_code"][0])
    clock.advance(timedelta(days=1))
    assert not desk.accepts(grant.access)
    assert grant.refresh is not None
    assert desk.accepts(desk.renew(grant.refresh).access)
    clock.advance(timedelta(days=15))
    with pytest.raises(LoginRefused, match="-501"):
        desk.renew(grant.refresh)


def test_without_a_person_it_works_once_the_application_was_approved(
    desk: FyersDesk, fyers: FyersSimulator
) -> None:
    fyers.rules(approved=False)
    with pytest.raises(LoginRefused):
        desk.log_in()
    browse(desk.url("state"))
    assert desk.accepts(desk.log_in().access)
