"""Traders: each sends the alerts of one symbol, one after the other, until it is told to stop."""

import json
import random
import threading
from collections.abc import Generator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from tests.e2e.live import SECRET, LiveServer
from tests.e2e.tradingview import Delivery, Sender

CALM = 100
"""The price of a calm symbol: no stop and no target is ever reached."""

BURST_ENDS = 0.3
ACTIONS = ("buy", "buy", "sell", "sell", "close", "limit")


@dataclass(frozen=True, slots=True)
class Sent:
    """An alert that was sent. `token` is its comment: it finds the alert in the database."""

    token: str
    symbol: str
    delivery: Delivery


@dataclass(slots=True)
class Traders:
    """Several traders at work, and what they have sent so far.

    Calm symbols have one price, so that what must become of each alert follows from the alerts
    before it. The prices of wild ones walk into their stops and targets. Alerts come in bursts of
    three or so; `pause` is the longest silence between two bursts. Every other alert has an id that
    looks generated, or all have.
    """

    servers: Sequence[LiveServer]
    seed: int
    calm: int = 4
    wild: int = 2
    pause: float = 1.0
    always_ids: bool = False
    sent: list[Sent] = field(default_factory=list[Sent])
    _stop: threading.Event = field(default_factory=threading.Event)

    @contextmanager
    def at_work(self) -> Generator["Traders"]:
        """Let all of them send; at the end each finishes the alert that it is sending."""
        names = [f"CALM{n}" for n in range(self.calm)] + [f"WILD{n}" for n in range(self.wild)]
        with ThreadPoolExecutor(len(names)) as pool:
            running: list[Future[None]] = [pool.submit(self._trade, name) for name in names]
            try:
                yield self
            finally:
                self._stop.set()
        for trader in running:
            trader.result()

    @property
    def acknowledged(self) -> int:
        """How many alerts were acknowledged."""
        return sum(each.delivery.alert_id is not None for each in self.sent)

    @property
    def sent_again(self) -> int:
        """How many alerts took more than one delivery."""
        return sum(each.delivery.again for each in self.sent)

    @property
    def refused(self) -> int:
        """How many connections were refused."""
        return sum(each.delivery.refused for each in self.sent)

    @property
    def slowest(self) -> float:
        """The longest time in seconds from the first delivery to the receipt."""
        return max(each.delivery.seconds for each in self.sent)

    def _trade(self, symbol: str) -> None:
        chance = random.Random(f"{self.seed}{symbol}")  # noqa: S311  # to be repeated
        sender = Sender(self.servers, chance)
        number = 0
        while not self._stop.is_set():
            if chance.random() < BURST_ENDS:
                self._stop.wait(self.pause * chance.random())
            number += 1
            alert = an_alert(symbol, number, chance)
            if self.always_ids or number % 2:
                alert["id"] = f"{symbol}-{number:08d}"
            delivery = sender.send(json.dumps({"secret": SECRET, **alert}).encode())
            self.sent.append(Sent(alert["comment"], symbol, delivery))


def an_alert(symbol: str, number: int, chance: random.Random) -> dict[str, Any]:
    """The next alert of a symbol."""
    action = chance.choice(ACTIONS)
    price = CALM if symbol.startswith("CALM") else chance.randint(92, 108)
    alert: dict[str, Any] = {"action": action, "symbol": symbol, "price": price}
    alert["comment"] = f"{symbol}-{number}"
    if action == "close":
        return alert
    alert["quantity"] = chance.randint(1, 9)
    if action == "limit":
        alert |= {"action": "buy", "order_type": "limit", "limit_price": price - 10}
    if chance.random() < 0.8:
        alert |= {"stop_loss": "5%", "take_profit": "8%"}
    return alert
