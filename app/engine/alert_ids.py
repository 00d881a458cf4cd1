"""Ids of alerts: drawn, and yet in the order in which this process took the alerts in."""

import threading
from collections.abc import Callable
from datetime import datetime

from app.domain.identity import alert_id_of, alert_number_at


class AlertIds:
    """Gives ids. `noise`: 80 random bits, which keep the ids of several processes apart."""

    def __init__(self, noise: Callable[[], int]) -> None:
        self._noise = noise
        self._last = 0
        self._lock = threading.Lock()

    def next(self, now: datetime) -> str:
        """An id that sorts after all that were given before, also within one millisecond."""
        with self._lock:
            self._last = max(alert_number_at(now, self._noise()), self._last + 1)
            return alert_id_of(self._last)
