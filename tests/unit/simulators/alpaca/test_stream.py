"""The stream of trade updates, heard with alpaca-py's own client."""

import queue
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from alpaca.trading.stream import TradingStream

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
    alpaca.stream.binary = False
    ear = Ear(alpaca)
    desk.order()
    assert ear.events(3) == ["pending_new", "new", "fill"]
    ear.close()
