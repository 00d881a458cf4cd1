"""Whether the world sees us at the address that a broker knows."""

import socket
from collections.abc import Iterator
from threading import Thread

import pytest

from app.adapters.egress import Egress, address_by
from tests.fakes.mirror import Mirror

OURS, OTHER = "192.0.2.7", "198.51.100.9"


@pytest.fixture
def mirror() -> Iterator[Mirror]:
    mirror = Mirror(OURS)
    yield mirror
    mirror.close()


def test_another_address_is_told_once_until_it_changes(mirror: Mirror) -> None:
    told: list[str] = []
    egress = Egress(OURS, mirror.url, told.append)
    for answer in (OURS, f"{OTHER}\n", OTHER, OURS, OTHER):
        mirror.answer = answer
        egress.look()

    assert told == [OTHER, OTHER]


@pytest.mark.parametrize("answer", ["", "<html>", "192.0.2", "é"])
def test_what_is_no_address_is_no_alarm(mirror: Mirror, answer: str) -> None:
    told: list[str] = []
    mirror.answer = answer
    Egress(OURS, mirror.url, told.append).look()

    assert told == []


def test_who_cannot_ask_does_not_know(mirror: Mirror) -> None:
    told: list[str] = []
    mirror.close()
    Egress(OURS, mirror.url, told.append).look()

    assert told == []


def test_what_is_not_even_http_is_nobody_s_answer() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        Thread(target=greet, args=(listener,), daemon=True).start()
        with pytest.raises(OSError, match="BadStatusLine"):
            address_by(f"http://127.0.0.1:{port}/")


def greet(listener: socket.socket) -> None:
    """Answer one caller in another protocol."""
    line, _ = listener.accept()
    with line:
        line.recv(1024)
        line.sendall(b"SSH-2.0-nobody\r\n")
