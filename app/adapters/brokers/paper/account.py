"""What a trade takes from a paper account, and what it leaves."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from app.adapters.brokers.paper.money import Funds, Holding
from app.domain.costs import PercentFee, Slippage
from app.domain.instrument import Instrument
from app.domain.position import Position


@dataclass(slots=True, kw_only=True)
class Account:
    """What a book needs of its account.

    `last_price` is the newest quote of the instrument, whatever its age. `positions` gives what is
    held of all instruments; it is asked only when an entry is to be paid. `fee` and `slippage` are
    what trading costs there.
    """

    instrument: Instrument
    cash: Decimal
    holding: Holding
    last_price: Decimal | None
    positions: Callable[[], Sequence[Position]]
    fee: PercentFee
    slippage: Slippage

    def funds(self) -> Funds:
        """The money, with this instrument at its last price."""
        others = [p for p in self.positions() if p.instrument != self.instrument.key]
        here = [self.position()] if self.holding.quantity else []
        return Funds.of(self.cash, others + here)

    def position(self) -> Position:
        """What is held of the instrument."""
        held = self.holding
        return Position(
            symbol=self.instrument.symbol,
            instrument=self.instrument.key,
            quantity=held.quantity,
            entry_price=held.entry_price,
            current_price=held.entry_price if self.last_price is None else self.last_price,
            multiplier=self.instrument.multiplier,
        )

    def growth_cost(self, held: Decimal, change: Decimal, price: Decimal) -> Decimal:
        """The buying power that a trade takes; negative when it gives some back."""
        growth = abs(held + change) - abs(held)
        return growth * price * self.instrument.multiplier + self.fee_of(change, price)

    def fee_of(self, change: Decimal, price: Decimal) -> Decimal:
        """The fee of a fill."""
        return self.fee.of(change * price * self.instrument.multiplier)

    def trade(self, change: Decimal, price: Decimal) -> Decimal:
        """Take units against cash; what the fee was."""
        fee = self.fee_of(change, price)
        self.cash -= change * price * self.instrument.multiplier + fee
        self.holding = self.holding.after(change, price)
        return fee
