"""The order socket of Fyers: a hint that an order changed, on a thread of its own.

A client of ours: that of the SDK gives up after a few tries, and is one for the whole process. This
one connects anew for ever, with a pause that grows and is never the same for two servers; each
connection begins with "look at everything", for what happened before it is not told.
"""

import json
import logging
import random
import threading
from collections.abc import Callable
from contextlib import suppress
from time import monotonic
from typing import TYPE_CHECKING, Any, cast

from app.domain.errors import BrokerLoginNeeded

if TYPE_CHECKING:
    from websockets.sync.client import ClientConnection

log = logging.getLogger(__name__)

FIRST_PAUSE, LONGEST_PAUSE = 1.0, 30.0
PING_EVERY = 10.0
CONNECT_SECONDS, GOODBYE = 10.0, 2.0
UNANSWERED = 2
"""Pings in a row without any word: then the line is dead."""
TOPICS = ["orders", "trades", "positions", "edis"]
SUBSCRIBE = json.dumps({"T": "SUB_ORD", "SLIST": TOPICS, "SUB_T": 1})
SUBSCRIBED = 1605
PING, PONG = "ping", "pong"
REFUSED = (401, 403)

Heard = Callable[[Any], None]
"""Hears what is told; None after each connection."""


class Stream:
    """Listens until it is closed.

    Args:
        url: of the socket.
        app_id: the application's name.
        token: the token to connect with; raises BrokerLoginNeeded while there is none.
        refused: told of a token that the socket does not take.
        heard: told what is heard.
    """

    def __init__(
        self,
        url: str,
        app_id: str,
        token: Callable[[], str],
        refused: Callable[[str], None],
        heard: Heard,
    ) -> None:
        self._url = url
        self._app_id = app_id
        self._token = token
        self._refused = refused
        self._heard = heard
        self._closed = threading.Event()
        self._socket: ClientConnection | None = None
        self._fruitless = 0
        self._waits = False
        self._subscribed = False

    @property
    def listens(self) -> bool:
        """Whether what happens is told now, as far as we know."""
        return self._subscribed

    def run(self) -> None:
        """Listen on this thread; comes back when it is closed."""
        while not self._closed.is_set():
            try:
                self._connect()
            except BrokerLoginNeeded as error:
                level = logging.DEBUG if self._waits else logging.INFO  # it may take a night
                log.log(level, "the order socket waits for a login", extra={"why": str(error)})
                self._waits = True
            except Exception as error:  # noqa: BLE001  # a hint is missing then, nothing else
                level = logging.DEBUG if self._closed.is_set() else logging.WARNING
                why = f"{type(error).__name__}: {error}"
                log.log(level, "the order socket is lost", extra={"why": why})
            self._closed.wait(pause_after(self._fruitless, random.random()))  # noqa: S311  # no secret
            self._fruitless += 1

    def close(self) -> None:
        """Listen no more. It may be called from any thread, before `run` too."""
        self._closed.set()
        socket = self._socket
        if socket is not None:
            with suppress(Exception):
                socket.close()

    def _connect(self) -> None:
        # Imported here: it is needed by accounts at Fyers only.
        from websockets.exceptions import InvalidStatus
        from websockets.sync.client import connect

        token = self._token()
        self._waits = False
        try:
            with connect(
                self._url,
                additional_headers={"authorization": f"{self._app_id}:{token}"},
                open_timeout=CONNECT_SECONDS,
                close_timeout=GOODBYE,
                ping_interval=None,
                proxy=None,
            ) as socket:
                self._socket = socket
                self._listen(socket)
        except InvalidStatus as error:
            if error.response.status_code in REFUSED:
                self._refused(token)
            raise
        finally:
            self._socket, self._subscribed = None, False

    def _listen(self, socket: "ClientConnection") -> None:
        socket.send(SUBSCRIBE)
        silent, due = 0, monotonic() + PING_EVERY
        while not self._closed.is_set():
            try:
                text = socket.recv(timeout=max(due - monotonic(), 0))
            except TimeoutError:
                silent += 1
                if silent > UNANSWERED:
                    raise
                text = PONG
            else:
                silent = 0
            if monotonic() >= due:  # by the clock: Fyers wants it, however much there is to tell
                socket.send(PING)
                due = monotonic() + PING_EVERY
            if text not in (PONG, PONG.encode()):
                self._take(text)

    def _take(self, text: str | bytes) -> None:
        try:
            told = json.loads(text)
        except ValueError:
            log.warning("the order socket said something odd", extra={"length": len(text)})
            return
        facts = cast("dict[str, Any]", told) if isinstance(told, dict) else {}
        if facts.get("code") == SUBSCRIBED:
            self._fruitless, self._subscribed = 0, True
            self._tell(None)
        elif facts.get("s") == "error":
            raise ConnectionError(str(facts.get("message") or facts.get("code")))
        else:
            self._tell(told)

    def _tell(self, told: Any) -> None:
        try:
            self._heard(told)
        except Exception:
            # Whatever a listener makes of it, the stream goes on: it is only a hint.
            log.exception("a hint of the order socket was lost")


def pause_after(fruitless: int, chance: float) -> float:
    """Seconds until the next try: doubling, and somewhere in the upper half of that."""
    most = min(FIRST_PAUSE * float(2 ** min(fruitless, 16)), LONGEST_PAUSE)
    return most / 2 + most / 2 * chance
