"""The kill switch: entries stop now; protection, exits and cancels go on (trading-rules 25)."""

import logging
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from app.domain.errors import BrokerError, JournalError
from app.domain.events import Event, EventKind
from app.domain.order import OrderRole
from app.engine.accounts import Account, Accounts
from app.engine.settlement import Settlement
from app.ports.clock import Clock
from app.ports.journal import Journal, KillState

log = logging.getLogger(__name__)


class KillSwitch:
    """Set by API, command or file. What cannot be read counts as set."""

    def __init__(
        self,
        journal: Journal,
        accounts: Accounts,
        settlement: Settlement,
        clock: Clock,
        file: Path | None = None,
    ) -> None:
        self._journal = journal
        self._accounts = accounts
        self._settlement = settlement
        self._clock = clock
        self._file = file
        self._acted = False

    def state(self) -> KillState:
        """Whether entries are stopped, and why."""
        try:
            if self._file is not None and self._file.exists():
                return KillState(active=True, reason=f"the file {self._file.name} exists")
            return self._journal.kill_switch()
        except (JournalError, OSError) as error:
            return KillState(active=True, reason=f"the kill switch cannot be read: {error}")

    def engage(self, reason: str) -> KillState:
        """Stop entries, cancel those that rest, deny those that wait. Flattens nothing."""
        known = self._journal.kill_switch()
        now = self._clock.now()
        state = known if known.active else KillState(active=True, reason=reason, since=now)
        self._journal.set_kill_switch(state)
        self._stop_entries(state.reason)
        return self.state()

    def watch(self) -> None:
        """Do with the file what `engage` and `reset` do, once each time that it comes or goes.

        It may be gone before the market opens, and what waits for that is denied all the same.
        """
        there = self._file is not None and self._file.exists()
        if there == self._acted:
            return
        reason = self.state().reason
        self._journal.stamp_kill_switch(reason)
        if there:
            self._stop_entries(reason)
        self._acted = there

    def enforce(self, account: Account) -> None:
        """Cancel what still rests while it is set: a broker may have been away when it was."""
        if self.state().active and self._cancel_entries(account):
            with self._journal.unit() as unit:
                unit.wake_waiting()

    def reset(self) -> KillState:
        """Allow entries again: those that come from now on, and none that came before."""
        now = self._clock.now()
        self._journal.set_kill_switch(KillState(active=False))
        with self._journal.unit() as unit:
            unit.record(Event(kind=EventKind.KILL_SWITCH_RESET, at=now))
        return self.state()

    def _stop_entries(self, reason: str) -> None:
        with self._journal.unit() as unit:
            unit.wake_waiting()
        canceled = self._cancel_everywhere()
        facts = {"reason": reason, "canceled": canceled}
        kind, now = EventKind.KILL_SWITCH_SET, self._clock.now()
        with self._journal.unit() as unit:
            unit.wake_waiting()
            unit.record(Event(kind=kind, at=now, problem=True, facts=facts))

    def _cancel_everywhere(self) -> int:
        """On all accounts side by side: a broker that hangs keeps no other's entries at work."""
        accounts = list(self._accounts)
        with ThreadPoolExecutor(len(accounts), thread_name_prefix="novalgo-kill") as pool:
            return sum(pool.map(self._cancel_entries, accounts))

    def _cancel_entries(self, account: Account) -> int:
        canceled = 0
        for order in self._journal.unsettled_orders(account.name):
            if order.role is not OrderRole.ENTRY or not order.status.working:
                continue
            try:
                answer = account.broker.cancel(order.client_order_id)
            except BrokerError:
                log.exception("could not cancel", extra={"order": order.client_order_id})
                continue
            if answer is not None:
                self._settlement.apply([answer])
                canceled += 1
        return canceled
