"""Turns: of those who want to read the same, one asks, and the others have what came of it."""

import threading
from collections.abc import Callable
from typing import TypeVar

from app.domain.errors import BrokerUnavailable

T = TypeVar("T")


class Turns:
    """One reads at a time. Who waited for it need not wait for the same failure once more."""

    def __init__(self) -> None:
        self._turn = threading.Lock()
        self._failures = 0
        self._failure: BrokerUnavailable | None = None

    def take(self, known: Callable[[], T | None], ask: Callable[[], T]) -> T:
        """What is known, or else what is answered.

        Args:
            known: what was read before, while it is good; None when it is not.
            ask: reads it. It may raise BrokerError, and does so for all who waited meanwhile, but
                for a budget that is spent: others may have a part of it left.
        """
        before, found = self._failures, known()
        if found is not None:
            return found
        with self._turn:
            found = known()
            if found is not None:
                return found
            if self._failure is not None and self._failures > before:
                raise BrokerUnavailable(str(self._failure)) from self._failure
            try:
                return ask()
            except BrokerUnavailable as error:
                if not error.passing:
                    self._failures, self._failure = self._failures + 1, error
                raise
