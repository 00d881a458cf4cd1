"""Holdings: what an account holds, whose it is, and whether a live stop of ours covers it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from app.domain.errors import BrokerError
from app.domain.order import OrderRole
from app.domain.position import Position
from app.domain.stake import ZERO, Stakes
from app.engine.accounts import Account
from app.ports.journal import Journal, OrderRecord


@dataclass(frozen=True, slots=True)
class Holding:
    """A position of an account. `protected`: our live stops would close all of it."""

    account: str
    position: Position
    protected: bool


@dataclass(frozen=True, slots=True)
class Inventory:
    """What accounts hold, and why some could not be read: of those nothing is known."""

    holdings: Sequence[Holding]
    unreadable: Mapping[str, BrokerError]


def inventory_of(accounts: Iterable[Account], journal: Journal) -> Inventory:
    """Everything that accounts hold. One that cannot be read hides no other.

    Raises:
        BrokerError: none of them could be read.
        JournalError: the journal could not.
    """
    read: dict[str, Sequence[Holding]] = {}
    unreadable: dict[str, BrokerError] = {}
    for account in accounts:
        try:
            read[account.name] = holdings_of(account, journal)
        except BrokerError as error:
            unreadable[account.name] = error
    if unreadable and not read:
        raise next(iter(unreadable.values()))
    return Inventory([holding for held in read.values() for holding in held], unreadable)


def holdings_of(account: Account, journal: Journal) -> Sequence[Holding]:
    """Everything that an account holds. May raise BrokerError and JournalError."""
    held = account.broker.positions()
    orders = journal.unsettled_orders(account.name) if held else ()
    return [Holding(account.name, position, is_covered(position, orders)) for position in held]


def stakes_in(account: Account, instrument: str, journal: Journal) -> Stakes:
    """Whose the position is. May raise BrokerError and JournalError.

    The stakes are read first: what a leg closes meanwhile is then too little, never too much.
    """
    stakes = journal.stakes(account.name, instrument)
    position = account.broker.position(instrument)
    return Stakes(position.quantity if position is not None else ZERO, stakes)


def is_covered(position: Position, orders: Iterable[OrderRecord]) -> bool:
    """Whether the stops that rest at the broker cover a whole position.

    A stop that was triggered and has not filled is a limit that the price ran away from: it covers
    nothing (trading-rules 36).
    """
    stops = (order for order in orders if order.role is OrderRole.STOP_LOSS)
    covered = sum(
        (order.quantity - order.filled_quantity for order in stops if _closes(order, position)),
        Decimal(0),
    )
    return covered >= abs(position.quantity)


def _closes(order: OrderRecord, position: Position) -> bool:
    against = order.side.sign * position.quantity < 0
    waits = order.status.working and order.triggered_at is None
    return waits and order.instrument == position.instrument and against
