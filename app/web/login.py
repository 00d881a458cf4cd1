"""Logins at brokers that want one each day. Tokens come in here, and never go out."""

from html import escape
from http import HTTPStatus

from flask import Blueprint, Response, jsonify, request

from app.engine.logins import Logins
from app.engine.token_manager import TokenManager
from app.web import answers
from app.web.described import described
from app.web.errors import ApiError
from app.web.schemas import (
    CallbackQuery,
    CodeBody,
    LoginBody,
    LoginQuery,
    read_body,
    read_query,
    utc,
)

HTML = "text/html"
PAGE = """\
<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="robots" content="noindex">
<title>NovAlgo</title>
<h1>{title}</h1>
<p>{words}</p>
</html>
"""


def tokens_blueprint(logins: Logins) -> Blueprint:
    """`/auth-url`, `/generate-token`, `/refresh-token` and `/token-status`."""
    blueprint = Blueprint("tokens", __name__)

    @blueprint.get("/auth-url")
    @described("Begin a login: where to go", answers.LoginLink, query=LoginQuery, errors=(404,))
    def auth_url() -> Response:
        link = logins.link(_manager(logins, read_query(LoginQuery).account))
        return jsonify({"url": link.url, "state": link.state})

    @blueprint.post("/generate-token")
    @described(
        "End a login by hand: make a token of its code, and keep it",
        answers.TokenStatus,
        body=CodeBody,
        examples={"a code": {"auth_code": "eyJhbGciOiJIUzI1NiJ9.e30.c2ln"}},
        errors=(404, 422),
    )
    def generate_token() -> Response:
        body = read_body(CodeBody)
        manager = _manager(logins, body.account)
        logins.exchange(manager, body.auth_code)
        return _shown(manager)

    @blueprint.post("/refresh-token")
    @described(
        "Make a new token without a person, where there is a way",
        answers.TokenStatus,
        body=LoginBody,
        needs_body=False,
        examples={"the first account": {}},
        errors=(404, 422),
    )
    def refresh_token() -> Response:
        manager = _manager(logins, read_body(LoginBody).account)
        manager.renew()
        manager.wake()
        return _shown(manager)

    @blueprint.get("/token-status")
    @described("How it stands with a token", answers.TokenStatus, query=LoginQuery, errors=(404,))
    def token_status() -> Response:
        return _shown(_manager(logins, read_query(LoginQuery).account))

    return blueprint


def callback_blueprint(logins: Logins) -> Blueprint:
    """`/auth/callback`: where the broker sends the browser. Who comes without a state is nobody."""
    blueprint = Blueprint("login", __name__)

    @blueprint.get("/auth/callback")
    @described(
        "A login ended: the page that says how",
        query=CallbackQuery,
        texts=(HTML,),
        errors=(400, 422),
    )
    def callback() -> Response:
        if request.method == "HEAD":  # whoever looks ahead must not use the state up
            return Response(content_type=HTML)
        query = read_query(CallbackQuery)
        manager = logins.owner_of(query.state)
        if manager is None:
            words = "this login was not begun here, or too long ago, or it ended before"
            raise ApiError(HTTPStatus.BAD_REQUEST, "invalid_state", words)
        if not query.auth_code:
            words = "the broker sent no code: the login was not completed"
            raise ApiError(HTTPStatus.BAD_REQUEST, "no_code", words)
        logins.exchange(manager, query.auth_code)
        return _page(manager)

    return blueprint


def _manager(logins: Logins, account: str | None) -> TokenManager:
    manager = logins.get(account)
    if manager is None:
        words = "no such account wants a login"
        raise ApiError(HTTPStatus.NOT_FOUND, "not_found", words)
    return manager


def _shown(manager: TokenManager) -> Response:
    manager.current()
    shown: answers.TokenStatus = {
        "status": manager.standing(),
        "account": manager.account,
        "expires_at": utc(manager.expires_at),
    }
    return jsonify(shown)


def _page(manager: TokenManager) -> Response:
    until = f"{manager.expires_at:%Y-%m-%d %H:%M} UTC" if manager.expires_at else "now"
    words = f"The account {manager.account} trades until {until}. You may close this page."
    page = PAGE.format(title="Logged in", words=escape(words))
    return Response(page, content_type=f"{HTML}; charset=utf-8")
