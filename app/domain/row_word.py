"""The words in which a row of the playbook tells how its last order stands (seed 002)."""

from collections.abc import Collection
from enum import StrEnum


class RowWord(StrEnum):
    """The life of a row's order. A skipped alert leaves its reason instead: `ALREADY LONG`.

    `REFUSED` is no order's word: the row itself is not understood, and does not trade.
    """

    READY = "READY"
    SUBMITTED = "ORDER SUBMITTED"
    FILLED = "FILLED"
    PARTIAL = "PARTIAL FILL"
    FAILED = "FAILED"
    WAITING = "WAITING"
    REFUSED = "REFUSED"


_TELLING = (RowWord.FAILED, RowWord.PARTIAL, RowWord.SUBMITTED, RowWord.FILLED)


def most_telling(words: Collection[str]) -> str:
    """The row's word, of those that its accounts have: closed is only what all have closed."""
    known = [word for word in _TELLING if word in words]
    others = sorted(set(words) - {RowWord.WAITING})
    return next(iter([*known, *others]), RowWord.WAITING if words else RowWord.READY)
