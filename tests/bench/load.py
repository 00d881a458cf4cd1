"""A load generator that costs little: raw sockets kept alive, one thread, a process of its own.

`python -m tests.bench.load` reads a Load as JSON from standard input and writes a Shot for each
request to standard output. Moments are nanoseconds of the machine's monotonic clock, which all its
processes share.
"""

import json
import selectors
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from time import monotonic_ns
from typing import Any, NamedTuple

from tests.e2e.live import REPOSITORY

NEVER = 1 << 62


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What to send: `bodies` in turn, `{n}` in each replaced by the number of the request.

    `pause`: the n-th request goes out n times so many seconds after the start, or later when no
    connection is free. Without it each connection sends as soon as it has its answer. Connections
    are made when they are needed first.
    """

    port: int
    bodies: Sequence[str]
    path: str = "/webhook"
    connections: int = 1
    count: int = NEVER
    seconds: float = 60
    pause: float = 0
    first: int = 0


class Shot(NamedTuple):
    """One request: when it went out, when its answer was there, and the answer."""

    number: int
    sent: int
    answered: int
    status: int
    body: str

    @property
    def seconds(self) -> float:
        """How long the answer took."""
        return (self.answered - self.sent) / 1e9

    @property
    def alert_id(self) -> str:
        """The alert that an answer of the webhook names."""
        answer: dict[str, Any] = json.loads(self.body)
        return str(answer["alert_id"])


def fire(load: Load) -> list[Shot]:
    """Send a load from another process; what came of it, in the order of the answers."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.load"],
        input=json.dumps(asdict(load)),
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return [Shot(*fields) for fields in json.loads(done.stdout)]


class _Client:
    """One connection with at most one request under way."""

    def __init__(self, port: int) -> None:
        self.number = self.sent = 0
        self._received = b""
        self._address = ("127.0.0.1", port)
        self._socket: socket.socket | None = None

    def send(self, number: int, request: bytes, selector: selectors.BaseSelector) -> None:
        self.number, self.sent, self._received = number, monotonic_ns(), b""
        if self._socket is None:
            self._socket = socket.create_connection(self._address)
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            selector.register(self._socket, selectors.EVENT_READ, self)
        self._socket.sendall(request)

    def receive(self) -> tuple[bytes, bytes] | None:
        """Head and body of the answer, once it is complete."""
        assert self._socket is not None
        chunk = self._socket.recv(65536)
        if not chunk:
            raise ConnectionError(f"closed after {self._received!r}")
        self._received += chunk
        head, found, body = self._received.partition(b"\r\n\r\n")
        if not found or len(body) < _length_of(head):
            return None
        return head, body


def _length_of(head: bytes) -> int:
    return int(head.lower().partition(b"content-length:")[2].split(None, 1)[0])


def _shoot(load: Load) -> Iterator[tuple[int, int, int, bytes, bytes]]:
    idle = [_Client(load.port) for _ in range(load.connections)]
    requests = _requests(load)
    begin = monotonic_ns()
    end = begin + int(load.seconds * 1e9)
    number = busy = 0
    with selectors.DefaultSelector() as selector:
        while True:
            due = begin + int(number * load.pause * 1e9)
            while idle and number < load.count and due <= monotonic_ns() < end:
                idle.pop().send(number, next(requests), selector)
                number, busy = number + 1, busy + 1
                due = begin + int(number * load.pause * 1e9)
            more = number < load.count and max(due, monotonic_ns()) < end
            if not busy and not more:
                return
            wait = max(0, due - monotonic_ns()) / 1e9 if idle and more else None
            for key, _ in selector.select(wait):
                client: _Client = key.data
                answer = client.receive()
                if answer is not None:
                    yield client.number, client.sent, monotonic_ns(), *answer
                    idle.append(client)
                    busy -= 1


def _requests(load: Load) -> Iterator[bytes]:
    """The bytes of each request."""
    head = f"POST {load.path} HTTP/1.1\r\nHost: bench\r\nContent-Length: ".encode()
    bodies = [body.encode() for body in load.bodies]
    number = load.first
    while True:
        body = bodies[number % len(bodies)].replace(b"{n}", b"%d" % number)
        yield b"%s%d\r\n\r\n%s" % (head, len(body), body)
        number += 1


def main() -> None:
    """Do what standard input says."""
    shots = list(_shoot(Load(**json.load(sys.stdin))))
    answers = [
        (number, sent, answered, int(head.split(None, 2)[1]), body.decode())
        for number, sent, answered, head, body in shots
    ]
    json.dump(answers, sys.stdout)


if __name__ == "__main__":
    main()
