"""The server as its API shows it, for tests that speak HTTP without a socket."""

import json
from datetime import timedelta
from typing import Any, Protocol, cast

from flask.testing import FlaskClient

from app.bootstrap import Server, build_app
from app.ports.broker import Broker
from app.workers.loop import Loop
from tests.integration.documented import documented

SECRET = "canary-webhook-secret-8a1f"
KEY = "canary-api-key-77be"
SETTINGS = {"WEBHOOK_SECRET": SECRET, "API_KEY": KEY, "LOG_LEVEL": "WARNING"}


class StillLoop(Loop):
    """A background that does nothing, and last turned when a test says so."""

    stood = timedelta(0)

    def __init__(self) -> None:
        super().__init__([])

    def start(self) -> None:
        """Do not begin."""

    @property
    def idle(self) -> timedelta:
        return self.stood


class MakeServer(Protocol):
    """Makes a server of the settings of tests, and of those that are given.

    A broker that is given stands for that of the account which it is of.
    """

    def __call__(self, broker: Broker | None = None, /, **settings: str) -> Server: ...


def client_of(server: Server) -> FlaskClient:
    """A client that carries the API key."""
    client = documented(build_app(server)).test_client()
    client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {KEY}"
    return client


def body_of(client: FlaskClient, path: str, status: int = 200) -> dict[str, Any]:
    """What a GET answers."""
    answer = client.get(path)
    assert answer.status_code == status, answer.text
    return cast("dict[str, Any]", answer.get_json())


def send(client: FlaskClient, **fields: object) -> dict[str, Any]:
    """Post an alert with the secret; its lane has run when this comes back."""
    answer = client.post("/webhook?wait=0.01", data=json.dumps({"secret": SECRET, **fields}))
    return cast("dict[str, Any]", answer.get_json())


def buy(client: FlaskClient, symbol: str = "AAPL", **fields: object) -> dict[str, Any]:
    """Buy 10 at 190, unless the fields say otherwise."""
    return send(
        client, **({"action": "buy", "symbol": symbol, "quantity": 10, "price": 190} | fields)
    )


def quote(client: FlaskClient, symbol: str, price: object) -> None:
    """Post a price."""
    answer = client.post("/api/v1/quotes", json={"symbol": symbol, "price": price})
    assert answer.get_json() == {"quotes": 1}, answer.text


def pages(client: FlaskClient, path: str, plural: str) -> list[list[dict[str, Any]]]:
    """Every page of a list, by its cursors."""
    found: list[list[dict[str, Any]]] = []
    cursor = ""
    while True:
        page = body_of(client, f"{path}&cursor={cursor}" if cursor else path)
        found.append(page[plural])
        cursor = page["next_cursor"]
        if cursor is None:
            return found


def server_of(client: FlaskClient) -> Server:
    """The server behind a client."""
    return cast("Server", client.application.extensions["novalgo"])
