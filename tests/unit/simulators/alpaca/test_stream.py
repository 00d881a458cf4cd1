"""The stream of trade updates, heard with alpaca-py's own client."""

import json
import queue
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from alpaca.trading.stream import TradingStream
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from tests.simulators.alpaca import AlpacaSimulator
from tests.unit.simulators.alpaca.desk import Desk


class Ear:
    """Hears the stream of an account in a thread."""

    def __init__(self, alpaca: AlpacaSimulator) -> None:
        self._alpaca = alpaca
        self._heard: queue.Queue[dict[str, Any]] = queue.Queue()
        self.stream: Any = TradingStream(
            alpaca.key, alpaca.secret, raw_data=True, url_override=alpaca.stream_url
        )
        self.stream._reconnect_min_backoff = 0.01  # noqa: SLF001 (a second, otherwise)
        self.stream.subscribe_trade_updates(self._hear)
        self._thread = threading.Thread(target=self.stream.run)
        self._thread.start()
        alpaca.stream.wait_for(1)

    async def _hear(self, message: dict[str, Any]) -> None:
        self._heard.put(message["data"])

    def next(self) -> dict[str, Any]:
        """What is told next."""
        return self._heard.get(timeout=20)

    def events(self, count: int) -> list[str]:
        """The names of the next events."""
        return [self.next()["event"] for _ in range(count)]

    def close(self) -> None:
        self.stream.stop()
        self._alpaca.drop_stream()  # it would look up in 5 s only
        self._thread.join()


@pytest.fixture
def ear(alpaca: AlpacaSimulator) -> Iterator[Ear]:
    made = Ear(alpaca)
    yield made
    made.close()


def test_it_tells_what_happens_to_an_order(alpaca: AlpacaSimulator, desk: Desk, ear: Ear) -> None:
    alpaca.quote("AAPL", "190", size=4)
    placed = desk.order()
    assert ear.events(2) == ["pending_new", "new"]
    first = ear.next()
    assert (first["event"], first["qty"], first["price"]) == ("partial_fill", "4", "190")
    assert (first["position_qty"], first["order"]["filled_qty"]) == ("4", "4")
    alpaca.release("AAPL")
    last = ear.next()
    assert (last["event"], last["order"]["id"]) == ("fill", placed["id"])
    assert (last["qty"], last["order"]["filled_qty"]) == ("6", "10")


def test_text_frames_are_understood_too(alpaca: AlpacaSimulator, desk: Desk) -> None:
    alpaca.trade_updates.binary = False
    ear = Ear(alpaca)
    desk.order()
    assert ear.events(3) == ["pending_new", "new", "fill"]
    ear.close()


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("lose", ["new", "fill"]),
        ("duplicate", ["pending_new", "pending_new", "new", "fill"]),
        ("reorder", ["new", "pending_new", "fill"]),
    ],
)
def test_events_are_lost_repeated_and_told_in_another_order(
    alpaca: AlpacaSimulator, desk: Desk, ear: Ear, kind: str, expected: list[str]
) -> None:
    alpaca.stream_fault(kind)
    desk.order()
    assert ear.events(len(expected)) == expected


def test_a_broken_connection_is_made_again_and_what_happened_meanwhile_is_not_told(
    alpaca: AlpacaSimulator, desk: Desk, ear: Ear
) -> None:
    alpaca.stream_fault("disconnect", event="fill")
    desk.order()
    assert ear.events(2) == ["pending_new", "new"]
    alpaca.stream.wait_for(1)
    desk.order(type="limit", limit_price="100")
    assert ear.events(2) == ["pending_new", "new"]


def test_a_silent_stream_tells_nothing(alpaca: AlpacaSimulator, desk: Desk, ear: Ear) -> None:
    alpaca.silence_stream()
    desk.order()
    alpaca.silence_stream(silent=False)
    desk.order(type="limit", limit_price="100")
    first = ear.next()
    assert (first["event"], first["order"]["type"]) == ("pending_new", "limit")


def test_wrong_keys_hear_nothing(alpaca: AlpacaSimulator) -> None:
    with connect(alpaca.stream_url) as stranger:
        data = {"key_id": alpaca.key, "secret_key": "wrong"}
        stranger.send(json.dumps({"action": "authenticate", "data": data}))
        told = json.loads(stranger.recv())
        assert told["data"] == {"status": "unauthorized", "action": "authenticate"}
        with pytest.raises(ConnectionClosed):
            stranger.recv(timeout=20)


def test_what_is_listened_to_is_confirmed(alpaca: AlpacaSimulator) -> None:
    with connect(alpaca.stream_url) as client:
        data: dict[str, Any] = {"key_id": alpaca.key, "secret_key": alpaca.secret}
        client.send(json.dumps({"action": "authenticate", "data": data}))
        told = json.loads(client.recv())
        assert told["data"] == {"status": "authorized", "action": "authenticate"}
        data = {"streams": ["trade_updates"]}
        client.send(json.dumps({"action": "listen", "data": data}))
        frame = client.recv()
        assert isinstance(frame, bytes)
        assert json.loads(frame) == {"stream": "listening", "data": data}
