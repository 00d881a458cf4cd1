"""The port to the budget: what a broker takes of an account's calls, in all processes together."""

from collections.abc import Sequence
from typing import Protocol

from app.domain.rates import Purpose, Rate


class Budget(Protocol):
    """The calls of one account."""

    def spend(self, purpose: Purpose) -> None:
        """Count one call, before it is made.

        Raises:
            BrokerUnavailable: there were too many; its `after` says how long to wait. It is not
                counted then.
        """
        ...


class Budgets(Protocol):
    """The budgets of all accounts."""

    def of(self, name: str, rates: Sequence[Rate]) -> Budget:
        """The budget of a name, mostly an account's, which every process shares that asks for it.

        Whoever asks for the same name has to give the same rates.
        """
        ...
