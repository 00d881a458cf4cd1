"""The HTTP worker: gunicorn's gthread, which stops without sitting out idle connections.

gunicorn 25.3 waits for idle keep-alive connections with one long select when it is told to stop,
so that a single idle browser delays a restart by the whole graceful timeout (30 s measured).
"""

import time

from gunicorn.workers.gthread import ThreadWorker

LINGER = 0.5
"""Seconds that a connection without a request may still use, once the server stops."""


class PromptWorker(ThreadWorker):
    """A gthread worker. Requests that came are answered; idle connections are closed soon."""

    def wait_for_and_dispatch_events(self, timeout: float | None) -> None:
        """Wait for events; while stopping, never longer than idle connections may linger."""
        if not self.alive:
            deadline = time.monotonic() + LINGER
            for connection in (*self.keepalived_conns, *self.pending_conns):
                known = connection.timeout
                connection.timeout = deadline if known is None else min(known, deadline)
            timeout = LINGER if timeout is None else min(timeout, LINGER)
        super().wait_for_and_dispatch_events(timeout)
