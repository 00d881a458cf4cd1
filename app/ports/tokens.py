"""Tokens: what opens an account at a broker that wants a daily login.

A broker's adapter sees no more of them than `TokenSource`. The rest is for the token manager.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from app.domain.token import Login

NOTHING = ""
"""The generation of what was never written."""


class TokenSource(Protocol):
    """The token of one account. Both methods are quick, call nobody, and may be called anywhere."""

    def token(self) -> str:
        """The token to send now.

        Raises:
            BrokerLoginNeeded: there is none, or it is dead; a new one is being seen to.
        """
        ...

    def refused(self, token: str) -> None:
        """Note that the broker no longer takes this token; of another one nothing is noted."""
        ...


@dataclass(frozen=True, slots=True)
class Kept:
    """What a store holds, and which writing of it that is."""

    login: Login = field(default_factory=Login)
    generation: str = NOTHING


class TokenStore(Protocol):
    """Where the login of one account is kept, shared by all that trade on it."""

    @property
    def trouble(self) -> str:
        """What its owner should know: that the shared place was not reached, say; or ""."""
        ...

    def glance(self) -> Login:
        """What is known of it on this machine, at once."""
        ...

    def read(self) -> Kept:
        """What is kept. What cannot be deciphered is no login, and may be written over.

        Raises:
            StoreUnavailable: it cannot be read now.
        """
        ...

    def write(self, login: Login, generation: str) -> Kept:
        """Write over exactly the generation that was read: of many writers one wins.

        Raises:
            StoreConflict: somebody else wrote meanwhile.
            StoreUnavailable: it cannot be written now, or nobody knows whether it was.
        """
        ...


@dataclass(frozen=True, slots=True)
class Grant:
    """What a broker gives for a code, a refresh token or a login."""

    access: str = field(repr=False)
    refresh: str | None = field(default=None, repr=False)


class LoginDesk(Protocol):
    """A broker's side of the login.

    Every call may raise LoginRefused (it said no) and BrokerUnavailable (ask again later).
    """

    @property
    def renews(self) -> bool:
        """Whether a refresh token can be used: the PIN is known."""
        ...

    @property
    def logs_in(self) -> bool:
        """Whether it may log in without a person."""
        ...

    def url(self, state: str) -> str:
        """Where a person logs in."""
        ...

    def exchange(self, code: str) -> Grant:
        """Make a token of the code that the login ended with."""
        ...

    def renew(self, refresh: str) -> Grant:
        """Make a token of a refresh token."""
        ...

    def log_in(self) -> Grant:
        """Log in without a person."""
        ...

    def accepts(self, token: str) -> bool:
        """Ask the broker whether it takes a token."""
        ...


class LoginStates(Protocol):
    """The states of logins that were begun: each is good once, and not for long."""

    def begin(self, digest: str, account: str, until: datetime) -> None:
        """Remember a state by its digest."""
        ...

    def take(self, digest: str, now: datetime) -> str | None:
        """The account that a state was made for, once; None when it is not known or too old."""
        ...
