"""Grains: exact decimals as whole numbers, for arithmetic that is fast and never rounds.

Prices, quantities and multipliers are counted in units of 10^-18, money in units of 10^-54, so that
quantity x price x multiplier of whole numbers is a whole number. What has more decimals (no market
has) is rounded on its way in, and nowhere else.
"""

from decimal import MAX_EMAX, MIN_EMIN, Context, Decimal

PLACES = 18
MONEY_PLACES = 3 * PLACES

_WIDE = Context(prec=400, Emax=MAX_EMAX, Emin=MIN_EMIN)


def grains(value: Decimal) -> int:
    """A price, a quantity or a multiplier in whole grains."""
    return round(value.scaleb(PLACES, _WIDE))


def money_grains(value: Decimal) -> int:
    """An amount of money in whole grains."""
    return round(value.scaleb(MONEY_PLACES, _WIDE))


def from_grains(count: int) -> Decimal:
    """The price, quantity or multiplier of so many grains, without zeros at its end."""
    return _WIDE.normalize(_WIDE.scaleb(_WIDE.create_decimal(count), -PLACES))


def from_money_grains(count: int) -> Decimal:
    """The money of so many grains, without zeros at its end."""
    return _WIDE.normalize(_WIDE.scaleb(_WIDE.create_decimal(count), -MONEY_PLACES))
