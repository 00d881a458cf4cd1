"""Performance: the figures of closed trades, and their account's worth day by day."""

import threading
from collections.abc import Mapping

from app.domain.errors import BrokerError
from app.domain.tally import Tally
from app.engine.accounts import Accounts
from app.ports.clock import Clock
from app.ports.ledger import Ledger
from app.ports.records import Records


class Performance:
    """Figures that every fill keeps up to date; nothing is counted here unless asked for."""

    def __init__(self, ledger: Ledger, records: Records, accounts: Accounts, clock: Clock) -> None:
        self._ledger = ledger
        self._records = records
        self._accounts = accounts
        self._clock = clock
        self._lock = threading.Lock()

    def figures(self, account: str | None = None) -> tuple[Mapping[str, Tally], Tally]:
        """The tallies by symbol, and of all symbols together."""
        by_symbol = self._records.tallies(account)
        total = Tally()
        for tally in by_symbol.values():
            total.merge(tally)
        return by_symbol, total

    def rebuild(self) -> None:
        """Count the ledger anew from the first fill on; one at a time."""
        with self._lock:
            self._ledger.rebuild()

    def note_equity(self) -> None:
        """Keep what each account is worth now. One that cannot be asked is left out."""
        for account in self._accounts:
            try:
                equity = account.broker.balance().equity
            except BrokerError:
                continue
            self._ledger.note_equity(account.name, equity, self._clock.now())
