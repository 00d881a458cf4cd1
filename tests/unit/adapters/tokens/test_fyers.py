"""The login desk of Fyers asks what Fyers knows, and tells a refusal from an outage."""

from collections.abc import Generator
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import pytest

from app.adapters.tokens.fyers import FyersDesk, read_login_options
from app.adapters.tokens.totp import totp
from app.domain.errors import BrokerUnavailable, ConfigError, LoginRefused
from tests.fakes.clock import START, FakeClock
from tests.simulators.login_host import (
    APP_ID,
    CODE,
    PIN,
    REDIRECT,
    REFRESH,
    SECRET_ID,
    TOTP_SECRET,
    USER,
    Answer,
    LoginHost,
)

HEADLESS = {"AUTO_LOGIN": "true", "USER_ID": USER, "TOTP_SECRET": TOTP_SECRET}


@pytest.fixture
def host() -> Generator[LoginHost]:
    with LoginHost() as host:
        host.script.otp = totp(TOTP_SECRET, START)
        yield host


def desk_at(host: LoginHost, **options: str) -> FyersDesk:
    return FyersDesk(read_login_options("fyers", {**host.options, **options}), FakeClock())


def test_the_link_leads_to_the_login_of_our_application(host: LoginHost) -> None:
    url = urlsplit(desk_at(host).url("st/ate&"))
    assert url.path == "/api/v3/generate-authcode"
    assert parse_qs(url.query) == {
        "client_id": [APP_ID],
        "redirect_uri": [REDIRECT],
        "response_type": ["code"],
        "state": ["st/ate&"],
    }


@pytest.mark.parametrize("end", ["", "/", "/api/v3", "/api/v3/"])
def test_the_api_may_be_written_with_its_version_or_without(host: LoginHost, end: str) -> None:
    desk = desk_at(host, API_URL=f"{host.url}{end}")
    assert desk.url("s").startswith(f"{host.url}/api/v3/generate-authcode?")


def test_a_code_becomes_a_token_and_a_refresh_token(host: LoginHost) -> None:
    grant = desk_at(host).exchange(CODE)
    assert [grant.access, grant.refresh] == [*host.script.made, REFRESH]


def test_a_refresh_token_becomes_a_token_with_the_pin(host: LoginHost) -> None:
    grant = desk_at(host).renew(REFRESH)
    assert [grant.access, grant.refresh] == [*host.script.made, None]
    assert desk_at(host).renews
    assert not desk_at(host, PIN="").renews


@pytest.mark.parametrize("secret", ["CODE-THAT-IS-WRONG", SECRET_ID])
def test_a_refusal_is_told_without_what_was_sent(host: LoginHost, secret: str) -> None:
    with pytest.raises(LoginRefused, match="invalid auth code") as refused:
        desk_at(host).exchange(secret)
    assert secret not in str(refused.value)
    assert "-437" in str(refused.value)


def test_a_wrong_pin_is_refused_and_not_repeated_to_anybody(host: LoginHost) -> None:
    with pytest.raises(LoginRefused, match="-501") as refused:
        desk_at(host, PIN="9182").renew(REFRESH)
    assert "9182" not in str(refused.value)


@pytest.mark.parametrize(
    "answer",
    [
        (500, {"s": "error", "code": 500, "message": "internal"}),
        (502, "<html>Bad Gateway</html>"),
        (200, "<html>maintenance</html>"),
        (200, []),
        (200, {"s": "ok", "code": 200}),
        (200, {"s": "ok", "access_token": 7}),
        (200, {"s": "ok", "access_token": ""}),
        (429, {"s": "error", "code": -429, "message": "too many"}),
        (400, {"s": "error", "code": -353, "message": "too many"}),
    ],
)
def test_what_is_no_answer_is_an_outage(host: LoginHost, answer: Answer) -> None:
    host.script.answers["validate-authcode"] = answer
    with pytest.raises(BrokerUnavailable):
        desk_at(host).exchange(CODE)


def test_a_host_that_does_not_listen_is_an_outage() -> None:
    with LoginHost() as gone:
        pass
    with pytest.raises(BrokerUnavailable, match="ConnectionError"):
        desk_at(gone).exchange(CODE)


def test_the_login_of_another_user_is_not_taken(host: LoginHost) -> None:
    host.script.user = "XC99999"
    assert desk_at(host).exchange(CODE).access
    with pytest.raises(LoginRefused, match=f"another user than {USER}"):
        desk_at(host, USER_ID=USER).exchange(CODE)
    host.script.user = USER
    assert desk_at(host, USER_ID=USER).exchange(CODE).access


def test_a_token_is_tried_on_the_profile(host: LoginHost) -> None:
    desk = desk_at(host)
    token = desk.exchange(CODE).access
    assert desk.accepts(token)
    host.script.dead.add(token)
    assert not desk.accepts(token)


@pytest.mark.parametrize("code", [-8, -15, -16, -17])
def test_every_code_of_a_dead_token_is_known(host: LoginHost, code: int) -> None:
    host.script.answers["profile"] = (400, {"s": "error", "code": code, "message": "dead"})
    assert not desk_at(host).accepts("token")


@pytest.mark.parametrize(
    "answer", [(500, {}), (429, {"s": "error"}), (403, {"s": "error", "code": -373})]
)
def test_what_says_nothing_of_the_token_leaves_it_alive(host: LoginHost, answer: Answer) -> None:
    host.script.answers["profile"] = answer
    with pytest.raises(BrokerUnavailable):
        desk_at(host).accepts("token")


def test_a_login_without_a_person_takes_the_steps_of_the_page(host: LoginHost) -> None:
    grant = desk_at(host, **HEADLESS).log_in()
    assert [grant.access, grant.refresh] == [*host.script.made, None]
    steps = ["send_login_otp_v2", "verify_otp", "verify_pin_v2", "token", "validate-authcode"]
    assert host.script.asked == steps


@pytest.mark.parametrize(
    ("changed", "last"),
    [
        ({"USER_ID": "XC00002"}, "send_login_otp_v2"),
        ({"TOTP_SECRET": "GEZDGNBVGY3TQOJQ"}, "verify_otp"),
        ({"PIN": "0000"}, "verify_pin_v2"),
        ({"APP_ID": "OTHERAPP-100"}, "token"),
        ({"SECRET_ID": "another"}, "validate-authcode"),
        ({"TOTP_SECRET": "0189"}, "send_login_otp_v2"),
    ],
)
def test_it_stops_at_the_first_step_that_is_refused(
    host: LoginHost, changed: dict[str, str], last: str
) -> None:
    with pytest.raises(LoginRefused) as refused:
        desk_at(host, **{**HEADLESS, **changed}).log_in()
    assert host.script.asked[-1] == last
    for secret in (PIN, "0000", TOTP_SECRET, SECRET_ID, "MDAwMA=="):
        assert secret not in str(refused.value)


@pytest.mark.parametrize(
    ("step", "answer"),
    [
        ("verify_otp", (200, {"s": "ok"})),
        ("verify_pin_v2", (200, {"s": "ok", "data": "no object"})),
        ("token", (308, {"s": "ok", "Url": REDIRECT})),
        ("send_login_otp_v2", (429, {"s": "error", "message": "try later"})),
    ],
)
def test_a_page_that_works_otherwise_by_now_is_an_outage(
    host: LoginHost, step: str, answer: Answer
) -> None:
    host.script.answers[step] = answer
    with pytest.raises(BrokerUnavailable):
        desk_at(host, **HEADLESS).log_in()


def test_it_is_off_unless_the_owner_turns_it_on(host: LoginHost) -> None:
    assert not desk_at(host).logs_in
    assert desk_at(host, **HEADLESS).logs_in


@pytest.mark.parametrize("missing", ["APP_ID", "SECRET_ID"])
def test_a_missing_setting_is_named(host: LoginHost, missing: str) -> None:
    with pytest.raises(ConfigError, match=f"^SECOND_{missing} is not set$"):
        read_login_options("second", {**host.options, missing: " "})


def test_what_an_automatic_login_lacks_is_named(host: LoginHost) -> None:
    with pytest.raises(ConfigError, match="needs FYERS_USER_ID, FYERS_PIN, FYERS_TOTP_SECRET"):
        desk_at(host, AUTO_LOGIN="yes", PIN="")


def test_no_secret_is_shown_by_the_options(host: LoginHost) -> None:
    shown = repr(desk_at(host, **HEADLESS))
    assert [secret for secret in (SECRET_ID, PIN, TOTP_SECRET) if secret in shown] == []


def test_a_password_is_of_the_moment(host: LoginHost) -> None:
    host.script.otp = totp(TOTP_SECRET, datetime(2026, 1, 1, tzinfo=UTC))
    with pytest.raises(LoginRefused, match="otp"):
        desk_at(host, **HEADLESS).log_in()
