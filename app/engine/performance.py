"""Performance: the journal's fills, matched first in, first out, as figures per symbol."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field

from app.domain.ledger import Book, ClosedTrade, Tally
from app.ports.journal import Journal


@dataclass(slots=True)
class _Figures:
    books: dict[tuple[str, str], Book] = field(default_factory=dict[tuple[str, str], Book])
    symbols: dict[str, Tally] = field(default_factory=dict[str, Tally])
    total: Tally = field(default_factory=Tally)
    last_fill: int = 0


class Performance:
    """Figures of closed trades. Each call reads only the fills that are new since the last."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._lock = threading.Lock()
        self._figures = _Figures()

    def figures(self) -> tuple[Mapping[str, Tally], Tally]:
        """The tallies by symbol, and of all symbols together."""
        with self._lock:
            known = self._figures
            for number, fill, account in self._journal.fills(None, known.last_fill):
                book = known.books.setdefault((account, fill.symbol), Book())
                self._count(known, fill.symbol, book.apply(fill))
                known.last_fill = number
            return dict(known.symbols), known.total

    def rebuild(self) -> tuple[Mapping[str, Tally], Tally]:
        """The same from the first fill on, forgetting what was counted."""
        with self._lock:
            self._figures = _Figures()
        return self.figures()

    def _count(self, known: _Figures, symbol: str, trades: list[ClosedTrade]) -> None:
        if trades:
            known.symbols.setdefault(symbol, Tally()).add(trades)
            known.total.add(trades)
