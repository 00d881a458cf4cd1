"""Position check: what an account holds is held against what fills of ours come to.

What is there and not ours is foreign; how much of it there was is remembered. A position that this
does not explain is told, and keeps the entries of its lane out until it is explained (I6).
"""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal

from app.domain.decision import Denial
from app.domain.events import Event, EventKind
from app.domain.identity import lane_of
from app.domain.order import OrderStatus
from app.domain.stake import ZERO, Stake
from app.engine.accounts import Account
from app.engine.leg_check import LegCheck
from app.engine.order_check import OrderCheck
from app.engine.write_down import WriteDown
from app.ports.clock import Clock
from app.ports.journal import Block, Journal
from app.ports.ledger import Ledger

OPEN = (OrderStatus.SUBMITTING, OrderStatus.UNKNOWN)
"""Orders that may have filled at the broker while the journal does not know it."""
RECENTLY = timedelta(minutes=15)
"""So long after an order of ours, what happens to its instrument may be its doing."""
EXPLAINED = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Look:
    """What was read of an account. `busy`: instruments in which the journal may be behind."""

    stakes: Sequence[Stake]
    foreign: Mapping[str, Decimal]
    held: Mapping[str, Decimal]
    busy: Set[str]

    @property
    def instruments(self) -> Sequence[str]:
        names = {stake.instrument for stake in self.stakes}
        return sorted(names | self.foreign.keys() | self.held.keys())

    def ours(self, instrument: str) -> Decimal:
        mine = (stake.quantity for stake in self.stakes if stake.instrument == instrument)
        return sum(mine, ZERO)

    def gap(self, instrument: str) -> Decimal:
        """How much more is there than is known of; negative when it is less."""
        known = self.ours(instrument) + self.foreign.get(instrument, ZERO)
        return self.held.get(instrument, ZERO) - known

    def words(self, instrument: str) -> str:
        """The difference, for the owner."""
        held, foreign = self.held.get(instrument, ZERO), self.foreign.get(instrument, ZERO)
        ours = self.ours(instrument)
        return f"{held:f} {instrument} held, {ours:f} of it ours by our fills, {foreign:f} not"


class PositionCheck:
    """Explains every position, or tells that it cannot.

    A difference must be there in two rounds, with every order looked up in between: then it is no
    fill that the journal has yet to hear of. If no order of ours was in its instrument lately, it
    was made by hand.
    """

    def __init__(
        self,
        journal: Journal,
        orders: OrderCheck,
        write_down: WriteDown,
        legs: LegCheck,
        ledger: Ledger,
        clock: Clock,
    ) -> None:
        self._journal = journal
        self._ledger = ledger
        self._orders = orders
        self._write_down = write_down
        self._legs = legs
        self._clock = clock
        self._seen: dict[str, dict[str, Decimal]] = {}

    def check(self, account: Account) -> None:
        """One round, right after the orders of the account were checked.

        Raises:
            BrokerError: the positions cannot be read. Unknown is not flat: nothing is changed.
        """
        look = self._look(account)
        self._legs.check(account, look.stakes, look.held, look.busy)
        cut = self._write_down.check(account, look.stakes, look.held, look.busy)
        before = self._seen.get(account.name, {})
        gaps = {name: look.gap(name) for name in look.instruments if name not in look.busy | cut}
        self._seen[account.name] = {name: gap for name, gap in gaps.items() if gap}
        known = {block.lane: block for block in self._blocks(account)}
        undecided: dict[str, str | None] = {
            lane_of(account.name, name): None for name in look.busy | cut
        }
        verdicts = undecided | {
            lane_of(account.name, name): self._verdict(
                account, look, name, stays=before.get(name) == gap, known=known
            )
            for name, gap in gaps.items()
        }
        for lane, reason in verdicts.items():
            if reason and lane not in known:
                self._keep_out(account, Block(lane, Denial.MISMATCH, reason), EventKind.MISMATCH)
        missing = {order.lane: order for order in self._orders.missing(account)}
        for lane, order in missing.items():
            reason = f"the broker does not know order {order.client_order_id}"
            block = Block(lane, Denial.MISMATCH, reason)
            self._keep_out(account, block, EventKind.LANE_BLOCKED)
        for lane, block in known.items():
            if lane not in missing and verdicts.get(lane, EXPLAINED) == EXPLAINED:
                self._let_in(account, block)

    def unsure(self, account: Account) -> bool:
        """Whether something differed in the last round that a second look will tell more of."""
        seen = {lane_of(account.name, name) for name in self._seen.get(account.name, ())}
        told = {block.lane for block in self._blocks(account)} if seen else seen
        checks = (self._orders, self._write_down, self._legs)
        return bool(seen - told) or any(check.unsure(account) for check in checks)

    def _look(self, account: Account) -> _Look:
        """The journal is read first: what fills meanwhile is then too little, never too much."""
        stakes, foreign = self._journal.stakes(account.name), self._journal.foreign(account.name)
        lag = account.broker.capabilities.positions_lag
        orders = self._journal.unsettled_orders(account.name)
        busy: Set[str] = {order.instrument for order in orders if order.status in OPEN}
        if lag:
            busy |= self._journal.filled_since(account.name, self._clock.now() - lag)
        positions = account.broker.positions()
        prices = {each.instrument: each.current_price for each in positions}
        self._ledger.note_prices(account.name, {of: price for of, price in prices.items() if price})
        held = {position.instrument: position.quantity for position in positions}
        return _Look(stakes=stakes, foreign=foreign, held=held, busy=busy)

    def _verdict(
        self,
        account: Account,
        look: _Look,
        name: str,
        *,
        stays: bool,
        known: Mapping[str, Block],
    ) -> str | None:
        """Why a position is not explained; None while that is not known yet."""
        if not look.gap(name):
            return EXPLAINED
        block = known.get(lane_of(account.name, name))
        if block is not None:
            return block.reason
        recent = self._journal.orders_since(account.name, name, self._clock.now() - RECENTLY)
        if not stays:
            self._orders.ask_again(account, recent)
            return None
        if recent:
            return look.words(name)
        self._take_note(account, look, name)
        return EXPLAINED

    def _take_note(self, account: Account, look: _Look, name: str) -> None:
        """It was made by hand: told once, and explained from now on."""
        was = look.foreign.get(name, ZERO)
        now_is = was + look.gap(name)
        event = Event(
            kind=EventKind.BY_HAND,
            at=self._clock.now(),
            account=account.name,
            symbol=name,
            facts={"was": was, "now": now_is, "position": look.held.get(name, ZERO)},
        )
        with self._journal.unit() as unit:
            unit.put_foreign(account.name, name, now_is)
            unit.record(event)

    def _keep_out(self, account: Account, block: Block, kind: EventKind) -> None:
        with self._journal.unit() as unit:
            if unit.set_block(block):
                unit.record(replace(self._event(account, block, kind), problem=True))

    def _let_in(self, account: Account, block: Block) -> None:
        with self._journal.unit() as unit:
            if unit.lift_block(block):
                unit.record(self._event(account, block, EventKind.LANE_UNBLOCKED))

    def _event(self, account: Account, block: Block, kind: EventKind) -> Event:
        return Event(
            kind=kind,
            at=self._clock.now(),
            account=account.name,
            symbol=block.lane.removeprefix(lane_of(account.name, "")),
            facts={"reason": block.kind.value, "detail": block.reason},
        )

    def _blocks(self, account: Account) -> Sequence[Block]:
        mine = lane_of(account.name, "")
        blocks = [each for each in self._journal.blocks() if each.kind is Denial.MISMATCH]
        return [block for block in blocks if block.lane.startswith(mine)]
