"""Leg check: protective legs fit what is held, no more and no less (I4, I5, trading-rules 19)."""

from collections.abc import Iterator, Mapping, Sequence, Set
from decimal import Decimal
from itertools import groupby

from app.domain.events import EventKind
from app.domain.instrument import Ticker
from app.domain.order import OrderRole
from app.domain.stake import ZERO, Stake, Stakes
from app.engine.accounts import Account
from app.engine.ownership import Ownership
from app.engine.settlement import Settlement, event_of
from app.engine.shields import protectable
from app.ports.clock import Clock
from app.ports.journal import Journal, OrderRecord

Whose = tuple[str, str]
"""An instrument, and the strategy that holds something of it."""


class LegCheck:
    """Takes back legs that would close more than is held; has covered what no stop covers.

    Where legs only reduce, the broker cuts them by itself. A finding must be there in two rounds.
    """

    def __init__(
        self, journal: Journal, settlement: Settlement, ownership: Ownership, clock: Clock
    ) -> None:
        self._journal = journal
        self._settlement = settlement
        self._ownership = ownership
        self._clock = clock
        self._seen: dict[str, Set[str]] = {}
        self._dealt_with: dict[str, Set[str]] = {}

    def check(
        self,
        account: Account,
        stakes: Sequence[Stake],
        held: Mapping[str, Decimal],
        busy: Set[str],
    ) -> None:
        """One round, right after the orders of the account were checked.

        Args:
            account: whose legs they are.
            stakes: what strategies hold, read before the positions.
            held: the positions.
            busy: instruments of which nothing can be told now.

        Raises:
            BrokerError: a leg could not be canceled.
        """
        orders = self._journal.unsettled_orders(account.name)
        closing = {order.instrument for order in orders if order.role is OrderRole.EXIT}
        legs = [
            order
            for order in orders
            if order.role.protects and order.status.working and order.instrument not in busy
        ]
        own = _own(stakes, held)
        over = {leg.client_order_id: leg for leg in _too_many(legs, own)}
        bare = {leg.client_order_id: leg for leg in self._bare(account, own, legs, busy | closing)}
        before = self._seen.get(account.name, frozenset())
        self._seen[account.name] = over.keys() | bare.keys()
        # What this round does not reach, because the broker is away, is soon looked at again.
        dealt_with = self._dealt_with[account.name] = set[str]()
        for name, leg in over.items():
            if name in before:
                if not self._only_reduces(account, leg):
                    self._take_back(account, leg, own.get(_whose(leg), ZERO))
                dealt_with.add(name)
        for name, leg in bare.items():
            if name in before:
                self._tell(leg)
                dealt_with.add(name)

    def unsure(self, account: Account) -> bool:
        """Whether something was found in the last round that was not dealt with.

        What stays in spite of it, a leg that its broker does not know, or a stop that it does not
        take, is looked at with all the others: once a second would cost all the calls that the
        broker takes.
        """
        seen = self._seen.get(account.name, set())
        return bool(seen - self._dealt_with.get(account.name, set()))

    def _bare(
        self,
        account: Account,
        own: Mapping[Whose, Decimal],
        legs: Sequence[OrderRecord],
        busy: Set[str],
    ) -> Iterator[OrderRecord]:
        """The stop of the newest entry where stops were asked for and do not cover as much."""
        asked = self._journal.lots_with_stops(account.name)
        for instrument, lots in asked.items():
            ours = sum((each for whose, each in own.items() if whose[0] == instrument), ZERO)
            covered = sum(
                (_left(leg) for leg in legs if leg.instrument == instrument and _stops(leg)), ZERO
            )
            wanted = min(abs(sum((lot.quantity for lot in lots), ZERO)), abs(ours))
            stop = self._journal.order(lots[-1].stop)
            if instrument in busy or covered >= wanted or stop is None:
                continue
            if self._can_be_covered(account, stop, wanted - covered):
                yield stop

    def _can_be_covered(self, account: Account, stop: OrderRecord, bare: Decimal) -> bool:
        """What a fee has left may be less than any stop is taken for (trading-rules 39)."""
        instrument = account.broker.instrument(Ticker.parse(stop.symbol))
        if instrument is None:
            return True
        abilities = account.broker.capabilities.for_class(instrument.asset_class)
        return bool(instrument.tradable(protectable(bare, instrument, abilities)))

    def _only_reduces(self, account: Account, leg: OrderRecord) -> bool:
        instrument = account.broker.instrument(Ticker.parse(leg.symbol))
        abilities = account.broker.capabilities
        if instrument is not None:
            abilities = abilities.for_class(instrument.asset_class)
        return abilities.reduce_only_legs

    def _take_back(self, account: Account, leg: OrderRecord, own: Decimal) -> None:
        """A stop of what is still held makes room for a smaller one; that is the duty's to do."""
        if own and leg.role is OrderRole.STOP_LOSS:
            self._owe(leg)
            return
        self._ownership.check()
        answer = account.broker.cancel(leg.client_order_id)
        self._settlement.apply([answer] if answer is not None else [])

    def _owe(self, leg: OrderRecord) -> None:
        entry = self._entry_of(leg)
        if entry is not None and not self._journal.is_owed(entry):
            with self._journal.unit() as unit:
                unit.owe(entry.client_order_id)

    def _tell(self, stop: OrderRecord) -> None:
        """Once each, and the duty to protect sees to it; a stop that its owner took is his affair.

        What is owed already is being seen to.
        """
        entry, name = self._entry_of(stop), stop.client_order_id
        owed = entry is not None and self._journal.is_owed(entry)
        if owed or self._journal.taken(name):
            return
        told = self._journal.told(EventKind.UNPROTECTED, name)
        with self._journal.unit() as unit:
            if not told:
                unit.record(event_of(EventKind.UNPROTECTED, stop, self._clock.now()))
            if entry is not None:
                unit.owe(entry.client_order_id)

    def _entry_of(self, leg: OrderRecord) -> OrderRecord | None:
        """The entry behind a leg; a target may hang on a stop."""
        parent = self._journal.order(leg.parent) if leg.parent is not None else None
        if parent is None or parent.role is OrderRole.ENTRY:
            return parent
        return self._entry_of(parent)


def _own(stakes: Sequence[Stake], held: Mapping[str, Decimal]) -> dict[Whose, Decimal]:
    """What each strategy holds, and never more than is there."""
    own: dict[Whose, Decimal] = {}
    for instrument, group in groupby(stakes, lambda stake: stake.instrument):
        whole = Stakes(held.get(instrument, ZERO), list(group))
        own |= {(instrument, name): whole.own(name) for name in whole.holders}
    return own


def _too_many(legs: Sequence[OrderRecord], own: Mapping[Whose, Decimal]) -> Iterator[OrderRecord]:
    """Legs that would open or flip something: what is held is left to the oldest of them.

    The journal gives orders in the order in which they were written.
    """
    for whose, group in groupby(sorted(legs, key=_whose), _whose):
        left, mine = own.get(whose, ZERO), list(group)
        for leg in mine:
            if _has_stop(leg, mine):
                continue
            size = _left(leg) * -leg.side.sign
            if left * size > 0 and abs(size) <= abs(left):
                left -= size
            else:
                yield from (leg, *(other for other in mine if _has_stop(other, [leg])))


def _has_stop(leg: OrderRecord, others: Sequence[OrderRecord]) -> bool:
    """Whether it is a target beside one of these stops: they stand for one quantity."""
    stops = [other for other in others if other.role is OrderRole.STOP_LOSS]
    target = leg.role is OrderRole.TAKE_PROFIT
    return target and any(leg.parent in (stop.client_order_id, stop.parent) for stop in stops)


def _whose(leg: OrderRecord) -> Whose:
    return leg.instrument, leg.strategy


def _left(leg: OrderRecord) -> Decimal:
    return leg.quantity - leg.filled_quantity


def _stops(leg: OrderRecord) -> bool:
    return leg.role is OrderRole.STOP_LOSS and leg.triggered_at is None
