"""The order socket of Fyers wants a ping every ten seconds, however much there is to tell."""

import json
import threading
from collections.abc import Iterator
from contextlib import suppress

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.server import ServerConnection, serve

from app.adapters.brokers.fyers import stream
from app.adapters.brokers.fyers.stream import SUBSCRIBED, Stream


class Chatter:
    """A socket that tells without a break, and counts the pings that it gets meanwhile."""

    def __init__(self) -> None:
        self.pinged = threading.Event()
        self._server = serve(self._talk, "127.0.0.1", 0)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        host, port = self._server.socket.getsockname()[:2]
        return f"ws://{host}:{port}"

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join(10)

    def _talk(self, socket: ServerConnection) -> None:
        socket.recv()
        socket.send(json.dumps({"code": SUBSCRIBED}))
        with suppress(ConnectionClosed):
            while not self.pinged.is_set():
                socket.send(json.dumps({"s": "ok", "positions": {}}))
                with suppress(TimeoutError):
                    if socket.recv(timeout=0.005) == "ping":
                        self.pinged.set()


@pytest.fixture
def chatter() -> Iterator[Chatter]:
    chatter = Chatter()
    yield chatter
    chatter.close()


def test_it_is_pinged_by_the_clock_while_it_tells(
    chatter: Chatter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "PING_EVERY", 0.1)
    heard = threading.Event()
    listener = Stream(chatter.url, "APP-100", lambda: "t", lambda _: None, lambda _: heard.set())
    thread = threading.Thread(target=listener.run, daemon=True)
    thread.start()
    assert chatter.pinged.wait(10)
    assert heard.is_set()
    listener.close()
    thread.join(10)
    assert not listener.listens
