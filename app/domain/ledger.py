"""The ledger: fills matched first in, first out, long and short, exact to the last digit.

Inside, everything is counted in whole grains (`app/domain/grains.py`); `Decimal` is at the edges.
"""

from collections import defaultdict, deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import TypeAlias

from app.domain.grains import MONEY_PLACES, from_grains, from_money_grains
from app.domain.tally import Day, Of, Sums, Tally, TallyKey

FEE_PLACES = 12
"""Decimals that a part of a fee is cut to; the rest stays with what is left: nothing is lost."""

AT_ONCE = 500
"""Trades that wait to be counted together: fewer than would set off Python's collector (700)."""

Alike: TypeAlias = tuple[str, str, str, date]
"""What trades of one kind have in common: account, symbol, strategy, day (UTC) of the exit."""

_FEE_GRAIN: int = 10 ** (MONEY_PLACES - FEE_PLACES)


@dataclass(slots=True)
class BookedFill:
    """A fill with its number in the journal, and with what it was for; its numbers are grains.

    `units` is negative for a sell. `multiplier` = money per unit and point of price. `strategy` is
    empty when the alert named none.
    """

    number: int
    account: str
    instrument: str
    symbol: str
    strategy: str
    alert_id: str
    units: int
    price: int
    fee: int
    multiplier: int
    at: datetime


@dataclass(slots=True)
class ClosedTrade:
    """A lot, or a part of one, that a fill closed. Its numbers are grains; see the properties.

    `units` is negative when the trade was short. `pnl_grains` is after the fees of both sides.
    `seen_low` and `seen_high`: the prices that were seen between its own two; None when none was.
    `is_fee`: it was taken as a fee; nothing else goes for nothing.
    """

    entry: BookedFill
    exit: BookedFill
    units: int
    fee_grains: int
    pnl_grains: int
    seen_low: int | None
    seen_high: int | None
    is_fee: bool

    @property
    def quantity(self) -> Decimal:
        """How much was closed, negative when short."""
        return from_grains(self.units)

    @property
    def entry_price(self) -> Decimal:
        """The price of the fill that opened it."""
        return from_grains(self.entry.price)

    @property
    def exit_price(self) -> Decimal:
        """The price of the fill that closed it."""
        return from_grains(self.exit.price)

    @property
    def multiplier(self) -> Decimal:
        """Money per unit and point of price, as it was at the entry."""
        return from_grains(self.entry.multiplier)

    @property
    def fees(self) -> Decimal:
        """The fees of both sides that belong to what was closed."""
        return from_money_grains(self.fee_grains)

    @property
    def pnl(self) -> Decimal:
        """Profit after fees."""
        return from_money_grains(self.pnl_grains)

    @property
    def extremes(self) -> tuple[Decimal, Decimal]:
        """The lowest and the highest price of it: its own two, and what was seen between them."""
        prices = [self.entry.price, self.exit.price]
        prices += [seen for seen in (self.seen_low, self.seen_high) if seen is not None]
        return from_grains(min(prices)), from_grains(max(prices))


@dataclass(slots=True)
class OpenLot:
    """What is left of a fill that opened a position. `units` is negative when short.

    `fee_grains` is the part of the fill's fee that belongs to what is left. `low` and `high`: the
    prices that were seen since; None when none was.
    """

    entry: BookedFill
    units: int
    fee_grains: int
    low: int | None = None
    high: int | None = None

    @property
    def quantity(self) -> Decimal:
        """How much is left, negative when short."""
        return from_grains(self.units)

    @property
    def fee(self) -> Decimal:
        """The fee that is not yet counted in a trade."""
        return from_money_grains(self.fee_grains)


class Book:
    """The open lots of one instrument in one account, oldest first; all on one side."""

    __slots__ = ("lots",)

    def __init__(self, lots: Iterable[OpenLot] = ()) -> None:
        self.lots = deque(lots)

    @property
    def quantity(self) -> Decimal:
        """The position that the fills add up to, negative when short."""
        return from_grains(sum(lot.units for lot in self.lots))

    def apply(self, fill: BookedFill) -> list[ClosedTrade]:
        """Match a fill against the open lots; what is left over opens a lot of its own."""
        lots, buys = self.lots, fill.units > 0
        left, price, fee = fill.units, fill.price, fill.fee
        trades: list[ClosedTrade] = []
        closes = bool(lots) and (lots[0].units > 0) != buys
        while closes and left and lots:
            lot, wanted = lots[0], -left
            entry, closed = lot.entry, lot.units
            left += closed
            if left and (left > 0) != buys:  # the lot is larger: what is left is left of it
                fees = _part(lot.fee_grains, wanted, closed)
                closed, lot.units, left = wanted, left, 0
                lot.fee_grains -= fees
                fees += fee
            elif left:
                lots.popleft()
                share = _part(fee, closed, wanted)
                fees = lot.fee_grains + share
                fee -= share
            else:
                lots.popleft()
                fees = lot.fee_grains + fee
            pnl = (price - entry.price) * closed * entry.multiplier - fees
            trades.append(ClosedTrade(entry, fill, closed, fees, pnl, lot.low, lot.high, not price))
        if left:
            lots.append(OpenLot(fill, left, fee))
        return trades


@dataclass(frozen=True, slots=True)
class Ledger:
    """All books, and the figures of what was closed, counted from fills in the journal's order.

    Trades are counted many at once, which is much faster than one by one: at the latest when
    somebody asks for the figures.
    """

    books: dict[tuple[str, str], Book] = field(default_factory=lambda: defaultdict(Book))
    _tallies: dict[TallyKey, Tally] = field(default_factory=lambda: defaultdict(Tally))
    _days: dict[tuple[str, date], Day] = field(default_factory=lambda: defaultdict(Day))
    _uncounted: list[ClosedTrade] = field(default_factory=list[ClosedTrade])

    @property
    def tallies(self) -> Mapping[TallyKey, Tally]:
        """The figures of all accounts, symbols and strategies."""
        self._count()
        return self._tallies

    @property
    def days(self) -> Mapping[tuple[str, date], Day]:
        """What each account realised on each day."""
        self._count()
        return self._days

    def apply(self, fill: BookedFill) -> list[ClosedTrade]:
        """Match a fill in its book, and have what it closed counted."""
        trades = self.books[fill.account, fill.instrument].apply(fill)
        if trades:
            self._uncounted.extend(trades)
            if len(self._uncounted) >= AT_ONCE:
                self._count()
        return trades

    def _count(self) -> None:
        """Count what waits. Of trades that are alike the sums are made once, for all tallies."""
        shares, groups = sorted_out(self._uncounted)
        for key, share in shares.items():
            self._tallies[key].follow(share)
        for (account, symbol, strategy, day), trades in groups.items():
            sums, at = Sums.of(trades), max([trade.exit.at for trade in trades])
            for key in tallies_of(account, symbol, strategy):
                self._tallies[key].include(sums, at)
            self._days[account, day].include(sums)
        self._uncounted.clear()


@lru_cache(maxsize=10_000)
def tallies_of(account: str, symbol: str, strategy: str) -> Sequence[TallyKey]:
    """The tallies in which a trade is counted; it is one of the strategy that entered it."""
    return (
        TallyKey(account, Of.ACCOUNT),
        TallyKey(account, Of.SYMBOL, symbol),
        TallyKey(account, Of.STRATEGY, strategy),
    )


def sorted_out(
    trades: Iterable[ClosedTrade],
) -> tuple[Mapping[TallyKey, list[ClosedTrade]], Mapping[Alike, list[ClosedTrade]]]:
    """Trades by the tallies that they count in, and by what they have in common."""
    shares: defaultdict[TallyKey, list[ClosedTrade]] = defaultdict(list)
    groups: dict[Alike, list[ClosedTrade]] = {}
    places: dict[Alike, list[list[ClosedTrade]]] = {}
    for trade in trades:
        way_out = trade.exit
        alike = way_out.account, way_out.symbol, trade.entry.strategy, way_out.at.date()
        place = places.get(alike)
        if place is None:
            groups[alike] = []
            place = [groups[alike], *(shares[key] for key in tallies_of(*alike[:3]))]
            places[alike] = place
        group, of_account, of_symbol, of_strategy = place
        group.append(trade)
        of_account.append(trade)
        of_symbol.append(trade)
        of_strategy.append(trade)
    return shares, groups


def _part(fee: int, closed: int, whole: int) -> int:
    """The part of a fee that belongs to what was closed."""
    return fee * closed // (whole * _FEE_GRAIN) * _FEE_GRAIN
