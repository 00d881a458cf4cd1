"""A live server for each test that asks for one."""

import random
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.e2e.live import LiveServer

Serve = Callable[..., LiveServer]


@pytest.fixture
def seed() -> int:
    """What chance begins with; printed, so that a run can be repeated."""
    number = random.randrange(10**6)  # noqa: S311  # no secret
    print(f"\nseed {number}")
    return number


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Serve]:
    servers: list[LiveServer] = []

    def start(
        name: str = "server",
        application: str = "main:app",
        listener: socket.socket | None = None,
        **settings: str,
    ) -> LiveServer:
        server = LiveServer(tmp_path / name, settings, application=application, listener=listener)
        servers.append(server)
        server.start()
        return server

    yield start
    for server in servers:
        server.kill()
