"""A real server under gunicorn, for tests that kill, freeze and flood it."""

import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).parents[2]
SECRET = "canary-webhook-secret-7f3a91"
API_KEY = "canary-api-key-51c2de"
IDLE = 3.0
"""Seconds that a connection may be idle: the server closes it after 5."""


@dataclass(frozen=True, slots=True)
class Answer:
    """Status and JSON body of an answer."""

    status: int
    body: dict[str, Any]


@dataclass(slots=True)
class LiveServer:
    """One gunicorn with its own folder and port. `start` may be called again after a kill.

    Two servers share a database when the second one has `DATA_DIR` of the first in its settings.
    `application` is what gunicorn serves. `listener` is a socket that listens already and outlives
    the server, as one of systemd does.
    """

    folder: Path
    settings: Mapping[str, str] = field(default_factory=dict[str, str])
    port: int = 0
    application: str = "main:app"
    listener: socket.socket | None = None
    process: subprocess.Popen[bytes] | None = None
    _connections: dict[int, HTTPConnection] = field(default_factory=dict[int, HTTPConnection])
    _used: dict[int, float] = field(default_factory=dict[int, float])

    @property
    def data_dir(self) -> Path:
        """The folder of the database, which other servers may share."""
        return Path(self.settings.get("DATA_DIR", self.folder / "var"))

    @property
    def database(self) -> Path:
        """The database's file."""
        return self.data_dir / "novalgo.db"

    def start(self, *, wait: bool = True) -> None:
        """Start gunicorn; returns when it answers."""
        inherited = self._inherited()
        self.port = self.port or free_port()
        self.folder.mkdir(parents=True, exist_ok=True)
        environment = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(REPOSITORY),
            "PORT": str(self.port),
            "DATA_DIR": str(self.data_dir),
            "WEBHOOK_SECRET": SECRET,
            "API_KEY": API_KEY,
            **self.settings,
        }
        if inherited:
            environment["BIND"] = f"fd://{inherited[0]}"
        command = [sys.executable, "-m", "gunicorn", "-c", str(REPOSITORY / "gunicorn.conf.py")]
        with (self.folder / "server.log").open("ab") as log:
            self.process = subprocess.Popen(
                [*command, self.application],
                cwd=self.folder,
                env=environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
                pass_fds=inherited,
            )
        if wait:
            self.await_health()

    def await_health(self, seconds: float = 30) -> None:
        """Wait for the first answer."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            try:
                if self.get("/health").status == 200:
                    return
            except (OSError, HTTPException):
                pass
            time.sleep(0.01)
        raise TimeoutError((self.folder / "server.log").read_text()[-4000:])

    def await_idle(self, seconds: float = 30) -> None:
        """Wait until no alert is in work any more."""
        deadline = time.monotonic() + seconds
        while in_work := self._in_work():
            if time.monotonic() > deadline:
                raise TimeoutError(f"still in work: {in_work}")
            time.sleep(0.05)

    def _in_work(self) -> dict[str, int]:
        """Alerts that have not ended, by their status, at one moment."""
        query = (
            "SELECT status, count(*) FROM alerts"
            " WHERE status IN ('accepted', 'executing', 'waiting', 'unknown') GROUP BY status"
        )
        with closing(sqlite3.connect(f"file:{self.database}?mode=ro", uri=True)) as connection:
            return dict(connection.execute(query).fetchall())

    def kill(self) -> None:
        """kill -9 of master and worker at once."""
        self._signal_all(signal.SIGKILL)
        self._hang_up_all()
        if self.process is not None:
            self.process.wait()
            self.process = None

    def kill_worker(self) -> None:
        """kill -9 of the worker alone; the master starts another one."""
        os.kill(self.worker_pid(), signal.SIGKILL)
        self._hang_up_all()

    def reload(self) -> None:
        """SIGHUP: a new worker takes the place of the old one."""
        assert self.process is not None
        self.process.send_signal(signal.SIGHUP)
        self._hang_up_all()

    def freeze(self) -> None:
        """SIGSTOP to master and worker."""
        self._signal_all(signal.SIGSTOP)

    def thaw(self) -> None:
        """SIGCONT to master and worker."""
        self._signal_all(signal.SIGCONT)

    def stop(self) -> int:
        """SIGTERM; the exit code."""
        if self.process is None:
            return 0
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(timeout=40)
        finally:
            self._signal_all(signal.SIGKILL)
            self._hang_up_all()
            self.process = None

    def post(self, path: str, body: bytes, headers: Mapping[str, str] | None = None) -> Answer:
        """POST on this thread's own connection."""
        return self.request("POST", path, body, headers)

    def alert(self, *, wait: float | None = None, **fields: object) -> Answer:
        """Post an alert as JSON, with the secret."""
        path = "/webhook" if wait is None else f"/webhook?wait={wait}"
        return self.post(path, json.dumps({"secret": SECRET, **fields}).encode())

    def get(self, path: str) -> Answer:
        """GET with the API key."""
        return self.request("GET", path, None, {"Authorization": f"Bearer {API_KEY}"})

    def api(self, method: str, path: str, body: object = None) -> Answer:
        """A call of the API with the key and a JSON body."""
        data = None if body is None else json.dumps(body).encode()
        headers = {"Authorization": f"Bearer {API_KEY}", "Content-Type": "application/json"}
        return self.request(method, path, data, headers)

    def everything(self, plural: str, query: str = "") -> list[dict[str, Any]]:
        """All pages of a list of the API."""
        found: list[dict[str, Any]] = []
        cursor = ""
        while True:
            answer = self.get(f"/api/v1/{plural}?limit=200{query}{cursor}")
            assert answer.status == 200, answer
            found += answer.body[plural]
            if not answer.body["next_cursor"]:
                return found
            cursor = f"&cursor={answer.body['next_cursor']}"

    def alerts(self, status: str) -> list[dict[str, Any]]:
        """All alerts of a status."""
        return self.everything("alerts", f"&status={status}")

    def request(
        self, method: str, path: str, body: bytes | None, headers: Mapping[str, str] | None
    ) -> Answer:
        """One request on this thread's connection, unless that was lost or idle for too long."""
        thread = threading.get_ident()
        if time.monotonic() - self._used.get(thread, 0) > IDLE:
            self.hang_up()
        connection = self._connections.get(thread) or self._connect()
        self._connections[thread] = connection
        try:
            connection.request(method, path, body, dict(headers or {}))
            answer = connection.getresponse()
            text = answer.read()
        except (OSError, HTTPException):
            self.hang_up()
            raise
        self._used[thread] = time.monotonic()
        try:
            return Answer(answer.status, json.loads(text))
        except ValueError:
            return Answer(answer.status, {"text": text.decode(errors="replace")})

    def hang_up(self) -> None:
        """Close this thread's connection; the next request makes a new one."""
        connection = self._connections.pop(threading.get_ident(), None)
        if connection is not None:
            connection.close()

    def _connect(self) -> HTTPConnection:
        return HTTPConnection("127.0.0.1", self.port, timeout=15)

    def _hang_up_all(self) -> None:
        while self._connections:
            _, connection = self._connections.popitem()
            connection.close()

    def worker_pid(self) -> int:
        """The process that serves."""
        return self.workers()[0]

    def workers(self) -> list[int]:
        """All processes that serve, the oldest first: two of them during a reload."""
        assert self.process is not None
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text()
        return [int(pid) for pid in children.split()]

    def log(self) -> str:
        """What the server wrote so far."""
        return (self.folder / "server.log").read_text(errors="replace")

    def _inherited(self) -> tuple[int, ...]:
        """The descriptors that the server gets from us."""
        if self.listener is None:
            return ()
        self.port = int(self.listener.getsockname()[1])
        return (self.listener.fileno(),)

    def _signal_all(self, number: signal.Signals) -> None:
        if self.process is not None:
            try:
                os.killpg(self.process.pid, number)
            except ProcessLookupError:
                return


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
