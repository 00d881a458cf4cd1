"""The real server with an account at Fyers: alerts wait for the login, and no restart is needed."""

import base64
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
import requests

from tests.e2e.canaries import assert_no_canary
from tests.e2e.commands import command
from tests.e2e.conftest import Serve
from tests.e2e.live import LiveServer
from tests.e2e.processes import until
from tests.e2e.wear import wear_of
from tests.simulators.fyers import FyersSimulator
from tests.simulators.gcs import GcsServer

pytestmark = pytest.mark.e2e

BUCKET = "tokens"
SECONDS = 30
MOST_MEGABYTES = 200
"""Of the 1,000 that the smallest machine has."""
SYMBOL = "NSE:SBIN"


@pytest.fixture
def fyers() -> Iterator[FyersSimulator]:
    with FyersSimulator() as simulator:
        simulator.market(is_open=True)
        simulator.quote("NSE:SBIN-EQ", 820)
        yield simulator


@pytest.fixture
def gcs() -> Iterator[GcsServer]:
    with GcsServer(BUCKET) as server:
        yield server


def settings_of(fyers: FyersSimulator, **more: str) -> dict[str, str]:
    return {
        "SESSION_POLICY": "always",
        "FYERS_APP_ID": fyers.app_id,
        "FYERS_SECRET_ID": fyers.secret,
        "FYERS_PIN": fyers.pin,
        "FYERS_API_URL": fyers.api_url,
        "FYERS_DATA_URL": fyers.data_url,
        "FYERS_STREAM_URL": fyers.stream_url,
        "FYERS_SYMBOLS_URL": fyers.symbols_url,
        "FYERS_LOGIN_URL": fyers.login_url,
        "TOKEN_KEY": base64.b64encode(b"canary-key-of-exactly-32-bytes!!").decode(),
        **more,
    }


def log_in(server: LiveServer) -> None:
    """As a browser does: Fyers sends it back to the address that was registered."""
    url = server.get("/auth-url").body["url"]
    sent_back = requests.get(url, allow_redirects=False, timeout=10).headers["Location"]
    query = urlsplit(sent_back).query
    address = f"http://127.0.0.1:{server.port}/auth/callback?{query}"
    page = requests.get(address, timeout=10)
    assert page.status_code == 200, page.text
    assert page.headers["Content-Type"].startswith("text/html")


def standing(server: LiveServer) -> object:
    return server.get("/token-status").body["status"]


def test_an_alert_waits_for_the_login_and_goes_on_without_a_restart(
    serve: Serve, fyers: FyersSimulator
) -> None:
    server = serve(**settings_of(fyers))
    sent = server.alert(action="buy", symbol=SYMBOL, quantity=2, account="fyers")
    assert sent.status == 202
    log_in(server)
    until(lambda: bool(server.alerts("success")), SECONDS, "the alert's success")
    assert [row["netQty"] for row in fyers.shown()["positions"]] == [2]
    server.stop()
    server.start()
    assert standing(server) == "valid"
    assert_no_canary(server)


def test_a_login_at_the_command_line_is_enough(serve: Serve, fyers: FyersSimulator) -> None:
    server = serve(**settings_of(fyers))
    missing = command(server, "login", "--status")
    assert missing.returncode == 1
    url = server.get("/auth-url").body["url"]
    sent_back = requests.get(url, allow_redirects=False, timeout=10).headers["Location"]
    code = sent_back.partition("auth_code=")[2].partition("&")[0]
    told = command(server, "login", typed=f"{code}\n")
    assert told.returncode == 0, told.stderr
    assert code not in told.stdout + told.stderr
    until(lambda: standing(server) == "valid", SECONDS, "a valid token")


def test_a_token_in_the_cloud_opens_the_account_of_another_server(
    serve: Serve, fyers: FyersSimulator, gcs: GcsServer
) -> None:
    cloud = {"TOKEN_STORE": "gcs", "GCS_BUCKET_NAME": BUCKET, "STORAGE_EMULATOR_HOST": gcs.url}
    first, second = (serve(name, **settings_of(fyers, **cloud)) for name in ("first", "second"))
    log_in(first)
    until(lambda: standing(second) == "valid", SECONDS, "a valid token")
    assert gcs.objects.get(BUCKET, "tokens.json").data
    made = len(fyers.owner().tokens)
    fyers.revoke_tokens()  # both servers find out, and one of them makes a new one
    until(lambda: len(fyers.owner().tokens) > 0, SECONDS, "a new token")
    until(lambda: {standing(first), standing(second)} == {"valid"}, SECONDS, "one for both")
    assert (made, len(fyers.owner().tokens)) == (2, 1)
    wear = wear_of(second)
    print(f"\n{wear}")
    assert wear.megabytes < MOST_MEGABYTES
