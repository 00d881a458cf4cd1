"""Sending with time-outs, and what it means that no answer came: the same at every broker."""

import ssl
from collections.abc import Callable, Mapping
from typing import Any

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

from app.domain.errors import BrokerError, BrokerUnavailable, OutcomeUnknown

CONNECT_SECONDS, READ_SECONDS = 3.05, 10.0
CONNECTIONS = 16
"""As many as may ask at a time: the lanes, the loops and a few requests of people."""

_BAD_ADDRESS = (InvalidSchema, InvalidURL, MissingSchema)

Hear = Callable[[int, Mapping[str, str]], None]
"""Hears the status and the headers of each answer."""


def make_patient(session: Session, hear: Hear) -> None:
    """Give a session our time-outs, and tell of the headers of its answers."""
    session.trust_env = False  # neither a proxy nor a .netrc of this machine is for us
    for scheme in ("https://", "http://"):
        session.mount(scheme, _Patient(hear))


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


def lost(error: RequestException, *, writes: bool) -> BrokerError:
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
