"""The way to Fyers: loaded when it is needed, within the account's budget, with today's token."""

import logging
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, TypeAlias

from app.adapters.brokers import Resources
from app.adapters.brokers.fyers.options import FyersOptions
from app.adapters.brokers.pauses import Pause
from app.domain.errors import (
    BrokerLoginNeeded,
    BrokerRejected,
    BrokerUnavailable,
    ConfigError,
    OutcomeUnknown,
)
from app.domain.rates import Purpose, Rate
from app.ports.budget import purpose_of_reads

if TYPE_CHECKING:
    from app.adapters.brokers.fyers.sdk import Door

log = logging.getLogger(__name__)

Ask: TypeAlias = Callable[[Any], Any]
"""Calls one method of fyers-apiv3's FyersModel, which has no types."""

A_MINUTE, IN_A_MINUTE = 60, 20
"""Within a minute so many times as many calls as within a second: 160, where it is 8. Fyers takes
200, and who is over that more than three times is out until the next day.
"""


class Wire:
    """Calls to one account at Fyers, from any thread.

    fyers-apiv3 is imported by the first call, which waits for it; or by `load` in the background,
    which none waits for: until then they are told that the broker is unavailable.
    """

    def __init__(self, account: str, options: FyersOptions, resources: Resources) -> None:
        self._options = options
        self._clock = resources.clock
        self._tokens = resources.tokens.get(account)
        if self._tokens is None:
            raise ConfigError(f"the account {account} has nobody who sees to its login")
        most = resources.orders_per_second
        rates = (Rate(most, 1), Rate(most * IN_A_MINUTE, A_MINUTE))
        self._budget = resources.budgets.of(account, rates)
        self._pause = Pause(resources.clock)
        self._door: Door | None = None
        self._in_background = False
        self._opening = threading.Lock()
        self.skew: timedelta | None = None
        """How far Fyers' clock was ahead of ours at its latest answer."""

    def load(self) -> None:
        """Import fyers-apiv3, for whoever has the time; meanwhile nobody waits for it."""
        self._in_background = True
        try:
            self._opened()
        finally:
            self._in_background = False

    def read(self, ask: Ask) -> Any:
        """Read something.

        Raises:
            BrokerError: it could not be read.
        """
        try:
            return self._call(ask, purpose_of_reads())
        except (BrokerRejected, OutcomeUnknown) as error:
            raise BrokerUnavailable(f"cannot be read: {error}") from error

    def write(self, ask: Ask, purpose: Purpose) -> Any:
        """Change something.

        Raises:
            BrokerError: by what is known of it: rejected, unavailable, login needed, or unknown.
        """
        return self._call(ask, purpose)

    def token(self) -> str:
        """The token of today, as the stream needs it.

        Raises:
            BrokerLoginNeeded: there is none.
        """
        assert self._tokens is not None  # noqa: S101  # checked when this was made
        return self._tokens.token()

    def refuse(self, token: str) -> None:
        """Tell that a token is not taken any more."""
        assert self._tokens is not None  # noqa: S101  # checked when this was made
        self._tokens.refused(token)

    def close(self) -> None:
        """Close all connections."""
        if self._door is not None:
            self._door.close()

    def _call(self, ask: Ask, purpose: Purpose) -> Any:
        door, token = self._use(), self.token()
        self._pause.check()
        self._budget.spend(purpose)
        try:
            return door.call(token, ask)
        except BrokerLoginNeeded:
            self.refuse(token)
            raise

    def _use(self) -> "Door":
        if self._door is not None:
            return self._door
        if self._in_background:
            raise BrokerUnavailable("fyers-apiv3 is being loaded")
        return self._opened()

    def _opened(self) -> "Door":
        with self._opening:
            if self._door is None:
                self._door = self._open()
            return self._door

    def _open(self) -> "Door":
        from app.adapters.brokers.fyers.sdk import Door

        return Door(self._options, self._hear)

    def _hear(self, status: int, headers: Mapping[str, str]) -> None:
        self._pause.hear(status, headers)
        with suppress(KeyError, ValueError):
            self.skew = parsedate_to_datetime(headers["Date"]) - self._clock.now()
