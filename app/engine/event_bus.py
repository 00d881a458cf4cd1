"""The bus: events go to whoever listens, after they are durable."""

import logging
from collections.abc import Callable, Sequence

from app.domain.events import Event

log = logging.getLogger(__name__)

Listener = Callable[[Event], None]


class EventBus:
    """Hands events to listeners. A listener that fails is logged and never stops an order."""

    def __init__(self) -> None:
        self._listeners: list[Listener] = []

    def subscribe(self, listener: Listener) -> None:
        """Hear every event from now on, on the thread that published it."""
        self._listeners.append(listener)

    def publish(self, events: Sequence[Event]) -> None:
        """Tell all listeners."""
        for event in events:
            for listener in self._listeners:
                try:
                    listener(event)
                except Exception:
                    log.exception("a listener failed", extra={"event_kind": event.kind.value})
