"""Clients that take their time, each on connections of its own."""

import json
import socket
import statistics
import struct
import threading
import time
from collections.abc import Generator, Iterable
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from typing import Any, Protocol

from tests.e2e.live import SECRET, LiveServer
from tests.e2e.wire import Wire, dial, http


class Crowd(Protocol):
    """So many clients of one kind, until it is left."""

    __name__: str

    def __call__(self, server: LiveServer, count: int, /) -> AbstractContextManager[Any]: ...


ALERTS = 40
HANG_UP_HARD = struct.pack("ii", 1, 0)


def alert(symbol: str = "AAPL", **fields: object) -> bytes:
    """A whole request that buys."""
    body = {"secret": SECRET, "action": "buy", "symbol": symbol, "quantity": 1, "price": 10}
    return http("POST", "/webhook", json.dumps(body | fields).encode())


@contextmanager
def connections(server: LiveServer, count: int) -> Generator[list[socket.socket]]:
    """Connections that stay open."""
    with ExitStack() as open_ones:
        yield [open_ones.enter_context(dial(server.port)) for _ in range(count)]


@contextmanager
def silent(server: LiveServer, count: int) -> Generator[None]:
    """Clients that connect and say nothing."""
    with connections(server, count):
        yield


@contextmanager
def half_sent(server: LiveServer, count: int) -> Generator[None]:
    """Clients that stop in the middle of a header."""
    with connections(server, count) as clients:
        for client in clients:
            client.sendall(b"POST /webhook HTTP/1.1\r\nHost: x\r\nContent-Le")
        yield


@contextmanager
def dripping(server: LiveServer, count: int) -> Generator[list[socket.socket]]:
    """Clients that send the body of an alert at one byte a second."""
    request, stop = alert("SLOW"), threading.Event()
    start = request.index(b"{") + 1

    def drip(client: socket.socket) -> None:
        with suppress(OSError):
            client.sendall(request[:start])
            for place in range(start, len(request)):
                if stop.wait(1):
                    return
                client.sendall(request[place : place + 1])

    with connections(server, count) as clients:
        threads = [threading.Thread(target=drip, args=(client,)) for client in clients]
        for thread in threads:
            thread.start()
        try:
            yield clients
        finally:
            stop.set()
            for thread in threads:
                thread.join()


@contextmanager
def lingering(server: LiveServer, count: int) -> Generator[None]:
    """Clients that ask for the end of the connection, take their answer, and keep their end open.

    gunicorn 26 and 27 wait for them, in the one thread that accepts: docs/adr/0004.
    """
    request = b"GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    stop = threading.Event()

    def linger() -> None:
        while not stop.is_set():
            with connections(server, count) as clients:
                for client in clients:
                    client.sendall(request)
                for client in clients:
                    assert client.recv(65536).startswith(b"HTTP/1.1 200")
                stop.wait(0.5)

    thread = threading.Thread(target=linger)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


@contextmanager
def not_reading(server: LiveServer, count: int) -> Generator[None]:
    """Clients that ask again and again, and read no answer."""
    requests = http("GET", "/health") * 1000
    with connections(server, count) as clients:

        def ask(client: socket.socket) -> None:
            with suppress(OSError):
                while True:
                    client.sendall(requests)

        threads = [threading.Thread(target=ask, args=(client,)) for client in clients]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            for client in clients:
                client.shutdown(socket.SHUT_RDWR)
            for thread in threads:
                thread.join()


def reset(server: LiveServer, requests: Iterable[bytes]) -> None:
    """Clients that send part of a request and break the connection off."""
    for request in requests:
        with dial(server.port) as client:
            client.sendall(request)
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, HANG_UP_HARD)


def seconds_to_answer(server: LiveServer, count: int = ALERTS) -> list[float]:
    """How long each of some alerts takes to be accepted, every one on a new connection."""
    taken: list[float] = []
    for number in range(count):
        with Wire(server.port) as wire:
            began = time.perf_counter()
            reply = wire.send(alert(f"S{number % 10}", comment=f"{time.time()}-{number}"))
            taken.append(time.perf_counter() - began)
            assert reply.status == 202, reply
    return taken


def told(what: str, taken: list[float]) -> str:
    """A line about the figures."""
    middle, worst = statistics.median(taken) * 1000, max(taken) * 1000
    return f"{what}: {len(taken)} alerts, p50 {middle:.1f} ms, worst {worst:.1f} ms"
