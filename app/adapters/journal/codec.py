"""Domain values as JSON text and back, checked by pydantic; the types stay plain dataclasses."""

from typing import Generic, TypeVar

from pydantic import TypeAdapter

from app.domain.alert import Alert
from app.domain.decision import Plan
from app.domain.order import OrderIntent
from app.domain.outcome import Outcome

T = TypeVar("T")


class Codec(Generic[T]):
    """JSON text of one type."""

    def __init__(self, kind: type[T]) -> None:
        self._adapter = TypeAdapter(kind)

    def dump(self, value: T) -> str:
        """The value as JSON; what is not set is left out."""
        return self._adapter.dump_json(value, exclude_defaults=True).decode()

    def load(self, text: str) -> T:
        """The value of a text that `dump` wrote."""
        return self._adapter.validate_json(text)


ALERT = Codec(Alert)
PLAN = Codec(Plan)
INTENT = Codec(OrderIntent)
OUTCOME = Codec(Outcome)
