"""What an account holds: positions and shares at home, each once (trading-rules 18).

Shares that were bought for delivery are a position on the day of the purchase, and are at home from
the next day on. What is sold of them is a position again, a negative one, until the day is over;
the list of what is at home stays as it was in the morning. So both together are what is held.
"""

from collections.abc import Callable, Sequence
from decimal import Decimal

from app.adapters.brokers.fyers.answers import ZERO, Held
from app.adapters.brokers.fyers.books import Books
from app.domain.order import Side
from app.domain.position import Position

AT_HOME = "CNC"


class Holdings:
    """Both books as one. One that cannot be read makes the whole unknown.

    `is_share`: whether a symbol may be at home; contracts never are.
    """

    def __init__(self, books: Books, is_share: Callable[[str], bool]) -> None:
        self._books = books
        self._is_share = is_share

    def all(self) -> Sequence[Position]:
        """Everything that is held."""
        held = [*self._books.positions(), *self._books.holdings()]
        symbols = sorted({each.symbol for each in held})
        found = (
            _position(symbol, [one for one in held if one.symbol == symbol]) for symbol in symbols
        )
        return [position for position in found if position is not None]

    def of(self, symbol: str) -> Position | None:
        """What is held of a symbol; None when flat."""
        return _position(symbol, self._held(symbol))

    def closing(self, symbol: str, side: Side, first: str) -> Sequence[tuple[str, Decimal]]:
        """How many units of each product an order of a side can close.

        `first`: the product that goes before the others.
        """
        mine = _by_product(self._held(symbol))
        sizes = [
            (each.product, abs(each.quantity)) for each in mine if each.quantity * side.sign < 0
        ]
        return sorted(sizes, key=lambda size: (size[0] != first, -size[1]))

    def traded(self, symbol: str) -> Decimal | None:
        """How many units the positions say were traded today; None where they do not tell."""
        mine = [each for each in self._books.positions(symbol) if each.symbol == symbol]
        if any(each.bought is None or each.sold is None for each in mine):
            return None
        return sum(((each.bought or ZERO) + (each.sold or ZERO) for each in mine), ZERO)

    def _held(self, symbol: str) -> Sequence[Held]:
        positions = self._books.positions(symbol)
        at_home = self._books.holdings() if self._is_share(symbol) else ()
        return [each for each in (*positions, *at_home) if each.symbol == symbol]


def _by_product(held: Sequence[Held]) -> Sequence[Held]:
    """What is held under each product: shares at home, and what was traded of them today."""
    products = dict.fromkeys(each.product for each in held)
    return [_together([each for each in held if each.product == one]) for one in products]


def _together(held: Sequence[Held]) -> Held:
    """A sale does not change what the rest has cost."""
    total = sum((each.quantity for each in held), ZERO)
    kept = [each for each in held if each.quantity * total > 0] or list(held)
    return Held(
        symbol=held[0].symbol,
        product=held[0].product,
        quantity=total,
        entry_price=_average(kept),
        price=held[0].price,
        multiplier=held[0].multiplier,
    )


def _position(symbol: str, held: Sequence[Held]) -> Position | None:
    parts = [each for each in _by_product(held) if each.quantity]
    if not parts:
        return None
    whole = _together(parts)
    if not whole.quantity:
        return None
    return Position(
        symbol=symbol,
        instrument=symbol,
        quantity=whole.quantity,
        entry_price=whole.entry_price,
        current_price=whole.price,
        multiplier=whole.multiplier,
    )


def _average(held: Sequence[Held]) -> Decimal:
    units = sum((abs(each.quantity) for each in held), ZERO)
    worth = sum((abs(each.quantity) * each.entry_price for each in held), ZERO)
    return worth / units if units else held[0].entry_price
