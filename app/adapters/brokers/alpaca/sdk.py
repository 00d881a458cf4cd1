"""alpaca-py, as we use it. The only module that imports it: its pandas takes seconds to load.

Every call is one request, never repeated, with a time-out of its own for connecting: what could not
connect has never arrived. Bodies are ours, of strings; answers are taken as they came.
"""

import ssl
from collections.abc import Callable, Mapping
from typing import Any, cast

from alpaca.common.exceptions import APIError
from alpaca.common.rest import RESTClient
from alpaca.data.historical.stock import StockHistoricalDataClient
from alpaca.trading.client import TradingClient
from requests import PreparedRequest, Response, Session
from requests.adapters import HTTPAdapter
from requests.exceptions import (
    ConnectionError as NoConnection,
)
from requests.exceptions import (
    ConnectTimeout,
    InvalidSchema,
    InvalidURL,
    MissingSchema,
    RequestException,
    SSLError,
)
from urllib3.exceptions import NewConnectionError

from app.adapters.brokers.alpaca.options import AlpacaOptions
from app.adapters.brokers.alpaca.refusals import ABSENT, NOT_THERE, error_of, is_absent
from app.domain.errors import BrokerError, BrokerUnavailable, OutcomeUnknown

CONNECT_SECONDS, READ_SECONDS = 3.05, 10.0
CONNECTIONS = 16
"""As many as may ask at a time: the lanes, the loops and a few requests of people."""

_BAD_ADDRESS = (InvalidSchema, InvalidURL, MissingSchema)

Hear = Callable[[int, Mapping[str, str]], None]
"""Hears the status and the headers of each answer."""


class Door:
    """One of Alpaca's hosts, through a client of alpaca-py."""

    def __init__(self, client: RESTClient, hear: Hear, *, codes: bool = True) -> None:
        """`codes`: errors have codes, by which one that is not there is told from a wrong way."""
        self._codes = codes
        inside = cast("Any", client)  # what we need of it has no public name
        inside._retry = 0  # noqa: SLF001  # the same
        self._request: Callable[..., Any] = inside._request  # noqa: SLF001  # the same
        self._session: Session = inside._session  # noqa: SLF001  # the same
        self._session.trust_env = False  # neither a proxy nor a .netrc of this machine is for us
        for scheme in ("https://", "http://"):
            self._session.mount(scheme, _Patient(hear))

    def call(self, method: str, path: str, data: Any, version: str | None = None) -> Any:
        """One request; the answer as it came, ABSENT where the broker knows of no such thing.

        Raises:
            BrokerRejected: the broker said no.
            BrokerUnavailable: it never arrived; or it was a read, which came to nothing.
            BrokerLoginNeeded: the keys are not accepted.
            OutcomeUnknown: it may have been done.
        """
        writes = method != "GET"
        try:
            return self._request(method, path, data, api_version=version)
        except APIError as error:
            status, text = int(cast("Any", error).status_code), str(error)
            if is_absent(status, text if self._codes else NOT_THERE):
                return ABSENT
            raise error_of(status, text, writes=writes) from error
        except RequestException as error:
            raise _lost(error, writes=writes) from error

    def close(self) -> None:
        """Close all connections."""
        self._session.close()


class _Patient(HTTPAdapter):
    """Sends with our time-outs: the SDK knows of none."""

    def __init__(self, hear: Hear) -> None:
        super().__init__(pool_maxsize=CONNECTIONS, max_retries=0)
        self._hear = hear

    def send(self, request: PreparedRequest, *_args: Any, **given: Any) -> Response:
        """Send, and tell of the answer's headers."""
        given["timeout"] = (CONNECT_SECONDS, READ_SECONDS)
        response = super().send(request, **given)
        self._hear(response.status_code, response.headers)
        return response


def open_trading(options: AlpacaOptions, hear: Hear) -> Door:
    """The host that takes orders."""
    return Door(
        TradingClient(
            api_key=options.api_key.get_secret_value(),
            secret_key=options.secret_key.get_secret_value(),
            raw_data=True,
            url_override=options.trading_host,
        ),
        hear,
    )


def open_data(options: AlpacaOptions, hear: Hear) -> Door:
    """The host that knows prices."""
    return Door(
        StockHistoricalDataClient(
            api_key=options.api_key.get_secret_value(),
            secret_key=options.secret_key.get_secret_value(),
            raw_data=True,
            url_override=options.data_host,
        ),
        hear,
        codes=False,
    )


def _lost(error: RequestException, *, writes: bool) -> BrokerError:
    """What it means that there is no answer."""
    words = f"{type(error).__name__}: {_cause(error)}"
    if not writes or _never_arrived(error):
        return BrokerUnavailable(words)
    return OutcomeUnknown(words)


def _never_arrived(error: RequestException) -> bool:
    if isinstance(error, (ConnectTimeout, *_BAD_ADDRESS)):
        return True
    cause = _cause(error)
    if isinstance(error, SSLError):
        return any(isinstance(each, ssl.SSLCertVerificationError) for each in _chain(cause))
    return isinstance(error, NoConnection) and isinstance(cause, NewConnectionError)


def _cause(error: RequestException) -> object:
    """urllib3 says in `reason` why it gave up."""
    inner = error.args[0] if error.args else error
    return getattr(inner, "reason", inner)


def _chain(error: object) -> list[object]:
    args = getattr(error, "args", ())
    return [error, *args]
