"""The Status Tracker: the playbook's row tells how its last order stands, in the seed's words.

A word is written in the unit that writes what it tells, so that it is as true as the journal. What
closes a position is told there too: whatever made a strategy's stake zero.
"""

from collections.abc import Sequence

from app.domain.order import OrderStatus
from app.domain.outcome import AlertStatus, Outcome
from app.domain.row_word import RowWord
from app.ports.journal import Changes, OrderRecord, Unit


def note_changes(unit: Unit, changes: Sequence[Changes]) -> None:
    """Tell in the rows what the broker said of their orders; also long after their alerts ended."""
    for change in changes:
        order = change.order
        if order.role.protects or not (change.fills or change.before is not order.status):
            continue
        stakes = unit.stakes(order.account, order.instrument)
        held = any(stake.quantity for stake in stakes if stake.strategy == order.strategy)
        word = word_of_order(order, held=held)
        if word is not None:
            unit.note_word(order.job_id, word, by_order=True)


def word_of_order(order: OrderRecord, *, held: bool) -> RowWord | None:
    """The word for an entry or exit; `held`: its strategy has a position. None: no news."""
    if order.filled_quantity:
        filled = RowWord.FILLED if order.status is OrderStatus.FILLED else RowWord.PARTIAL
        return filled if held else RowWord.WAITING
    match order.status:
        case OrderStatus.LIVE:
            return RowWord.SUBMITTED
        case OrderStatus.REJECTED | OrderStatus.EXPIRED:
            return RowWord.FAILED
        case OrderStatus.CANCELED:
            return RowWord.FILLED if held else RowWord.WAITING
        case _:
            return None


def note_outcome(unit: Unit, job_id: int, outcome: Outcome) -> None:
    """Tell in the row of a job how it ended; of a success its orders have told."""
    word = word_of_outcome(outcome)
    if word is not None:
        unit.note_word(job_id, word, by_order=False)


def word_of_outcome(outcome: Outcome) -> str | None:
    """The word for the end of an alert on an account; None when the row stays as it is."""
    if outcome.status is AlertStatus.SKIPPED:
        return outcome.reason.replace("_", " ")
    if outcome.status in (AlertStatus.SUCCESS, AlertStatus.INFO):
        return None
    return RowWord.FAILED
