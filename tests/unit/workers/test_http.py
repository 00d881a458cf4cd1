"""The HTTP worker on a pair of sockets: who never ends is cut off, who is done is not."""

import logging
import os
import selectors
import socket
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest
from gunicorn.config import Config
from gunicorn.glogging import Logger
from gunicorn.workers.gthread import TConn

from app.workers import http
from app.workers.http import PromptWorker

Pair = tuple[TConn, socket.socket]


@pytest.fixture
def worker(monkeypatch: pytest.MonkeyPatch) -> Iterator[PromptWorker]:
    monkeypatch.setattr(http, "LONGEST_READ", 0.1)
    config = Config()
    worker = PromptWorker(1, os.getppid(), [], None, 30, config, Logger(config))
    worker.poller = selectors.DefaultSelector()
    yield worker
    worker.poller.close()
    worker.tmp.close()
    logging.getLogger("gunicorn.error").handlers.clear()


@pytest.fixture
def pair(worker: PromptWorker) -> Iterator[Pair]:
    server, client = socket.socketpair()
    connection = TConn(worker.cfg, server, ("", 0), ("", 0))
    yield connection, client
    client.close()
    server.close()


def handled(worker: PromptWorker, connection: TConn) -> Future[Any]:
    """The worker's main loop turns while a thread of its handles a connection."""
    with ThreadPoolExecutor(1) as pool:
        done = pool.submit(worker.handle, connection)
        deadline = time.monotonic() + 5
        while not done.done() and time.monotonic() < deadline:
            worker.wait_for_and_dispatch_events(0.02)
        if not done.done():
            connection.sock.shutdown(socket.SHUT_RDWR)  # else this test would never end
            pytest.fail("the thread is held for ever")
    return done


def test_a_header_that_never_ends_is_cut_off(worker: PromptWorker, pair: Pair) -> None:
    connection, client = pair
    client.sendall(b"POST /webhook HTTP/1.1\r\nContent-Le")
    assert handled(worker, connection).result() is False


def test_what_is_no_http_is_answered_without_a_word_of_it(
    worker: PromptWorker, pair: Pair, caplog: pytest.LogCaptureFixture
) -> None:
    connection, client = pair
    client.sendall(b"POST /webhook/canary x HTTP/1.1\r\n\r\n")
    assert handled(worker, connection).result() is False
    answer = client.recv(4096)
    assert answer.startswith(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n")
    assert b"canary" not in answer
    assert "canary" not in caplog.text
    assert "not valid HTTP" in caplog.text


def test_a_fault_of_ours_is_logged_and_shown_as_nothing(
    worker: PromptWorker, pair: Pair, caplog: pytest.LogCaptureFixture
) -> None:
    connection, client = pair
    worker.handle_error(None, connection.sock, None, RuntimeError("the inside"))
    answer = client.recv(4096)
    assert answer.startswith(b"HTTP/1.1 500 ")
    assert b"inside" not in answer
    assert "the inside" in caplog.text
