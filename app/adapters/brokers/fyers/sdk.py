"""fyers-apiv3, as we use it: its methods, and under them a transport of our own.

The only module that imports it, for it takes a second to load. The SDK's own transport has no
time-outs, writes log files into the working folder, hands one dictionary of an error out to all
threads, and calls an answer that was lost a refusal. So its constructor is never run.
"""

# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false
# The SDK has no types.

import json
from collections.abc import Callable, Mapping
from typing import Any

from fyers_apiv3.fyersModel import FyersModel
from requests import Session
from requests.exceptions import RequestException

from app.adapters.brokers.fyers.options import FyersOptions
from app.adapters.brokers.fyers.refusals import asks_for_a_pause, body_of, error_of
from app.adapters.brokers.patience import Hear, lost, make_patient
from app.adapters.brokers.pauses import TOO_MANY


class Door:
    """One account's way to the hosts of Fyers."""

    def __init__(self, options: FyersOptions, hear: Hear) -> None:
        self._app_id = options.app_id
        self._transport = Transport(options.api_url, options.data_url, hear)

    def call(self, token: str, ask: Callable[[Any], Any]) -> Any:
        """Make one call; the answer as it came.

        Raises:
            BrokerError: by what is known of it.
        """
        return ask(_Fyers(self._app_id, token, self._transport))

    def close(self) -> None:
        """Close all connections."""
        self._transport.close()


class _Fyers(FyersModel):  # type: ignore[misc]  # the SDK has no types
    """The SDK's methods with one token: made for each call, so that threads share nothing."""

    def __init__(self, app_id: str, token: str, transport: "Transport") -> None:
        # That of the SDK is skipped: it opens files, and makes a transport of its own.
        self.client_id = app_id
        self.token = token
        self.is_async = False
        self.header = f"{app_id}:{token}"
        self.service: Any = transport


class Transport:
    """What the SDK calls its service. Every call is one request, and comes to one of our errors."""

    def __init__(self, api_url: str, data_url: str, hear: Hear) -> None:
        self._hosts = (api_url.rstrip("/"), data_url.rstrip("/"))
        self._hear = hear
        self._session = Session()
        make_patient(self._session, hear)

    def get_call(
        self,
        api: str,
        header: str,
        data: Mapping[str, Any] | None = None,
        data_flag: bool = False,  # noqa: FBT001, FBT002  # the SDK's
    ) -> Any:
        """Read something."""
        return self._call("GET", api, header, params=data, data_flag=data_flag)

    def post_call(
        self,
        api: str,
        header: str,
        data: Any = None,
        data_flag: bool = False,  # noqa: FBT001, FBT002  # the SDK's
    ) -> Any:
        """Make something."""
        return self._call("POST", api, header, body=data, data_flag=data_flag)

    def patch_call(self, api: str, header: str, data: Any) -> Any:
        """Change something."""
        return self._call("PATCH", api, header, body=data)

    def delete_call(self, api: str, header: str, data: Any) -> Any:
        """Take something back."""
        return self._call("DELETE", api, header, body=data)

    def close(self) -> None:
        """Close all connections."""
        self._session.close()

    def _call(
        self,
        method: str,
        api: str,
        header: str,
        *,
        params: Mapping[str, Any] | None = None,
        body: Any = None,
        data_flag: bool = False,
    ) -> Any:
        writes = method != "GET"
        headers = {"Authorization": header, "Content-Type": "application/json", "version": "3"}
        text = None if body is None else json.dumps(body)
        try:
            answer = self._session.request(
                method, self._hosts[data_flag] + api, params=params, data=text, headers=headers
            )
        except RequestException as error:
            raise lost(error, writes=writes) from error
        if answer.status_code != TOO_MANY and asks_for_a_pause(answer.status_code, answer.text):
            self._hear(TOO_MANY, answer.headers)
        refused = error_of(answer.status_code, answer.text, writes=writes)
        if refused is not None:
            raise refused
        return body_of(answer.text)
