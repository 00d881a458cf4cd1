"""Budgets in files: the times of an account's latest calls, a few bytes that all processes share.

Not in the database: what is lost with the power is worth nothing a minute later, and a durable
commit for each call costs ten times as much, of the one connection that alerts are journaled with.
"""

import fcntl
import logging
import os
import struct
import threading
from collections.abc import Sequence
from pathlib import Path

from app.domain.errors import BrokerUnavailable
from app.domain.rates import Purpose, Rate, pause
from app.ports.clock import Clock

log = logging.getLogger(__name__)

TRIES, PAUSE = 20, 0.002
"""How often, and after how many seconds, a file is tried that another call is written into."""

BUSY = 0.1
"""Seconds after which a call may come again that was not counted for want of the file."""


class FileBudgets:
    """Budgets in a folder, a file for each."""

    def __init__(self, folder: Path, clock: Clock) -> None:
        self._folder = folder
        self._clock = clock

    def of(self, name: str, rates: Sequence[Rate]) -> "FileBudget":
        """The budget of a name."""
        return FileBudget(self._folder / f"{name}.calls", rates, self._clock)


class FileBudget:
    """One budget. Its file is opened anew for each call: locks part threads and processes alike."""

    def __init__(self, file: Path, rates: Sequence[Rate], clock: Clock) -> None:
        self._file = file
        self._rates = rates
        self._clock = clock
        self._form = struct.Struct(f"{max(rate.calls for rate in rates)}d")
        self._never = threading.Event()

    def spend(self, purpose: Purpose) -> None:
        """Count one call; what reduces is let through when it cannot be counted."""
        try:
            left = self._spend(purpose)
        except OSError as error:
            why = {"file": self._file.name, "why": error.strerror}
            log.warning("a call could not be counted", extra=why)
            left = BUSY if purpose is not Purpose.REDUCE else 0
        if left:
            words = f"the budget of calls is spent: none for another {left:.2f} s"
            raise BrokerUnavailable(words, after=left)

    def _spend(self, purpose: Purpose) -> float:
        """Count a call; or how long it has to wait."""
        handle = self._open()
        try:
            self._lock(handle)
            calls = self._read(handle)
            now = self._clock.monotonic()
            left = pause(self._rates, purpose, calls, now)
            if not left:
                os.pwrite(handle, self._form.pack(*calls[1:], now), 0)
            return left
        finally:
            os.close(handle)

    def _open(self) -> int:
        try:
            return os.open(self._file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except FileNotFoundError:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            return os.open(self._file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)

    def _lock(self, handle: int) -> None:
        """Take the file. Who has it needs it for microseconds, unless its process was frozen."""
        for _ in range(TRIES):
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                self._never.wait(PAUSE)
            else:
                return
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def _read(self, handle: int) -> Sequence[float]:
        """The latest calls, the oldest first; a file of another size begins anew."""
        raw = os.pread(handle, self._form.size + 1, 0)
        if len(raw) != self._form.size:
            os.ftruncate(handle, self._form.size)
            return (float("-inf"),) * (self._form.size // struct.calcsize("d"))
        return self._form.unpack(raw)
