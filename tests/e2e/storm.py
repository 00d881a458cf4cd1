"""A storm at a broker: alerts, prices that move, faults of every kind, and kill -9."""

import json
import random
import statistics
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Generator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from tests.e2e.broker_books import BrokerBooks, Theirs, await_broker_books
from tests.e2e.live import SECRET, LiveServer
from tests.e2e.processes import dwindle, not_ended, until
from tests.e2e.traders import Sent
from tests.e2e.tradingview import Sender
from tests.simulators.faults import Fault, Kind
from tests.simulators.hosting import Simulator
from tests.simulators.streaming import StreamFault, StreamKind

RICH = Decimal(1_000_000_000)
ACTIONS = ("buy", "buy", "sell", "sell", "close", "limit")
RATE = 0.01
LATE, SLOW, AWAY = 1.0, 0.3, 0.5
RESETS = 1.0
TICK = 0.05
MOST_OPEN = 12
"""Alerts in work, beyond which the traders wait: a backlog would grow old, not be traded."""
RECOVERED_WITHIN, BARE_FOR = 10.0, 5.0


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
class Storm(ABC):
    """One server, one simulator, a trader for each symbol, and whatever goes wrong between them."""

    server: LiveServer
    seed: int
    pause: float = 4.0
    sent: list[Sent] = field(default_factory=list[Sent])
    figures: Figures = field(default_factory=Figures)
    _up: bool = False
    _over: threading.Event = field(default_factory=threading.Event)

    # ------------------------------------------------------------------ what a broker says of it

    @property
    @abstractmethod
    def simulator(self) -> Simulator:
        """The broker."""

    @abstractmethod
    def symbols(self) -> Sequence[str]:
        """What is traded."""

    @abstractmethod
    def alert(self, symbol: str, number: int, chance: random.Random) -> dict[str, Any]:
        """The next alert of a symbol; its comment is of its own."""

    @abstractmethod
    def move(self, chance: random.Random) -> None:
        """Let a price walk into stops, targets and limits."""

    @abstractmethod
    def orders(self) -> int:
        """How many orders came to the broker."""

    @abstractmethod
    def calls(self) -> int:
        """How often the broker was asked for something."""

    @abstractmethod
    def bare(self) -> Mapping[str, Decimal]:
        """How much of what asked for stops has none, by positions."""

    @abstractmethod
    def theirs(self) -> Theirs:
        """The broker's books."""

    def bare_for(self) -> float:
        """Seconds for which a position may stand without what covers it."""
        return BARE_FOR

    def make_ready(self) -> None:  # noqa: B027  # most need nothing
        """Give the account what it cannot trade without."""

    def others(self) -> Sequence[Callable[[], None]]:
        """What else goes on until the storm is over."""
        return ()

    def rare(self) -> Mapping[Kind, float]:
        """The faults that come at a rate of their own.

        After the answer that too many calls were made the account is silent for up to two seconds:
        as often as the others, and at the pace of a storm, it would hardly do anything else.
        """
        return {Kind.TOO_MANY: RATE / 5}

    # ------------------------------------------------------------------ how it goes

    @contextmanager
    def raging(self) -> Generator[None]:
        """Alerts, prices and faults, until the block ends."""
        self._let_rage()
        work = [self._move, self._go_away, self._watch, *self.others()]
        with ThreadPoolExecutor(len(self.symbols()) + len(work)) as pool:
            running = [pool.submit(self._trade, symbol) for symbol in self.symbols()]
            running += [pool.submit(each) for each in work]
            try:
                yield
            finally:
                self._over.set()
        for each in running:
            each.result()

    def _let_rage(self) -> None:
        for kind in self.simulator.faults.kinds:
            seconds = {Kind.LATE: LATE, Kind.TOO_MANY: RESETS}.get(kind, SLOW)
            often = self.rare().get(kind, RATE)
            self.simulator.faults.add(Fault(kind, times=None, rate=often, seconds=seconds))
        told_wrong = [StreamFault(kind, times=None, rate=RATE) for kind in StreamKind]
        self.simulator.stream.faults += told_wrong

    @property
    def acknowledged(self) -> int:
        """How many alerts were acknowledged."""
        return sum(each.delivery.alert_id is not None for each in self.sent)

    def begin(self) -> None:
        """The server answers; wait until it has its SDK."""
        self.make_ready()
        self._await_sdk(time.monotonic(), self.calls())
        self._up = True

    def work(self, orders: int, seconds: float) -> None:
        """Let some orders come to the broker, or a time pass."""
        enough, deadline = self.orders() + orders, time.monotonic() + seconds
        while self.orders() < enough and time.monotonic() < deadline:
            time.sleep(0.01)

    def await_alerts(self, count: int) -> None:
        """Let so many alerts come in all."""
        until(lambda: len(self.sent) >= count, 600, f"{count} alerts")

    def kill_and_start(self, within: float) -> None:
        """kill -9, start, and see that of what was left open something ends every so long."""
        self._up = False
        self.server.kill()
        left, seen = not_ended(self.server.database), self.calls()
        began = time.monotonic()
        self.server.start()
        self.figures.first_answer.append(time.monotonic() - began)
        self._await_sdk(began, seen)
        ready = time.monotonic()
        dwindle(lambda: not_ended(self.server.database) & left, within, "the jobs of a kill")
        self._up = True
        self.figures.recovered.append(time.monotonic() - ready)
        self.figures.left_open.append(len(left))

    def settle(self) -> BrokerBooks:
        """Wait until nothing is in work, and hold the books against each other."""
        self.server.await_idle(60)
        return await_broker_books(self.server.database, self.theirs, self.sent)

    def _await_sdk(self, began: float, seen: int) -> None:
        until(lambda: self.calls() > seen, 60, "the first call of the broker")
        self.figures.loaded.append(time.monotonic() - began)

    def _trade(self, symbol: str) -> None:
        chance = random.Random(f"{self.seed}{symbol}")  # noqa: S311  # to be repeated
        sender, number = Sender([self.server], chance), 0
        while not self._over.wait(self.pause * chance.random()):
            if len(not_ended(self.server.database)) >= MOST_OPEN:
                continue
            number += 1
            alert = self.alert(symbol, number, chance)
            delivery = sender.send(json.dumps({"secret": SECRET, **alert}).encode())
            self.sent.append(Sent(alert["comment"], symbol, delivery))

    def _move(self) -> None:
        chance = random.Random(f"{self.seed}prices")  # noqa: S311  # to be repeated
        while not self._over.wait(chance.random()):
            self.move(chance)

    def _go_away(self) -> None:
        """Refuse every connection now and then."""
        chance = random.Random(f"{self.seed}away")  # noqa: S311  # to be repeated
        while not self._over.wait(10 * chance.random()):
            with self.simulator.away():
                self._over.wait(AWAY * chance.random())

    def _watch(self) -> None:
        """Look at the positions again and again; note how long one stands without its stops."""
        since: dict[str, float] = {}
        while not self._over.wait(TICK):
            now, left = time.monotonic(), self.bare()
            for symbol in {*left, *since}:
                if not self._up or left.get(symbol, 0) <= 0:
                    self._note(since.pop(symbol, None), now)
                else:
                    since.setdefault(symbol, now)
        for began in since.values():
            self._note(began, time.monotonic())

    def _note(self, since: float | None, now: float) -> None:
        if since is not None:
            self.figures.bare.append(now - since)


def kill_in(storm: Storm, *, kills: int, alerts: int = 0, busy: float = 1) -> str:
    """Kill the server again and again in a storm, and hold the books against the simulator's.

    At least so many `alerts` come. `busy`: the limits of time are so many times as long.
    """
    chance = random.Random(storm.seed)  # noqa: S311  # to be repeated
    storm.begin()
    with storm.raging():
        for done in range(kills):
            storm.work(orders=chance.randint(5, 25), seconds=6)
            storm.await_alerts(alerts * (done + 1) // kills)
            storm.kill_and_start(RECOVERED_WITHIN * busy)
        storm.work(orders=10, seconds=6)
    storm.simulator.clear_faults()
    storm.make_ready()
    books = storm.settle()
    assert books.theirs.fills
    assert max(storm.figures.bare, default=0) < storm.bare_for() * busy, storm.figures.bare
    return (
        f"{kills} kills, {len(storm.simulator.faults.happened)} faults, seed {storm.seed}:"
        f" {storm.acknowledged} alerts acknowledged, {len(books.theirs.orders)} orders at the"
        f" broker, {len(books.ours.fills)} fills; {storm.figures}"
    )
