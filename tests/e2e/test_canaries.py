"""Secrets go in by every door there is, right and wrong, and are found nowhere afterwards."""

import json
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from urllib.parse import quote

import pytest
from flask import Flask

from app.web.names import SECRET_NAMES, SECRET_PARTS
from tests.e2e.canaries import (
    EACH,
    LOGIN,
    PREVIOUS,
    READ,
    SECRETS,
    SETTINGS,
    assert_hidden,
    assert_no_canary,
)
from tests.e2e.live import API_KEY, SECRET, LiveServer
from tests.e2e.wire import Reply, Wire, chunked, exchange, http
from tests.integration.api import MakeServer, client_of

pytestmark = pytest.mark.e2e

BUY = {"action": "buy", "symbol": "AAPL", "quantity": 1, "price": 190}
NAMES = sorted(
    {*SECRET_NAMES, *SECRET_PARTS, "API_KEY", "Pass Phrase", "webhookSecret", "auth-token", "Key"}
)


def escaped(text: str) -> str:
    """A text in JSON, every character as an escape."""
    return "".join(f"\\u{ord(char):04x}" for char in text)


def bodies(secret: str) -> Iterator[bytes]:
    """Alerts and rubbish that hold a secret."""
    quoted = json.dumps(secret)
    for name in NAMES:
        yield json.dumps({name: secret, **BUY}).encode()
        yield json.dumps({name: secret, "action": "?"}).encode()
        yield f'{{"{name}": {quoted}, "action": "buy", '.encode()
        yield f"{name}={secret};action=buy;symbol=AAPL".encode()
        yield f"{name}: {secret}\naction: buy".encode()
    legs = [{"token": secret, "account": "a"}, {"apikey": secret, "account": "b"}]
    yield json.dumps({"secret": secret, **BUY, "multiple_accounts": legs}).encode()
    yield json.dumps({**BUY, "multiple_accounts": legs}).encode()
    yield json.dumps({"secret": secret, "order_legs": [{"key": secret, **BUY}]}).encode()
    yield json.dumps([{"secret": secret, **BUY}, {"secret": secret, "action": "?"}]).encode()
    yield json.dumps({"alert": {"passphrase": secret, **BUY}}).encode()
    yield json.dumps({"secret": secret, **BUY, "a": {"b": {"c": [{"password": secret}]}}}).encode()
    yield json.dumps({"secret": secret, **BUY, "secrets": [secret, {"x": secret}]}).encode()
    yield json.dumps({"secret": [secret], **BUY}).encode()
    yield json.dumps({"secret": {"value": secret}, **BUY}).encode()
    yield f'{{"{escaped("secret")}": "{escaped(secret)}", "action": "buy"}}'.encode()
    yield f'{{"{escaped("secret")}": "{escaped(secret)}", "action": '.encode()
    yield f'{{"secret": {quoted}, "secret": {quoted}, "action": "buy"}}'.encode()
    yield json.dumps({"secret": secret, **BUY}).encode("utf-16")
    yield json.dumps({"secret": secret, **BUY}).encode() + b"\0"
    yield json.dumps(json.dumps({"secret": secret, **BUY})).encode()


def misplaced(secret: str) -> Iterator[bytes]:
    """Alerts with a secret where nobody would look for one."""
    for name in ("comment", "strategy", "account", "id", "action", "symbol", "quantity", "text"):
        yield json.dumps({"secret": secret, **BUY, name: secret}).encode()
        yield json.dumps({"secret": secret, **BUY, name: f"with {secret} in it"}).encode()
    yield json.dumps(
        {"secret": secret, **BUY, "url": f"https://h/webhook/{quote(secret)}"}
    ).encode()
    yield json.dumps({"secret": secret, **BUY, secret: 1}).encode()
    yield f"{secret} buy AAPL secret={secret}".encode()
    yield json.dumps([secret]).encode()
    yield secret.encode()


def requests() -> Iterator[bytes]:
    """Every door: bodies, tokens, query strings, headers, methods, and what is no HTTP."""
    token = f"/webhook/{quote(SECRET)}"
    for secret in SECRETS:
        spelled = quote(secret, safe="")
        for body in (*bodies(secret), *misplaced(secret)):
            yield http("POST", "/webhook", body)
            yield http("POST", token, body)
        yield http("POST", f"/webhook/{spelled}", json.dumps(BUY).encode())
        yield http("POST", f"/webhook/{spelled}", b"not an alert")
        yield http("POST", f"/webhook/{spelled}x", json.dumps(BUY).encode())
        yield http("POST", f"/webhook?secret={spelled}&token={spelled}&wait={spelled}", b"{}")
        yield chunked("POST", "/webhook", json.dumps({"secret": secret, **BUY}).encode(), size=7)
        yield http("POST", f"/webhook/{spelled}", bytes(70_000))
        for path in (f"/{spelled}", f"/webhook/{spelled}/x", f"/health/{spelled}"):
            yield http("POST", path, b"{}")
            yield http("GET", path)
        for method in ("GET", "PUT", "DELETE"):
            yield http(method, f"/webhook/{spelled}")
    yield from with_headers()
    yield from to_the_api()


def with_headers() -> Iterator[bytes]:
    names = ("Authorization", "X-Request-ID", "Idempotency-Key", "Cookie", "User-Agent", "Referer")
    more = ("X-Forwarded-For", "X-Api-Key", "X-Secret", "Content-Type", "Origin")
    body = json.dumps({"secret": SECRET, **BUY}).encode()
    for name, secret in product((*names, *more), SECRETS):
        sent = secret.encode("latin-1")
        for target in ("/webhook", "/health", "/nope"):
            yield http("POST", target, body, [(name, sent)])
        yield http("POST", "/webhook", b"{", [(name, b"Bearer " + sent)])
        yield http("GET", "/config", headers=[(name, sent)])


def to_the_api() -> Iterator[bytes]:
    key = [("Authorization", f"Bearer {API_KEY}")]
    for secret in SECRETS:
        spelled = quote(secret, safe="")
        yield http("GET", "/config", headers=[("Authorization", b"Basic " + secret.encode())])
        for path in ("alerts", "orders"):
            yield http("GET", f"/api/v1/{path}/{spelled}", headers=key)
            for name in ("status", "cursor", "symbol", "limit", "account"):
                yield http("GET", f"/api/v1/{path}?{name}={spelled}", headers=key)
        yield http("GET", f"/positions?account={spelled}", headers=key)
        for column in ("account", "position_size", "sides"):
            body = json.dumps({column: secret}).encode()
            yield http("PUT", "/api/v1/strategies/AAPL/15m", body, key)
        yield http("PUT", f"/api/v1/strategies/AAPL/{spelled}", b"{}", key)
        yield http("POST", "/api/v1/quotes", json.dumps({"symbol": secret}).encode(), key)
        yield http("POST", "/api/v1/preview", json.dumps({"secret": secret, **BUY}).encode(), key)
        yield http("POST", "/api/v1/preview", f'{{"secret": "{secret}'.encode(), key)


def not_http() -> Iterator[bytes]:
    for secret in (SECRET, API_KEY):
        yield f"POST /webhook/{secret} x HTTP/1.1\r\n\r\n".encode()
        yield f"POST /webhook/{secret} HTTP/{secret}\r\n\r\n".encode()
        yield f"POST /webhook HTTP/1.1\r\nBearer {secret}\r\n\r\n".encode()
        yield f"POST /webhook HTTP/1.1\r\n{secret} : x\r\n\r\n".encode()
        yield f"POST /webhook HTTP/1.1\r\nTransfer-Encoding: {secret}\r\n\r\n".encode()
        yield f"POST /webhook HTTP/1.1\r\nContent-Length: {secret}\r\n\r\n".encode()
        yield f"POST /webhook HTTP/1.1\r\nExpect: {secret}\r\n\r\n".encode()
        yield f"{secret}\r\n\r\n".encode()
        for path in ("/webhook", "/health"):
            start = http("POST", path, length=False, headers=[("Transfer-Encoding", "chunked")])
            yield start + f"{secret}\r\n".encode()
            yield start + f"5;{secret}\r\nhello\r\n0\r\n{secret}: x\r\n\r\n".encode()
            yield start + f"5\r\n{secret}\r\n".encode()


def assert_answered_without_secret(request: bytes, reply: Reply) -> None:
    assert reply.status < 500, (request[:300], reply)
    assert_hidden(reply.head + reply.body.decode(), f"the answer to {request[:300]!r}")


def test_no_secret_is_found_anywhere(tmp_path: Path) -> None:
    server = LiveServer(tmp_path, SETTINGS | {"SECRET_RATE_LIMIT": "100000 per minute"})
    server.start()
    try:
        told = 0
        with Wire(server.port) as wire:
            for request in requests():
                assert_answered_without_secret(request, wire.send(request))
                told += 1
        for request in not_http():
            assert_answered_without_secret(request, exchange(server.port, request))
            told += 1
        server.await_idle()
        print(f"{told} requests with secrets, {len(server.everything('alerts'))} alerts kept")
        assert_no_canary(server)
    finally:
        server.hang_up()
        server.stop()
    assert_no_canary(server)


def test_every_route_that_can_be_read_is_looked_at(make_server: MakeServer) -> None:
    app: Flask = client_of(make_server()).application
    rules = {rule.rule for rule in app.url_map.iter_rules() if "GET" in (rule.methods or ())}
    looked_at = {path.partition("?")[0] for path in (*READ, *LOGIN)}
    assert rules - EACH == looked_at


def test_the_helper_finds_what_it_looks_for() -> None:
    for shown in (
        SECRET,
        SECRET.upper(),
        quote(PREVIOUS),
        json.dumps(PREVIOUS),
        SECRET[7:],
        "63616e617279",
    ):
        with pytest.raises(AssertionError):
            assert_hidden(f"... {shown} ...", "a text")
    assert_hidden("nothing to see", "a text")
