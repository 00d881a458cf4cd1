"""Options on a real server, at the simulated Fyers, whose lists it fetches at its start."""

import base64
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

from tests.e2e.commands import command
from tests.e2e.conftest import Serve
from tests.e2e.live import LiveServer
from tests.e2e.processes import until
from tests.simulators.fyers import FyersSimulator

pytestmark = pytest.mark.e2e

OPEN = {"received", "accepted", "executing", "waiting", "unknown"}
SEED = {
    "symbol": "BANKNIFTY",
    "strikeprice": 55300,
    "optionType": "PE",
    "expiry": "+1",
    "action": "BUY",
    "qty": 30,
    "productType": "MARGIN",
    "idempotency_key": "optional-unique-key-000001",
}
"""No nearest expiry, and no product of the day: those have hours in which nothing is entered."""


@pytest.fixture
def fyers() -> Iterator[FyersSimulator]:
    with FyersSimulator() as simulator:
        simulator.market(is_open=True)
        yield simulator


@pytest.fixture
def server(serve: Serve, fyers: FyersSimulator) -> LiveServer:
    """Logged in; its lists may not be there yet."""
    server = serve(
        SESSION_POLICY="always",
        DEFAULT_ACCOUNT="fyers",
        FYERS_APP_ID=fyers.app_id,
        FYERS_SECRET_ID=fyers.secret,
        FYERS_PIN=fyers.pin,
        FYERS_API_URL=fyers.api_url,
        FYERS_DATA_URL=fyers.data_url,
        FYERS_STREAM_URL=fyers.stream_url,
        FYERS_SYMBOLS_URL=fyers.symbols_url,
        FYERS_LOGIN_URL=fyers.login_url,
        TOKEN_KEY=base64.b64encode(b"canary-key-of-exactly-32-bytes!!").decode(),
    )
    url = server.get("/auth-url").body["url"]
    sent_back = requests.get(url, allow_redirects=False, timeout=10).headers["Location"]
    query = urlsplit(sent_back).query
    requests.get(f"http://127.0.0.1:{server.port}/auth/callback?{query}", timeout=10)
    return server


def ended(server: LiveServer, **fields: object) -> dict[str, Any]:
    """An alert, when all is done."""
    sent = server.alert(wait=None, **{**SEED, **fields})
    assert sent.status == 202, sent.body
    path = f"/api/v1/alerts/{sent.body['alert_id']}"
    until(lambda: server.get(path).body["status"] not in OPEN, 30, "the end of the alert")
    return server.get(path).body


def meant(server: LiveServer, *words: str) -> str:
    """The symbol that the command line finds."""
    told = command(server, "symbols", "find", *words)
    assert told.returncode == 0, told.stderr
    return told.stdout.split()[0]


def test_seed_000_goes_to_the_listed_contract_and_is_closed_there(
    server: LiveServer, fyers: FyersSimulator
) -> None:
    denied = ended(server, qty=25, idempotency_key="optional-unique-key-000000")
    assert (denied["reason"], denied["orders"]) == ("WRONG_LOT", [])
    assert "the lot of 30; the nearest: 30" in denied["detail"]
    put = ("BANKNIFTY", "--strike", "55300", "--type", "PE", "--expiry", "+1")
    contract = meant(server, *put)
    fyers.quote(contract, 400)
    bought = ended(server)
    assert bought["status"] == "success", bought
    orders = {order["role"]: order for order in bought["orders"]}
    assert {order["symbol"] for order in orders.values()} == {contract}
    assert (orders["entry"]["filled_quantity"], orders["entry"]["average_price"]) == ("30", "400")
    assert orders["stop_loss"]["stop_price"] == "340"
    assert orders["take_profit"]["limit_price"] == "500"
    sold = ended(server, action="SELL", idempotency_key="optional-unique-key-000002")
    assert sold["status"] == "success", sold
    assert [row["netQty"] for row in fyers.shown()["positions"]] == [0]


def test_a_call_at_the_money_is_chosen_by_the_price_of_the_index(
    server: LiveServer, fyers: FyersSimulator
) -> None:
    fyers.quote("NSE:NIFTY50-INDEX", "24631.3")
    lots = {"qty": 1, "quantity_type": "lots"}
    call = {"symbol": "NIFTY", "strikeprice": "ATM", "optionType": "CE", **lots}
    bought = ended(server, **call)
    assert bought["status"] == "success", bought
    money = ("NIFTY", "--strike", "ATM", "--type", "CE", "--expiry", "+1", "--price", "24631.3")
    assert bought["orders"][0]["symbol"] == meant(server, *money)
    assert meant(server, *money).endswith("24650CE")
