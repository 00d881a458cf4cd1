"""The order socket, heard with the vendor's own client."""

import queue
import threading
import time
from types import SimpleNamespace
from typing import Any

import pytest
from fyers_apiv3.FyersWebsocket import (  # pyright: ignore[reportMissingTypeStubs] (there are none)
    order_ws,
)
from websocket._dispatcher import Dispatcher

from tests.simulators.fyers import FyersSimulator
from tests.unit.simulators.fyers.conftest import no_file
from tests.unit.simulators.fyers.desk import SBIN, TRADED, Desk

vendor_socket: Any = order_ws


def looks_up_often(app: Any, _seconds: float) -> Dispatcher:
    """It would look up every ten seconds whether it was closed."""
    return Dispatcher(app, 0.05)


def a_moment(_seconds: float) -> None:
    """It would wait for seconds."""
    threading.Event().wait(0.005)


def test_the_vendors_own_client_hears_what_happens(
    fyers: FyersSimulator, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vendor_socket, "time", SimpleNamespace(sleep=a_moment))
    monkeypatch.setattr(vendor_socket, "logging", SimpleNamespace(FileHandler=no_file))
    monkeypatch.setattr(vendor_socket.FyersOrderSocket, "_instance", None)
    monkeypatch.setattr("websocket._app.Dispatcher", looks_up_often)
    heard: queue.Queue[dict[str, Any]] = queue.Queue()
    names = ("on_orders", "on_trades", "on_positions", "on_general", "on_close")
    client = vendor_socket.FyersOrderSocket(
        f"{fyers.app_id}:{fyers.token}", reconnect=False, **dict.fromkeys(names, heard.put)
    )
    monkeypatch.setattr(client, "_FyersOrderSocket__url", fyers.stream_url)
    client.keep_running()
    client.connect()
    ends = time.monotonic() + 20
    while not client.is_connected():
        assert time.monotonic() < ends
        a_moment(0)
    client.subscribe("OnOrders,OnTrades,OnPositions")
    assert heard.get(timeout=20)["code"] == 1605
    placed = desk.order(orderTag="MINE")
    orders = [heard.get(timeout=20)["orders"] for _ in range(3)]
    assert [(row["id"], row["orderTag"]) for row in orders] == [(placed, "1:MINE")] * 3
    assert (orders[-1]["status"], orders[-1]["filledQty"]) == (TRADED, 10)
    assert heard.get(timeout=20)["trades"]["tradeNumber"] == f"{placed}-1"
    assert heard.get(timeout=20)["positions"]["symbol"] == SBIN
    client.close_connection()
