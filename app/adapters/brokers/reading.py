"""Answers of brokers as values: read with care, for fields come and go and words are added.

What has to be there and is not, or is not what it should be, raises one of UNREADABLE.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, cast

from app.domain.errors import BrokerError, BrokerUnavailable, OutcomeUnknown

UNREADABLE = (LookupError, TypeError, ValueError, ArithmeticError)

Raw = Mapping[str, Any]


def understood(error: Exception, *, writes: bool) -> BrokerError:
    """The error of an answer that came and makes no sense."""
    words = f"an answer that cannot be read: {type(error).__name__}: {error}"
    return OutcomeUnknown(words) if writes else BrokerUnavailable(words)


def rows_of(raw: Any) -> list[Any]:
    """A list, which nothing else is taken for."""
    if not isinstance(raw, list):
        raise TypeError(f"not a list: {type(raw).__name__}")
    return list(cast("Sequence[Any]", raw))


def number(value: Any) -> Decimal:
    """A number, as JSON has it or as text."""
    if not isinstance(value, (str, int, float)) or isinstance(value, bool):
        raise TypeError(f"not a number: {value!r}")
    found = Decimal(str(value))
    if not found.is_finite():
        raise ValueError(f"not a number: {value!r}")
    return found


def number_or_none(value: Any) -> Decimal | None:
    """A number that need not be there."""
    return None if value is None or value == "" else number(value)


def fields_of(raw: Any) -> dict[str, Any]:
    """An object, which nothing else is taken for."""
    if not isinstance(raw, dict):
        raise TypeError(f"not an object: {type(raw).__name__}")
    return cast("dict[str, Any]", raw)


def text_of(fields: Raw, name: str) -> str:
    """A text that has to be there."""
    value = fields[name]
    if not isinstance(value, str) or not value:
        raise TypeError(f"{name} is not text: {value!r}")
    return value
