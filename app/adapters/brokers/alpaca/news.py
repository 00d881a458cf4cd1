"""News: which hints of the stream are worth a call. Every call counts against the account's limit.

An order that is told of as it was last read has nothing new to say. While one of ours is being
placed or changed its answer is on the way, and what is told of it meanwhile waits for that answer.
"""

import threading
from collections import Counter, OrderedDict
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from decimal import Decimal
from typing import TypeAlias

from app.adapters.brokers.alpaca.answers import Told
from app.adapters.brokers.alpaca.fills import REMEMBERED

State: TypeAlias = tuple[str, Decimal, Decimal | None, Decimal | None, Decimal | None]


def state_of(told: Told) -> State:
    """All of an order that can change under its id."""
    return told.word, told.filled, told.quantity, told.limit_price, told.stop_price


class News:
    """What was read lately, and what is being changed now."""

    def __init__(self, most: int = REMEMBERED) -> None:
        self._most = most
        self._read: OrderedDict[str, Told] = OrderedDict()
        self._changing = Counter[str]()
        self._held: list[tuple[str | None, Told]] = []
        self._lock = threading.Lock()

    def note(self, told: Told) -> None:
        """An order was read with all its executions."""
        with self._lock:
            self._read[told.id] = told
            self._read.move_to_end(told.id)
            if len(self._read) > self._most:
                self._read.popitem(last=False)

    def is_old(self, told: Told) -> bool:
        """Whether an order was read as it is told of, or as it became later."""
        read = self._read.get(told.id)
        if read is None:
            return False
        return told.changed_at < read.changed_at or state_of(told) == state_of(read)

    def hold(self, name: str | None, told: Told) -> bool:
        """Keep a hint for later when it is about what is being changed now; whether it was kept.

        `name`: our id. What has none yet may be a leg of what is being placed.
        """
        with self._lock:
            kept = bool(self._changing) if name is None else name in self._changing
            if kept:
                self._held.append((name, told))
            return kept

    @contextmanager
    def changing(self, name: str, hear: Callable[[Sequence[Told]], None]) -> Generator[None]:
        """While an order of ours is being placed or changed. Then the kept hints are heard."""
        with self._lock:
            self._changing[name] += 1
        try:
            yield
        finally:
            hear(self._release(name))

    def _release(self, name: str) -> Sequence[Told]:
        """Hints without a name are heard when anything is done: none of them waits for long."""
        with self._lock:
            self._changing[name] -= 1
            if not self._changing[name]:
                del self._changing[name]
            held, self._held = self._held, []
            self._held = [each for each in held if each[0] in self._changing]
            return [told for of, told in held if of not in self._changing]
