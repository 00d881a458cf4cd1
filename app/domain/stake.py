"""Whose a position is: what each strategy's own fills hold of it (trading-rules 7 and 17)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from app.domain.order import Side
from app.domain.position import Direction

ZERO = Decimal(0)
FEES = Decimal("0.99")
"""What is there of a stake at least, when only fees that were taken out of it are missing."""


class StakeKey(NamedTuple):
    """What tells a stake."""

    account: str
    instrument: str
    strategy: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Stake:
    """What the fills of one strategy hold of an instrument in an account; negative when short.

    `strategy` is the name in its alerts, empty where they give none. `stopped`: which way the
    position looked that one of its protective legs closed, until the strategy holds one again or
    its own late exit has come (rule 7). `at`: its latest fill.
    """

    account: str
    instrument: str
    strategy: str
    quantity: Decimal = ZERO
    stopped: Direction | None = None
    at: datetime | None = None

    def after(self, side: Side, quantity: Decimal, at: datetime, *, by_leg: bool) -> "Stake":
        """The stake after a fill of one of the strategy's orders, or of one of their legs."""
        held = self.quantity + side.sign * quantity
        stopped = None
        if by_leg and not held:
            stopped = Direction.LONG if side is Side.SELL else Direction.SHORT
        return replace(self, quantity=held, stopped=stopped, at=at)


@dataclass(frozen=True, slots=True)
class Stakes:
    """A position of an account, and the stakes of the strategies in it."""

    position: Decimal
    stakes: Sequence[Stake]

    def own(self, strategy: str) -> Decimal:
        """What a strategy may close: what its fills hold, and never more than is there."""
        held = self.of(strategy)
        if held * self.position <= 0:
            return ZERO
        return min(held, self.position) if held > 0 else max(held, self.position)

    def foreign(self, strategy: str) -> Decimal:
        """What is there and not the strategy's: it is never sold."""
        return self.position - self.own(strategy)

    def of(self, strategy: str) -> Decimal:
        """What a strategy's fills come to."""
        mine = (stake.quantity for stake in self.stakes if stake.strategy == strategy)
        return next(mine, ZERO)

    def stopped(self, strategy: str) -> Direction | None:
        """Which way the position looked that a leg of the strategy closed; see Stake."""
        return next((stake.stopped for stake in self.stakes if stake.strategy == strategy), None)

    def knows(self, strategy: str) -> bool:
        """Whether a strategy ever traded it."""
        return any(stake.strategy == strategy for stake in self.stakes)

    @property
    def ours(self) -> Decimal:
        """What all our fills come to."""
        return sum((stake.quantity for stake in self.stakes), ZERO)

    @property
    def nobodys(self) -> Decimal:
        """What is there and no fill of ours explains; it can be adopted."""
        return self.position - self.ours

    @property
    def holders(self) -> Sequence[str]:
        """The strategies that hold something."""
        return [stake.strategy for stake in self.stakes if stake.quantity]
