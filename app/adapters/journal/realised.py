"""What an account earned and lost since a moment: its fills, matched as the ledger matches them."""

import threading
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal

from app.adapters.journal.rows import fill_of
from app.adapters.journal.statements import Q
from app.adapters.sql import Database, Row
from app.domain.ledger import Book, ClosedTrade

CHUNK = 1000
REMEMBERED = timedelta(days=2)
"""How long before the moment that is asked for closed trades are kept: days begin at other times
elsewhere."""


@dataclass(slots=True)
class _Account:
    books: defaultdict[str, Book] = field(default_factory=lambda: defaultdict(Book))
    trades: list[ClosedTrade] = field(default_factory=list[ClosedTrade])
    last_fill: int = 0


class Realised:
    """Realised profit by account. Each call reads only the fills that are new since the last."""

    def __init__(self, database: Database) -> None:
        self._db = database
        self._lock = threading.Lock()
        self._accounts: defaultdict[str, _Account] = defaultdict(_Account)

    def since(self, account: str, moment: datetime) -> Decimal:
        """Profit after fees of what was closed since a moment, negative when lost."""
        with self._lock:
            known = self._accounts[account]
            for row in self._new_fills(account, known.last_fill):
                known.trades += known.books[row["instrument"]].apply(fill_of(row))
                known.last_fill = row["id"]
            oldest = moment - REMEMBERED
            known.trades = [trade for trade in known.trades if trade.exited_at >= oldest]
            recent = (trade.pnl for trade in known.trades if trade.exited_at >= moment)
            return sum(recent, Decimal(0))

    def _new_fills(self, account: str, after: int) -> Iterator[Row]:
        rows: list[Row] = []
        while not rows or len(rows) == CHUNK:
            params = {"account": account, "after": rows[-1]["id"] if rows else after, "most": CHUNK}
            with self._db.reading() as tx:
                rows = tx.run(Q["some_fills_after"], params).fetchall()
            yield from rows
            if not rows:
                return
