"""A sender that behaves like TradingView: 3 s of patience, the same body again, four deliveries."""

import json
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException

from tests.e2e.live import LiveServer

DELIVERIES = 4
PATIENCE = 3.0
"""Seconds after which TradingView gives up waiting for an answer."""
RESTART = 30.0
"""Seconds that a refused connection is tried again: it is no delivery."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """How the delivery of one body ended. Without an `alert_id` it was never acknowledged."""

    alert_id: str | None
    duplicate: bool
    deliveries: int
    refused: int
    seconds: float

    @property
    def again(self) -> bool:
        """Whether it took more than one delivery."""
        return self.deliveries > 1


class Undelivered(Exception):
    """A delivery that nobody answered, or with a 5xx."""


class Sender:
    """Posts alerts, each delivery on a new connection, to any of the servers."""

    def __init__(self, servers: Sequence[LiveServer], chance: random.Random) -> None:
        self._servers = servers
        self._chance = chance

    def send(self, body: bytes) -> Delivery:
        """Deliver a body at most four times, until somebody takes it."""
        began, refused = time.monotonic(), 0
        deliveries = 0
        while deliveries < DELIVERIES and time.monotonic() - began < RESTART:
            try:
                deliveries += 1
                alert_id, duplicate = self._deliver(body)
            except ConnectionRefusedError:
                refused += 1
                deliveries -= 1
                time.sleep(0.02)
            except Undelivered:
                time.sleep(self._chance.uniform(0.01, 0.2))
            else:
                took = time.monotonic() - began
                return Delivery(alert_id, duplicate, deliveries, refused, took)
        return Delivery(None, duplicate=False, deliveries=deliveries, refused=refused, seconds=0)

    def _deliver(self, body: bytes) -> tuple[str, bool]:
        port = self._chance.choice(self._servers).port
        connection = HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
        try:
            connection.request("POST", "/webhook", body)
            answer = connection.getresponse()
            text = answer.read()
        except ConnectionRefusedError:
            raise
        except (OSError, HTTPException) as error:
            raise Undelivered(str(error)) from error
        finally:
            connection.close()
        if answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            raise Undelivered(text.decode())
        assert answer.status in (HTTPStatus.ACCEPTED, HTTPStatus.OK), (answer.status, text)
        told = json.loads(text)
        assert told["duplicate"] is (answer.status == HTTPStatus.OK), told
        return told["alert_id"], told["duplicate"]
