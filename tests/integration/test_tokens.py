"""A login over HTTP: alerts wait for it, and go on by themselves. No token is ever shown."""

import base64
import json
import re
from datetime import timedelta
from typing import Any, cast
from urllib.parse import parse_qs, urlsplit

import pytest
from flask.testing import FlaskClient

from app.adapters.tokens.opening import TokenPlace, open_store
from app.domain.errors import ConfigError
from app.domain.outcome import AlertStatus
from app.domain.token import Login
from tests.integration.api import body_of
from tests.integration.gate import TOKEN_KEY, client_of, keep, log_in
from tests.integration.world import World
from tests.simulators.login_host import (
    APP_ID,
    CODE,
    PIN,
    REFRESH,
    SECRET_ID,
    LoginHost,
)

ALERT = {"action": "buy", "symbol": "AAPL", "quantity": 1, "price": 190}


@pytest.fixture
def host(login_host: LoginHost) -> LoginHost:
    return login_host


@pytest.fixture
def world(gated: World) -> World:
    return gated


@pytest.fixture
def client(world: World) -> FlaskClient:
    return client_of(world.server)


def test_the_link_is_of_our_application_and_each_state_is_another(client: FlaskClient) -> None:
    first, second = (body_of(client, "/auth-url") for _ in range(2))
    assert first["state"] != second["state"]
    assert len(first["state"]) >= 43
    assert parse_qs(urlsplit(str(first["url"])).query)["state"] == [first["state"]]


def test_a_login_ends_on_a_small_page_without_the_token(
    client: FlaskClient, host: LoginHost
) -> None:
    page = log_in(client)
    assert page.status_code == 200
    assert page.mimetype == "text/html"
    assert "The account fyers trades until" in page.text
    assert host.script.made[0] not in page.text
    assert CODE not in page.text
    assert page.headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert page.headers["Cache-Control"] == "no-store"
    assert page.headers["Referrer-Policy"] == "no-referrer"
    assert body_of(client, "/token-status")["status"] == "valid"


def test_a_state_is_good_once(client: FlaskClient, host: LoginHost) -> None:
    state = body_of(client, "/auth-url")["state"]
    assert log_in(client, state=state).status_code == 200
    again = log_in(client, state=state)
    assert (again.status_code, again.get_json()["code"]) == (400, "invalid_state")
    assert len(host.script.made) == 1


@pytest.mark.parametrize("state", ["", "x", "é", "a" * 43, None])
def test_a_login_that_was_not_begun_here_is_not_ended_here(
    client: FlaskClient, host: LoginHost, state: str | None
) -> None:
    query = {"auth_code": CODE} | ({"state": state} if state is not None else {})
    answer = client.get("/auth/callback", query_string=query)
    assert answer.status_code in (400, 422)
    assert host.script.asked == []


def test_a_state_is_not_good_for_long(client: FlaskClient, world: World, host: LoginHost) -> None:
    state = body_of(client, "/auth-url")["state"]
    world.clock.advance(timedelta(minutes=15))
    assert log_in(client, state=state).status_code == 400
    assert host.script.asked == []


def test_states_that_are_too_old_are_forgotten(client: FlaskClient, world: World) -> None:
    for _ in range(3):
        body_of(client, "/auth-url")
    world.clock.advance(timedelta(minutes=15))
    log_in(client)
    body_of(client, "/auth-url")
    assert world.count("login_states") == 1


def test_who_only_looks_ahead_does_not_use_the_state_up(
    client: FlaskClient, host: LoginHost
) -> None:
    state = body_of(client, "/auth-url")["state"]
    query = {"auth_code": CODE, "state": state}
    assert client.head("/auth/callback", query_string=query).status_code == 200
    assert host.script.asked == []
    assert log_in(client, state=state).status_code == 200


def test_a_login_that_was_broken_off_is_told(client: FlaskClient) -> None:
    answer = log_in(client, s="error", auth_code="")
    assert (answer.status_code, answer.get_json()["code"]) == (400, "no_code")


def test_a_code_that_is_refused_is_told_without_it(client: FlaskClient) -> None:
    answer = log_in(client, auth_code="a-wrong-code")
    assert (answer.status_code, answer.get_json()["code"]) == (422, "login_refused")
    assert "a-wrong-code" not in answer.text


def test_by_hand_a_code_and_a_refresh_token_do_the_same(
    client: FlaskClient, host: LoginHost
) -> None:
    shown = client.post("/generate-token", json={"auth_code": CODE})
    assert shown.status_code == 200
    assert shown.get_json().keys() == {"status", "account", "expires_at"}
    assert shown.get_json()["account"] == "fyers"
    again = client.post("/refresh-token")
    assert again.get_json()["status"] == "valid"
    assert host.script.asked == ["validate-authcode", "validate-refresh-token"]


def test_without_a_refresh_token_a_new_token_takes_a_person(client: FlaskClient) -> None:
    answer = client.post("/refresh-token")
    assert (answer.status_code, answer.get_json()["code"]) == (503, "login_needed")


def test_a_broker_that_gives_a_dead_token_is_told(
    client: FlaskClient, host: LoginHost, world: World
) -> None:
    host.script.expires = (world.clock.now() - timedelta(minutes=1)).timestamp()
    answer = client.post("/generate-token", json={"auth_code": CODE})
    assert (answer.status_code, answer.get_json()["code"]) == (422, "login_refused")


def test_the_status_says_when_a_token_dies(
    client: FlaskClient, host: LoginHost, world: World
) -> None:
    nothing = {"status": "missing", "account": "fyers", "expires_at": None}
    assert body_of(client, "/token-status") == nothing
    dies = world.clock.now() + timedelta(hours=2)
    host.script.expires = dies.timestamp()
    log_in(client)
    shown = body_of(client, "/token-status")
    assert shown["expires_at"] == dies.strftime("%Y-%m-%dT%H:%M:%S.000000Z")
    world.clock.advance(timedelta(hours=2))
    assert body_of(client, "/token-status")["status"] == "expired"


def test_an_account_that_wants_no_login_is_not_found(client: FlaskClient) -> None:
    for path in ("/auth-url?account=paper", "/token-status?account=paper"):
        assert body_of(client, path, 404)["code"] == "not_found"
    body = {"auth_code": CODE, "account": "paper"}
    assert client.post("/generate-token", json=body).status_code == 404


@pytest.mark.parametrize("body", [{}, {"auth_code": ""}, {"auth_code": 7}, {"code": CODE}])
def test_a_body_without_a_code_is_refused(client: FlaskClient, body: dict[str, object]) -> None:
    assert client.post("/generate-token", json=body).status_code == 422


def test_an_alert_waits_for_the_login_and_goes_on_by_itself(
    world: World, client: FlaskClient
) -> None:
    keep(world)
    receipt = world.send(**ALERT)
    assert world.record(receipt.alert_id).status is AlertStatus.WAITING
    assert "LOGIN_NEEDED" in str(
        world.rows("SELECT facts FROM events WHERE kind = 'waiting'")[0][0]
    )
    log_in(client)
    keep(world)
    assert world.record(receipt.alert_id).status is AlertStatus.SUCCESS
    kinds = [row["kind"] for row in world.rows("SELECT kind FROM events WHERE account = 'fyers'")]
    assert "login_needed" in kinds
    assert "logged_in" in kinds


def test_an_entry_that_waited_too_long_for_the_login_is_not_made(
    world: World, client: FlaskClient
) -> None:
    receipt = world.send(**ALERT)
    world.run(70)
    log_in(client)
    keep(world)
    record = world.record(receipt.alert_id)
    assert (record.status, record.outcome.reason) == (AlertStatus.EXPIRED, "STALE")


def test_an_exit_waits_longer_for_the_login(world: World, client: FlaskClient) -> None:
    log_in(client)
    keep(world)
    world.send(**ALERT)
    die(world)
    keep(world)
    receipt = world.send(action="close", symbol="AAPL", price=191)
    world.run(300, step=5)
    log_in(client)
    keep(world)
    assert world.record(receipt.alert_id).status is AlertStatus.SUCCESS
    assert world.broker_position() == {}


def die(world: World) -> None:
    """The broker no longer takes the token, and there is no way to a new one but a login."""
    manager = world.server.services.logins.get()
    assert manager is not None
    manager.refused(manager.token())
    manager.desk = cast("Any", Personal(manager.desk))


class Personal:
    """A desk that makes no token without a person."""

    renews = logs_in = False

    def __init__(self, desk: Any) -> None:
        self._desk = desk

    def __getattr__(self, name: str) -> Any:
        return getattr(self._desk, name)


def test_a_dead_token_is_made_anew_and_the_alert_goes_on(
    world: World, client: FlaskClient, host: LoginHost
) -> None:
    log_in(client)
    keep(world)
    manager = world.server.services.logins.get()
    assert manager is not None
    manager.refused(manager.token())
    receipt = world.send(**ALERT)
    keep(world)
    assert world.record(receipt.alert_id).status is AlertStatus.SUCCESS
    assert host.script.asked == ["validate-authcode", "validate-refresh-token"]


def test_a_restart_needs_no_new_login(world: World, client: FlaskClient) -> None:
    log_in(client)
    world.crash_and_boot()
    receipt = world.send(**ALERT)
    assert world.record(receipt.alert_id).status is AlertStatus.SUCCESS


def test_without_a_key_nothing_is_kept_and_a_restart_needs_one(
    world: World, client: FlaskClient
) -> None:
    del world.settings["TOKEN_KEY"]
    server = world.crash_and_boot()
    assert any("TOKEN_KEY" in warning for warning in server.settings.warnings)
    client = client_of(server)
    log_in(client)
    assert body_of(client, "/token-status")["status"] == "valid"
    assert not (world.folder / "tokens").exists()
    assert body_of(client_of(world.crash_and_boot()), "/token-status")["status"] == "missing"


def test_with_another_key_a_new_login_is_needed_and_then_all_is_well(
    world: World, client: FlaskClient
) -> None:
    log_in(client)
    world.settings["TOKEN_KEY"] = base64.b64encode(b"another-key-of-exactly-32-bytes!").decode()
    client = client_of(world.crash_and_boot())
    assert body_of(client, "/token-status")["status"] == "missing"
    log_in(client)
    assert body_of(client, "/token-status")["status"] == "valid"


def test_a_rotated_key_needs_no_new_login(world: World, client: FlaskClient) -> None:
    log_in(client)
    world.settings["TOKEN_KEY_PREVIOUS"] = TOKEN_KEY
    world.settings["TOKEN_KEY"] = base64.b64encode(b"another-key-of-exactly-32-bytes!").decode()
    assert body_of(client_of(world.crash_and_boot()), "/token-status")["status"] == "valid"


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"TOKEN_KEY": "short"}, "TOKEN_KEY must be 32 bytes"),
        ({"TOKEN_STORE": "gcs"}, "needs GCS_BUCKET_NAME"),
        ({"TOKEN_STORE": "gcs", "TOKEN_KEY": ""}, "needs TOKEN_KEY"),
        ({"FYERS_SECRET_ID": ""}, "FYERS_SECRET_ID is not set"),
        ({"FYERS_AUTO_LOGIN": "true"}, "needs FYERS_USER_ID, FYERS_TOTP_SECRET"),
    ],
)
def test_settings_that_do_not_go_together_are_told_at_the_start(
    world: World, settings: dict[str, str], words: str
) -> None:
    world.settings.update(settings)
    with pytest.raises(ConfigError, match=words):
        world.boot()


@pytest.mark.parametrize(
    ("hour", "word"),
    [(6, "not_ready"), (15, "degraded")],
    ids=["while the exchange is open", "in the evening"],
)
def test_a_dead_token_is_no_readiness_in_hours_and_less_of_it_at_night(
    world: World, client: FlaskClient, hour: int, word: str
) -> None:
    now = world.clock.now()
    world.clock.jump(now.replace(hour=hour, minute=30) - now)
    world.turn()
    shown = body_of(client, "/ready", 503 if word == "not_ready" else 200)
    assert shown["status"] == word
    assert shown["checks"]["token"] == {"ok": False, "detail": "fyers: missing"}
    assert shown["checks"]["recovery"]["ok"]
    log_in(client)
    world.turn()
    ready = body_of(client, "/ready")
    assert ready["checks"]["token"] == {"ok": True, "detail": "good, or none is needed"}


def test_the_metrics_show_how_long_a_token_lives(
    world: World, client: FlaskClient, host: LoginHost
) -> None:
    def lives() -> float:
        match = re.search(
            r'novalgo_token_expiry_seconds\{account="fyers"\} (\S+)', client.get("/metrics").text
        )
        assert match is not None
        return float(match[1])

    assert lives() == 0
    host.script.expires = (world.clock.now() + timedelta(hours=2)).timestamp()
    log_in(client)
    assert lives() == 7200


def test_no_secret_of_a_login_is_in_rows_answers_or_the_log(
    world: World, client: FlaskClient, host: LoginHost, capsys: pytest.CaptureFixture[str]
) -> None:
    answers: list[str] = []
    answers.append(log_in(client, auth_code="wrong-canary-code").text)
    answers.append(log_in(client).text)
    host.script.answers["validate-refresh-token"] = (
        400,
        {"s": "error", "code": -501, "message": f"bad {PIN} {REFRESH}"},
    )
    answers.append(client.post("/refresh-token").text)
    keep(world)
    world.send(**ALERT)
    paths = ("/token-status", "/config", "/metrics", "/api/v1/logs", "/api/v1/alerts")
    answers.extend(client.get(path).text for path in paths)
    said = capsys.readouterr()
    database = (world.folder / "novalgo.db").read_bytes()
    for file in world.folder.glob("**/*"):
        database += file.read_bytes() if file.is_file() else b""
    secrets = [
        *host.script.made,
        CODE,
        "wrong-canary-code",
        REFRESH,
        SECRET_ID,
        TOKEN_KEY,
        f" {PIN} ",
    ]
    for secret in secrets:
        assert secret not in "".join(answers)
        assert secret not in said.out + said.err
        assert secret.encode() not in database


def test_what_is_kept_is_what_was_given(world: World, client: FlaskClient) -> None:
    log_in(client)
    manager = world.server.services.logins.get()
    assert manager is not None
    place = TokenPlace(kind="file", folder=world.folder / "tokens", key=TOKEN_KEY)
    kept = open_store(place, "fyers", APP_ID).read().login
    assert kept == Login(kept.token)
    assert kept.token is not None
    assert (kept.token.access, kept.token.refresh) == (manager.token(), REFRESH)
    sealed = json.loads((world.folder / "tokens" / "fyers.json").read_text())
    assert sealed.keys() == {"form", "nonce", "cipher"}


def test_two_accounts_have_two_logins(world: World, host: LoginHost) -> None:
    world.settings["ACCOUNTS"] = "fyers, second=fyers"
    world.settings["SECOND_SESSION_POLICY"] = "always"
    world.settings |= {f"SECOND_{name}": value for name, value in host.options.items()}
    client = client_of(world.crash_and_boot())
    state = body_of(client, "/auth-url?account=second")["state"]
    log_in(client, state=state)
    shown = [body_of(client, f"/token-status?account={name}") for name in ("fyers", "second")]
    assert [each["status"] for each in shown] == ["missing", "valid"]


def test_whatever_a_token_looks_like_it_opens_the_account(
    world: World, client: FlaskClient, host: LoginHost
) -> None:
    host.script.answers["validate-authcode"] = (200, {"s": "ok", "access_token": "opaque"})
    log_in(client)
    assert body_of(client, "/token-status")["status"] == "valid"
