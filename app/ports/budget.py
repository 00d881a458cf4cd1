"""The port to the budget: what a broker takes of an account's calls, in all processes together."""

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Protocol

from app.domain.rates import Purpose, Rate

_ERRAND: ContextVar[Purpose] = ContextVar("errand", default=Purpose.LOOK)


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


@contextmanager
def errand(purpose: Purpose) -> Generator[None, None, None]:
    """What this thread reads within is for a purpose: it may use that part of a budget.

    An entry that may not be sent yet then reads nothing either, and an exit is not kept waiting for
    what it has to know. What is changed says itself what it is for.
    """
    before = _ERRAND.set(purpose)
    try:
        yield
    finally:
        _ERRAND.reset(before)


def purpose_of_reads() -> Purpose:
    """What this thread reads for; a look, unless something else was said."""
    return _ERRAND.get()
