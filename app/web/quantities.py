"""How much: a quantity in any of its forms, and what it counts."""

import re

from app.domain.alert import Amount, AmountUnit
from app.domain.errors import MalformedAlert
from app.web.names import shown
from app.web.readers import PLAIN_NUMBER, Reading, number_of
from app.web.synonyms import Candidate
from app.web.words import QUANTITY_TYPES

_SIGNED = re.compile(rf"(\$?)({PLAIN_NUMBER})([$%]?)")
# Beside one of these `volume` is the bar's, not ours (trading-rules 12).
_BAR_NAMES = frozenset({"open", "high", "low", "close", "price", "time"})
_PERCENTS = frozenset({AmountUnit.PERCENT_OF_EQUITY, AmountUnit.PERCENT_OF_POSITION})
_CASH = frozenset({AmountUnit.CASH, AmountUnit.RISK_CASH})


def read_quantity(reading: Reading, *, may_be_zero: bool) -> Amount | None:
    """The quantity: `10`, `"50%"`, `"$500"`, `"500$"`, or a number and its `quantity_type`.

    `may_be_zero`: other words say how far to trade, so that zero means nothing (else malformed).
    """
    unit = reading.word("quantity_type", QUANTITY_TYPES)
    for candidate in reading.given.of("quantity"):
        if _is_bar_volume(reading, candidate):
            continue
        if reading.is_usable("quantity", candidate):
            return _amount(reading, candidate, unit, may_be_zero=may_be_zero)
        if "quantity" in reading.unusable:
            return None
    return None


def _amount(
    reading: Reading, candidate: Candidate, unit: AmountUnit | None, *, may_be_zero: bool
) -> Amount | None:
    number, sign = _parts(candidate)
    value = number_of("quantity", number)
    if value < 0 or (value == 0 and not may_be_zero):
        raise MalformedAlert(f"quantity must be greater than zero in {shown(candidate.name)}")
    if value == 0:
        return None
    if not sign and unit is None and candidate.folded == "size" and _has_stub(reading):
        return Amount(value, AmountUnit.CASH)
    return Amount(value, _unit(sign, unit))


def _parts(candidate: Candidate) -> tuple[object, str]:
    """The number and its sign `$` or `%`."""
    if not isinstance(candidate.value, str):
        return candidate.value, ""
    match = _SIGNED.fullmatch(candidate.value)
    if match is None or (match[1] and match[3]):
        what = f"{shown(candidate.value)} in {shown(candidate.name)}"
        raise MalformedAlert(f"quantity: {what} is not a quantity")
    return match[2], match[1] or match[3]


def _unit(sign: str, unit: AmountUnit | None) -> AmountUnit:
    if not sign:
        return unit or AmountUnit.UNITS
    bare, fitting = (AmountUnit.PERCENT, _PERCENTS) if sign == "%" else (AmountUnit.CASH, _CASH)
    if unit is not None and unit not in fitting:
        raise MalformedAlert(f"quantity: '{sign}' contradicts the quantity_type {unit}")
    return unit or bare


def _is_bar_volume(reading: Reading, candidate: Candidate) -> bool:
    if candidate.folded != "volume":
        return False
    return candidate.container == "bar" or not _BAR_NAMES.isdisjoint(
        reading.given.names_beside(candidate)
    )


def _has_stub(reading: Reading) -> bool:
    return any(account.folded == "stub" for account in reading.given.of("account"))
