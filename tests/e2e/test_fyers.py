"""The real server with an account at Fyers: it waits for a login, then trades by itself."""

import base64
from collections.abc import Iterator

import pytest

from tests.contracts.fyers import options_of
from tests.e2e.conftest import Serve
from tests.e2e.live import LiveServer
from tests.e2e.processes import until
from tests.e2e.wear import wear_of
from tests.simulators.fyers import FyersSimulator

pytestmark = pytest.mark.e2e

MOST_MEGABYTES = 200
"""Of the 1,000 that the smallest machine has."""


@pytest.fixture
def fyers() -> Iterator[FyersSimulator]:
    with FyersSimulator() as simulator:
        simulator.market(is_open=True)
        yield simulator


@pytest.fixture
def server(serve: Serve, fyers: FyersSimulator) -> LiveServer:
    return serve(SESSION_POLICY="always", **settings_of(fyers))


def settings_of(fyers: FyersSimulator) -> dict[str, str]:
    """The settings of an account there, without a login."""
    options = options_of(fyers) | {
        "SECRET_ID": fyers.secret,
        "REDIRECT_URI": "http://127.0.0.1:8080/auth/callback",
        "LOGIN_URL": fyers.login_url,
        "SYMBOLS_URL": fyers.symbols_url,
    }
    key = base64.b64encode(b"k" * 32).decode()
    return {f"FYERS_{name}": value for name, value in options.items()} | {"TOKEN_KEY": key}


def log_in(server: LiveServer, fyers: FyersSimulator) -> None:
    """Hand over the code that a login in a browser ends with."""
    fyers.owner().codes.add("a-code-of-a-login")
    answer = server.api("POST", "/generate-token", {"auth_code": "a-code-of-a-login"})
    assert answer.status == 200, answer.body


def test_an_alert_waits_for_the_login_and_is_traded_after_it(
    server: LiveServer, fyers: FyersSimulator
) -> None:
    server.alert(
        action="buy",
        symbol="NSE:SBIN",
        quantity=10,
        stop_loss="2%",
        take_profit="4%",
        account="fyers",
    )
    assert fyers.owner().orders == {}
    log_in(server, fyers)
    server.await_idle()

    (done,) = [each for each in server.alerts("success") if each["account"] == "fyers"]
    assert done["fields"]["quantity"] == "10"
    until(lambda: protected(server) == [True], 30, "the position is protected")
    tags = [order.tag for order in fyers.owner().orders.values() if not order.parent]
    assert len(tags) == 1
    wear = wear_of(server)
    print(f"\n{wear}")
    assert wear.megabytes < MOST_MEGABYTES
    assert server.stop() == 0


def protected(server: LiveServer) -> list[bool]:
    return [held["protected"] for held in server.get("/positions").body["positions"]]
