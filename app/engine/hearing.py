"""Hearing: a broker tells which orders changed, and they are looked at, off the order path.

What it tells is a hint (`app/ports/broker.py`). A hint that is lost, late, repeated or about an
order of somebody else changes nothing about the end: the account is looked at every few seconds.
"""

import logging
import threading
from collections.abc import Callable, Sequence

from app.domain.errors import BrokerError, FencedOut, JournalError, TradingError
from app.domain.order import OrderStatus
from app.engine.accounts import Account
from app.engine.recovery import Recovery
from app.engine.settlement import Settlement
from app.ports.clock import Clock
from app.ports.journal import Journal

log = logging.getLogger(__name__)

MANY = 16
"""More orders than this are not looked up one by one: one list tells which of them changed."""
PAUSE = 1.0
"""Seconds between two looks at everything, however often they are asked for."""


class Hearing:
    """The ear at one account. `wake` makes somebody call `act` soon, `sweep` runs who was woken."""

    def __init__(
        self,
        account: Account,
        journal: Journal,
        settlement: Settlement,
        recovery: Recovery,
        clock: Clock,
        sweep: Callable[[], object],
    ) -> None:
        self._account = account
        self._journal = journal
        self._settlement = settlement
        self._recovery = recovery
        self._clock = clock
        self._sweep = sweep
        self._looked = -PAUSE
        self._not_before = 0.0
        self._lock = threading.Lock()
        self._heard: dict[str, None] = {}
        self._everything = False
        self.wake: Callable[[], object] = lambda: None

    def hear(self, client_order_id: str | None) -> None:
        """Note that an order changed; None: anything may have. It never waits for anything."""
        with self._lock:
            if client_order_id is not None:
                self._heard[client_order_id] = None
            if client_order_id is None or len(self._heard) > MANY:
                self._everything, self._heard = True, {}
        self.wake()

    def act(self) -> None:
        """Look at what was heard of since the last time, and run the jobs that waited for it."""
        heard, everything = self._take()
        if not heard and not everything:
            return
        try:
            if everything:
                self._recovery.look(self._account)
            for client_order_id in heard:
                self._look_up(client_order_id)
        except (BrokerError, FencedOut, JournalError) as error:
            self._hindered(heard, error)
        self._sweep()

    def _hindered(self, heard: Sequence[str], error: TradingError) -> None:
        """What is put off for a known moment is looked at then; of the rest time will tell."""
        facts = {"account": self._account.name, "why": str(error)}
        after = error.after if isinstance(error, BrokerError) else None
        level = logging.WARNING if after is None else logging.INFO
        log.log(level, "could not look at an order that changed", extra=facts)
        if after is not None:
            with self._lock:
                self._heard = dict.fromkeys(heard) | self._heard
                self._not_before = self._clock.monotonic() + after

    def _take(self) -> tuple[Sequence[str], bool]:
        now = self._clock.monotonic()
        with self._lock:
            if now < self._not_before:
                return (), False
            heard, self._heard = list(self._heard), {}
            everything = self._everything and now - self._looked >= PAUSE
            if everything:
                self._everything, self._looked = False, now
        return heard, everything

    def _look_up(self, client_order_id: str) -> None:
        known = self._journal.order(client_order_id)
        if known is None or known.status is OrderStatus.FILLED:
            return  # not ours, or nothing more can happen to it
        answer = self._account.broker.find(client_order_id)
        self._settlement.apply([answer] if answer is not None else [])
