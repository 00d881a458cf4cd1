"""alpaca-py, as we use it. The only module that imports it: its pandas takes seconds to load.

Every call is one request, never repeated, with a time-out of its own for connecting: what could not
connect has never arrived. Bodies are ours, of strings; answers are taken as they came.
"""

from collections.abc import Callable
from typing import Any, cast

from alpaca.common.exceptions import APIError
from alpaca.common.rest import RESTClient
from alpaca.data.historical.stock import StockHistoricalDataClient
from alpaca.trading.client import TradingClient
from requests import Session
from requests.exceptions import RequestException

from app.adapters.brokers.alpaca.options import AlpacaOptions
from app.adapters.brokers.alpaca.refusals import ABSENT, NOT_THERE, error_of, is_absent
from app.adapters.brokers.patience import Hear, lost, make_patient


class Door:
    """One of Alpaca's hosts, through a client of alpaca-py."""

    def __init__(self, client: RESTClient, hear: Hear, *, codes: bool = True) -> None:
        """`codes`: errors have codes, by which one that is not there is told from a wrong way."""
        self._codes = codes
        inside = cast("Any", client)  # what we need of it has no public name
        inside._retry = 0  # noqa: SLF001  # the same
        self._request: Callable[..., Any] = inside._request  # noqa: SLF001  # the same
        self._session: Session = inside._session  # noqa: SLF001  # the same
        make_patient(self._session, hear)

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
            raise lost(error, writes=writes) from error

    def close(self) -> None:
        """Close all connections."""
        self._session.close()


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
