"""Square-off: what may not be held any longer is closed in time (trading-rules 27).

That is what expires soon, and what has to be closed with the day. It asks Flatten for the closes:
each is an alert like any other, and the journal sees to it that it is made once.
"""

import logging
from collections.abc import Iterator
from datetime import timedelta

from app.domain.errors import BrokerError
from app.domain.instrument import Instrument, Ticker
from app.engine.accounts import Account
from app.engine.closing import is_entry
from app.engine.flatten import Findings, Flatten
from app.engine.sessions import Sessions
from app.ports.clock import Clock
from app.ports.journal import Journal
from app.ports.playbook import Playbook
from app.ports.records import Records

log = logging.getLogger(__name__)

AGAIN = timedelta(minutes=5)
"""So long after a close another one follows, while something is there still."""
NOTE = "closed in time: its contract expires, or its day ends"

Due = tuple[str, str]
"""The key of an instrument, and the strategy that has something of it."""


class SquareOff:
    """Looks for what is due, and has it closed."""

    def __init__(  # what is held, for which alert, and what the hour is
        self,
        *,
        journal: Journal,
        records: Records,
        playbook: Playbook,
        flatten: Flatten,
        sessions: Sessions,
        clock: Clock,
    ) -> None:
        self._journal = journal
        self._records = records
        self._playbook = playbook
        self._flatten = flatten
        self._sessions = sessions
        self._clock = clock
        self._asked: dict[str, tuple[int, frozenset[Due]]] = {}

    def look(self, account: Account) -> int:
        """Look at one account; how many closes were asked for."""
        slot = int(self._clock.now().timestamp() // AGAIN.total_seconds())
        due = frozenset(self._due(account))
        if not due or self._asked.get(account.name) == (slot, due):
            return 0
        found = self._flatten.look([account])
        targets = [each for each in found.targets if (each.instrument, each.strategy) in due]
        once = f"square off in {slot}"
        self._flatten.close(Findings(targets), request_id="square-off", note=NOTE, once=once)
        self._asked[account.name] = (slot, due)
        return len(targets)

    def _due(self, account: Account) -> Iterator[Due]:
        mine = {(stake.instrument, stake.strategy) for stake in self._journal.stakes(account.name)}
        resting = filter(is_entry, self._journal.unsettled_orders(account.name))
        mine |= {(order.instrument, order.strategy) for order in resting}
        for name, strategy in sorted(mine):
            instrument = _instrument(account, name)
            expires = instrument is not None and self._sessions.to_be_flat(instrument)
            if expires or self._ends_with_day(account, name, strategy, instrument):
                yield name, strategy

    def _ends_with_day(
        self, account: Account, name: str, strategy: str, instrument: Instrument | None
    ) -> bool:
        """Whether it was entered for the day; looked up only shortly before the close."""
        if not self._sessions.day_may_be_over():
            return False
        alert = self._records.traded_by(account.name, name, strategy)
        if alert is None:
            return False
        row = self._playbook.find(Ticker.parse(alert.symbol).key, alert.timeframe)
        market = self._sessions.market(alert, account, row, instrument)
        return market.day_is_over(self._clock.now())


def _instrument(account: Account, name: str) -> Instrument | None:
    try:
        return account.broker.instrument(Ticker.parse(name))
    except BrokerError as error:
        why = {"account": account.name, "instrument": name, "why": str(error)}
        log.debug("it cannot be looked up when this expires", extra=why)
        return None
