"""Behind nginx: slow senders hold nothing, strangers stay out, what must come again comes again.

The files of deploy/nginx are used as they are; only a few lines around them are the tests' own.
"""

import json
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from http.client import HTTPSConnection
from pathlib import Path

import pytest

from tests.e2e.conftest import Serve
from tests.e2e.live import API_KEY, SECRET, LiveServer
from tests.e2e.nginx import NGINX, SENDER, TRADINGVIEW, Nginx
from tests.e2e.processes import until
from tests.e2e.wire import JSON, dial, http

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(NGINX is None, reason="nginx is not installed"),
]

STRANGER = "203.0.113.9"
KEY = [("Authorization", f"Bearer {API_KEY}")]
CUT_OFF_WITHIN = 12.0
"""Seconds: twice what a sender may pause, and some."""

Front = Callable[[LiveServer], Nginx]


@pytest.fixture
def front(tmp_path: Path) -> Iterator[Front]:
    """Puts nginx in front of a server."""
    with ExitStack() as running:

        def start(server: LiveServer) -> Nginx:
            nginx = Nginx(tmp_path / "nginx", server.port)
            running.callback(nginx.stop)
            nginx.start()
            return nginx

        yield start


@pytest.fixture
def server(serve: Serve) -> LiveServer:
    return serve(TRUSTED_PROXIES="1", SECRET_RATE_LIMIT="3 per minute", LOG_LEVEL="INFO")


@pytest.fixture
def nginx(front: Front, server: LiveServer) -> Nginx:
    return front(server)


def body_of(**fields: object) -> bytes:
    base = {"secret": SECRET, "action": "buy", "symbol": "AAPL", "quantity": 1, "price": 10}
    return json.dumps(base | fields).encode()


def test_an_alert_of_tradingview_trades(nginx: Nginx) -> None:
    reply = nginx.ask("POST", "/webhook?wait=2", body_of())
    assert (reply.status, reply.json()["status"]) == (200, "success")


def test_the_request_id_is_nginx_s_in_both_logs(nginx: Nginx, server: LiveServer) -> None:
    reply = nginx.ask("POST", "/webhook", body_of(), headers=[("X-Request-ID", "a-sender-s")])
    request_id = reply.header("x-request-id")
    assert request_id is not None
    assert len(request_id) == 32
    # nginx writes its line after the answer is on its way
    until(lambda: request_id in nginx.written(), 10, "the line of nginx")
    until(lambda: request_id in server.log(), 10, "the line of ours")
    assert "a-sender-s" not in server.log()


@pytest.mark.parametrize(
    "path", ["/webhook", "/webhook/some-token", "/tradingview/webhook/bracket"]
)
@pytest.mark.parametrize("sender", [STRANGER, None])
def test_who_is_not_on_the_list_sends_no_alert(
    path: str, sender: str | None, nginx: Nginx, server: LiveServer
) -> None:
    reply = nginx.ask("POST", path, body_of(), sender=sender)
    assert (reply.status, reply.header("content-type")) == (403, JSON)
    assert reply.json()["code"] == "forbidden"
    assert server.everything("alerts") == []


def test_the_api_is_for_everybody_who_has_the_key(nginx: Nginx) -> None:
    assert nginx.ask("GET", "/health", sender=STRANGER).status == 200
    assert nginx.ask("GET", "/api/v1/alerts", sender=STRANGER).status == 401
    assert nginx.ask("GET", "/api/v1/alerts", sender=STRANGER, headers=KEY).status == 200


def test_metrics_are_for_this_machine_only(nginx: Nginx) -> None:
    assert nginx.ask("GET", "/metrics", sender=STRANGER, headers=KEY).status == 403
    assert nginx.ask("GET", "/metrics", sender=None, headers=KEY).status == 200


def test_a_sender_cannot_choose_its_address(nginx: Nginx) -> None:
    """Wrong secrets are counted by address, so whoever could choose it would never be stopped."""
    wrong = body_of(secret="wrong")

    def guess(number: int, sender: str) -> int:
        claimed = [("X-Forwarded-For", f"198.51.100.{number}"), ("X-Real-IP", f"10.0.0.{number}")]
        return nginx.ask("POST", "/webhook", wrong, sender=sender, headers=claimed).status

    assert [guess(number, TRADINGVIEW) for number in range(5)] == [401, 401, 401, 429, 429]
    assert guess(6, "34.212.75.30") == 401


def test_a_body_that_is_too_large_is_refused_in_json(nginx: Nginx, server: LiveServer) -> None:
    reply = nginx.ask("POST", "/webhook", body_of() + b" " * 65_536)
    assert (reply.status, reply.json()["code"]) == (413, "too_large")
    fits = nginx.ask("POST", "/webhook", body_of() + b" " * 65_000)
    assert fits.status == 202
    assert len(server.everything("alerts")) == 1


def test_a_server_that_does_not_answer_in_time_is_503_and_the_repeat_trades_once(
    nginx: Nginx, server: LiveServer
) -> None:
    """TradingView sends again after 503, not after 504."""
    body = body_of(id="f1c0b9a2-0b1e-4a57-9a53-2c1d9b7a0e11")
    server.freeze()
    began = time.monotonic()
    late = nginx.ask("POST", "/webhook", body)
    waited = time.monotonic() - began
    server.thaw()
    assert (late.status, late.json()["code"], late.header("content-type")) == (
        503, "unavailable", JSON,
    )  # fmt: skip
    assert 2.5 < waited < 5
    again = nginx.ask("POST", "/webhook?wait=2.5", body)
    server.await_idle()
    assert again.status == 200
    (held,) = server.get("/positions").body["positions"]
    assert held["qty"] == 1


def test_a_server_that_is_gone_is_503(nginx: Nginx, server: LiveServer) -> None:
    server.kill()
    reply = nginx.ask("POST", "/webhook", body_of())
    assert (reply.status, reply.json()["code"]) == (503, "unavailable")
    server.start()
    assert nginx.ask("POST", "/webhook", body_of()).status == 202


def test_the_secret_is_in_no_log_of_nginx(nginx: Nginx, server: LiveServer) -> None:
    """Neither when all goes well, nor when an error is written with the whole request line."""
    path = f"/webhook/{SECRET}"
    bare = json.dumps({"action": "buy", "symbol": "AAPL", "quantity": 1, "price": 10}).encode()
    assert nginx.ask("POST", path, bare).status == 202
    assert nginx.ask("POST", f"{path}?token={SECRET}", bare, sender=STRANGER).status == 403
    assert nginx.ask("POST", path, b"x" * 70_000).status == 413
    with dial(nginx.port) as client:
        client.sendall(http("POST", path, bare, [(SENDER, TRADINGVIEW)])[:-10])
        client.shutdown(socket.SHUT_WR)
        client.recv(1000)
    server.kill()
    assert nginx.ask("POST", path, bare).status == 503
    written = nginx.written()
    assert written.count("/webhook/***") >= 4
    assert SECRET not in written


def test_the_code_of_a_login_is_in_no_log_of_nginx(nginx: Nginx, server: LiveServer) -> None:
    path = "/auth/callback?s=ok&auth_code=canary-code&state=canary-state"
    assert nginx.ask("GET", path).status == 400
    server.kill()
    assert nginx.ask("GET", path).status == 503
    until(lambda: nginx.written().count("/auth/callback") >= 2, 10, "both lines of nginx")
    assert "canary" not in nginx.written()


def half_sent(nginx: Nginx, number: int) -> socket.socket:
    """A client that stops: in the middle of a header, or of a body."""
    whole = http("POST", "/webhook", body_of(comment="slow"), [(SENDER, TRADINGVIEW)])
    client = dial(nginx.port, CUT_OFF_WITHIN)
    client.sendall(whole[: -20 if number % 2 else 30])
    return client


def is_cut_off(client: socket.socket) -> bool:
    """Whether nginx hangs up, sooner or later."""
    try:
        return client.recv(1000)[:12] in {b"", b"HTTP/1.1 408"}
    except ConnectionResetError:
        return True


def test_sixty_four_slow_clients_take_no_time_from_an_alert(serve: Serve, front: Front) -> None:
    """With eight threads behind it: nginx hands on what is whole. And it cuts them off."""
    server = serve(THREADS="8", TRUSTED_PROXIES="1")
    nginx = front(server)
    with ExitStack() as clients:
        slow = [clients.enter_context(half_sent(nginx, number)) for number in range(64)]
        taken: list[float] = []
        for number in range(40):
            began = time.monotonic()
            reply = nginx.ask("POST", "/webhook", body_of(symbol=f"S{number}"))
            taken.append(time.monotonic() - began)
            assert reply.status == 202
        print(f"\n64 slow clients behind nginx: slowest of 40 alerts {max(taken) * 1000:.0f} ms")
        assert max(taken) < 1
        assert all(is_cut_off(client) for client in slow)
    assert len(server.everything("alerts")) == 40


def issue(folder: Path, name: str, subject: str, authority: str | None = None) -> None:
    """Make a key and a certificate; without an authority it is one itself."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("openssl is not installed")
    key, certificate = folder / f"{name}.key", folder / f"{name}.pem"
    command = [openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
    command += ["-keyout", str(key), "-out", str(certificate), "-subj", subject]
    if authority is not None:
        command += ["-CA", str(folder / f"{authority}.pem")]
        command += ["-CAkey", str(folder / f"{authority}.key")]
    subprocess.run(command, check=True, capture_output=True)


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nginx]:
    """nginx that asks webhooks for TradingView's certificate."""
    folder = tmp_path_factory.mktemp("guarded") / "novalgo"
    folder.mkdir()
    tradingview = "/C=US/ST=Ohio/O=TradingView, Inc./CN=TradingView Webhooks"
    issue(folder, "server", "/CN=alerts.example.com")
    issue(folder, "client-ca", "/CN=An authority")
    issue(folder, "another-ca", "/CN=Another authority")
    issue(folder, "tradingview", tradingview, "client-ca")
    issue(folder, "lookalike", "/O=CN=TradingView Webhooks/CN=TradingView Webhooks 2", "client-ca")
    issue(folder, "comma", "/O=A,CN=TradingView Webhooks/CN=Somebody", "client-ca")
    issue(folder, "forged", tradingview, "another-ca")
    more = "ssl_certificate novalgo/server.pem; ssl_certificate_key novalgo/server.key;"
    more += " include novalgo/client-certificate.conf;"
    server = LiveServer(folder.parent / "server")
    server.start()
    nginx = Nginx(folder.parent, server.port, tls="ssl", more=more)
    nginx.start()
    yield nginx
    nginx.stop()
    server.kill()


@pytest.mark.parametrize(
    ("certificate", "path", "status"),
    [
        ("tradingview", "/webhook", 202),
        ("lookalike", "/webhook", 403),
        ("comma", "/webhook", 403),
        ("forged", "/webhook", 400),  # nginx: it was not issued by the authority
        (None, "/webhook", 403),
        (None, f"/webhook/{SECRET}", 403),
        (None, "/tradingview/webhook/bracket", 403),
        (None, "/health", 405),  # it is there; it wants a GET
    ],
)
def test_with_the_option_a_webhook_needs_the_certificate_of_tradingview(
    certificate: str | None, path: str, status: int, guarded: Nginx
) -> None:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    if certificate:
        own = guarded.folder / "novalgo" / certificate
        context.load_cert_chain(own.with_suffix(".pem"), own.with_suffix(".key"))
    connection = HTTPSConnection("127.0.0.1", guarded.port, timeout=15, context=context)
    connection.request("POST", path, body_of(), {SENDER: TRADINGVIEW})
    answer = connection.getresponse()
    assert (answer.status, bool(answer.read())) == (status, True)
    connection.close()
