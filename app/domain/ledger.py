"""The ledger: fills matched first in, first out, long and short, exact to the last digit."""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from decimal import ROUND_DOWN, Context, Decimal, localcontext

from app.domain.order import Fill

ZERO = Decimal(0)
HUNDRED = Decimal(100)
SMALLEST_FEE = Decimal("1E-12")
"""What a part of a fee is cut to; the rest stays with what is left, so that nothing is lost."""

# Wide enough for sums and products of any prices and quantities: nothing is rounded in here.
_EXACT = Context(prec=100)


@dataclass(slots=True)
class OpenLot:
    """What is left of a fill that opened a position. `quantity` is negative when short.

    `fee` is the part of the fill's fee that belongs to what is left.
    """

    quantity: Decimal
    price: Decimal
    fee: Decimal
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosedTrade:
    """A lot, or a part of one, that was closed. `pnl` is after the fees of both sides."""

    symbol: str
    quantity: Decimal
    entry_price: Decimal
    exit_price: Decimal
    entered_at: datetime
    exited_at: datetime
    pnl: Decimal


@dataclass(slots=True)
class Book:
    """The open lots of one instrument, oldest first; all on one side."""

    lots: deque[OpenLot] = field(default_factory=deque[OpenLot])

    @property
    def quantity(self) -> Decimal:
        """The position that the fills add up to, negative when short."""
        return sum((lot.quantity for lot in self.lots), ZERO)

    def apply(self, fill: Fill, multiplier: Decimal = Decimal(1)) -> list[ClosedTrade]:
        """Match a fill against the open lots; what is left over opens a lot of its own."""
        with localcontext(_EXACT):
            return self._match(fill, multiplier)

    def _match(self, fill: Fill, multiplier: Decimal) -> list[ClosedTrade]:
        left = fill.quantity * fill.side.sign
        fee_left = fill.fee
        trades: list[ClosedTrade] = []
        while left and self.lots and (self.lots[0].quantity > 0) != (left > 0):
            lot = self.lots[0]
            matched = min(abs(left), abs(lot.quantity))
            entry_fee = _part(lot.fee, matched, abs(lot.quantity))
            exit_fee = _part(fee_left, matched, abs(left))
            trades.append(_closed(fill, lot, matched, multiplier, entry_fee + exit_fee))
            fee_left -= exit_fee
            left += matched if left < 0 else -matched
            self._take(lot, matched, entry_fee)
        if left:
            self.lots.append(OpenLot(left, fill.price, fee_left, fill.at))
        return trades

    def _take(self, lot: OpenLot, matched: Decimal, fee: Decimal) -> None:
        lot.quantity += matched if lot.quantity < 0 else -matched
        lot.fee -= fee
        if not lot.quantity:
            self.lots.popleft()


@dataclass(slots=True)
class Tally:
    """Running figures of closed trades, in the account's currency."""

    total_trades: int = 0
    winning_trades: int = 0
    losing_trades: int = 0
    total_pnl: Decimal = ZERO
    best_trade: Decimal = ZERO
    worst_trade: Decimal = ZERO
    last_updated: datetime | None = None

    @property
    def win_rate(self) -> Decimal:
        """Winning trades in percent of all; trades without gain or loss count in neither."""
        return HUNDRED * self.winning_trades / self.total_trades if self.total_trades else ZERO

    @property
    def average_pnl(self) -> Decimal:
        """Profit per trade."""
        return self.total_pnl / self.total_trades if self.total_trades else ZERO

    def add(self, trades: Iterable[ClosedTrade]) -> None:
        """Count closed trades."""
        for trade in trades:
            first = not self.total_trades
            self.total_trades += 1
            self.winning_trades += trade.pnl > 0
            self.losing_trades += trade.pnl < 0
            self.total_pnl = _EXACT.add(self.total_pnl, trade.pnl)
            self.best_trade = trade.pnl if first else max(self.best_trade, trade.pnl)
            self.worst_trade = trade.pnl if first else min(self.worst_trade, trade.pnl)
            self.last_updated = trade.exited_at


def _part(fee: Decimal, matched: Decimal, whole: Decimal) -> Decimal:
    """The part of a fee that belongs to what was matched; all of it with the last part."""
    if matched == whole:
        return fee
    return (fee * matched / whole).quantize(SMALLEST_FEE, ROUND_DOWN)


def _closed(
    fill: Fill, lot: OpenLot, matched: Decimal, multiplier: Decimal, fees: Decimal
) -> ClosedTrade:
    sign = 1 if lot.quantity > 0 else -1
    gain = (fill.price - lot.price) * matched * sign * multiplier
    return ClosedTrade(
        symbol=fill.symbol,
        quantity=matched * sign,
        entry_price=lot.price,
        exit_price=fill.price,
        entered_at=lot.at,
        exited_at=fill.at,
        pnl=gain - fees,
    )
