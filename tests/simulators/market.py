"""A simulated market: its time, its prices, its chance, and what was asked of it."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from random import Random
from typing import Any, Protocol

from tests.simulators.moments import NANOS, nanos_of
from tests.simulators.wire import Asked

Event = dict[str, Any]
Listener = Callable[[str, Event], None]


class Clock(Protocol):
    """The time; `tests/fakes/clock.py` is one that a test moves."""

    def now(self) -> datetime:
        """The present, aware UTC."""
        ...


class RealClock:
    """The machine's clock, which a call may set forward."""

    def __init__(self) -> None:
        self._ahead = 0.0

    def now(self) -> datetime:
        """The present, aware UTC."""
        return datetime.fromtimestamp(datetime.now(UTC).timestamp() + self._ahead, UTC)

    def advance(self, by: float) -> datetime:
        """Set it so many seconds forward."""
        self._ahead += by
        return self.now()


@dataclass(frozen=True, slots=True)
class Quote:
    """Best prices of a moment. `size`: how much can be traded at them; None = any amount."""

    bid: Decimal
    ask: Decimal
    at: int
    size: Decimal | None = None

    def side(self, side: int) -> Decimal:
        """The price at which one buys (+1) or sells (-1)."""
        return self.ask if side > 0 else self.bid

    @property
    def middle(self) -> Decimal:
        """Between them."""
        return (self.bid + self.ask) / 2


@dataclass
class Market:
    """What is remembered of any market. Whoever looks or changes holds `lock`."""

    clock: Clock
    seed: int = 0
    quotes: dict[str, Quote] = field(default_factory=dict[str, Quote])
    requests: list[Asked] = field(default_factory=list[Asked])
    listeners: list[Listener] = field(default_factory=list[Listener])

    def __post_init__(self) -> None:
        self.lock = threading.RLock()
        self.random = Random(self.seed)  # noqa: S311 (chance that can be repeated)
        self._stamp = 0

    def now(self) -> datetime:
        """The present."""
        return self.clock.now()

    def stamp(self) -> int:
        """The present in nanoseconds; never the same twice, unless the clock is set back."""
        now = nanos_of(self.now())
        stands_still = now <= self._stamp < now + NANOS
        self._stamp = self._stamp + 1 if stands_still else now
        return self._stamp

    def tell(self, owner: str, event: Event) -> None:
        """Tell every stream of an account what happened in it."""
        for listener in tuple(self.listeners):
            listener(owner, event)
