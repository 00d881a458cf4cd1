"""The trade_updates stream: what happens to orders is told, unless it goes wrong."""

import json
from typing import Any

from websockets.sync.server import ServerConnection

from tests.simulators.alpaca.refusals import Refusal
from tests.simulators.alpaca.world import World
from tests.simulators.market import Event
from tests.simulators.streaming import Listener, Stream


class TradeUpdates(Stream):
    """One authenticates by a message, and asks for streams by another."""

    def __init__(self, world: World, seed: int = 0, *, binary: bool = True) -> None:
        super().__init__(world, seed)
        self.binary = binary
        self._world = world

    def _admit(self, connection: ServerConnection) -> Listener | None:
        message: dict[str, Any] = json.loads(connection.recv())
        data: dict[str, Any] = message.get("data") or {}
        key = data.get("key_id") or message.get("key")
        secret = data.get("secret_key") or message.get("secret")
        asks = message.get("action") in ("authenticate", "auth")
        try:
            with self._world.lock:
                self._world.account_of(key, secret)
        except Refusal:
            asks = False
        told = {"status": "authorized" if asks else "unauthorized", "action": "authenticate"}
        connection.send(self._encode({"stream": "authorization", "data": told}))
        return Listener(str(key)) if asks else None

    def _hear(self, listener: Listener, text: str) -> None:
        message: dict[str, Any] = json.loads(text)
        if message.get("action") != "listen":
            return
        wanted = [name for name in message["data"]["streams"] if name == "trade_updates"]
        answer = {"stream": "listening", "data": {"streams": wanted}}
        if wanted:
            self._listen(listener, answer)
        else:
            listener.events.put(answer)

    def _name_of(self, event: Event) -> str:
        return str(event["event"])

    def _encode(self, event: Event) -> str | bytes:
        message = event if "stream" in event else {"stream": "trade_updates", "data": event}
        text = json.dumps(message)
        return text.encode() if self.binary else text
