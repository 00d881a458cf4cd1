"""How long a year or two of one-minute bars take, traded with brackets, and in how much memory.

A moving average of 20 closes crosses one of 50: long at the next open with a stop and a target, out
at the next open when it crosses back. The bars are a repeatable walk. Beside it in the same run: a
loop that only reads the bars and compares, so that the ratio means the same on any machine. Run it
with `python -m tests.bench.bench_bars`; it is a process of its own, for the sake of its memory.
"""

import gc
import json
import random
import sys
from array import array
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import TypeAlias

from app.domain.book_order import BookOrder
from app.domain.matching import Event, Filled, Matcher
from app.domain.order import OrderType

FAST, SLOW = 20, 50
STOP, TARGET = 60, 120
ROUNDS = 3

Bars: TypeAlias = tuple["array[int]", "array[int]", "array[int]", "array[int]"]


def run(count: int) -> dict[str, float]:
    """Measure; of several rounds the best counts, because only noise can make one slower."""
    bars = walk(count)
    gc.collect()
    gc.freeze()
    traders = [Trader() for _ in range(ROUNDS)]
    seconds = min(timed(partial(each.trade, bars)) for each in traders)
    calibration = min(timed(partial(compare, bars)) for _ in range(ROUNDS))
    assert len({(each.fills, each.events) for each in traders}) == 1
    return {
        "bars": count,
        "seconds": seconds,
        "ratio": seconds / calibration,
        "fills": traders[0].fills,
        "events": traders[0].events,
        "peak_mb": peak_memory(),
    }


def timed(work: Callable[[], object]) -> float:
    begin = perf_counter()
    work()
    return perf_counter() - begin


def walk(count: int) -> Bars:
    """Open, high, low and close of each bar, in ticks."""
    rng = random.Random(20_261_125)  # noqa: S311 - a repeatable walk, not a secret
    columns = tuple(array("q") for _ in range(4))
    price = 1_000_000
    for _ in range(count):
        first = price + rng.randrange(-2, 3)
        last = first + rng.randrange(-12, 13)
        high, low = max(first, last) + rng.randrange(8), min(first, last) - rng.randrange(8)
        for column, value in zip(columns, (first, high, low, last), strict=True):
            column.append(value)
        price = last
    first_column, second, third, fourth = columns
    return first_column, second, third, fourth


def compare(bars: Bars) -> int:
    """Do by hand the two compares of a bar that touches nothing."""
    low_bound, high_bound, touched = 0, sys.maxsize, 0
    for _, high, low, _ in zip(*bars, strict=True):
        if not (low_bound < low and high < high_bound):
            touched += 1
    return touched


@dataclass(slots=True)
class Trader:
    """A strategy on a matcher, and what came of it."""

    matcher: Matcher = field(default_factory=Matcher)
    fills: int = 0
    events: int = 0
    orders: int = 0

    def trade(self, bars: Bars) -> None:
        on_bar, closes = self.matcher.on_bar, bars[3]
        fast = slow = 0
        was_above = above = False
        for number, (first, high, low, last) in enumerate(zip(*bars, strict=True)):
            if above != was_above and number > SLOW:
                self.turn(first, up=above)
            events = on_bar(first, high, low, last)
            if events:
                self.count(events)
            was_above = above
            fast += last - (closes[number - FAST] if number >= FAST else 0)
            slow += last - (closes[number - SLOW] if number >= SLOW else 0)
            above = fast * SLOW > slow * FAST

    def turn(self, price: int, *, up: bool) -> None:
        """Enter with a bracket, or leave."""
        self.orders += 1
        name = str(self.orders)
        if up and not self.matcher.position:
            entry = BookOrder(
                id=name, side=1, quantity=10, type=OrderType.MARKET, arm=bracket(name)
            )
            self.count(self.matcher.submit(entry, price))
        elif not up and self.matcher.position:
            out = BookOrder(id=name, side=-1, quantity=10, type=OrderType.MARKET, reduce_only=True)
            self.count(self.matcher.submit(out, price))

    def count(self, events: Iterable[Event]) -> None:
        for event in events:
            self.events += 1
            self.fills += isinstance(event, Filled)


def bracket(name: str) -> Callable[[int], Iterator[BookOrder]]:
    def arm(paid: int) -> Iterator[BookOrder]:
        stop = BookOrder(
            id=f"{name}-stop", side=-1, quantity=10, type=OrderType.STOP, stop=paid - STOP
        )
        target = BookOrder(
            id=f"{name}-target", side=-1, quantity=10, type=OrderType.LIMIT, limit=paid + TARGET
        )
        for leg in (stop, target):
            leg.reduce_only = True
            yield leg

    return arm


def peak_memory() -> float:
    """Megabytes; getrusage would count what forked us."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


if __name__ == "__main__":
    json.dump(run(int(sys.argv[1]) if sys.argv[1:] else 1_000_000), sys.stdout)
