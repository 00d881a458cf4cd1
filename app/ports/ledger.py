"""The ledger as a whole: counted anew, and what accounts are worth. Each fill books itself."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Protocol


class Ledger(Protocol):
    """Open lots, closed trades and their figures. Every method may raise JournalError."""

    def rebuild(self) -> bool:
        """Count everything anew from the fills; whether what was stored differed and was mended."""
        ...

    def note_equity(self, account: str, equity: Decimal, at: datetime) -> None:
        """Keep what an account is worth; of each day (UTC) the last."""
        ...

    def note_prices(self, account: str, prices: Mapping[str, Decimal]) -> None:
        """Keep how far the prices went of what is open; `prices`: by instrument."""
        ...
