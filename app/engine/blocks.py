"""Blocks: a lane that is shut to entries is let in again by hand."""

from app.domain.alert import Alert
from app.domain.decision import Denial
from app.domain.events import Event, EventKind
from app.domain.identity import lane_of
from app.domain.instrument import Ticker
from app.engine.accounts import Account
from app.engine.contracts import place_of
from app.engine.holdings import stakes_in
from app.engine.order_check import OrderCheck
from app.ports.clock import Clock
from app.ports.journal import Block, Journal


class Blocks:
    """Releases blocked lanes."""

    def __init__(self, journal: Journal, orders: OrderCheck, clock: Clock) -> None:
        self._journal = journal
        self._orders = orders
        self._clock = clock

    def unblock(self, account: Account, symbol: str) -> str | None:
        """Let the entries of an instrument in again; why they were kept out, None if they were not.

        Nothing that was denied meanwhile is executed. What was not explained, is now: the broker's
        word is taken for what is held and is not ours, and for orders that it does not know.

        Raises:
            BrokerError: it could not be asked, and nothing was changed.
        """
        ticker = Ticker.parse(symbol)
        instrument = account.broker.instrument(ticker)
        lanes = {place_of(Alert(symbol=symbol)).lane(account.name)}
        lanes |= {lane_of(account.name, instrument.key)} if instrument is not None else set()
        blocks = [block for lane in sorted(lanes) for block in self._journal.blocks(lane)]
        if not blocks:
            return None
        if instrument is not None and any(block.kind is Denial.MISMATCH for block in blocks):
            self._believe_the_broker(account, instrument.key)
        self._lift(account, symbol, blocks)
        return "; ".join(block.reason for block in blocks)

    def _lift(self, account: Account, symbol: str, blocks: list[Block]) -> None:
        with self._journal.unit() as unit:
            for block in blocks:
                unit.lift_block(block)
                unit.record(
                    Event(
                        kind=EventKind.LANE_UNBLOCKED,
                        at=self._clock.now(),
                        account=account.name,
                        symbol=symbol,
                        facts={"detail": f"released by hand: {block.reason}"},
                    )
                )

    def _believe_the_broker(self, account: Account, instrument: str) -> None:
        self._orders.forget_missing(account, instrument)
        stakes = stakes_in(account, instrument, self._journal)
        with self._journal.unit() as unit:
            unit.put_foreign(account.name, instrument, stakes.nobodys)
