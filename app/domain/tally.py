"""Tallies: running figures of closed trades, in grains of the account's currency."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Protocol

from app.domain.grains import from_money_grains

ZERO = Decimal(0)


class Counted(Protocol):
    """What is counted of a trade."""

    @property
    def pnl_grains(self) -> int:
        """Profit after fees."""
        ...

    @property
    def fee_grains(self) -> int:
        """Fees of both sides."""
        ...


@dataclass(slots=True)
class Tally:
    """The figures of a symbol, or of several. Best and worst are 0 without trades."""

    total_trades: int = 0
    winning_trades: int = 0
    losing_trades: int = 0
    pnl: int = 0
    best: int = 0
    worst: int = 0
    last_updated: datetime | None = None

    @property
    def win_rate(self) -> Decimal:
        """Winning trades in percent of all; trades without gain or loss count in neither."""
        return Decimal(100 * self.winning_trades) / (self.total_trades or 1)

    @property
    def total_pnl(self) -> Decimal:
        """Profit of all trades, after fees."""
        return from_money_grains(self.pnl)

    @property
    def average_pnl(self) -> Decimal:
        """Profit per trade."""
        return self.total_pnl / (self.total_trades or 1)

    @property
    def best_trade(self) -> Decimal:
        """Profit of the best trade."""
        return from_money_grains(self.best)

    @property
    def worst_trade(self) -> Decimal:
        """Profit of the worst trade."""
        return from_money_grains(self.worst)

    def add(self, at: datetime, trades: Iterable[Counted]) -> None:
        """Count trades that were closed at one moment."""
        for trade in trades:
            pnl = trade.pnl_grains
            if not self.total_trades:
                self.best = self.worst = pnl
            elif pnl > self.best:
                self.best = pnl
            elif pnl < self.worst:
                self.worst = pnl
            if pnl > 0:
                self.winning_trades += 1
            elif pnl:
                self.losing_trades += 1
            self.total_trades += 1
            self.pnl += pnl
        if self.last_updated is None or self.last_updated < at:
            self.last_updated = at

    def merge(self, other: "Tally") -> None:
        """Count the trades of another tally too."""
        if other.last_updated is None:
            return
        first = not self.total_trades
        self.best = other.best if first else max(self.best, other.best)
        self.worst = other.worst if first else min(self.worst, other.worst)
        self.total_trades += other.total_trades
        self.winning_trades += other.winning_trades
        self.losing_trades += other.losing_trades
        self.pnl += other.pnl
        self.last_updated = max(self.last_updated or other.last_updated, other.last_updated)


@dataclass(slots=True)
class Day:
    """What an account realised on one day (UTC), after fees; `fees` are those of its trades."""

    trades: int = 0
    realised: int = 0
    fees: int = 0

    def add(self, trades: Iterable[Counted]) -> None:
        """Count trades that were closed on this day."""
        for trade in trades:
            self.trades += 1
            self.realised += trade.pnl_grains
            self.fees += trade.fee_grains
