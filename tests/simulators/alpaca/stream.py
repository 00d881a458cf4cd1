"""The trade_updates stream: what happens to orders is told, unless it goes wrong."""

import json
import queue
import socket
import threading
from dataclasses import dataclass, field
from enum import StrEnum
from random import Random
from typing import Any

from websockets.exceptions import ConnectionClosed
from websockets.sync.server import ServerConnection, serve

from tests.simulators.alpaca.refusals import Refusal
from tests.simulators.alpaca.world import Event, World

_GONE: Event = {}
"""In a queue: the connection is to be closed."""


class StreamKind(StrEnum):
    """What goes wrong with an event."""

    LOSE = "lose"
    """It is never told."""
    DUPLICATE = "duplicate"
    """It is told twice."""
    REORDER = "reorder"
    """It is told after the one that follows it."""
    DISCONNECT = "disconnect"
    """The connection breaks instead; nothing is told again after it."""


@dataclass(slots=True)
class StreamFault:
    """One thing that goes wrong with the next events, or with some by chance."""

    kind: StreamKind
    times: int | None = 1
    rate: float = 1.0
    event: str = "*"


@dataclass(eq=False)
class Listener:
    """One connection that listens. `held_back` waits for the event after it."""

    key: str
    events: "queue.Queue[Event]" = field(default_factory=queue.Queue[Event])
    held_back: list[Event] = field(default_factory=list[Event])


class Stream:
    """The WebSocket server of every account."""

    def __init__(self, world: World, seed: int = 0, *, binary: bool = True) -> None:
        self.binary = binary
        self.silent = False
        """Connections stay, and nothing is told."""
        self.faults: list[StreamFault] = []
        self._world = world
        self._random = Random(seed)  # noqa: S311 (chance that can be repeated)
        self._listeners: list[Listener] = []
        # It never listens by itself: the HTTP server hands it connections, so one port does.
        self._server = serve(
            self._attend, sock=socket.socket(), ping_interval=None, close_timeout=1
        )
        self._lock = threading.Lock()
        self._changed = threading.Condition(self._lock)
        world.listeners.append(self.tell)

    @property
    def listeners(self) -> int:
        """How many connections listen."""
        return len(self._listeners)

    def wait_for(self, listeners: int, timeout: float = 20) -> None:
        """Wait until so many connections listen.

        Raises:
            TimeoutError: they do not.
        """
        with self._lock:
            if not self._changed.wait_for(lambda: len(self._listeners) == listeners, timeout):
                raise TimeoutError(f"{len(self._listeners)} listen, not {listeners}")

    def attend(self, sock: socket.socket, address: Any) -> None:
        """Be the other end of a connection, until it ends."""
        self._server.handler(sock, address)

    def close(self) -> None:
        """Give back what it holds; the connections are ended already."""
        server = self._server
        for sock in (server.socket, server.shutdown_watcher, server.shutdown_notifier):
            sock.close()

    def drop(self) -> None:
        """Break every connection."""
        with self._lock:
            self._break(*self._listeners)

    def tell(self, key: str, event: Event) -> None:
        """Tell the connections of an account, as far as nothing goes wrong."""
        with self._lock:
            if self.silent:
                return
            kind = self._draw(event)
            concerned = [listener for listener in self._listeners if listener.key == key]
            if kind is StreamKind.DISCONNECT:
                self._break(*concerned)
                return
            for listener in concerned:
                _put(listener, event, kind)

    def _break(self, *listeners: Listener) -> None:
        for listener in listeners:
            listener.events.put(_GONE)
            self._listeners.remove(listener)
        self._changed.notify_all()

    def _draw(self, event: Event) -> StreamKind | None:
        for fault in tuple(self.faults):
            if fault.event not in ("*", event["event"]):
                continue
            if fault.rate < 1 and self._random.random() >= fault.rate:
                continue
            if fault.times is not None:
                fault.times -= 1
                if fault.times <= 0:
                    self.faults.remove(fault)
            return fault.kind
        return None

    def _attend(self, connection: ServerConnection) -> None:
        try:
            key = self._authenticate(connection)
            if key is not None:
                self._serve_listener(connection, Listener(key))
        except ConnectionClosed:
            return

    def _authenticate(self, connection: ServerConnection) -> str | None:
        """Wait for the right keys; None when they are wrong."""
        message = _read(connection)
        data: dict[str, Any] = message.get("data") or {}
        key = data.get("key_id") or message.get("key")
        secret = data.get("secret_key") or message.get("secret")
        asks = message.get("action") in ("authenticate", "auth")
        try:
            with self._world.lock:
                self._world.account_of(key, secret)
        except Refusal:
            asks = False
        status = "authorized" if asks else "unauthorized"
        told = {"status": status, "action": "authenticate"}
        self._send(connection, {"stream": "authorization", "data": told})
        return key if asks else None

    def _serve_listener(self, connection: ServerConnection, listener: Listener) -> None:
        reader = threading.Thread(target=self._hear, args=(connection, listener), daemon=True)
        reader.start()
        try:
            while (event := listener.events.get()) is not _GONE:
                named = "stream" in event
                message = event if named else {"stream": "trade_updates", "data": event}
                self._send(connection, message)
        finally:
            with self._lock:
                if listener in self._listeners:
                    self._listeners.remove(listener)
                    self._changed.notify_all()
            connection.close(1001)
            reader.join()

    def _hear(self, connection: ServerConnection, listener: Listener) -> None:
        """Read what a client asks for, until it is gone."""
        try:
            while True:
                message = _read(connection)
                if message.get("action") == "listen":
                    self._listen(listener, message)
        except ConnectionClosed:
            listener.events.put(_GONE)

    def _listen(self, listener: Listener, message: dict[str, Any]) -> None:
        wanted = [name for name in message["data"]["streams"] if name == "trade_updates"]
        with self._lock:
            listener.events.put({"stream": "listening", "data": {"streams": wanted}})
            if wanted and listener not in self._listeners:
                self._listeners.append(listener)
                self._changed.notify_all()

    def _send(self, connection: ServerConnection, message: dict[str, Any]) -> None:
        text = json.dumps(message)
        connection.send(text.encode() if self.binary else text)


def _put(listener: Listener, event: Event, kind: StreamKind | None) -> None:
    if kind is StreamKind.REORDER:
        listener.held_back.append(event)
    elif kind is not StreamKind.LOSE:
        again = [event] if kind is StreamKind.DUPLICATE else []
        for each in (event, *again, *listener.held_back):
            listener.events.put(each)
        listener.held_back.clear()


def _read(connection: ServerConnection) -> dict[str, Any]:
    message: dict[str, Any] = json.loads(connection.recv())
    return message
