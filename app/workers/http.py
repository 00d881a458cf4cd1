"""The HTTP worker: gunicorn's gthread, made safe to meet strangers without a proxy in front.

gunicorn 25.3 waits for idle keep-alive connections with one long select when it is told to stop,
so that a single idle browser delays a restart by the whole graceful timeout (30 s measured). It
waits for ever, in a thread, for a request that never ends and for a client that never reads. It
forgets a request that comes while the one before is still being read. And it answers what is not
HTTP with a page that repeats it, and logs it: a secret in a broken line would be in both.
"""

import json
import logging
import socket
import struct
import time
import uuid
from concurrent.futures import Future
from contextlib import suppress
from http import HTTPStatus
from typing import Any

from gunicorn.http.errors import (
    ExpectationFailed,
    LimitRequestHeaders,
    LimitRequestLine,
    ParseException,
)
from gunicorn.http.parser import Parser
from gunicorn.workers.gthread import TConn, ThreadWorker

log = logging.getLogger(__name__)

LINGER = 0.5
"""Seconds that a connection without a request may still use, once the server stops."""

LONGEST_READ = 10.0
"""Seconds that a request may take to arrive. TradingView's are there at once."""

LONGEST_SEND = 10
"""Seconds without progress after which nobody is thought to read the answer."""
_LONGEST_SEND = struct.pack("ll", LONGEST_SEND, 0)

Fault = tuple[HTTPStatus, str, str]

FAULTS: dict[type[Exception], Fault] = {
    LimitRequestLine: (HTTPStatus.REQUEST_URI_TOO_LONG, "too_large", "the path is too long"),
    LimitRequestHeaders: (
        HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
        "too_large",
        "the headers are too many or too long",
    ),
    ExpectationFailed: (
        HTTPStatus.EXPECTATION_FAILED,
        "expectation_failed",
        "nothing but 100-continue can be expected",
    ),
    ParseException: (HTTPStatus.BAD_REQUEST, "malformed_request", "the request is not valid HTTP"),
}
OUR_FAULT: Fault = (
    HTTPStatus.INTERNAL_SERVER_ERROR,
    "internal_error",
    "the server failed; it is logged",
)


class PromptWorker(ThreadWorker):
    """A gthread worker. Requests that came are answered; who keeps it waiting is cut off."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._reading: dict[TConn, float] = {}

    def handle(self, conn: TConn) -> Any:
        """Read a request and answer it; the clock runs until it is there."""
        conn.sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, _LONGEST_SEND)
        self._reading[conn] = time.monotonic() + LONGEST_READ
        try:
            return super().handle(conn)
        finally:
            del self._reading[conn]

    def finish_request(self, conn: TConn, fs: Future[Any]) -> None:
        """Wait for the next request; but one that came on the heels of the last is read already.

        The poller waits for bytes, and would never tell of that one.
        """
        if self.alive and _kept(fs) and _has_more(conn):
            self.enqueue_req(conn)
        else:
            super().finish_request(conn, fs)

    def wait_for_and_dispatch_events(self, timeout: float | None) -> None:
        """Wait for events; while stopping, never longer than idle connections may linger."""
        self._cut_off_the_slow()
        if not self.alive:
            deadline = time.monotonic() + LINGER
            for connection in (*self.keepalived_conns, *self.pending_conns):
                known = connection.timeout
                connection.timeout = deadline if known is None else min(known, deadline)
            timeout = LINGER if timeout is None else min(timeout, LINGER)
        super().wait_for_and_dispatch_events(timeout)

    def handle_error(
        self,
        req: Any,  # noqa: ARG002  # it may hold a secret: it is neither shown nor logged
        client: socket.socket,
        addr: Any,
        exc: BaseException,
    ) -> None:
        """Answer in the form of all errors. Nothing that was sent is repeated, or logged."""
        status, code, message = next(
            (fault for kind, fault in FAULTS.items() if isinstance(exc, kind)), OUR_FAULT
        )
        request_id = uuid.uuid4().hex
        source = addr[0] if addr else ""
        facts = {"fault": type(exc).__name__, "source": source, "request_id": request_id}
        if status is HTTPStatus.INTERNAL_SERVER_ERROR:
            log.error("a request failed", exc_info=exc, extra=facts)
        else:
            log.warning("not valid HTTP", extra=facts)
        with suppress(OSError):
            client.sendall(_answer(status, code, message, request_id))

    def _cut_off_the_slow(self) -> None:
        """End the input of those whose request is still not there: their thread reads no more."""
        now = time.monotonic()
        for connection, deadline in self._reading.copy().items():
            if now > deadline:
                with suppress(OSError):
                    connection.sock.shutdown(socket.SHUT_RD)


def _kept(done: Future[Any]) -> bool:
    return not done.cancelled() and done.exception() is None and done.result() is True


def _has_more(conn: TConn) -> bool:
    return isinstance(conn.parser, Parser) and bool(conn.parser.unreader.buf.getvalue())


def _answer(status: HTTPStatus, code: str, message: str, request_id: str) -> bytes:
    error = {"status": "error", "code": code, "message": message, "request_id": request_id}
    body = json.dumps(error).encode()
    head = (
        f"HTTP/1.1 {status.value} {status.phrase}\r\nConnection: close\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
        f"X-Request-ID: {request_id}\r\n\r\n"
    )
    return head.encode() + body
