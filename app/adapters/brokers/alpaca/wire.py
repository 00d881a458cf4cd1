"""The way to Alpaca: loaded when it is needed, patient when it is told to be."""

import logging
import threading
from collections.abc import Mapping
from contextlib import suppress
from datetime import timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from app.adapters.brokers.alpaca.calls import Calls
from app.adapters.brokers.alpaca.options import AlpacaOptions
from app.adapters.brokers.alpaca.refusals import ABSENT
from app.adapters.brokers.pauses import Pause
from app.domain.errors import BrokerRejected, BrokerUnavailable, OutcomeUnknown
from app.domain.rates import Purpose
from app.ports.clock import Clock

if TYPE_CHECKING:
    from app.adapters.brokers.alpaca.sdk import Door

log = logging.getLogger(__name__)

Params = Mapping[str, str]


class Doors(NamedTuple):
    """The hosts that are called."""

    trading: "Door"
    data: "Door"


class Wire:
    """Calls to one account at Alpaca, from any thread.

    alpaca-py is imported by the first call, which waits for it; or by `load` in the background,
    which none waits for: until then they are told that the broker is unavailable. So they are for
    good when it cannot be imported here.
    """

    def __init__(self, options: AlpacaOptions, clock: Clock, calls: Calls) -> None:
        self._options = options
        self._calls = calls
        self._trading_pause = Pause(clock)
        self._data_pause = Pause(clock)
        self._clock = clock
        self._doors: Doors | None = None
        self._in_background = False
        self._fault = ""
        self._opening = threading.Lock()
        self.skew: timedelta | None = None
        """How far Alpaca's clock was ahead of ours at its latest answer."""

    def load(self) -> None:
        """Import alpaca-py, for whoever has the time; meanwhile nobody waits for it.

        Raises:
            BrokerUnavailable: it cannot be imported.
        """
        self._in_background = True
        try:
            self._opened()
        finally:
            self._in_background = False

    def get(self, path: str, params: Params | None = None, purpose: Purpose = Purpose.LOOK) -> Any:
        """Read what has to be there; mostly a list, for which there is time.

        Raises:
            BrokerError: it could not be read.
        """
        found = self.find(path, params, purpose)
        if found is None:
            raise BrokerUnavailable(f"{path} is not there")
        return found

    def find(
        self, path: str, params: Params | None = None, purpose: Purpose = Purpose.REDUCE
    ) -> Any:
        """Read; None where the broker says that there is no such thing.

        A single order or position may be what an exit waits for, so it may use the last calls.

        Raises:
            BrokerError: it could not be read.
        """
        door = self._use().trading
        self._trading_pause.check()
        self._calls.request(purpose)
        return _read(door, path, params)

    def data(self, path: str, params: Params, version: str = "v2") -> Any:
        """Read prices; None where the broker knows none.

        Raises:
            BrokerError: they could not be read.
        """
        door = self._use().data
        self._data_pause.check()
        self._calls.price()
        return _read(door, path, params, version)

    def write(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        purpose: Purpose = Purpose.REDUCE,
    ) -> Any:
        """Change something; None where it is not there, or where there is no answer to it.

        Something with a body is an order, of which there are so many in a second.

        Raises:
            BrokerError: by what is known of it: rejected, unavailable, login needed, or unknown.
        """
        door = self._use().trading
        self._trading_pause.check()
        count = self._calls.request if body is None else self._calls.order
        count(purpose)
        answer = door.call(method, path, None if body is None else dict(body))
        return None if answer is ABSENT else answer

    def close(self) -> None:
        """Close all connections."""
        if self._doors is not None:
            self._doors.trading.close()
            self._doors.data.close()

    def _use(self) -> Doors:
        if self._doors is not None:
            return self._doors
        if self._in_background:
            raise BrokerUnavailable("alpaca-py is being loaded")
        return self._opened()

    def _opened(self) -> Doors:
        with self._opening:
            if self._doors is None:
                self._doors = self._open_once()
            return self._doors

    def _open_once(self) -> Doors:
        """Try it once: what a package lacks does not come while we run, and a try takes seconds."""
        if self._fault:
            raise BrokerUnavailable(self._fault)
        try:
            return self._open()
        except Exception as error:
            self._fault = f"alpaca-py cannot be loaded: {type(error).__name__}: {error}"
            log.exception("alpaca-py cannot be loaded")
            raise BrokerUnavailable(self._fault) from error

    def _open(self) -> Doors:
        from app.adapters.brokers.alpaca.sdk import open_data, open_trading

        trading = open_trading(self._options, self._hear)
        return Doors(trading, open_data(self._options, self._data_pause.hear))

    def _hear(self, status: int, headers: Mapping[str, str]) -> None:
        self._trading_pause.hear(status, headers)
        with suppress(KeyError, ValueError):
            self.skew = parsedate_to_datetime(headers["Date"]) - self._clock.now()


def _read(door: "Door", path: str, params: Params | None, version: str = "v2") -> Any:
    try:
        answer = door.call("GET", path, None if params is None else dict(params), version)
    except (BrokerRejected, OutcomeUnknown) as error:
        raise BrokerUnavailable(f"{path}: {error}") from error
    if answer is None:
        raise BrokerUnavailable(f"{path}: an empty answer")
    return None if answer is ABSENT else answer
