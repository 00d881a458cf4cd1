"""The ledger: fills matched first in, first out, long and short, exact to the last digit.

Inside, everything is counted in whole grains (`app/domain/grains.py`); `Decimal` is at the edges.
"""

from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import NamedTuple

from app.domain.grains import MONEY_PLACES, from_grains, from_money_grains
from app.domain.tally import Day, Of, Tally, TallyKey

FEE_PLACES = 12
"""Decimals that a part of a fee is cut to; the rest stays with what is left: nothing is lost."""

_FEE_GRAIN: int = 10 ** (MONEY_PLACES - FEE_PLACES)


class BookedFill(NamedTuple):
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


class ClosedTrade(NamedTuple):
    """A lot, or a part of one, that a fill closed. Its numbers are grains; see the properties.

    `units` is negative when the trade was short. `pnl_grains` is after the fees of both sides.
    `low` and `high`: the lowest and the highest price that was seen of it, its own two among them.
    `is_fee`: it was taken as a fee; nothing else goes for nothing.
    """

    entry: BookedFill
    exit: BookedFill
    units: int
    fee_grains: int
    pnl_grains: int
    low: int
    high: int
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
        """The lowest and the highest price that was seen of it."""
        return from_grains(self.low), from_grains(self.high)


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
        lots = self.lots
        left, price, fee = fill.units, fill.price, fill.fee
        trades: list[ClosedTrade] = []
        while left and lots and (lots[0].units > 0) != (left > 0):
            lot, wanted = lots[0], -left
            if abs(lot.units) <= abs(left):
                closed, entry_fee = lot.units, lot.fee_grains
                lots.popleft()
            else:
                closed, entry_fee = wanted, _part(lot.fee_grains, wanted, lot.units)
                lot.units -= closed
                lot.fee_grains -= entry_fee
            exit_fee = fee if closed == wanted else _part(fee, closed, wanted)
            fees = entry_fee + exit_fee
            entry = lot.entry
            gain = (price - entry.price) * closed * entry.multiplier
            low, high = _seen(lot, price)
            trades.append(ClosedTrade(entry, fill, closed, fees, gain - fees, low, high, not price))
            left += closed
            fee -= exit_fee
        if left:
            lots.append(OpenLot(fill, left, fee))
        return trades


@dataclass(frozen=True, slots=True)
class Ledger:
    """All books, and the figures of what was closed, counted from fills in the journal's order."""

    books: dict[tuple[str, str], Book] = field(default_factory=lambda: defaultdict(Book))
    tallies: dict[TallyKey, Tally] = field(default_factory=lambda: defaultdict(Tally))
    days: dict[tuple[str, date], Day] = field(default_factory=lambda: defaultdict(Day))
    _alike: dict[tuple[str, str, str], Sequence[Tally]] = field(
        default_factory=dict[tuple[str, str, str], Sequence[Tally]]
    )

    def apply(self, fill: BookedFill) -> list[ClosedTrade]:
        """Match a fill in its book, and count what it closed."""
        trades = self.books[fill.account, fill.instrument].apply(fill)
        if trades:
            self._count(fill, trades)
        return trades

    def _count(self, fill: BookedFill, trades: Sequence[ClosedTrade]) -> None:
        """Mostly all are of one strategy: whose tallies those are is looked up once."""
        strategy = trades[0].entry.strategy
        same = fill.account, fill.symbol, strategy
        if any(trade.entry.strategy != strategy for trade in trades[1:]):
            for key, share in counted_in(fill, trades):
                self.tallies[key].add(fill.at, share)
        else:
            if same not in self._alike:
                self._alike[same] = [self.tallies[key] for key, _ in counted_in(fill, trades)]
            for tally in self._alike[same]:
                tally.add(fill.at, trades)
        self.days[fill.account, fill.at.date()].add(trades)


def counted_in(
    fill: BookedFill, trades: Sequence[ClosedTrade]
) -> Iterator[tuple[TallyKey, Sequence[ClosedTrade]]]:
    """The tallies in which the trades that a fill closed are counted, and which of them in each.

    A trade is one of the strategy that entered it.
    """
    yield TallyKey(fill.account, Of.ACCOUNT), trades
    yield TallyKey(fill.account, Of.SYMBOL, fill.symbol), trades
    for name in dict.fromkeys([trade.entry.strategy for trade in trades]):
        share = [trade for trade in trades if trade.entry.strategy == name]
        yield TallyKey(fill.account, Of.STRATEGY, name), share


def _seen(lot: OpenLot, price: int) -> tuple[int, int]:
    """The lowest and the highest price of a lot that is closed at a price."""
    entry = lot.entry.price
    low, high = (entry, price) if entry < price else (price, entry)
    if lot.low is not None and lot.low < low:
        low = lot.low
    if lot.high is not None and lot.high > high:
        high = lot.high
    return low, high


def _part(fee: int, closed: int, whole: int) -> int:
    """The part of a fee that belongs to what was closed."""
    return fee * closed // whole // _FEE_GRAIN * _FEE_GRAIN
