"""Watches the token of one account: brings a new one in time, and tells who has to log in."""

import logging
import math
from datetime import date, datetime

from app.domain.errors import BrokerLoginNeeded, BrokerUnavailable, LoginRefused, StoreUnavailable
from app.domain.events import Event, EventKind
from app.domain.token import IST
from app.engine.logins import TOLD_LINK, Logins
from app.engine.token_hours import TokenHours
from app.engine.token_manager import Standing, TokenManager
from app.ports.clock import Clock
from app.ports.journal import Journal

log = logging.getLogger(__name__)

READ_EVERY, READ_OFTEN = 15.0, 2.0
"""Seconds between looks at the store, and while a token is missed."""
PROBE_AGAIN = 60.0


class TokenWatch:
    """What is done about a token when nobody asks for it."""

    def __init__(
        self,
        manager: TokenManager,
        logins: Logins,
        journal: Journal,
        hours: TokenHours,
        clock: Clock,
    ) -> None:
        self._manager = manager
        self._logins = logins
        self._journal = journal
        self._clock = clock
        self._hours = hours
        self._was_good: bool | None = None
        self._read_at = self._probed_at = -math.inf
        self._probed: datetime | None = None
        self._told: tuple[Standing, date] | None = None

    def keep(self) -> None:
        """One look: never further apart than a second, so that a login counts at once."""
        self._sync()
        if self._manager.current() is None:
            self._manager.make()
        else:
            self._prepare()
        good = self._manager.current() is not None
        if good:
            self._welcome()
        elif self._is_due():
            self._tell()
        self._was_good = good

    def _sync(self) -> None:
        urgent = self._manager.current() is None and self._hours.now()
        every = READ_OFTEN if urgent else READ_EVERY
        if self._clock.monotonic() - self._read_at < every:
            return
        self._read_at = self._clock.monotonic()
        try:
            self._manager.sync()
        except StoreUnavailable as error:
            facts = {"account": self._manager.account, "why": str(error)}
            log.warning("the token cannot be read", extra=facts)

    def _prepare(self) -> None:
        """Before the open: does the broker take the token, and does it last for the day?"""
        opens = self._hours.opens_soon()
        too_early = self._clock.monotonic() - self._probed_at < PROBE_AGAIN
        if opens is None or opens == self._probed or too_early:
            return
        self._probed_at = self._clock.monotonic()
        try:
            self._try_out(opens)
        except (BrokerUnavailable, LoginRefused) as error:
            facts = {"account": self._manager.account, "why": str(error)}
            log.warning("the token cannot be tried before the open", extra=facts)
        else:
            self._probed = opens

    def _try_out(self, opens: datetime) -> None:
        manager = self._manager
        token = manager.current()
        if token is None:
            return
        if not manager.desk.accepts(token.access):
            manager.refused(token.access)
            manager.make()
        elif token.expires_at < self._hours.closes(opens):
            try:
                manager.renew()
            except BrokerLoginNeeded:
                self._tell_of(f"the token dies within the session, at {token.expires_at:%H:%M} UTC")

    def _welcome(self) -> None:
        """The token is good again: what waited for it goes on at once."""
        self._told = None
        if self._was_good is not False:
            return
        expires_at = self._manager.expires_at
        with self._journal.unit() as unit:
            unit.wake_waiting()
            unit.record(
                Event(
                    kind=EventKind.LOGGED_IN,
                    at=self._clock.now(),
                    account=self._manager.account,
                    facts={"expires_at": expires_at.isoformat() if expires_at else None},
                )
            )

    def _is_due(self) -> bool:
        """Whether its owner is to be told: when that costs trades, and of a start without any."""
        manager = self._manager
        if manager.makes_its_own and not manager.in_vain:
            return False  # it is being made
        key = self._key()
        if key == self._told:
            return False
        by_use = key[0] is Standing.REFUSED
        return by_use or self._was_good is None or self._hours.now()

    def _tell(self) -> None:
        key = self._key()
        self._tell_of(f"the token is {key[0].value}")
        self._told = key

    def _tell_of(self, why: str) -> None:
        link = self._logins.link(self._manager, TOLD_LINK)
        with self._journal.unit() as unit:
            unit.record(
                Event(
                    kind=EventKind.LOGIN_NEEDED,
                    at=self._clock.now(),
                    account=self._manager.account,
                    problem=True,
                    facts={"why": why, "url": link.url},
                )
            )

    def _key(self) -> tuple[Standing, date]:
        """Once a day, and again when it is another trouble."""
        return self._manager.standing(), self._clock.now().astimezone(IST).date()
