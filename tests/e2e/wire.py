"""HTTP as bytes: whatever a client may send, and what comes back to it."""

import json
import re
import socket
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Self

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
JSON = "application/json"


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer as it came over the wire."""

    status: int
    head: str
    body: bytes

    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)

    def header(self, name: str) -> str | None:
        """The value of a header."""
        match = re.search(
            rf"^{re.escape(name)}: *(.*?)\r?$", self.head, re.IGNORECASE | re.MULTILINE
        )
        return match[1] if match else None


@dataclass(slots=True)
class Wire:
    """A connection that keeps on: opened when it is used, and anew when the server closed it."""

    port: int
    seconds: float = 15
    source: str = "127.0.0.1"
    _open: socket.socket | None = None
    _rest: bytes = field(default=b"", repr=False)

    def send(self, request: bytes, *, head_only: bool = False, no_more: bool = False) -> Reply:
        """Send a request and read its whole answer, in however many pieces it comes.

        A server that has read enough answers and hangs up: then the rest cannot be sent.

        Args:
            request: What goes over the wire.
            head_only: It is a request to HEAD: its answer has no body.
            no_more: Say that nothing follows, as a client does that breaks off half-way.
        """
        with suppress(ConnectionError):
            self._dial().sendall(request)
            if no_more:
                self._dial().shutdown(socket.SHUT_WR)
        reply = self._read(head_only=head_only)
        if reply.header("connection") == "close":
            self.close()
        return reply

    def close(self) -> None:
        """Hang up."""
        if self._open is not None:
            self._open.close()
        self._open, self._rest = None, b""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _dial(self) -> socket.socket:
        if self._open is None:
            self._open = dial(self.port, self.seconds, self.source)
        return self._open

    def _read(self, *, head_only: bool) -> Reply:
        while b"\r\n\r\n" not in self._rest:
            self._more()
        head, _, self._rest = self._rest.partition(b"\r\n\r\n")
        length = _LENGTH.search(head)
        size = int(length[1]) if length and not head_only else 0
        while len(self._rest) < size:
            self._more()
        body, self._rest = self._rest[:size], self._rest[size:]
        return Reply(int(head.split(b" ", 2)[1]), head.decode("latin-1"), body)

    def _more(self) -> None:
        data = self._dial().recv(65536)
        if not data:
            self.close()
            raise ConnectionResetError("closed without an answer")
        self._rest += data


def dial(port: int, seconds: float = 15, source: str = "127.0.0.1") -> socket.socket:
    """A connection on which nothing was sent yet."""
    return socket.create_connection(("127.0.0.1", port), seconds, (source, 0))


def exchange(port: int, request: bytes, *, head_only: bool = False) -> Reply:
    """One request on a connection of its own."""
    with Wire(port) as wire:
        return wire.send(request, head_only=head_only)


def http(
    method: str,
    target: str | bytes,
    body: bytes = b"",
    headers: Sequence[tuple[str | bytes, str | bytes]] = (),
    *,
    length: bool = True,
) -> bytes:
    """A request as bytes; nothing is checked. `length` False: no Content-Length."""
    lines = [b" ".join((method.encode(), _bytes(target), b"HTTP/1.1")), b"Host: novalgo"]
    lines += [_bytes(name) + b": " + _bytes(value) for name, value in headers]
    if length:
        lines.append(b"Content-Length: %d" % len(body))
    return b"\r\n".join([*lines, b"", body])


def chunked(method: str, target: str, body: bytes, size: int = 1000) -> bytes:
    """The same in chunks, so that nobody knows beforehand how long it will be."""
    pieces = [body[start : start + size] for start in range(0, len(body), size)]
    coded = b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"
    return http(method, target, coded, [("Transfer-Encoding", "chunked")], length=False)


def _bytes(text: str | bytes) -> bytes:
    return text if isinstance(text, bytes) else text.encode()
