"""The order socket: orders, trades and positions are told under the socket's own names."""

import json
from typing import Any

from websockets.http11 import Request
from websockets.sync.server import ServerConnection

from tests.simulators.fyers import tokens
from tests.simulators.fyers.world import World
from tests.simulators.market import Event
from tests.simulators.streaming import Listener, Stream
from tests.simulators.wire import Refusal

_TOPICS = ("orders", "trades", "positions", "edis", "pricealerts", "login")
_SUBSCRIBED = {"code": 1605, "message": "Successfully subscribed", "s": "ok"}
_UNSUBSCRIBED = {"code": 1605, "message": "Successfully unsubscribed", "s": "ok"}
_NOT_UNDERSTOOD = {"code": -50, "message": "Invalid input", "s": "error"}


class OrderSocket(Stream):
    """One comes with a token in the header, and subscribes to topics by a message."""

    def __init__(self, world: World, seed: int = 0) -> None:
        super().__init__(world, seed)
        self._world = world

    def _owner(self, header: str | None) -> str | None:
        try:
            with self._world.lock:
                return tokens.owner_of(self._world, header).app_id
        except Refusal:
            return None

    def _may_connect(self, request: Request) -> bool:
        return self._owner(request.headers.get("authorization")) is not None

    def _admit(self, connection: ServerConnection) -> Listener | None:
        header = connection.request.headers.get("authorization") if connection.request else None
        owner = self._owner(header)
        return None if owner is None else Listener(owner, topics=set())

    def _hear(self, listener: Listener, text: str) -> None:
        if text == "ping":
            listener.events.put("pong")
            return
        message = _read(text)
        wanted = {topic for topic in message.get("SLIST") or () if topic in _TOPICS}
        topics = listener.topics or set()
        if message.get("T") != "SUB_ORD" or not wanted:
            listener.events.put(dict(_NOT_UNDERSTOOD))
        elif message.get("SUB_T") == 1:
            listener.topics = topics | wanted
            self._listen(listener, dict(_SUBSCRIBED))
        else:
            listener.topics = topics - wanted
            listener.events.put(dict(_UNSUBSCRIBED))

    def _name_of(self, event: Event) -> str:
        return next((topic for topic in _TOPICS if topic in event), "")


def _read(text: str) -> dict[str, Any]:
    try:
        message: Any = json.loads(text)
    except ValueError:
        return {}
    return message if isinstance(message, dict) else {}  # pyright: ignore[reportUnknownVariableType]
