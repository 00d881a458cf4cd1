"""An order that is good till it is triggered: one price to wait for, or two of which one counts."""

from dataclasses import dataclass
from decimal import Decimal

from tests.simulators.fyers.instruments import Instrument
from tests.simulators.fyers.orders import Status


@dataclass(slots=True)
class GttLeg:
    """What is placed once the last price is there: a limit order."""

    price: Decimal
    trigger: Decimal
    qty: int


@dataclass(slots=True, kw_only=True)
class Gtt:
    """One of them. It is bound to no position: alone it opens what it was to close.

    `above`: whether the last price must rise to the first leg's trigger.
    """

    id: str
    instrument: Instrument
    side: int
    product: str
    legs: list[GttLeg]
    above: bool
    tag: str
    created_at: int
    status: Status = Status.PENDING
    message: str = ""

    def reached_at(self, last: Decimal) -> GttLeg | None:
        """The leg whose trigger a price reaches."""
        first, *second = self.legs
        if last >= first.trigger if self.above else last <= first.trigger:
            return first
        if second and last <= second[0].trigger:
            return second[0]
        return None
