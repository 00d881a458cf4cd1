"""Blocks: a lane whose exit was missed stays shut to entries until it is flat, or released."""

from app.domain.events import Event, EventKind
from app.domain.identity import lane_of
from app.domain.instrument import Ticker
from app.engine.accounts import Account
from app.ports.clock import Clock
from app.ports.journal import Journal


class Blocks:
    """Releases blocked lanes."""

    def __init__(self, journal: Journal, clock: Clock) -> None:
        self._journal = journal
        self._clock = clock

    def unblock(self, account: Account, symbol: str) -> str | None:
        """Let the entries of an instrument in again; why they were kept out, None if they were not.

        Nothing that was denied meanwhile is executed.
        """
        lane = lane_of(account.name, Ticker.parse(symbol).key)
        reason = self._journal.block(lane)
        if reason is None:
            return None
        event = Event(
            kind=EventKind.LANE_UNBLOCKED,
            at=self._clock.now(),
            account=account.name,
            symbol=symbol,
            facts={"detail": f"released by hand: {reason}"},
        )
        with self._journal.unit() as unit:
            unit.set_block(lane, None)
            unit.record(event)
        return reason
