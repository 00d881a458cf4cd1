"""The messenger by apprise, in a child process for each letter.

Apprise knows a hundred services and takes some 50 MB and its time for it; it sleeps between
requests, and what it waits for cannot be broken off. In a child it costs memory only while it
sends, and a time limit is a time limit (docs/adr/0022-notifications.md).
"""

import json
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress

from app.domain.errors import FencedOut, NotSent
from app.domain.letters import Letter

LIMIT = 60.0
"""Seconds that one letter may take. Loading takes a few of them on a small machine."""
STOPPING = "the server stops"
COMMAND = [sys.executable, "-m", "app.adapters.notify.child"]

Child = subprocess.Popen[str]


class ApartMessenger:
    """The messenger port. `veil` takes secrets out of what is said of a failure."""

    def __init__(self, veil: Callable[[str], str], limit: float = LIMIT) -> None:
        self._veil = veil
        self._limit = limit
        self._lock = threading.Lock()
        self._children: set[Child] = set()
        self._closed = False

    def send(self, address: str, letter: Letter) -> None:
        """Bring a letter; when this returns, the service has taken it."""
        order = json.dumps({"address": address, "title": letter.title, "text": letter.text})
        child = self._start()
        try:
            said, _ = child.communicate(order, self._limit)
        except subprocess.TimeoutExpired:
            raise NotSent(f"not done within {self._limit:g} s") from None
        finally:
            self._end(child)
        if self._closed:
            raise FencedOut(STOPPING)
        if child.returncode:
            raise NotSent(self._veil(said.strip()) or f"the child ended with {child.returncode}")

    def close(self) -> None:
        """Break off what is being sent."""
        with self._lock:
            self._closed = True
            for child in self._children:
                child.kill()

    def _start(self) -> Child:
        with self._lock:
            if self._closed:
                raise FencedOut(STOPPING)
            try:
                child = subprocess.Popen(  # noqa: S603  # ours
                    COMMAND,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.DEVNULL,
                    text=True,
                )
            except OSError as error:
                raise NotSent(f"no child can be started: {error.strerror}") from error
            self._children.add(child)
            return child

    def _end(self, child: Child) -> None:
        with self._lock:
            self._children.discard(child)
        child.kill()
        for pipe in (child.stdin, child.stdout):
            if pipe is not None:
                with suppress(OSError):  # it may hold what nobody took
                    pipe.close()
        child.wait()
