"""A simulator that is started by hand, and runs until it is told to end."""

import signal
import threading
from collections.abc import Callable

from tests.simulators.hosting import Simulator

HOURS = {"open": True, "closed": False, "calendar": None}
"""What `--market` may say, and what it means for `market`."""


def serve(simulator: Simulator, settings: Callable[[], str]) -> None:
    """Listen, print the settings, and end with Ctrl-C or SIGTERM."""
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _setter(stop))
    with simulator:
        print(settings(), flush=True)  # noqa: T201 (it is there to be copied)
        stop.wait()


def _setter(stop: threading.Event) -> Callable[[int, object], None]:
    return lambda _number, _frame: stop.set()
