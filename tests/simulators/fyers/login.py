"""Ways to a token: the browser's redirect and what it is exchanged for, and the headless steps."""

import hmac
from base64 import b32decode, b64decode
from binascii import Error as BadBase64
from collections.abc import Mapping
from hashlib import sha1
from typing import Any
from urllib.parse import urlencode

from tests.simulators.fyers import refusals as no
from tests.simulators.fyers import tokens
from tests.simulators.fyers.accounts import Account
from tests.simulators.fyers.limits import too_many
from tests.simulators.fyers.refusals import refused
from tests.simulators.fyers.replies import Handler, Reply, Request, ok
from tests.simulators.fyers.world import World

_BAD_CODE, _BAD_REFRESH, _BAD_HASH = -437, -501, -371
_BAD_KEY, _BAD_OTP, _BAD_PIN, _DEPRECATED = -1001, -1002, -1003, -410
_MINUTE, _STEP = 60, 30


class LoginApi:
    """Answers what is asked without a token of the API."""

    def __init__(self, world: World) -> None:
        self._world = world

    def routes(self) -> dict[str, Handler]:
        """The handlers, each under its method and path."""
        return {
            "GET /api/v3/generate-authcode": self.authorize,
            "POST /api/v3/validate-authcode": self.exchange,
            "POST /api/v3/validate-refresh-token": self.refresh,
            "POST /api/v3/token": self.grant,
            "POST /api/v2/token": self.deprecated,
            "POST /vagator/v2/send_login_otp": self.send_otp,
            "POST /vagator/v2/send_login_otp_v2": self.send_otp_v2,
            "POST /vagator/v2/verify_otp": self.verify_otp,
            "POST /vagator/v2/verify_pin_v2": self.verify_pin,
        }

    # ------------------------------------------------------------------ by the browser

    def authorize(self, request: Request) -> Reply:
        """The user logs in and approves the app, both at once; the browser is sent back."""
        query = request.query
        account = self._world.accounts.get(query.get("client_id", ""))
        if account is None:
            raise refused(no.BAD_APP)
        if query.get("response_type") != "code" or not query.get("redirect_uri"):
            raise refused(no.BAD_INPUT)
        self._world.rules.approved = True
        url = self._redirect(account, query["redirect_uri"], query.get("state", ""))
        return Reply({}, status=302, headers={"Location": url})

    def exchange(self, request: Request) -> Reply:
        """A code, which works once, becomes a pair of tokens."""
        account = self._app(request.body, "authorization_code")
        code = str(request.body.get("code", ""))
        if code not in account.codes:
            raise refused(_BAD_CODE, "invalid auth code")
        account.codes.remove(code)
        access = tokens.issue(self._world, account)
        return ok(access_token=access, refresh_token=tokens.issue_refresh(self._world, account))

    def refresh(self, request: Request) -> Reply:
        """A refresh token and the PIN become an access token."""
        account = self._app(request.body, "refresh_token")
        token = str(request.body.get("refresh_token", ""))
        if account.refresh_tokens.get(token, 0) <= self._world.now().timestamp():
            raise refused(_BAD_REFRESH, "Please provide valid refresh token")
        if request.body.get("pin") != account.pin:
            raise refused(_BAD_PIN, "Please provide a valid pin")
        return ok(access_token=tokens.issue(self._world, account))

    def _app(self, body: Mapping[str, Any], grant: str) -> Account:
        if body.get("grant_type") != grant:
            raise refused(no.BAD_INPUT)
        for account in self._world.accounts.values():
            if tokens.id_hash(account) == body.get("appIdHash"):
                return account
        raise refused(_BAD_HASH)

    def _redirect(self, account: Account, uri: str, state: str) -> str:
        code = f"{self._world.random.getrandbits(256):064x}"
        account.codes.add(code)
        query = {"s": "ok", "code": 200, "auth_code": code, "state": state}
        return f"{uri}{'&' if '?' in uri else '?'}{urlencode(query)}"

    # ------------------------------------------------------------------ without a browser

    def send_otp(self, request: Request) -> Reply:
        """The first step; the user's id in the clear."""
        return self._begin(str(request.body.get("fy_id", "")))

    def send_otp_v2(self, request: Request) -> Reply:
        """The first step; the user's id in base64."""
        return self._begin(_decoded(request.body.get("fy_id")))

    def _begin(self, fy_id: str) -> Reply:
        account = next((a for a in self._world.accounts.values() if a.fy_id == fy_id), None)
        if account is None:
            raise refused(no.BAD_INPUT, "Invalid fy_id")
        minute = int(self._world.now().timestamp()) // _MINUTE
        account.logins = [each for each in account.logins if each == minute] + [minute]
        if len(account.logins) > self._world.rules.logins:
            raise too_many(_MINUTE)
        return self._step(account, "otp")

    def _step(self, account: Account, name: str) -> Reply:
        key = f"{self._world.random.getrandbits(128):032x}"
        account.steps[key] = name
        return ok(request_key=key)

    def _account_at(self, request: Request, step: str) -> Account:
        key = str(request.body.get("request_key", ""))
        for account in self._world.accounts.values():
            if account.steps.get(key) == step:
                del account.steps[key]
                return account
        raise refused(_BAD_KEY, "Invalid request key")

    def verify_otp(self, request: Request) -> Reply:
        """The second step: the code of the authenticator, this one or the one before."""
        account = self._account_at(request, "otp")
        now = int(self._world.now().timestamp()) // _STEP
        if str(request.body.get("otp")) not in {totp(account.totp, now - ago) for ago in (0, 1)}:
            raise refused(_BAD_OTP, "Invalid OTP")
        return self._step(account, "pin")

    def verify_pin(self, request: Request) -> Reply:
        """The third step: the PIN; a bearer for the last one comes of it."""
        account = self._account_at(request, "pin")
        if _decoded(request.body.get("identifier")) != account.pin:
            raise refused(_BAD_PIN, "Invalid PIN")
        bearer = f"{self._world.random.getrandbits(128):032x}"
        account.steps[bearer] = "bearer"
        return ok(data={"access_token": bearer, "refresh_token": "", "token_type": "bearer"})

    def grant(self, request: Request) -> Reply:
        """The last step: an authorization code, in the body of a redirect that has no address."""
        bearer = request.headers.get("Authorization", "").removeprefix("Bearer ")
        body = request.body
        for account in self._world.accounts.values():
            fits = body.get("fyers_id") == account.fy_id
            if account.steps.get(bearer) == "bearer" and fits and self._is_app(account, body):
                uri = str(body.get("redirect_uri", ""))
                url = self._redirect(account, uri, str(body.get("state", "")))
                shown = {"s": "ok", "code": 308, "message": "", "Url": url}
                return Reply(shown, status=308)
        raise refused(no.NOT_AUTHENTICATED, status=401)

    def _is_app(self, account: Account, body: Mapping[str, Any]) -> bool:
        name = f"{body.get('app_id')}-{body.get('appType')}"
        if name == account.app_id and not self._world.rules.approved:
            raise refused(no.NO_PERMISSION, "Approve this app in a browser first", status=403)
        return name == account.app_id

    def deprecated(self, request: Request) -> Reply:
        """The way of version 2."""
        raise refused(_DEPRECATED, "This API is deprecated", status=410)


def totp(secret: str, step: int) -> str:
    """The code of an authenticator in a step of 30 seconds (RFC 6238, SHA-1, six digits)."""
    padded = secret + "=" * (-len(secret) % 8)
    digest = hmac.new(b32decode(padded), step.to_bytes(8, "big"), sha1).digest()
    start = digest[-1] & 0xF
    number = int.from_bytes(digest[start : start + 4], "big") & 0x7FFFFFFF
    return f"{number % 1_000_000:06}"


def _decoded(value: Any) -> str:
    try:
        return b64decode(str(value or ""), validate=True).decode()
    except (BadBase64, UnicodeDecodeError):
        return ""
