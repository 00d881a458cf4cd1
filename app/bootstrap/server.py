"""A built server: what it is made of, and how it starts and stops."""

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from datetime import timedelta

from app.adapters.instruments.master import SymbolMaster
from app.adapters.instruments.refresh import Refresher
from app.adapters.journal.backup import Backups
from app.adapters.metrics import Metrics
from app.adapters.playbook.sheets.sheet import Sheet
from app.adapters.recent import RecentLines
from app.adapters.reserve import Reserve
from app.adapters.sql import Database
from app.config import Settings
from app.engine.accounts import Account
from app.engine.courier import Courier
from app.engine.hearing import Hearing
from app.engine.services import Services
from app.ports.clock import Clock
from app.ports.messenger import Messenger
from app.ports.outbox import Outbox
from app.workers.loop import Loop, Step

LOOK_FOR_SYMBOLS_EVERY = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Watch:
    """What is done for one account in the background. Nothing else waits for its broker."""

    account: Account
    hearing: Hearing
    loop: Loop

    def start(self) -> None:
        """Look at the account, and listen to its broker."""
        self.loop.start()
        self.account.broker.watch(self.hearing.hear)


@dataclass(frozen=True, slots=True)
class Lists:
    """The lists of instruments, and who keeps them new; nobody where no account needs any."""

    master: SymbolMaster
    refresher: Refresher | None

    def steps(self) -> Sequence[Step]:
        """What is to be done every now and then."""
        if self.refresher is None:
            return ()
        return [Step("keep the symbols", LOOK_FOR_SYMBOLS_EVERY, self.refresher.keep)]

    def trouble_by(self, clock: Clock) -> Callable[[], str | None] | None:
        """Something to ask why contracts are not traded now; None where nobody needs a list."""
        return None if self.refresher is None else lambda: self.master.trouble(clock.now())

    def stop(self) -> None:
        """Break off a refresh that runs."""
        if self.refresher is not None:
            self.refresher.stop()


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """Notifications: one courier for each sink, each on a thread of its own."""

    outbox: Outbox
    messenger: Messenger
    couriers: Sequence[Courier]
    loops: Sequence[Loop]

    def open(self) -> None:
        """Have these sinks and no others."""
        self.outbox.open([courier.sink.name for courier in self.couriers])

    def depths(self) -> Mapping[str, int]:
        """How many events each sink has not been told of yet."""
        return {courier.sink.name: courier.depth() for courier in self.couriers}

    def start(self) -> None:
        """Tell every sink what happens from now on, and what it was not told before."""
        self.open()
        for loop in self.loops:
            loop.start()

    def stop(self) -> None:
        """Break off what is being sent; it is sent again after the next start."""
        self.messenger.close()
        for loop in self.loops:
            loop.stop()


@dataclass(slots=True, kw_only=True)
class Server:
    """A built server: its services, and the life of its engine."""

    settings: Settings
    services: Services
    database: Database
    metrics: Metrics
    pools: Mapping[str, Executor]
    loop: Loop
    chores: Loop
    sheet: Sheet | None
    sheet_loop: Loop | None
    watches: Sequence[Watch]
    token_loops: Sequence[Loop]
    post: Post
    reserve: Reserve
    backups: Backups
    lists: Lists
    recent: RecentLines
    _started: bool = False
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def start(self) -> None:
        """Start the engine: register, take over what the dead left, reconcile. Once only."""
        if not self._started:
            self._start_once()

    def _start_once(self) -> None:
        with self._lock:
            if not self._started:
                self.services.ownership.start()
                for loop in self._loops():
                    loop.start()
                for watch in self.watches:
                    watch.start()
                self.post.start()
                self._started = True

    def _loops(self) -> Iterator[Loop]:
        yield from (self.loop, self.chores, *self.token_loops)
        if self.sheet_loop is not None:
            yield self.sheet_loop

    def stop(self) -> None:
        """Finish what runs, start nothing more, give the rest back."""
        with self._lock:
            self.services.lanes.close()
            self.backups.stop()
            self.lists.stop()
            for loop in (*self._loops(), *(watch.loop for watch in self.watches)):
                loop.stop()
            self.post.stop()
            for pool in self.pools.values():
                pool.shutdown(wait=True, cancel_futures=True)
            try:
                self.services.ownership.stop()
            finally:
                for account in self.services.accounts:
                    account.broker.close()
                self.database.close()
