"""An independent reckoning: what fills come to, first in, first out, by plain arithmetic.

It shares nothing with the code that it judges, but the names that `/performance` gives its figures.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, NamedTuple

ZERO = Decimal(0)


class Lot(NamedTuple):
    """Units that were bought, or sold short (negative), at a price."""

    units: Decimal
    price: Decimal


class Trade(NamedTuple):
    """Units that were closed, negative when short, and both prices."""

    units: Decimal
    entry: Decimal
    exit: Decimal

    @property
    def pnl(self) -> Decimal:
        """What it earned."""
        return (self.exit - self.entry) * self.units


@dataclass(slots=True)
class Reckoning:
    """Cash, positions and trades that fills without fees come to."""

    cash: Decimal
    lots: dict[str, list[Lot]] = field(default_factory=lambda: defaultdict(list[Lot]))
    trades: dict[str, list[Trade]] = field(default_factory=lambda: defaultdict(list[Trade]))

    def fill(self, instrument: str, change: Decimal, price: Decimal) -> None:
        """Take a fill; `change` is negative for a sell."""
        self.cash -= change * price
        lots = self.lots[instrument]
        while change and lots and lots[0].units * change < 0:
            lot = lots.pop(0)
            closed = min(abs(lot.units), abs(change)).copy_sign(lot.units)
            self.trades[instrument].append(Trade(closed, lot.price, price))
            change += closed
            if lot.units != closed:
                lots.insert(0, Lot(lot.units - closed, lot.price))
        if change:
            lots.append(Lot(change, price))

    def held(self, instrument: str) -> Decimal:
        """The position, negative when short."""
        return sum((lot.units for lot in self.lots[instrument]), ZERO)

    @property
    def positions(self) -> dict[str, Decimal]:
        """What is held by instrument, flat ones left out."""
        return {name: self.held(name) for name in list(self.lots) if self.held(name)}

    @property
    def closed(self) -> Counter[tuple[str, Trade]]:
        """Every trade, however often."""
        return Counter((name, trade) for name, trades in self.trades.items() for trade in trades)

    @property
    def open(self) -> Counter[tuple[str, Lot]]:
        """Every lot that is left."""
        return Counter((name, lot) for name, lots in self.lots.items() for lot in lots)

    def performance(self) -> dict[str, dict[str, float]]:
        """The figures of each instrument that closed a trade, and of all as `total`."""
        every = {name: trades for name, trades in self.trades.items() if trades}
        total = [trade for trades in every.values() for trade in trades]
        return {name: _figures(trades) for name, trades in {**every, "total": total}.items()}


@dataclass(slots=True)
class Stake:
    """The open lots of a strategy, oldest first: entry, units, whether it asked for a stop."""

    lots: list[tuple[str, Decimal, bool]] = field(default_factory=list[tuple[str, Decimal, bool]])

    @property
    def units(self) -> Decimal:
        return sum((units for _, units, _ in self.lots), ZERO)

    @property
    def protected(self) -> Decimal:
        """How much of it must have a working stop, whatever its side."""
        return abs(sum((units for _, units, stopped in self.lots if stopped), ZERO))

    def close(self, quantity: Decimal, entry: str | None = None) -> None:
        """Take units off: those of an entry first, whose leg has filled, then the oldest."""
        self.lots.sort(key=lambda lot: lot[0] != entry)  # stable
        while quantity:
            name, units, stopped = self.lots.pop(0)
            closed = min(quantity, abs(units))
            quantity -= closed
            if closed < abs(units):
                rest = units - closed.copy_sign(units)
                self.lots.insert(0, (name, rest, stopped))


def sign_of(row: Mapping[str, Any]) -> int:
    """Which way an order or a fill changes a position."""
    return 1 if row["side"] == "buy" else -1


def _figures(trades: Iterable[Trade]) -> dict[str, float]:
    pnls = [trade.pnl for trade in trades]
    won, lost = sum(pnl > 0 for pnl in pnls), sum(pnl < 0 for pnl in pnls)
    total, count = sum(pnls, ZERO), len(pnls) or 1
    return {
        "total_trades": len(pnls),
        "winning_trades": won,
        "losing_trades": lost,
        "win_rate": float(Decimal(100 * won) / count),
        "total_pnl": float(total),
        "avg_pnl_per_trade": float(total / count),
        "best_trade": float(max(pnls, default=ZERO)),
        "worst_trade": float(min(pnls, default=ZERO)),
    }
