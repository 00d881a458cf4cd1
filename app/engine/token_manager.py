"""The TokenManager: keeps the token of one account, and makes a new one where that is allowed.

Of all threads, processes and machines that share a store one at a time makes a token: it claims
that by compare-and-swap before it asks the broker, and the others take what it made.
"""

import logging
import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from enum import StrEnum

from app.domain.errors import (
    BrokerLoginNeeded,
    BrokerUnavailable,
    LoginRefused,
    StoreConflict,
    StoreUnavailable,
)
from app.domain.token import Claim, Login, Token, expiry_of
from app.ports.clock import Clock
from app.ports.tokens import Grant, Kept, LoginDesk, TokenStore

log = logging.getLogger(__name__)

CLAIM = timedelta(seconds=60)
"""For so long nobody else makes a token; longer than the calls of a login may take."""
GLANCE_EVERY = 0.5
"""Seconds between two looks at this machine's copy, by those who ask for a token."""
FIRST_PAUSE, LONGEST_PAUSE = 5.0, 300.0
"""Seconds between two attempts to make a token: doubling, until a token has lasted."""
LASTED = 600.0
WRITES = 5
REMEMBERED = 8
"""Refused tokens that are not taken from a store again."""


class Standing(StrEnum):
    """How it stands with a token."""

    VALID = "valid"
    EXPIRED = "expired"
    REFUSED = "refused"
    MISSING = "missing"


class TokenManager:
    """The TokenSource of one account. `hide` hears each token, so that no log shows it."""

    def __init__(
        self,
        account: str,
        store: TokenStore,
        desk: LoginDesk,
        clock: Clock,
        name: str,
        hide: Callable[[str], None] = lambda _: None,
    ) -> None:
        self.account = account
        self.desk = desk
        self.wake: Callable[[], None] = lambda: None
        """Called when a token was refused: whoever keeps it should look now."""
        self._store = store
        self._clock = clock
        self._name = name
        self._hide = hide
        self._lock = threading.Lock()
        self._making = threading.Lock()
        self._token: Token | None = None
        self._refused: deque[str] = deque(maxlen=REMEMBERED)
        self._barred = False
        self._spent: str | None = None
        self._turned_away = False
        self._glanced = self._tried = float("-inf")
        self._pause = 0.0
        self.in_vain = False
        """Whether the latest attempt to make a token came to nothing."""

    def token(self) -> str:
        """The token to send now."""
        token = self.current()
        if token is None:
            words = f"the login of {self.account} is {self.standing().value}: log in again"
            raise BrokerLoginNeeded(words)
        return token.access

    def refused(self, token: str) -> None:
        """The broker no longer takes this token."""
        with self._lock:
            if self._token is None or self._token.access != token or token in self._refused:
                return
            self._refused.append(token)
        log.warning("the broker refused its token", extra={"account": self.account})
        self.wake()

    def current(self) -> Token | None:
        """The token that is good now; another process may have brought it a moment ago."""
        with self._lock:
            if not self._good() and self._clock.monotonic() - self._glanced >= GLANCE_EVERY:
                self._glanced = self._clock.monotonic()
                self._adopt(self._store.glance())
            return self._token if self._good() else None

    def standing(self) -> Standing:
        """How it stands with the newest token that is known of."""
        with self._lock:
            if self._token is None:
                return Standing.MISSING
            if self._token.access in self._refused:
                return Standing.REFUSED
            good = self._token.good(self._clock.now())
            return Standing.VALID if good else Standing.EXPIRED

    @property
    def expires_at(self) -> datetime | None:
        """When the newest token dies, or died."""
        token = self._token
        return None if token is None else token.expires_at

    @property
    def trouble(self) -> str:
        """What its owner should know of where it is kept; or ""."""
        return self._store.trouble

    @property
    def makes_its_own(self) -> bool:
        """Whether a new token can be made without a person."""
        return self._way(Login(self._token, barred=self._barred)) is not None

    def sync(self) -> None:
        """Take what the store has, or give it what it does not have.

        Raises:
            StoreUnavailable: it cannot be read; what is known goes on counting.
        """
        kept = self._store.read()
        with self._lock:
            self._adopt(kept.login)
            token = self._token
        if token is not None and self.current() and token.newer_than(kept.login.token):
            self._put(token, kept)

    def make(self) -> None:
        """Make a new token, unless there is one, or somebody else makes it, or it is too early."""
        with self._making, suppress(LoginRefused, BrokerUnavailable):
            if self._clock.monotonic() - self._tried >= self._pause:
                self._make(wanted=False)

    def renew(self) -> None:
        """Make a new token although the old one may be good; not while somebody else does.

        Raises:
            BrokerLoginNeeded: that takes a person.
            LoginRefused: what was tried was not taken.
            BrokerUnavailable: there was no answer.
        """
        with self._making:
            self._make(wanted=True)

    def take(self, grant: Grant) -> Token:
        """Keep what the broker gave, and use it from now on."""
        now = self._clock.now()
        old = self._token
        token = Token(
            access=grant.access,
            refresh=grant.refresh or (old.refresh if old is not None else None),
            expires_at=expiry_of(grant.access, now),
            obtained_at=now,
        )
        with self._lock:
            self._use(token)
            self._barred = self._turned_away = False
        self._put(token, self._read())
        return token

    def _make(self, *, wanted: bool) -> None:
        kept = self._read()
        with self._lock:
            self._adopt(kept.login)
            if self._good() and not wanted:
                return
        login = replace(kept.login, token=self._token or kept.login.token)
        way = self._way(login)
        if way is None:
            if wanted:
                words = f"a new token of {self.account} takes a person: see /auth-url"
                raise BrokerLoginNeeded(words)
            return
        if login.claimed(self._clock.now(), unless_by=self._name):
            return
        claim = Claim(self._name, self._clock.now() + CLAIM)
        try:
            kept = self._store.write(replace(login, claim=claim), kept.generation)
        except StoreConflict:
            return  # somebody else was faster
        except StoreUnavailable as error:
            # A token is needed more than it is needed once only.
            self._tell_of_store(error)
        self._attempt(way, login, kept)

    def _attempt(self, way: Callable[[], Grant], login: Login, kept: Kept) -> None:
        self._note_attempt()
        self.in_vain = True
        try:
            grant = way()
        except LoginRefused as error:
            log.warning("no new token", extra={"account": self.account, "why": str(error)})
            self._give_up(login, kept)
            raise
        except BrokerUnavailable as error:
            log.warning("no new token yet", extra={"account": self.account, "why": str(error)})
            self._rewrite(replace(login, claim=None), kept)
            raise
        else:
            self.take(grant)
            self.in_vain = not self._good()

    def _give_up(self, login: Login, kept: Kept) -> None:
        """What was refused once is not tried again: too many wrong PINs lock the account.

        Here it is known even when it cannot be written down for the others.
        """
        refresh = self._refresh_of(login)
        if refresh is None:
            self._turned_away = True
            login = replace(login, barred=True)
        elif login.token is not None:
            self._spent = refresh
            login = replace(login, token=replace(login.token, refresh=None))
        self._rewrite(replace(login, claim=None), kept)

    def _way(self, login: Login) -> Callable[[], Grant] | None:
        """How a token can be made without a person: from the refresh token first."""
        refresh = self._refresh_of(login)
        if refresh is not None:
            return lambda: self.desk.renew(refresh)
        barred = login.barred or self._turned_away
        return self.desk.log_in if self.desk.logs_in and not barred else None

    def _refresh_of(self, login: Login) -> str | None:
        """A refresh token that can be used."""
        refresh = login.token.refresh if login.token is not None and self.desk.renews else None
        return refresh if refresh != self._spent else None

    def _note_attempt(self) -> None:
        now = self._clock.monotonic()
        lasted = now - self._tried > LASTED
        self._pause = FIRST_PAUSE if lasted else min(2 * self._pause, LONGEST_PAUSE)
        self._tried = now

    def _put(self, token: Token, kept: Kept) -> None:
        """Write a token, unless the store has a newer one by now: then that one counts."""
        for _ in range(WRITES):
            with self._lock:
                self._adopt(kept.login)
            if not token.newer_than(kept.login.token):
                return
            try:
                self._store.write(Login(token), kept.generation)
            except StoreConflict:
                kept = self._read()
            except StoreUnavailable as error:
                self._tell_of_store(error)
                return
            else:
                return

    def _rewrite(self, login: Login, kept: Kept) -> None:
        """Write what is of use only as long as nobody else wrote."""
        try:
            self._store.write(login, kept.generation)
        except StoreConflict:
            return
        except StoreUnavailable as error:
            self._tell_of_store(error)

    def _read(self) -> Kept:
        try:
            return self._store.read()
        except StoreUnavailable as error:
            self._tell_of_store(error)
            return Kept(Login(self._token, barred=self._barred))

    def _adopt(self, login: Login) -> None:
        """Use a token that is newer than ours, or as new and not refused as ours was."""
        token, ours = login.token, self._token
        self._barred = login.barred
        if token is None:
            return
        if ours is not None and token.access == ours.access:
            self._token = token  # its refresh token may be spent by now
        elif token.access not in self._refused and (
            ours is None or ours.access in self._refused or token.newer_than(ours)
        ):
            self._use(token)

    def _use(self, token: Token) -> None:
        self._hide(token.access)
        if token.refresh is not None:
            self._hide(token.refresh)
        self._token = token
        self.in_vain = False

    def _good(self) -> bool:
        token = self._token
        return (
            token is not None
            and token.access not in self._refused
            and token.good(self._clock.now())
        )

    def _tell_of_store(self, error: StoreUnavailable) -> None:
        facts = {"account": self.account, "why": str(error)}
        log.warning("the tokens' store cannot be used", extra=facts)
