"""As systemd runs it: the socket is there before the server, and outlives it (deploy/systemd)."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.live import API_KEY, REPOSITORY, SECRET

pytestmark = pytest.mark.e2e

FIRST = 3
"""The descriptor at which systemd hands over the first socket."""
HAND_OVER = f"""
import os, sys
os.dup2(int(sys.argv[1]), {FIRST})
os.environ.update(LISTEN_FDS="1", LISTEN_PID=str(os.getpid()))
os.execv(sys.argv[2], sys.argv[2:])
"""
APPLICATION = "tests.e2e.far_away:app"
FAR = 0.4
"""Seconds to the broker and back: an order is on its way while the server is told to stop."""


class UnixConnection(HTTPConnection):
    """HTTP over a unix socket, as nginx speaks it."""

    def __init__(self, path: Path) -> None:
        super().__init__("novalgo", timeout=20)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(20)
        self.sock.connect(str(self._path))


@dataclass(slots=True)
class Unit:
    """A socket unit and its service: `start` and `stop` are those of the service."""

    folder: Path
    listener: socket.socket = field(default_factory=lambda: socket.socket(socket.AF_UNIX))
    process: subprocess.Popen[bytes] | None = None

    @property
    def path(self) -> Path:
        return self.folder / "novalgo.sock"

    def listen(self) -> None:
        self.listener.bind(str(self.path))
        self.listener.listen(1024)

    def start(self, **more: str) -> None:
        environment = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(REPOSITORY),
            "DATA_DIR": str(self.folder / "var"),
            "BIND": f"unix:{self.path}",
            "WEBHOOK_SECRET": SECRET,
            "API_KEY": API_KEY,
            "TRUSTED_PROXIES": "1",
            "LEASE": "30",
            "LATENCY": str(FAR),
            "WIRE": str(self.folder / "wire.jsonl"),
            **more,
        }
        gunicorn = [sys.executable, "-m", "gunicorn", "-c", str(REPOSITORY / "gunicorn.conf.py")]
        handle = self.listener.fileno()
        with (self.folder / "server.log").open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-c", HAND_OVER, str(handle), *gunicorn, APPLICATION],
                cwd=self.folder,
                env=environment,
                stdout=log,
                stderr=log,
                pass_fds=[handle],
                start_new_session=True,
            )

    def terminate(self) -> int:
        """What `systemctl stop` does first; the exit code."""
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=40)

    def close(self) -> None:
        if self.process is not None and self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        self.listener.close()

    def ask(self, method: str, path: str, body: object = None) -> tuple[int, Any]:
        connection = UnixConnection(self.path)
        data = None if body is None else json.dumps(body)
        connection.request(method, path, data, {"X-Forwarded-For": "52.89.214.238"})
        answer = connection.getresponse()
        told = json.loads(answer.read())
        connection.close()
        return answer.status, told

    def buy(self, symbol: str) -> tuple[int, Any]:
        alert = {"secret": SECRET, "action": "buy", "symbol": symbol, "quantity": 1, "price": 10}
        return self.ask("POST", "/webhook?wait=2.5", alert)


@pytest.fixture
def unit(tmp_path: Path) -> Iterator[Unit]:
    unit = Unit(tmp_path)
    unit.listen()
    yield unit
    unit.close()


def test_an_alert_that_comes_before_the_server_waits_for_it(unit: Unit) -> None:
    with ThreadPoolExecutor(1) as pool:
        early = pool.submit(unit.buy, "EARLY")
        time.sleep(0.3)
        assert not early.done()
        unit.start()
        assert early.result()[0] in {200, 202}
    assert unit.path.exists()


def test_what_runs_when_it_is_told_to_stop_is_finished_and_the_next_start_takes_the_rest(
    unit: Unit,
) -> None:
    unit.start()
    assert unit.ask("GET", "/health")[0] == 200
    with ThreadPoolExecutor(12) as pool:
        running = [pool.submit(unit.buy, f"RUNNING{number}") for number in range(6)]
        time.sleep(FAR / 2)
        stopped = pool.submit(unit.terminate)
        answers = [future.result() for future in running]
        assert stopped.result() == 0
        between = [pool.submit(unit.buy, f"BETWEEN{number}") for number in range(6)]
        time.sleep(0.3)
        assert not any(future.done() for future in between)
        unit.start()
        taken = [future.result() for future in between]
    assert [(code, told["status"]) for code, told in answers] == [(200, "success")] * 6
    assert {code for code, _ in taken} <= {200, 202}
    assert unit.path.exists(), "the socket is systemd's, not the server's to take away"
    log = (unit.folder / "server.log").read_text()
    assert "Traceback" not in log


def test_the_service_tells_systemd_that_it_is_ready(unit: Unit) -> None:
    """Type=notify: `systemctl start` returns when it listens."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(unit.folder / "notify.sock"))
        manager.settimeout(20)
        unit.start(NOTIFY_SOCKET=str(unit.folder / "notify.sock"))
        assert b"READY=1" in manager.recv(4096)
    assert unit.ask("GET", "/health")[0] == 200


def test_it_needs_no_home_and_opens_no_socket_of_its_own(unit: Unit) -> None:
    home = unit.folder / "home"
    unit.start(HOME=str(home), XDG_RUNTIME_DIR="")
    assert unit.buy("ANY")[0] in {200, 202}
    assert unit.terminate() == 0
    assert not home.exists()
