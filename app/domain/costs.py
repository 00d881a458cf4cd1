"""What trading costs beside the price: slippage and fees, as small policies."""

from dataclasses import dataclass
from decimal import ROUND_DOWN, ROUND_HALF_EVEN, Context, Decimal
from typing import Protocol

from app.domain.book_order import BookOrder

HUNDRED = Decimal(100)
FEE_UNIT = Decimal("1E-12")
# Wide enough for any price, quantity and rate; only the last line of a fee is rounded.
_EXACT = Context(prec=200, rounding=ROUND_HALF_EVEN)
_DOWN = Context(prec=28, rounding=ROUND_DOWN)


class Slippage(Protocol):
    """How much worse than the market an order is filled."""

    def price(self, order: BookOrder, price: int) -> int:
        """The price in ticks that an order gets when the market is at this price."""
        ...


@dataclass(frozen=True, slots=True)
class FixedSlippage:
    """So many ticks against you for what fills at the market, as in TradingView's settings.

    An order with a limit gets its price or a better one, or nothing. `lowest`: a sale brings at
    least so much, where prices cannot fall without end.
    """

    ticks: int
    lowest: int | None = None

    def price(self, order: BookOrder, price: int) -> int:
        """The price in ticks that an order gets when the market is at this price."""
        if order.limit is not None:
            return price
        slipped = price + order.side * self.ticks
        if self.lowest is None or slipped >= self.lowest:
            return slipped
        return min(price, self.lowest)


NO_SLIPPAGE: Slippage = FixedSlippage(0)


@dataclass(frozen=True, slots=True)
class PercentFee:
    """A share of what is traded, on entries and exits alike (0.1 = 0.1 %)."""

    percent: Decimal = Decimal(0)

    def of(self, notional: Decimal) -> Decimal:
        """The fee of a fill that is worth so much, to twelve decimals."""
        share = _EXACT.divide(_EXACT.multiply(abs(notional), self.percent), HUNDRED)
        return share.quantize(FEE_UNIT, context=_EXACT)

    def affordable(self, money: Decimal) -> Decimal:
        """How much can be traded with so much money when its fee is paid from it too."""
        if not self.percent:
            return money
        return _DOWN.divide(_EXACT.multiply(money, HUNDRED), HUNDRED + self.percent)
