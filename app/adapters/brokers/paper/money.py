"""Exact money: sums and products never round, whatever the caller's decimal context is."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import (
    ROUND_HALF_EVEN,
    Context,
    Decimal,
    DivisionByZero,
    Inexact,
    InvalidOperation,
    Overflow,
)

from app.domain.position import Position

EXACT = Context(prec=200, traps=[DivisionByZero, Inexact, InvalidOperation, Overflow])
"""The context that the account is kept in: what would be rounded raises instead."""

PRICE_UNIT = Decimal("1E-12")
"""The grid that the matcher counts prices on: finer than any tick, so that quotes stay exact."""

TOO_LARGE = Decimal(10) ** 15
"""Prices and quantities from here on are taken for mistakes."""

ZERO = Decimal(0)
_AVERAGE = Context(prec=28, rounding=ROUND_HALF_EVEN)
_ROUND = Context(prec=200, rounding=ROUND_HALF_EVEN)


def plain(value: Decimal) -> str:
    """The digits of a number as text, without an exponent and without zeros at the end."""
    return f"{EXACT.normalize(value):f}"


def usable_price(price: Decimal) -> Decimal | None:
    """A price to twelve decimals; None when it cannot be one."""
    if not price.is_finite() or not ZERO < price < TOO_LARGE:
        return None
    rounded = price.quantize(PRICE_UNIT, context=_ROUND)
    return EXACT.normalize(rounded) or None


def average(total: Decimal, quantity: Decimal) -> Decimal:
    """The price per unit, to 28 digits."""
    return _AVERAGE.divide(total, quantity)


@dataclass(frozen=True, slots=True)
class Holding:
    """What is held of an instrument: units, negative when short, and what one cost on average."""

    quantity: Decimal = ZERO
    entry_price: Decimal = ZERO

    def after(self, change: Decimal, price: Decimal) -> "Holding":
        """The holding after a fill, which never crosses zero."""
        quantity = self.quantity + change
        if self.quantity * change < 0:
            return Holding(quantity, self.entry_price)
        cost = self.quantity * self.entry_price + change * price
        return Holding(quantity, average(cost, quantity))


@dataclass(frozen=True, slots=True)
class Funds:
    """Money of an account: cash, and what its positions are worth, with and without their sign."""

    cash: Decimal
    value: Decimal
    exposure: Decimal

    @classmethod
    def of(cls, cash: Decimal, positions: Iterable[Position]) -> "Funds":
        """Count the money of an account that holds these positions."""
        values = [position.market_value for position in positions]
        return cls(cash, sum(values, ZERO), sum(map(abs, values), ZERO))

    @property
    def equity(self) -> Decimal:
        """What would be left if everything were closed now."""
        return self.cash + self.value

    @property
    def free(self) -> Decimal:
        """Equity that no position uses, as there is no leverage; negative after losses."""
        return self.equity - self.exposure

    @property
    def buying_power(self) -> Decimal:
        """How much exposure can be added."""
        return max(ZERO, self.free)
