"""What the risk gate counts: entries, read in a transaction or beside one."""

from collections.abc import Set

from app.adapters.journal.statements import Q
from app.adapters.sql import Transaction


def entries_since(tx: Transaction, account: str, since: int, now: int, without: str) -> int:
    """Entries, but one, that were written for the wire after a moment."""
    params = {"account": account, "since": since, "now": now, "without": without}
    row = tx.one(Q["entries_since"], params)
    return int(row["n"]) if row is not None else 0


def being_entered(tx: Transaction, account: str, after_fill: int) -> Set[str]:
    """Instruments with an entry that may still fill, or a fill after a number."""
    params = {"account": account, "after_fill": after_fill}
    return {row["instrument"] for row in tx.run(Q["being_entered"], params).fetchall()}
