"""A simulator as a process of its own."""

import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import requests

ROOT = Path(__file__).parents[3]


class Process:
    """`python -m tests.simulators.<name>`; `lines` is what it prints at first."""

    def __init__(self, name: str, lines: int, *arguments: str) -> None:
        command = [sys.executable, "-m", f"tests.simulators.{name}", "--port", "0", *arguments]
        self._process = subprocess.Popen(  # noqa: S603 (it is ours)
            command, cwd=ROOT, stdout=subprocess.PIPE, text=True
        )
        assert self._process.stdout is not None
        self.lines = [self._process.stdout.readline().strip() for _ in range(lines)]
        told = [line.split("=", 1) for line in self.lines if not line.startswith("#")]
        self.settings = dict(told)
        self.session = requests.Session()
        self.url = ""

    def ask(self, method: str, path: str, body: Any = None) -> requests.Response:
        """Ask one of its APIs."""
        return self.session.request(method, self.url + path, json=body, timeout=20)

    def call(self, name: str, **given: Any) -> Any:
        """Make a call of the simulator."""
        answer = self.session.post(f"{self.url}/_sim/{name}", json=given, timeout=20)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def wait_until_it_is_back(self, absences: int = 1) -> None:
        """Wait until it was away so often, and can be reached."""
        ends = time.monotonic() + 20
        while self._absences() < absences:
            assert time.monotonic() < ends

    def _absences(self) -> int:
        try:
            return int(self.call("state")["absences"])
        except requests.ConnectionError:
            return 0

    def end(self, *, kill: bool = False) -> int:
        """Stop it, or kill it."""
        self.session.close()
        self._process.kill() if kill else self._process.terminate()
        code = self._process.wait(20)
        assert self._process.stdout is not None
        self._process.stdout.close()
        return code
