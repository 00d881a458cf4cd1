"""What work leaves behind in a process: memory, open files, threads."""

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple, Self

from tests.e2e.live import SECRET, LiveServer
from tests.e2e.wire import Wire, http

SYMBOLS = 40


class Wear(NamedTuple):
    """The state of a process, or how two states differ. `megabytes`: of its own, no file's."""

    threads: int
    descriptors: int
    megabytes: float

    def since(self, before: Self) -> "Wear":
        """What has come on top."""
        return Wear(
            self.threads - before.threads,
            self.descriptors - before.descriptors,
            self.megabytes - before.megabytes,
        )

    def __str__(self) -> str:
        return f"{self.threads} threads, {self.descriptors} descriptors, {self.megabytes:.2f} MB"


def wear_of(server: LiveServer) -> Wear:
    """The worker as it is now, with nothing in work and no connection but ours."""
    server.await_idle(seconds=600)  # a busy machine executes more slowly than it acknowledges
    process = Path(f"/proc/{server.worker_pid()}")
    status = dict(
        line.split(":", 1) for line in (process / "status").read_text().splitlines() if ":" in line
    )
    return Wear(
        int(status["Threads"]),
        len(list((process / "fd").iterdir())),
        int(status["RssAnon"].split()[0]) / 1024,
    )


def trade(server: LiveServer, first: int, last: int, clients: int = 4) -> None:
    """Buy with protection and close again, in many lanes and on a few connections at a time."""

    def client(number: int) -> None:
        with Wire(server.port) as wire:
            for each in range(first + number, last, clients):
                reply = wire.send(http("POST", "/webhook", _alert(each)))
                assert reply.status == 202, reply

    with ThreadPoolExecutor(clients) as pool:
        list(pool.map(client, range(clients)))


def _alert(number: int) -> bytes:
    """Odd ones close what even ones bought."""
    alert = {"secret": SECRET, "symbol": f"S{number // 2 % SYMBOLS}", "id": f"{number:08d}"}
    if number % 2:
        return json.dumps(alert | {"action": "close"}).encode()
    stops = {"stop_loss": "5%", "take_profit": "5%"}
    return json.dumps(alert | {"action": "buy", "quantity": 1, "price": 10} | stops).encode()
