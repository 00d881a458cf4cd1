"""A server whose only account wants a login, and what is done at its door."""

import base64
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from flask.testing import FlaskClient

from app.bootstrap import Server, build_app
from tests.integration.api import KEY, StillLoop, body_of
from tests.integration.documented import documented
from tests.integration.world import World
from tests.simulators.login_host import CODE

TOKEN_KEY = base64.b64encode(b"canary-key-of-exactly-32-bytes!!").decode()


def gated_world(folder: Path, options: Mapping[str, str]) -> World:
    """A server whose account has these options; its broker is paper behind a token."""
    world = World(folder)
    world.settings = {
        "ACCOUNTS": "fyers",
        "DEFAULT_ACCOUNT": "fyers",
        "FYERS_SESSION_POLICY": "always",
        "TOKEN_KEY": TOKEN_KEY,
        "API_KEY": KEY,
        **{f"FYERS_{name}": value for name, value in options.items()},
    }
    world.boot()
    return world


def client_of(server: Server) -> FlaskClient:
    server.loop = StillLoop()
    server._started = True  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]  # no threads
    client = documented(build_app(server)).test_client()
    client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {KEY}"
    return client


def keep(world: World) -> None:
    """A turn of whoever looks after the token, a second later; then one of the rest."""
    world.clock.advance(1)
    (loop,) = world.server.token_loops
    loop.turn(world.clock.monotonic())
    world.turn()


def log_in(client: FlaskClient, **changed: str) -> Any:
    """End a login as the browser does."""
    state = body_of(client, "/auth-url")["state"]
    query = {"s": "ok", "code": "200", "auth_code": CODE, "state": state, **changed}
    return client.get("/auth/callback", query_string=query, headers={"Authorization": ""})
