"""The symbol master: every instrument of the exchanges, looked up and never changed."""

from collections.abc import Callable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Protocol, TypeAlias

from app.domain.contract import Wish
from app.domain.decision import Denial, Denied
from app.domain.instrument import Instrument, Ticker

PriceOf: TypeAlias = Callable[[str], Decimal | None]
"""The live price of a symbol of the master; None when none is known."""


class Symbols(Protocol):
    """The newest symbol master. All methods are safe to call from any thread.

    Instruments have the master's symbol as their symbol and as their key: `NSE:SBIN-EQ`.

    Before anything is `loaded` it knows of nothing, and that does not mean that there is no such
    instrument. Every method may raise JournalError: the master is there and cannot be read.
    """

    @property
    def loaded(self) -> bool:
        """Whether there is any list: on a new machine the first is read a while after the start."""
        ...

    def named(self, ticker: Ticker) -> Instrument | None:
        """The instrument of a name: `NSE:SBIN`, `NSE:SBIN-EQ`, a contract as the master spells it.

        None when there is none, or several that are as likely. An index has no instrument: nobody
        can buy one.
        """
        ...

    def contract(self, wish: Wish, at: datetime, price_of: PriceOf) -> Instrument | Denied:
        """The contract that a wish means at a moment.

        Args:
            wish: what is wanted.
            at: the moment. A contract is over from its expiry on.
            price_of: asked for the price of the underlying when a strike is by moneyness.

        Returns:
            The contract; or why there is none, with the nearest expiries or strikes.
        """
        ...

    def quoted(self, underlying: Ticker) -> str | None:
        """The symbol whose price is the underlying's: `NSE:NIFTY50-INDEX` for NIFTY."""
        ...

    def near(self, ticker: Ticker) -> Sequence[str]:
        """Up to three names that are nearest to one that there is not."""
        ...


class NoSymbols:
    """A house without a symbol master."""

    @property
    def loaded(self) -> bool:
        """There never is one."""
        return False

    def named(self, ticker: Ticker) -> Instrument | None:
        """Nothing is known."""
        del ticker
        return None  # None is the answer, not the lack of one

    def contract(self, wish: Wish, at: datetime, price_of: PriceOf) -> Instrument | Denied:
        """Nothing is known."""
        del at, price_of
        return Denied(Denial.UNKNOWN_SYMBOL, f"{wish}: no list of contracts is loaded")

    def quoted(self, underlying: Ticker) -> str | None:
        """Nothing is known."""
        del underlying
        return None  # None is the answer, not the lack of one

    def near(self, ticker: Ticker) -> Sequence[str]:
        """Nothing is known."""
        del ticker
        return ()
