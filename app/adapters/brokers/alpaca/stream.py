"""The stream of Alpaca: a hint that an order changed, on a thread of its own.

It is never on the way of an order. It tells of what it hears while it is connected and of nothing
that happened before, so each connection begins with "look at everything".
"""

import asyncio
import logging
import threading
from collections.abc import Callable, Sequence
from typing import Any

from app.adapters.brokers.alpaca.options import AlpacaOptions

log = logging.getLogger(__name__)

GOODBYE = 2.0
"""Seconds that the thread has to end."""

Heard = Callable[[Sequence[Any] | None], None]
"""Hears what is told of orders at about one moment; None after each connection."""


class Stream:
    """Listens to `trade_updates` until it is closed."""

    def __init__(self, options: AlpacaOptions, heard: Heard) -> None:
        self._options = options
        self._heard = heard
        self._loop: asyncio.AbstractEventLoop | None = None
        self._work: asyncio.Task[None] | None = None
        self._closed = False
        self._lock = threading.Lock()

    def run(self) -> None:
        """Listen on this thread; comes back when it is closed."""
        asyncio.run(self._listen())

    def close(self) -> None:
        """Listen no more. It may be called from any thread, before `run` too."""
        with self._lock:
            self._closed = True
            if self._loop is not None and self._work is not None:
                self._loop.call_soon_threadsafe(self._work.cancel)

    async def _listen(self) -> None:
        # Imported here: this runs on the thread that has loaded alpaca-py.
        from app.adapters.brokers.alpaca.trade_updates import TradeUpdates

        updates = TradeUpdates(self._options, self._heard)
        with self._lock:
            if self._closed:
                return
            self._loop = asyncio.get_running_loop()
            self._work = asyncio.create_task(updates.listen())
        try:
            await self._work
        except asyncio.CancelledError:
            log.info("the stream of Alpaca is closed")
        finally:
            with self._lock:
                self._loop = None
            await updates.close()
