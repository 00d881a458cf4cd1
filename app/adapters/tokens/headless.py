"""A login without a person: off by default.

The exchanges' rules for retail trading by API (in force since April 2026) want two factors at each
login and an end of every session before the next trading day; Fyers offers no way to log in without
a browser. This speaks to the host behind its login page, by the steps of that page, which may
change any day. docs/howto/fyers-login.md says what to think of before it is turned on.
"""

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import parse_qs, urlsplit

from app.adapters.tokens.application import Application
from app.adapters.tokens.asking import Said, ask
from app.adapters.tokens.totp import totp
from app.domain.errors import BrokerUnavailable

REDIRECTED = 308


@dataclass(frozen=True, slots=True)
class HeadlessLogin:
    """Which application is logged in to, by which host, and when."""

    application: Application
    login_url: str
    now: datetime

    def authenticate_fyers_user(self, fy_id: str, pin: str, totp_secret: str) -> str:
        """Log a user in as the login page does; the access token (seed 004).

        Args:
            fy_id: the user's id at Fyers.
            pin: the user's PIN.
            totp_secret: what the user's authenticator was set up with.

        Raises:
            LoginRefused: something of it was not taken.
            BrokerUnavailable: there is no answer, or not the known one.
        """
        steps = _Steps(self, (pin, totp_secret))
        user = {"fy_id": _base64(fy_id), "app_id": "2"}
        key = steps.next("send_login_otp_v2", user).text("request_key")
        otp = {"request_key": key, "otp": totp(totp_secret, self.now)}
        key = steps.next("verify_otp", otp).text("request_key")
        asked = {"request_key": key, "identity_type": "pin", "identifier": _base64(pin)}
        bearer = steps.next("verify_pin_v2", asked).text("data", "access_token")
        return self.application.exchange(steps.code(fy_id, bearer)).access


class _Steps:
    def __init__(self, door: HeadlessLogin, secrets: tuple[str, ...]) -> None:
        self._door = door
        self._secrets = (*secrets, *map(_base64, secrets))

    def next(self, step: str, body: Mapping[str, object]) -> Said:
        said = ask("POST", f"{self._door.login_url}/{step}", body)
        if not said.fine:
            raise said.refusal(self._secrets)
        return said

    def code(self, fy_id: str, bearer: str) -> str:
        """The code that a browser would be sent to our address with."""
        application = self._door.application
        name, _, kind = application.app_id.rpartition("-")
        wanted = {
            "fyers_id": fy_id,
            "app_id": name,
            "redirect_uri": application.redirect_uri,
            "appType": kind,
            "code_challenge": "",
            "state": "headless",
            "scope": "",
            "nonce": "",
            "response_type": "code",
            "create_cookie": True,
        }
        headers = {"Authorization": f"Bearer {bearer}"}
        said = ask("POST", f"{application.api_url}/token", wanted, headers)
        if said.status != REDIRECTED:
            raise said.refusal((*self._secrets, bearer))
        codes = parse_qs(urlsplit(said.text("Url")).query).get("auth_code", [])
        if len(codes) != 1:
            raise BrokerUnavailable("the answer has no auth_code")
        return codes[0]


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()
