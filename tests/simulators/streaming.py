"""A stream: what happens is told over WebSocket, unless it goes wrong."""

import json
import queue
import socket
import threading
from dataclasses import dataclass, field
from enum import StrEnum
from http import HTTPStatus
from random import Random
from typing import Any

from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response
from websockets.sync.server import ServerConnection, serve

from tests.simulators.market import Event, Market

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
    """One connection that listens. `held_back` waits for the event after it.

    `topics`: what it asked for; None = everything.
    """

    owner: str
    events: "queue.Queue[Event | str]" = field(default_factory=queue.Queue["Event | str"])
    held_back: list[Event] = field(default_factory=list[Event])
    topics: set[str] | None = None

    def tell(self, event: Event, kind: StreamKind | None = None) -> None:
        """Put an event where the connection is served from, as far as nothing goes wrong."""
        if kind is StreamKind.REORDER:
            self.held_back.append(event)
        elif kind is not StreamKind.LOSE:
            again = [event] if kind is StreamKind.DUPLICATE else []
            for each in (event, *again, *self.held_back):
                self.events.put(each)
            self.held_back.clear()


class Stream:
    """The WebSocket server of every account. A broker says how one is let in, and what is heard."""

    def __init__(self, market: Market, seed: int = 0) -> None:
        self.silent = False
        """Connections stay, and nothing is told."""
        self.faults: list[StreamFault] = []
        self._random = Random(seed)  # noqa: S311 (chance that can be repeated)
        self._listeners: list[Listener] = []
        # It never listens by itself: the HTTP server hands it connections, so one port does.
        self._server = serve(
            self._attend,
            sock=socket.socket(),
            process_request=self._greet,
            ping_interval=None,
            close_timeout=1,
        )
        self._lock = threading.Lock()
        self._changed = threading.Condition(self._lock)
        market.listeners.append(self.tell)

    # ------------------------------------------------------------------ what a broker says of it

    def _may_connect(self, request: Request) -> bool:
        """Whether a handshake is answered with 101; with 401 otherwise."""
        return True

    def _admit(self, connection: ServerConnection) -> Listener | None:
        """Wait until it is known who listens; None when nobody may."""
        raise NotImplementedError

    def _hear(self, listener: Listener, text: str) -> None:
        """A message of a client."""
        raise NotImplementedError

    def _name_of(self, event: Event) -> str:
        """What faults call an event."""
        raise NotImplementedError

    def _encode(self, event: Event) -> str | bytes:
        """An event as it goes over the wire."""
        return json.dumps(event)

    # ------------------------------------------------------------------ listeners

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

    def tell(self, owner: str, event: Event) -> None:
        """Tell the connections of an account, as far as nothing goes wrong."""
        with self._lock:
            if self.silent:
                return
            name = self._name_of(event)
            kind = self._draw(name)
            concerned = [
                each
                for each in self._listeners
                if each.owner == owner and (each.topics is None or name in each.topics)
            ]
            if kind is StreamKind.DISCONNECT:
                self._break(*concerned)
                return
            for listener in concerned:
                listener.tell(event, kind)

    def _listen(self, listener: Listener, answer: Event) -> None:
        """Let a connection hear what happens from now on, and tell it so."""
        with self._lock:
            listener.events.put(answer)
            if listener not in self._listeners:
                self._listeners.append(listener)
                self._changed.notify_all()

    def _break(self, *listeners: Listener) -> None:
        for listener in listeners:
            listener.events.put(_GONE)
            self._listeners.remove(listener)
        self._changed.notify_all()

    def _draw(self, name: str) -> StreamKind | None:
        for fault in tuple(self.faults):
            if fault.event not in ("*", name):
                continue
            if fault.rate < 1 and self._random.random() >= fault.rate:
                continue
            if fault.times is not None:
                fault.times -= 1
                if fault.times <= 0:
                    self.faults.remove(fault)
            return fault.kind
        return None

    # ------------------------------------------------------------------ one connection

    def _greet(self, connection: ServerConnection, request: Request) -> Response | None:
        if self._may_connect(request):
            return None
        return connection.respond(HTTPStatus.UNAUTHORIZED, "unauthorized")

    def _attend(self, connection: ServerConnection) -> None:
        try:
            listener = self._admit(connection)
            if listener is not None:
                self._serve_listener(connection, listener)
        except ConnectionClosed:
            return

    def _serve_listener(self, connection: ServerConnection, listener: Listener) -> None:
        reader = threading.Thread(target=self._read, args=(connection, listener), daemon=True)
        reader.start()
        try:
            while (event := listener.events.get()) is not _GONE:
                connection.send(event if isinstance(event, str) else self._encode(event))
        finally:
            with self._lock:
                if listener in self._listeners:
                    self._listeners.remove(listener)
                    self._changed.notify_all()
            connection.close(1001)
            reader.join()

    def _read(self, connection: ServerConnection, listener: Listener) -> None:
        """Hear what a client says, until it is gone."""
        try:
            while True:
                said = connection.recv()
                self._hear(listener, said if isinstance(said, str) else said.decode())
        except ConnectionClosed:
            listener.events.put(_GONE)
