"""The way to a broker that is far away: it takes time, and what goes there is written down."""

import json
import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Way:
    """The way to the broker. What takes it stands in a file that survives the process."""

    file: Path
    latency: float
    tags_only: bool

    def travel(self) -> None:
        """Half a round trip."""
        time.sleep(self.latency / 2)

    def note(self, client_order_id: str, *, again: bool) -> None:
        """An order leaves for the broker now; `again`: the broker has it already."""
        facts = {"at": time.time(), "pid": os.getpid(), "order": client_order_id, "again": again}
        line = json.dumps(facts)
        with self.file.open("a") as file:
            file.write(f"{line}\n")


def sent(wire: Path) -> list[dict[str, Any]]:
    """Every order that was sent: `at`, `pid`, `order`, and whether the broker had it already."""
    return [json.loads(line) for line in wire.read_text().splitlines()]


def sent_twice(wire: Path) -> list[str]:
    """The orders that were sent while the broker had them already."""
    return [each["order"] for each in sent(wire) if each["again"]]


def sent_after(wire: Path, moment: float, pid: int) -> set[str]:
    """The orders that a process has sent after a moment."""
    return {each["order"] for each in sent(wire) if each["at"] > moment and each["pid"] == pid}
