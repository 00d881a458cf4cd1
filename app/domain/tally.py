"""Tallies: running figures of closed trades, in grains of the account's currency."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple, Protocol

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

    @property
    def is_fee(self) -> bool:
        """Whether it is itself a fee, which was taken out of what was held."""
        ...


class Of(StrEnum):
    """What the trades of a tally have in common, beside their account."""

    SYMBOL = "symbol"
    STRATEGY = "strategy"
    ACCOUNT = "account"


class TallyKey(NamedTuple):
    """What tells a tally. `name` is empty for that of an account, and where a strategy has none."""

    account: str
    of: Of
    name: str = ""


class Sums(NamedTuple):
    """What trades come to in whatever order: made once, and added wherever they count.

    Trades that are fees are no trades here: they only cost.
    """

    trades: int
    wins: int
    losses: int
    pnl: int
    gains: int
    fees: int
    best: int
    worst: int

    @classmethod
    def of(cls, trades: Sequence[Counted]) -> "Sums":
        """The sums of trades."""
        results = [trade.pnl_grains for trade in trades if not trade.is_fee]
        won = [pnl for pnl in results if pnl > 0]
        taken = sum([trade.pnl_grains for trade in trades if trade.is_fee])
        return cls(
            trades=len(results),
            wins=len(won),
            losses=len(results) - len(won) - results.count(0),
            pnl=sum(results) + taken,
            gains=sum(won),
            fees=sum([trade.fee_grains for trade in trades if not trade.is_fee]) - taken,
            best=max(results, default=0),
            worst=min(results, default=0),
        )


@dataclass(slots=True)
class Tally:
    """The figures of some trades of an account, or of several. Best and worst are 0 without trades.

    `streak`: how many winners came last, negative for losers; a trade without gain or loss leaves
    it as it is. `peak`: the most that all trades together had earned at a time, `drawdown`: the
    most that was lost from a peak on. These and the longest streaks follow the order of exits: in
    one account. Of several there is none (`in_order`).
    """

    total_trades: int = 0
    winning_trades: int = 0
    losing_trades: int = 0
    pnl: int = 0
    gains: int = 0
    fees: int = 0
    best: int = 0
    worst: int = 0
    streak: int = 0
    longest_wins: int = 0
    longest_losses: int = 0
    peak: int = 0
    drawdown: int = 0
    last_updated: datetime | None = None
    in_order: bool = True

    @property
    def win_rate(self) -> Decimal:
        """Winning trades in percent of all; trades without gain or loss count in neither."""
        return Decimal(100 * self.winning_trades) / (self.total_trades or 1)

    @property
    def total_pnl(self) -> Decimal:
        """Profit of all trades, after fees."""
        return from_money_grains(self.pnl)

    @property
    def gross_profit(self) -> Decimal:
        """What the winning trades earned, after fees."""
        return from_money_grains(self.gains)

    @property
    def gross_loss(self) -> Decimal:
        """What the losing trades lost, and what was taken of a position as a fee; not negative."""
        return from_money_grains(self.gains - self.pnl)

    @property
    def total_fees(self) -> Decimal:
        """Fees of all trades."""
        return from_money_grains(self.fees)

    @property
    def average_pnl(self) -> Decimal:
        """Profit per trade: what is to be expected of one."""
        return self.total_pnl / (self.total_trades or 1)

    @property
    def average_win(self) -> Decimal:
        """Profit per winning trade."""
        return self.gross_profit / (self.winning_trades or 1)

    @property
    def average_loss(self) -> Decimal:
        """Loss per losing trade; not negative."""
        return self.gross_loss / (self.losing_trades or 1)

    @property
    def profit_factor(self) -> Decimal | None:
        """What was earned for each unit of money that was lost; None when nothing was lost."""
        return self.gross_profit / self.gross_loss if self.gains != self.pnl else None

    @property
    def best_trade(self) -> Decimal:
        """Profit of the best trade."""
        return from_money_grains(self.best)

    @property
    def worst_trade(self) -> Decimal:
        """Profit of the worst trade."""
        return from_money_grains(self.worst)

    @property
    def max_drawdown(self) -> Decimal | None:
        """The most that was lost from the highest sum of profits on; None of several accounts."""
        return from_money_grains(self.drawdown) if self.in_order else None

    @property
    def streaks(self) -> tuple[int, int, int] | None:
        """The present one, the longest of winners, the longest of losers; None of several."""
        return (self.streak, self.longest_wins, self.longest_losses) if self.in_order else None

    def add(self, at: datetime, trades: Sequence[Counted]) -> None:
        """Count trades in the order of their exits, the last of which was at this moment."""
        self.follow(trades)
        self.include(Sums.of(trades), at)

    def follow(self, trades: Iterable[Counted]) -> None:
        """Go through trades for what their order makes; their sums are to be included next."""
        earned, peak, bottom = self.pnl, self.peak, self.peak - self.drawdown
        streak, most, least = self.streak, self.longest_wins, -self.longest_losses
        for trade in trades:
            pnl = trade.pnl_grains
            earned += pnl
            if earned < bottom:
                bottom = earned
            elif earned > peak and not trade.is_fee:
                peak, bottom = earned, bottom + earned - peak
            if not pnl or trade.is_fee:
                continue
            if pnl > 0:
                streak = streak + 1 if streak > 0 else 1
            else:
                streak = streak - 1 if streak < 0 else -1
            if streak > most:
                most = streak
            elif streak < least:
                least = streak
        self.peak, self.drawdown = peak, peak - bottom
        self.streak, self.longest_wins, self.longest_losses = streak, most, -least

    def include(self, sums: Sums, at: datetime) -> None:
        """Add the sums of trades, the last of which was closed at this moment."""
        first = not self.total_trades
        self.total_trades += sums.trades
        self.winning_trades += sums.wins
        self.losing_trades += sums.losses
        self.pnl += sums.pnl
        self.gains += sums.gains
        self.fees += sums.fees
        if sums.trades:
            self.best = sums.best if first else max(self.best, sums.best)
            self.worst = sums.worst if first else min(self.worst, sums.worst)
        if self.last_updated is None or self.last_updated < at:
            self.last_updated = at

    def merge(self, other: "Tally") -> "Tally":
        """The figures of both, of different accounts."""
        if self.last_updated is None or other.last_updated is None:
            return self if other.last_updated is None else other
        traded = [each for each in (self, other) if each.total_trades]
        return Tally(
            total_trades=self.total_trades + other.total_trades,
            winning_trades=self.winning_trades + other.winning_trades,
            losing_trades=self.losing_trades + other.losing_trades,
            pnl=self.pnl + other.pnl,
            gains=self.gains + other.gains,
            fees=self.fees + other.fees,
            best=max((each.best for each in traded), default=0),
            worst=min((each.worst for each in traded), default=0),
            last_updated=max(self.last_updated, other.last_updated),
            in_order=False,
        )


@dataclass(slots=True)
class Day:
    """What an account realised on one day (UTC), after fees; `fees` are those of its trades."""

    trades: int = 0
    realised: int = 0
    fees: int = 0

    def include(self, sums: Sums) -> None:
        """Add the sums of trades that were closed on this day."""
        self.trades += sums.trades
        self.realised += sums.pnl
        self.fees += sums.fees
