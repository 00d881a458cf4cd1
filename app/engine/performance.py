"""Performance: the figures of closed trades, and their account's worth day by day."""

import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from app.domain.errors import BrokerError, PlaybookError
from app.domain.ratios import Earned, Ratios, ratios_of
from app.domain.tally import Of, Tally
from app.engine.accounts import Accounts
from app.ports.clock import Clock
from app.ports.ledger import Ledger
from app.ports.records import Records

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Figures:
    """The tallies by symbol, by the strategy that entered, and of all trades together."""

    symbols: Mapping[str, Tally]
    strategies: Mapping[str, Tally]
    total: Tally


class Performance:
    """Figures that every fill keeps up to date; nothing is counted here unless asked for.

    `write_back`: shows them where the owner reads them; None when that is nowhere but here.
    """

    def __init__(self, ledger: Ledger, records: Records, accounts: Accounts, clock: Clock) -> None:
        self._ledger = ledger
        self._records = records
        self._accounts = accounts
        self._clock = clock
        self._lock = threading.Lock()
        self.write_back: Callable[[], None] | None = None

    def figures(self, account: str | None = None) -> Figures:
        """The figures of an account, or of all together."""
        sums: dict[tuple[Of, str], Tally] = {}
        for key, tally in self._records.tallies(account).items():
            sums[key.of, key.name] = sums.get((key.of, key.name), Tally()).merge(tally)
        return Figures(
            symbols={name: tally for (of, name), tally in sums.items() if of is Of.SYMBOL},
            strategies={name: tally for (of, name), tally in sums.items() if of is Of.STRATEGY},
            total=sums.get((Of.ACCOUNT, ""), Tally()),
        )

    def ratios(self, account: str) -> Ratios:
        """What the days of an account earned for the risk that was taken."""
        days = self._records.days_of(account)
        return ratios_of(Earned(day.day, day.trades, day.realised, day.equity) for day in days)

    def rebuild(self) -> None:
        """Count the ledger anew from the first fill on; one at a time."""
        with self._lock:
            self._ledger.rebuild()

    def refresh(self) -> None:
        """Count anew, and write back. Where that fails, the background does it later."""
        self.rebuild()
        if self.write_back is None:
            return
        try:
            self.write_back()
        except PlaybookError as error:
            log.warning("the figures were not written back", extra={"why": str(error)})

    def note_equity(self) -> None:
        """Keep what each account is worth now. One that cannot be asked is left out."""
        for account in self._accounts:
            try:
                equity = account.broker.balance().equity
            except BrokerError:
                continue
            self._ledger.note_equity(account.name, equity, self._clock.now())
