"""Who works on a database: the processes, their names there, and what they run."""

import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

from tests.e2e.live import LiveServer


def ask(database: Path, query: str, *params: object) -> list[Any]:
    """The first column of what a query finds; nothing is written."""
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        return [row[0] for row in connection.execute(query, params)]


def name_of(server: LiveServer) -> str | None:
    """The name under which a server's worker claims its work now."""
    query = "SELECT id FROM owners WHERE pid = ? ORDER BY started_at DESC"
    names = ask(server.database, query, server.worker_pid())
    return names[0] if names else None


def run_by(database: Path, owner: str | None) -> set[int]:
    """The jobs that an owner runs."""
    query = "SELECT id FROM jobs WHERE state = 'running' AND owner = ?"
    return set(ask(database, query, owner))


def not_ended(database: Path) -> set[int]:
    """The jobs that have not ended."""
    return set(ask(database, "SELECT id FROM jobs WHERE state IN ('ready', 'waiting', 'running')"))


def is_locked(database: Path) -> bool:
    """Whether somebody is in the middle of a write."""
    with closing(sqlite3.connect(database, timeout=0, isolation_level=None)) as connection:
        try:
            connection.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError:
            return True
    return False


def dwindle(left: Callable[[], set[int]], seconds: float, what: str) -> None:
    """Wait until nothing is left; an error when for so long nothing of it went."""
    before, since = left(), time.monotonic()
    while now := left():
        if now != before:
            before, since = now, time.monotonic()
        assert time.monotonic() - since < seconds, f"{len(now)} of {what} are stuck"
        time.sleep(0.01)


def until(happened: Callable[[], bool], seconds: float, what: str) -> float:
    """Wait until something has happened; how long it took."""
    began = time.monotonic()
    while not happened():
        assert time.monotonic() - began < seconds, f"not within {seconds} s: {what}"
        time.sleep(0.01)
    return time.monotonic() - began
