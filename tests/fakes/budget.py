"""Budgets for tests that are about something else."""

from collections.abc import Sequence

from app.domain.rates import Purpose, Rate


class NoLimit:
    """A budget, and the budgets, that are never spent; it remembers what it was asked for."""

    def __init__(self) -> None:
        self.spent: list[Purpose] = []

    def of(self, name: str, rates: Sequence[Rate]) -> "NoLimit":
        """Itself."""
        return self

    def spend(self, purpose: Purpose) -> None:
        """Remember what the call is for."""
        self.spent.append(purpose)
