"""Events of rooms that know no journal."""

from collections.abc import Sequence

from app.domain.events import Event, EventKind
from app.ports.clock import Clock
from app.ports.journal import Journal
from app.ports.playbook import RefusedRow


def tell_of_backup(journal: Journal, clock: Clock, why: str | None) -> None:
    """A backup was made, or why it was not."""
    kind = EventKind.BACKUP_MADE if why is None else EventKind.BACKUP_FAILED
    facts = {} if why is None else {"why": why}
    with journal.unit() as unit:
        unit.record(Event(kind=kind, at=clock.now(), problem=why is not None, facts=facts))


def tell_of_lists(journal: Journal, clock: Clock, why: str | None) -> None:
    """The lists of instruments are new, or why they are not."""
    kind = EventKind.SYMBOLS_REFRESHED if why is None else EventKind.SYMBOLS_FAILED
    facts = {} if why is None else {"why": why}
    with journal.unit() as unit:
        unit.record(Event(kind=kind, at=clock.now(), problem=why is not None, facts=facts))


def tell_of_address(journal: Journal, clock: Clock, expected: str, found: str) -> None:
    """We call out from another address than brokers know."""
    facts = {"expected": expected, "found": found}
    with journal.unit() as unit:
        kind = EventKind.EGRESS_CHANGED
        unit.record(Event(kind=kind, at=clock.now(), problem=True, facts=facts))


def tell_of_sheet(journal: Journal, clock: Clock, of: str, why: str | None) -> None:
    """Something about the sheet is wrong, or fine again."""
    kind = EventKind.SHEET_FINE if why is None else EventKind.SHEET_TROUBLE
    facts = {"of": of} if why is None else {"of": of, "why": why}
    with journal.unit() as unit:
        unit.record(Event(kind=kind, at=clock.now(), problem=why is not None, facts=facts))


def tell_of_rows(journal: Journal, clock: Clock, rows: Sequence[RefusedRow]) -> None:
    """Lines of the sheet do not trade."""
    facts = {"rows": [{"line": row.number, "why": row.why} for row in rows]}
    event = Event(kind=EventKind.SHEET_ROWS_REFUSED, at=clock.now(), problem=True, facts=facts)
    with journal.unit() as unit:
        unit.record(event)


def tell_of_disk(journal: Journal, clock: Clock, *, full: bool) -> None:
    """The disk is full, or has room again."""
    kind = EventKind.DISK_FULL if full else EventKind.DISK_FREE
    with journal.unit() as unit:
        unit.record(Event(kind=kind, at=clock.now(), problem=full))
