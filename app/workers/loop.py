"""The loop: the only `while` and the only wait of the background."""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Step:
    """Something to be done every now and then. `due` is on the loop's own clock."""

    name: str
    every: timedelta
    run: Callable[[], object]
    due: float = 0.0


class Loop:
    """Runs steps on one daemon thread. A step that raises is logged and tried again when due.

    It turns every `tick`, and at once when it is woken: for steps that are always due.
    """

    def __init__(
        self,
        steps: Sequence[Step],
        tick: timedelta = timedelta(milliseconds=250),
        name: str = "novalgo-loop",
    ) -> None:
        self._steps = steps
        self._tick = tick.total_seconds()
        self._stop = threading.Event()
        self._woken = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._turned = time.monotonic()

    def start(self) -> None:
        """Begin to turn."""
        self._thread.start()

    def stop(self) -> None:
        """Stop after the step that runs now."""
        self._stop.set()
        self._woken.set()
        if self._thread.is_alive():
            self._thread.join(timeout=5)

    def wake(self) -> None:
        """Turn now. It never waits, and any thread may call it."""
        self._woken.set()

    @property
    def idle(self) -> timedelta:
        """How long ago the loop last turned."""
        return timedelta(seconds=time.monotonic() - self._turned)

    def _run(self) -> None:
        while not self._stop.is_set():
            self._woken.clear()  # before the turn: what wakes it meanwhile makes it turn again
            self.turn(time.monotonic())
            self._turned = time.monotonic()
            if not self._stop.is_set():
                self._woken.wait(self._tick)

    def turn(self, now: float) -> None:
        """Run each step that is due."""
        for step in self._steps:
            if now < step.due:
                continue
            step.due = now + step.every.total_seconds()
            try:
                step.run()
            except Exception:
                log.exception("a background step failed", extra={"step": step.name})
