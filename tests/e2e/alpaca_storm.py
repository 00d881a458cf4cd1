"""A storm at Alpaca: alerts, prices that move, faults of every kind, and kill -9."""

import json
import random
import statistics
import threading
import time
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from tests.e2e.alpaca_books import AlpacaBooks, await_alpaca_books, bare
from tests.e2e.live import SECRET, LiveServer
from tests.e2e.processes import dwindle, not_ended, until
from tests.e2e.traders import Sent
from tests.e2e.tradingview import Sender
from tests.simulators.alpaca import (
    AlpacaSimulator,
    Fault,
    Kind,
    StreamFault,
    StreamKind,
    an_account,
)

RICH = Decimal(1_000_000_000)
CALM = {"AAPL": 190, "MSFT": 420}
WILD = {"NVDA": 130, "TSLA": 250}
UNGUARDED = {"F": 11, "SPY": 600, "GME": 25}
"""Their alerts ask for no stop; one of them cannot be sold short."""
GUARDED = {**CALM, **WILD}
PRICES = {**GUARDED, **UNGUARDED}

ACTIONS = ("buy", "buy", "sell", "sell", "close", "limit")
LATE, SLOW, AWAY = 1.0, 0.3, 0.5
RESETS = 1.0
TICK = 0.05
MOST_OPEN = 12
"""Alerts in work, beyond which the traders wait: a backlog would grow old, not be traded."""


def simulator(seed: int, rate: float, too_many: float) -> AlpacaSimulator:
    """A simulator whose market is open, and in which each fault comes at a rate.

    A 429 has a rate of its own: for a second after it nothing is asked, for any lane.
    """
    rich = an_account(start=RICH)
    alpaca = AlpacaSimulator(accounts=[rich], seed=seed, rate_limit=None, partial_rate=rate)
    alpaca.market(is_open=True)
    for kind in alpaca.faults.kinds:
        seconds = {Kind.LATE: LATE, Kind.TOO_MANY: RESETS}.get(kind, SLOW)
        often = too_many if kind is Kind.TOO_MANY else rate
        alpaca.faults.add(Fault(kind, times=None, rate=often, seconds=seconds))
    alpaca.stream.faults += [StreamFault(kind, times=None, rate=rate) for kind in StreamKind]
    return alpaca


def settings_of(alpaca: AlpacaSimulator) -> dict[str, str]:
    """What a server needs to trade there."""
    return {
        "ALPACA_API_KEY": alpaca.key,
        "ALPACA_SECRET_KEY": alpaca.secret,
        "ALPACA_BASE_URL": alpaca.trading_url,
        "ALPACA_DATA_URL": alpaca.data_url,
        "ALPACA_STREAM_URL": alpaca.stream_url,
        "ALPACA_SESSION_POLICY": "always",
        "ORDERS_PER_SECOND": "1000",
    }


@dataclass(slots=True)
class Figures:
    """What was measured, in seconds. `bare`: how long a position stood without its stops."""

    first_answer: list[float] = field(default_factory=list[float])
    loaded: list[float] = field(default_factory=list[float])
    recovered: list[float] = field(default_factory=list[float])
    left_open: list[int] = field(default_factory=list[int])
    bare: list[float] = field(default_factory=list[float])

    def __str__(self) -> str:
        spans = (
            ("start to first 200 (s)", self.first_answer),
            ("to the first call of the broker", self.loaded),
            ("from there to all final", self.recovered),
            ("jobs open at the kill", self.left_open),
            ("a position without its stops", self.bare or [0.0]),
        )
        return "; ".join(
            f"{name}: median {statistics.median(values):.2f}, worst {max(values):.2f}"
            for name, values in spans
        )


@dataclass(slots=True)
class Storm:
    """One server, one simulator, a trader for each symbol, and whatever goes wrong between them."""

    server: LiveServer
    alpaca: AlpacaSimulator
    seed: int
    pause: float = 4.0
    sent: list[Sent] = field(default_factory=list[Sent])
    figures: Figures = field(default_factory=Figures)
    _up: bool = False
    _over: threading.Event = field(default_factory=threading.Event)

    @contextmanager
    def raging(self) -> Generator[None]:
        """Alerts, prices and faults, until the block ends."""
        with ThreadPoolExecutor(len(PRICES) + 3) as pool:
            running = [pool.submit(self._trade, symbol) for symbol in PRICES]
            running += [pool.submit(each) for each in (self._move, self._go_away, self._watch)]
            try:
                yield
            finally:
                self._over.set()
        for each in running:
            each.result()
        self.alpaca.clear_faults()

    @property
    def acknowledged(self) -> int:
        """How many alerts were acknowledged."""
        return sum(each.delivery.alert_id is not None for each in self.sent)

    def begin(self) -> None:
        """The server answers; wait until it has its SDK."""
        seen = len(self.alpaca.state.requests)
        self._await_sdk(time.monotonic(), seen)
        self._up = True

    def work(self, orders: int, seconds: float) -> None:
        """Let some orders come to the broker, or a time pass."""
        enough, deadline = self._orders() + orders, time.monotonic() + seconds
        while self._orders() < enough and time.monotonic() < deadline:
            time.sleep(0.01)

    def await_alerts(self, count: int) -> None:
        """Let so many alerts come in all."""
        until(lambda: len(self.sent) >= count, 600, f"{count} alerts")

    def kill_and_start(self, within: float) -> None:
        """kill -9, start, and see that of what was left open something ends every so long."""
        self._up = False
        self.server.kill()
        left, seen = not_ended(self.server.database), len(self.alpaca.state.requests)
        began = time.monotonic()
        self.server.start()
        self.figures.first_answer.append(time.monotonic() - began)
        self._await_sdk(began, seen)
        ready = time.monotonic()
        dwindle(lambda: not_ended(self.server.database) & left, within, "the jobs of a kill")
        self._up = True
        self.figures.recovered.append(time.monotonic() - ready)
        self.figures.left_open.append(len(left))

    def settle(self) -> AlpacaBooks:
        """Wait until nothing is in work, and hold the books against each other."""
        self.server.await_idle(60)
        return await_alpaca_books(self.server.database, self.alpaca, GUARDED, self.sent)

    def _await_sdk(self, began: float, seen: int) -> None:
        until(lambda: len(self.alpaca.state.requests) > seen, 60, "the first call of the broker")
        self.figures.loaded.append(time.monotonic() - began)

    def _orders(self) -> int:
        return len(self.alpaca.owner().orders)

    def _trade(self, symbol: str) -> None:
        chance = random.Random(f"{self.seed}{symbol}")  # noqa: S311  # to be repeated
        sender, number = Sender([self.server], chance), 0
        while not self._over.wait(self.pause * chance.random()):
            if len(not_ended(self.server.database)) >= MOST_OPEN:
                continue
            number += 1
            alert = an_alert(symbol, number, chance)
            delivery = sender.send(json.dumps({"secret": SECRET, **alert}).encode())
            self.sent.append(Sent(alert["comment"], symbol, delivery))

    def _move(self) -> None:
        """Let the wild prices walk into stops, targets and limits."""
        chance = random.Random(f"{self.seed}prices")  # noqa: S311  # to be repeated
        while not self._over.wait(chance.random()):
            symbol = chance.choice(list(WILD))
            price = Decimal(WILD[symbol] * chance.randint(90, 110)) / 100
            self.alpaca.quote(symbol, price, price + Decimal("0.02"))

    def _go_away(self) -> None:
        """Refuse every connection now and then."""
        chance = random.Random(f"{self.seed}away")  # noqa: S311  # to be repeated
        while not self._over.wait(10 * chance.random()):
            with self.alpaca.away():
                self._over.wait(AWAY * chance.random())

    def _watch(self) -> None:
        """Look at the positions again and again; note how long one stands without its stops."""
        since: dict[str, float] = {}
        while not self._over.wait(TICK):
            now = time.monotonic()
            with self.alpaca.state.lock:
                left = bare(self.alpaca.owner())
            for symbol in GUARDED:
                if not self._up or left.get(symbol, 0) <= 0:
                    self._note(since.pop(symbol, None), now)
                else:
                    since.setdefault(symbol, now)
        for began in since.values():
            self._note(began, time.monotonic())

    def _note(self, since: float | None, now: float) -> None:
        if since is not None:
            self.figures.bare.append(now - since)


def an_alert(symbol: str, number: int, chance: random.Random) -> dict[str, Any]:
    """The next alert of a symbol."""
    action = chance.choice(ACTIONS)
    token = f"{symbol}-{number}"
    alert: dict[str, Any] = {"account": "alpaca", "symbol": symbol, "comment": token, "id": token}
    if action == "close":
        return alert | {"action": action}
    alert["quantity"] = chance.randint(1, 9)
    if symbol in GUARDED:
        alert |= {"stop_loss": "5%", "take_profit": "8%"}
    if action != "limit":
        return alert | {"action": action}
    away = Decimal(PRICES[symbol] * chance.randint(96, 99)) / 100
    return alert | {"action": "buy", "order_type": "limit", "limit_price": str(away)}
