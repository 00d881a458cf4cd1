"""When the lists are fetched, and the child process that does it."""

import json
import logging
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from app.adapters.instruments.age import is_due
from app.adapters.instruments.build import Answer, Order
from app.adapters.instruments.fetching import folder_of
from app.adapters.instruments.generation import FOLDER, current, sources_of
from app.domain.errors import SymbolsError
from app.ports.clock import Clock

log = logging.getLogger(__name__)

RETRY = 300.0
"""Seconds from a refresh that left something old to the next try."""
RETRY_MISSING = 3600.0
"""Seconds to the next try when only lists are missing that were never there."""
LONGEST = 1200.0
"""Seconds that a refresh may take."""

Tell = Callable[[str | None], None]


class Refresher:
    """Keeps the lists of a folder new. `tell` hears why that begins to fail, and when it works.

    Processes that share a folder share the lists: one refreshes, the others see that it was done.
    """

    def __init__(self, data_dir: Path, base: str, clock: Clock, tell: Tell) -> None:
        self._folder = data_dir / FOLDER
        self._base = base
        self._clock = clock
        self._tell = tell
        self._failing = self._incomplete = False
        self._child: subprocess.Popen[str] | None = None
        self._not_before = float("-inf")
        self._give_up_at = 0.0
        self._lock = threading.Lock()

    def keep(self) -> None:
        """Begin a refresh when one is due, or see what came of the one that runs. Never waits."""
        with self._lock:
            if self._child is not None:
                self._look(self._child)
            elif self._clock.monotonic() >= self._not_before and self._is_due():
                self._child = self._start(when_due=not self._incomplete)
                self._give_up_at = self._clock.monotonic() + LONGEST

    def running(self) -> bool:
        """Whether a refresh runs, or was not looked at since it ended."""
        return self._child is not None

    def refresh(self, *, force: bool = False) -> Answer:
        """Refresh now, and wait for it.

        Raises:
            SymbolsError: it failed; what was there is there still.
        """
        return _answer_of(self._start(force=force))

    def stop(self) -> None:
        """Break off what runs: it is made anew when it is due again."""
        with self._lock:
            if self._child is not None:
                self._child.kill()
                self._child.communicate()
                self._child = None

    def _is_due(self) -> bool:
        path = current(self._folder)
        if path is None or self._incomplete:
            return True
        return is_due(sources_of(path).values(), self._clock.now())

    def _start(self, *, force: bool = False, when_due: bool = False) -> subprocess.Popen[str]:
        order = Order(
            folder=str(self._folder),
            base=self._base,
            now=self._clock.now().timestamp(),
            force=force,
            when_due=when_due,
        )
        command = [
            sys.executable,
            "-m",
            "app.adapters.instruments.build",
            json.dumps(asdict(order)),
        ]
        return subprocess.Popen(  # noqa: S603  # our own module
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    def _look(self, child: subprocess.Popen[str]) -> None:
        if child.poll() is None:
            if self._clock.monotonic() < self._give_up_at:
                return
            child.kill()
        self._child = None
        try:
            answer = _answer_of(child)
        except SymbolsError as error:
            self._note(str(error), RETRY)
            return
        if answer.busy:
            self._not_before = self._clock.monotonic() + RETRY
            return
        why = "; ".join(f"{name}: {why}" for name, why in answer.failed.items())
        absent = bool(answer.missing) and folder_of(self._base) is None
        self._incomplete = absent or bool(answer.failed)
        if not answer.generation:
            why = why or "; ".join(f"{name}: {reason}" for name, reason in answer.missing.items())
        self._note(why, RETRY if why else RETRY_MISSING if self._incomplete else 0.0)
        log.info("the symbol master was refreshed", extra=asdict(answer))

    def _note(self, why: str, pause: float) -> None:
        self._not_before = self._clock.monotonic() + pause
        if bool(why) is not self._failing:
            self._failing = bool(why)
            self._tell(why or None)


def _answer_of(child: subprocess.Popen[str]) -> Answer:
    said, complaint = child.communicate()
    if child.returncode:
        *_, why = complaint.strip().splitlines() or [f"it ended with {child.returncode}"]
        raise SymbolsError(f"the lists could not be refreshed: {why}")
    return Answer(**json.loads(said))
