"""Fyers' login on loopback: codes, refresh tokens, profiles, and the steps behind its page."""

import base64
import hashlib
import json
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self, TypeAlias
from urllib.parse import urlsplit

Answer: TypeAlias = tuple[int, object]

APP_ID, SECRET_ID, PIN = "CANARYAPP-100", "CANARYSECRETID", "7391"
USER, TOTP_SECRET = "XC00001", "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
CODE, REFRESH = "canary-auth-code", "canary-refresh-token"
REDIRECT = "https://novalgo.test/auth/callback"


def web_token(**said: object) -> str:
    """A JSON web token that says this of itself."""
    payload = base64.urlsafe_b64encode(json.dumps(said).encode()).decode().rstrip("=")
    return f"eyJhbGciOiJIUzI1NiJ9.{payload}.c2lnbmF0dXJl"


def coded(text: str) -> str:
    """As the steps of the login page write it."""
    return base64.b64encode(text.encode()).decode()


def options_at(url: str) -> dict[str, str]:
    """The options of an account that logs in at a host."""
    return {
        "APP_ID": APP_ID,
        "SECRET_ID": SECRET_ID,
        "REDIRECT_URI": REDIRECT,
        "PIN": PIN,
        "API_URL": url,
        "LOGIN_URL": f"{url}/vagator/v2",
    }


@dataclass(slots=True)
class Script:
    """What the host does, and what it was asked.

    `expires`: what the next tokens say of their end, in seconds since 1970. `answers`: by the last
    part of a path, instead of what it would answer.
    """

    expires: float | None = None
    user: str | None = None
    otp: str = ""
    delay: float = 0.0
    answers: dict[str, Answer] = field(default_factory=dict[str, Answer])
    asked: list[str] = field(default_factory=list[str])
    made: list[str] = field(default_factory=list[str])
    dead: set[str] = field(default_factory=set[str])

    def token(self) -> str:
        """Another access token."""
        said: dict[str, object] = {"number": len(self.made), "sub": "canary-access-token"}
        if self.expires is not None:
            said["exp"] = self.expires
        if self.user is not None:
            said["fy_id"] = self.user
        self.made.append(web_token(**said))
        return self.made[-1]


class LoginHost:
    """A server on a port of its own, until it is closed. It knows one application and one user."""

    def __init__(self) -> None:
        self.script = Script()
        self.lock = threading.Lock()
        self._server = _Server(self)
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    @property
    def options(self) -> dict[str, str]:
        """The options of an account that logs in here."""
        return options_at(self.url)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def answer(self, path: str, headers: Mapping[str, str], body: dict[str, Any]) -> Answer:
        """What it says to a request."""
        script, name = self.script, path.rsplit("/", 1)[-1]
        time.sleep(script.delay)
        with self.lock:
            script.asked.append(name)
            if name in script.answers:
                return script.answers[name]
            return _ANSWERS[name](script, headers, body)


def _refused(code: int, message: str) -> Answer:
    return 400, {"s": "error", "code": code, "message": message}


def _proved(body: Mapping[str, Any]) -> bool:
    proof = hashlib.sha256(f"{APP_ID}:{SECRET_ID}".encode()).hexdigest()
    return bool(body.get("appIdHash") == proof)


def _exchange(script: Script, _: Mapping[str, str], body: dict[str, Any]) -> Answer:
    if not _proved(body):
        return _refused(-371, "invalid app id hash")
    if body.get("code") != CODE or body.get("grant_type") != "authorization_code":
        return _refused(-437, f"invalid auth code {body.get('code')}")
    return 200, {"s": "ok", "code": 200, "access_token": script.token(), "refresh_token": REFRESH}


def _renew(script: Script, _: Mapping[str, str], body: dict[str, Any]) -> Answer:
    if not _proved(body) or body.get("refresh_token") != REFRESH or body.get("pin") != PIN:
        return _refused(-501, f"Please provide valid refresh token, not {body.get('pin')}")
    return 200, {"s": "ok", "code": 200, "access_token": script.token()}


def _profile(script: Script, headers: Mapping[str, str], __: dict[str, Any]) -> Answer:
    app_id, _, token = headers.get("authorization", "").partition(":")
    if app_id != APP_ID or token not in script.made or token in script.dead:
        return 401, {"s": "error", "code": -16, "message": "Could not authenticate the user"}
    return 200, {"s": "ok", "code": 200, "data": {"fy_id": USER}}


def _send_otp(_: Script, __: Mapping[str, str], body: dict[str, Any]) -> Answer:
    if body != {"fy_id": coded(USER), "app_id": "2"}:
        return _refused(-1, "invalid user")
    return 200, {"s": "ok", "request_key": "key-1"}


def _verify_otp(script: Script, _: Mapping[str, str], body: dict[str, Any]) -> Answer:
    if body != {"request_key": "key-1", "otp": script.otp}:
        return _refused(-2, "invalid otp")
    return 200, {"s": "ok", "request_key": "key-2"}


def _verify_pin(_: Script, __: Mapping[str, str], body: dict[str, Any]) -> Answer:
    expected = {"request_key": "key-2", "identity_type": "pin", "identifier": coded(PIN)}
    if body != expected:
        return _refused(-3, f"invalid pin {body.get('identifier')}")
    return 200, {"s": "ok", "data": {"access_token": "canary-login-bearer"}}


def _token(_: Script, headers: Mapping[str, str], body: dict[str, Any]) -> Answer:
    known = (body.get("fyers_id"), body.get("app_id"), body.get("appType"))
    if headers.get("authorization") != "Bearer canary-login-bearer":
        return _refused(-4, "invalid session")
    if known != (USER, "CANARYAPP", "100") or body.get("redirect_uri") != REDIRECT:
        return _refused(-5, "invalid application")
    return 308, {"s": "ok", "Url": f"{REDIRECT}?s=ok&auth_code={CODE}&state=headless"}


_ANSWERS = {
    "validate-authcode": _exchange,
    "validate-refresh-token": _renew,
    "profile": _profile,
    "send_login_otp_v2": _send_otp,
    "verify_otp": _verify_otp,
    "verify_pin_v2": _verify_pin,
    "token": _token,
}


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, host: LoginHost) -> None:
        self.host = host
        super().__init__(("127.0.0.1", 0), _Handler)


class _Handler(BaseHTTPRequestHandler):
    server: _Server  # pyright: ignore[reportIncompatibleVariableOverride]

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # its name there
        """Say nothing."""

    def _serve(self) -> None:
        sent = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        body: dict[str, Any] = json.loads(sent) if sent else {}
        path = urlsplit(self.path).path
        headers = {name.lower(): value for name, value in self.headers.items()}
        status, answer = self.server.host.answer(path, headers, body)
        text = answer.encode() if isinstance(answer, str) else json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)
