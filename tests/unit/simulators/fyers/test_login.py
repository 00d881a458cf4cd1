"""Ways to a token: by the browser, by a refresh token, and without a browser."""

from base64 import b64encode
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from tests.fakes.clock import FakeClock
from tests.simulators.fyers import FyersSimulator
from tests.simulators.fyers.login import totp
from tests.simulators.fyers.tokens import id_hash
from tests.unit.simulators.fyers.desk import Desk, vendor

BACK = "https://novalgo.example/auth/callback"


def session(fyers: FyersSimulator, **facts: Any) -> Any:
    """The SDK's way to a token."""
    known = {
        "client_id": fyers.app_id,
        "secret_key": fyers.secret,
        "redirect_uri": BACK,
        "response_type": "code",
        "grant_type": "authorization_code",
        "state": "a state",
    }
    return vendor.SessionModel(**{**known, **facts})


def code_of(url: str) -> str:
    """The authorization code in a redirect."""
    return parse_qs(urlsplit(url).query)["auth_code"][0]


def come_back(fyers: FyersSimulator) -> str:
    """Where the browser is sent after the login."""
    url = session(fyers).generate_authcode()
    answer = requests.get(url, allow_redirects=False, timeout=20)
    assert answer.status_code == 302
    return str(answer.headers["Location"])


def exchange(fyers: FyersSimulator, code: str, **facts: Any) -> dict[str, Any]:
    """What a code is exchanged for."""
    made = session(fyers, **facts)
    made.set_token(code)
    return dict(made.generate_token())


def post(url: str, body: dict[str, Any], bearer: str = "") -> requests.Response:
    return requests.post(url, json=body, headers={"Authorization": f"Bearer {bearer}"}, timeout=20)


def test_the_browser_comes_back_with_a_code_and_the_state(fyers: FyersSimulator) -> None:
    url = come_back(fyers)
    assert url.startswith(f"{BACK}?")
    assert parse_qs(urlsplit(url).query)["state"] == ["a state"]


def test_a_code_is_good_for_one_pair_of_tokens(fyers: FyersSimulator) -> None:
    code = code_of(come_back(fyers))
    told = exchange(fyers, code)
    assert Desk(fyers, told["access_token"]).sdk.get_profile()["s"] == "ok"
    assert told["refresh_token"].startswith("eyJ")
    again = exchange(fyers, code)
    assert (again["code"], again["message"]) == (-437, "invalid auth code")


def test_an_app_must_know_its_secret(fyers: FyersSimulator) -> None:
    code = code_of(come_back(fyers))
    assert exchange(fyers, code, secret_key="wrong")["code"] == -371
    assert exchange(fyers, code, grant_type="other")["code"] == -50
    assert exchange(fyers, code)["s"] == "ok"


@pytest.mark.parametrize(("name", "code"), [("client_id", -352), ("response_type", -50)])
def test_a_login_that_makes_no_sense_is_refused(
    fyers: FyersSimulator, name: str, code: int
) -> None:
    url = session(fyers, **{name: "wrong"}).generate_authcode()
    assert requests.get(url, timeout=20).json()["code"] == code


def test_a_refresh_token_and_the_pin_make_a_token_for_15_days(
    fyers: FyersSimulator, clock: FakeClock
) -> None:
    told = exchange(fyers, code_of(come_back(fyers)))
    body = {
        "grant_type": "refresh_token",
        "appIdHash": id_hash(fyers.owner()),
        "refresh_token": told["refresh_token"],
        "pin": fyers.pin,
    }
    url = f"{fyers.api_url}/validate-refresh-token"
    clock.advance(86_400)
    renewed = post(url, body).json()
    assert Desk(fyers, renewed["access_token"]).sdk.get_profile()["s"] == "ok"
    assert "refresh_token" not in renewed
    assert post(url, body | {"pin": "0000"}).json()["s"] == "error"
    clock.advance(14 * 86_400)
    assert post(url, body).json()["code"] == -501


class Headless:
    """The steps of a login without a browser."""

    def __init__(self, fyers: FyersSimulator, clock: FakeClock) -> None:
        self.fyers = fyers
        self.clock = clock

    def key(self) -> str:
        """The first step."""
        body = {"fy_id": b64encode(self.fyers.fy_id.encode()).decode(), "app_id": "2"}
        return str(post(f"{self.fyers.login_url}/send_login_otp_v2", body).json()["request_key"])

    def otp(self, key: str, ago: int = 0) -> dict[str, Any]:
        """The second step, with the code of an earlier time."""
        step = int(self.clock.now().timestamp()) // 30 - ago
        body = {"request_key": key, "otp": totp(self.fyers.totp, step)}
        return dict(post(f"{self.fyers.login_url}/verify_otp", body).json())

    def pin(self, key: str, pin: str) -> dict[str, Any]:
        """The third step."""
        code = b64encode(pin.encode()).decode()
        body = {"request_key": key, "identity_type": "pin", "identifier": code}
        return dict(post(f"{self.fyers.login_url}/verify_pin_v2", body).json())

    def bearer(self) -> str:
        """The first three steps."""
        key = self.otp(self.key())["request_key"]
        return str(self.pin(key, self.fyers.pin)["data"]["access_token"])

    def grant(self, bearer: str, **facts: Any) -> requests.Response:
        """The last step."""
        body = {
            "fyers_id": self.fyers.fy_id,
            "app_id": self.fyers.app_id.removesuffix("-100"),
            "redirect_uri": BACK,
            "appType": "100",
            "code_challenge": "",
            "state": "a state",
            "scope": "",
            "nonce": "",
            "response_type": "code",
            "create_cookie": True,
        }
        return post(f"{self.fyers.api_url}/token", body | facts, bearer)


@pytest.fixture
def headless(fyers: FyersSimulator, clock: FakeClock) -> Headless:
    return Headless(fyers, clock)


def test_one_logs_in_without_a_browser(fyers: FyersSimulator, headless: Headless) -> None:
    answer = headless.grant(headless.bearer())
    assert answer.status_code == 308
    told = exchange(fyers, code_of(answer.json()["Url"]))
    assert Desk(fyers, told["access_token"]).sdk.get_profile()["s"] == "ok"


def test_each_step_must_be_right_and_follows_the_one_before(headless: Headless) -> None:
    key = headless.key()
    assert headless.otp(key, ago=2)["code"] == -1002
    assert headless.otp(key)["code"] == -1001
    key = headless.otp(headless.key(), ago=1)["request_key"]
    assert headless.pin(key, "0000")["code"] == -1003
    assert headless.pin(headless.key(), "1234")["code"] == -1001
    assert headless.grant("wrong").status_code == 401
    assert headless.grant(headless.bearer(), fyers_id="XS99999").status_code == 401


def test_an_app_is_approved_in_a_browser_once(fyers: FyersSimulator, headless: Headless) -> None:
    fyers.rules(approved=False)
    assert headless.grant(headless.bearer()).json()["code"] == -373
    come_back(fyers)
    assert headless.grant(headless.bearer()).status_code == 308


def test_repeated_logins_are_refused_for_a_while(
    fyers: FyersSimulator, clock: FakeClock, headless: Headless
) -> None:
    url, body = f"{fyers.login_url}/send_login_otp", {"fy_id": fyers.fy_id}
    answers = [post(url, body).status_code for _ in range(6)]
    assert answers == [200] * 5 + [429]
    clock.advance(60)
    assert post(url, body).ok
    assert post(url, {"fy_id": "nobody"}).json()["code"] == -50


def test_the_way_of_version_2_is_closed(fyers: FyersSimulator) -> None:
    assert post(f"{fyers.base_url}/api/v2/token", {}).json()["code"] == -410


def test_the_code_of_the_authenticator_is_that_of_the_standard() -> None:
    assert totp("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", 59 // 30) == "287082"
