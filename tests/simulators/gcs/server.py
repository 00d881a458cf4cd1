"""The HTTP server, and what may go wrong on the way to it."""

import json
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from email.parser import BytesParser
from email.policy import HTTP
from enum import StrEnum
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self, cast
from urllib.parse import parse_qs, unquote, urlsplit

from tests.simulators.gcs.objects import Missing, Objects, Precondition, Stored

READS = ("/storage/v1/b/", "/download/storage/v1/b/")
UPLOADS = "/upload/storage/v1/b/"


class Kind(StrEnum):
    """What goes wrong with a request."""

    UNAVAILABLE = "unavailable"
    """503; nothing is done."""
    SLOW = "slow"
    """The answer comes late; it is done at once."""
    LOST = "lost"
    """It is done, and the connection is closed instead of an answer."""
    FORBIDDEN = "forbidden"
    """403: the account may not."""


REFUSALS: dict[Kind | None, tuple[int, str]] = {
    Kind.UNAVAILABLE: (503, "backendError"),
    Kind.FORBIDDEN: (403, "the account does not have storage.objects.get access"),
}


@dataclass(slots=True)
class Fault:
    """One thing that goes wrong: with so many of the next requests of a method; None = all."""

    kind: Kind
    method: str = "*"
    times: int | None = None
    seconds: float = 0.2


class GcsServer:
    """A server on a port of its own, until it is closed."""

    def __init__(self, *buckets: str) -> None:
        self.objects = Objects(*buckets)
        self.faults: list[Fault] = []
        self.requests: list[str] = []
        self._lock = threading.Lock()
        self._server = _Server(self)
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def url(self) -> str:
        """What STORAGE_EMULATOR_HOST is set to."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def fault_of(self, method: str, path: str) -> Fault | None:
        """What goes wrong with this request; it is counted."""
        with self._lock:
            self.requests.append(f"{method} {path}")
            for fault in self.faults:
                if fault.method in ("*", method) and fault.times != 0:
                    fault.times = None if fault.times is None else fault.times - 1
                    return fault
            return None


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, gcs: GcsServer) -> None:
        self.gcs = gcs
        super().__init__(("127.0.0.1", 0), _Handler)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is no news."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1
    disable_nagle_algorithm = True
    server: _Server  # pyright: ignore[reportIncompatibleVariableOverride]

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # its name there
        """Say nothing."""

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        fault = self.server.gcs.fault_of(self.command, self.path)
        kind = fault.kind if fault is not None else None
        if kind in REFUSALS:
            self._refuse(*REFUSALS[kind])
            return
        answer = self._done(body)
        if kind is Kind.LOST:
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
            return
        if fault is not None:
            time.sleep(fault.seconds)
        answer()

    def _done(self, body: bytes) -> Callable[[], None]:
        """Do what is asked; what sends the answer."""
        try:
            stored = self._upload(body) if self.path.startswith(UPLOADS) else self._read()
        except Missing as error:
            return partial(self._refuse, 404, str(error))
        except Precondition as error:
            return partial(self._refuse, 412, str(error))
        if parse_qs(urlsplit(self.path).query).get("alt") == ["media"]:
            return partial(self._send, 200, stored.data, stored)
        return partial(self._send, 200, json.dumps(stored.resource).encode(), stored)

    def _read(self) -> Stored:
        path = urlsplit(self.path).path
        for start in READS:
            if path.startswith(start):
                bucket, _, name = path.removeprefix(start).partition("/o/")
                return self.server.gcs.objects.get(unquote(bucket), unquote(name))
        raise Missing(path)

    def _upload(self, body: bytes) -> Stored:
        url = urlsplit(self.path)
        wanted = parse_qs(url.query).get("ifGenerationMatch")
        head = f"Content-Type: {self.headers['Content-Type']}\r\n\r\n".encode()
        parts = cast("list[Any]", BytesParser(policy=HTTP).parsebytes(head + body).get_payload())
        metadata, data = (cast("bytes", part.get_payload(decode=True)) for part in parts)
        bucket = unquote(url.path.removeprefix(UPLOADS).removesuffix("/o"))
        name = str(json.loads(metadata)["name"])
        generation = int(wanted[0]) if wanted else None
        return self.server.gcs.objects.put(bucket, name, data, generation)

    def _refuse(self, status: int, why: str) -> None:
        body = {"error": {"code": status, "message": why}}
        self._send(status, json.dumps(body).encode())

    def _send(self, status: int, body: bytes, stored: Stored | None = None) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        if stored is not None:
            self.send_header("X-Goog-Generation", str(stored.generation))
            self.send_header("X-Goog-Hash", f"md5={stored.md5}")
        self.end_headers()
        self.wfile.write(body)
