"""Logins by a person: links that are good once, and the tokens that they end with."""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta

from app.domain.errors import LoginRefused
from app.engine.token_hours import TokenHours
from app.engine.token_manager import TokenManager
from app.ports.clock import Clock
from app.ports.tokens import LoginStates

ASKED_LINK, TOLD_LINK = timedelta(minutes=15), timedelta(hours=18)
"""How long a link is good: one that was asked for, and one that an event tells of."""


@dataclass(frozen=True, slots=True)
class Link:
    """Where a person logs in, and the state that comes back with them."""

    url: str
    state: str


class Logins:
    """The accounts that want a login, and the way back from it."""

    def __init__(
        self,
        managers: Mapping[str, TokenManager],
        states: LoginStates,
        hours: TokenHours,
        clock: Clock,
        new_state: Callable[[], str],
    ) -> None:
        self.hours = hours
        self._managers = managers
        self._states = states
        self._clock = clock
        self._new_state = new_state

    def __iter__(self) -> Iterator[TokenManager]:
        return iter(self._managers.values())

    def get(self, account: str | None = None) -> TokenManager | None:
        """The manager of an account; of the first one when none is named."""
        if account is None:
            return next(iter(self), None)
        return self._managers.get(account.lower())

    def link(self, manager: TokenManager, good_for: timedelta = ASKED_LINK) -> Link:
        """Begin a login."""
        state = self._new_state()
        until = self._clock.now() + good_for
        self._states.begin(_digest(state), manager.account, until)
        return Link(manager.desk.url(state), state)

    def owner_of(self, state: str) -> TokenManager | None:
        """Whose login a state began. It is known once, and not when it is too old."""
        account = self._states.take(_digest(state), self._clock.now())
        return None if account is None else self.get(account)

    def exchange(self, manager: TokenManager, code: str) -> None:
        """End a login: make the token of its code, and keep it.

        Raises:
            LoginRefused: the broker did not take the code, or its token is dead already.
            BrokerUnavailable: it gave no answer.
        """
        manager.take(manager.desk.exchange(code))
        manager.wake()
        if manager.current() is None:
            raise LoginRefused("the broker gave a token that is dead already")


def _digest(state: str) -> str:
    """What is kept of a state: who reads the database cannot use it."""
    return hashlib.sha256(state.encode("utf-8", "surrogatepass")).hexdigest()
