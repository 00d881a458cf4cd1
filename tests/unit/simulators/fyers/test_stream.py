"""The order socket."""

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from tests.simulators.fyers import FyersSimulator
from tests.unit.simulators.fyers.desk import SBIN, Desk, vendor

ALL = ["orders", "trades", "positions"]
SUBSCRIBED = {"code": 1605, "message": "Successfully subscribed", "s": "ok"}


class Ear:
    """Listens to topics."""

    def __init__(self, socket: ClientConnection, topics: tuple[str, ...]) -> None:
        self.socket = socket
        if topics:
            self.say({"T": "SUB_ORD", "SLIST": list(topics), "SUB_T": 1})
            assert self.next() == SUBSCRIBED

    def say(self, message: Any) -> None:
        """Send a message."""
        self.socket.send(message if isinstance(message, str) else json.dumps(message))

    def next(self) -> Any:
        """What is told next."""
        text = str(self.socket.recv(timeout=20))
        return json.loads(text) if text.startswith("{") else text

    def topics(self, count: int) -> list[str]:
        """The topics of the next events."""
        return [next(iter(self.next_event())) for _ in range(count)]

    def next_event(self) -> dict[str, Any]:
        """The next event, which is none of an error."""
        event = dict(self.next())
        assert event.pop("s") == "ok"
        return event


@pytest.fixture
def listen(fyers: FyersSimulator) -> Iterator[Callable[..., Ear]]:
    """Makes one more that listens to topics."""
    with ExitStack() as sockets:

        def listener(*topics: str) -> Ear:
            header = {"authorization": f"{fyers.app_id}:{fyers.token}"}
            opened = connect(fyers.stream_url, additional_headers=header)
            return Ear(sockets.enter_context(opened), topics)

        yield listener


@pytest.fixture
def ear(listen: Callable[..., Ear]) -> Ear:
    """One that listens to everything."""
    return listen(*ALL)


def test_it_tells_what_happens_under_its_own_names(
    fyers: FyersSimulator, desk: Desk, ear: Ear
) -> None:
    placed = desk.order(orderTag="MINE")
    taken = ear.next_event()["orders"]
    assert (taken["id"], taken["org_ord_status"], taken["ordertag"]) == (placed, 4, "1:MINE")
    assert ear.next_event()["orders"]["org_ord_status"] == 6
    done = ear.next_event()["orders"]
    assert (done["org_ord_status"], done["qty_filled"], done["price_traded"]) == (2, 10, 825)
    trade = ear.next_event()["trades"]
    assert (trade["id_fill"], trade["qty_traded"]) == (f"{placed}-1", 10)
    assert ear.next_event()["positions"]["net_qty"] == 10


def test_the_vendors_sdk_knows_every_name(fyers: FyersSimulator, desk: Desk, ear: Ear) -> None:
    folder = Path(vendor.__file__).parent / "FyersWebsocket"
    names = json.loads((folder / "map.json").read_text())
    desk.order(stopLoss=10)
    for mapper, topic in (("order_mapper", "orders"), ("trade_mapper", "trades")):
        event = ear.next_event()
        while topic not in event:
            event = ear.next_event()
        assert not event[topic].keys() - names[mapper].keys()
    event = ear.next_event()
    assert not event["positions"].keys() - names["position_mapper"].keys()


def test_it_tells_before_readers_see_it(fyers: FyersSimulator, desk: Desk, ear: Ear) -> None:
    fyers.rules(lag=1)
    desk.order()
    assert (ear.topics(5), desk.book()) == (["orders"] * 3 + ["trades", "positions"], [])


def test_only_topics_that_were_asked_for_are_told(desk: Desk, listen: Callable[..., Ear]) -> None:
    ear = listen("trades")
    desk.order()
    assert ear.topics(1) == ["trades"]
    ear.say({"T": "SUB_ORD", "SLIST": ["trades"], "SUB_T": -1})
    assert ear.next()["message"] == "Successfully unsubscribed"
    desk.order()
    ear.say("ping")
    assert ear.next() == "pong"


@pytest.mark.parametrize(
    "said", ["nonsense", "[]", {"T": "OTHER"}, {"T": "SUB_ORD", "SLIST": ["weather"], "SUB_T": 1}]
)
def test_what_is_not_understood_is_told(
    fyers: FyersSimulator, listen: Callable[..., Ear], said: Any
) -> None:
    ear = listen()
    ear.say(said)
    assert (ear.next()["code"], fyers.stream.listeners) == (-50, 0)


@pytest.mark.parametrize("header", ["", "{app_id}:wrong"])
def test_nobody_connects_without_a_good_token(fyers: FyersSimulator, header: str) -> None:
    told = {"authorization": header.format(app_id=fyers.app_id)} if header else {}
    with (
        pytest.raises(InvalidStatus, match="401"),
        connect(fyers.stream_url, additional_headers=told),
    ):
        raise AssertionError("it was let in")


@pytest.mark.parametrize(
    ("kind", "statuses"), [("lose", [6, 2]), ("duplicate", [4, 4, 6, 2]), ("reorder", [6, 4, 2])]
)
def test_events_go_wrong_on_demand(
    fyers: FyersSimulator,
    desk: Desk,
    listen: Callable[..., Ear],
    kind: str,
    statuses: list[int],
) -> None:
    ear = listen("orders")
    fyers.stream_fault(kind, event="orders")
    desk.order()
    heard = [ear.next_event()["orders"]["org_ord_status"] for _ in statuses]
    assert heard == statuses


def test_a_connection_breaks_on_demand(fyers: FyersSimulator, desk: Desk, ear: Ear) -> None:
    fyers.stream_fault("disconnect", event="trades")
    desk.order()
    assert ear.topics(3) == ["orders"] * 3
    with pytest.raises(ConnectionClosed):
        ear.next()
    fyers.stream.wait_for(0)


def test_connections_are_dropped_or_silent(fyers: FyersSimulator, desk: Desk, ear: Ear) -> None:
    fyers.silence_stream()
    desk.order()
    ear.say("ping")
    assert ear.next() == "pong"
    fyers.silence_stream(silent=False)
    fyers.quote(SBIN, "826")
    fyers.drop_stream()
    with pytest.raises(ConnectionClosed):
        ear.next()
