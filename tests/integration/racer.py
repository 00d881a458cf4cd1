"""A process that wants a token: `python -m tests.integration.racer FOLDER KIND LOGIN_HOST`.

It says `ready`, waits for a line, makes a token or takes the one that another process made, and
prints it, with how many it made itself.
"""

import os
import sys
import threading
from datetime import timedelta
from pathlib import Path

from app.adapters.clock import SystemClock
from app.adapters.tokens.fyers import FyersDesk, read_login_options
from app.adapters.tokens.opening import TokenPlace, open_store
from app.domain.errors import StoreUnavailable
from app.engine.token_manager import TokenManager
from app.ports.tokens import Grant, TokenStore
from app.workers.loop import Loop, Step
from tests.simulators.login_host import APP_ID, options_at

BUCKET, OBJECT, KEY = "tokens-of-a-race", "tokens.json", "a" * 43
LONGEST = 60.0


def store_at(folder: Path, kind: str) -> TokenStore:
    """The store of the account, as a server opens it."""
    place = TokenPlace(
        kind=kind, folder=folder, key=KEY, bucket=BUCKET, object_name=OBJECT, plain_name_for="fyers"
    )
    return open_store(place, "fyers", APP_ID)


def main(folder: str, kind: str, host: str) -> None:
    """Race."""
    made: list[str] = []

    class Counting(FyersDesk):
        """A desk that knows what it was asked for."""

        def renew(self, refresh: str) -> Grant:
            made.append(refresh)
            return super().renew(refresh)

    clock = SystemClock()
    desk = Counting(read_login_options("fyers", options_at(host)), clock)
    manager = TokenManager("fyers", store_at(Path(folder), kind), desk, clock, str(os.getpid()))
    done = threading.Event()

    def keep() -> None:
        try:
            manager.sync()
        except StoreUnavailable as error:
            sys.stderr.write(f"{error}\n")
        manager.make()
        if manager.current() is not None:
            done.set()

    manager.current()
    _say("ready")
    sys.stdin.readline()
    loop = Loop([Step("keep", timedelta(0), keep)], timedelta(milliseconds=20))
    loop.start()
    done.wait(LONGEST)
    loop.stop()
    _say(f"{manager.token()} {len(made)}")


def _say(words: str) -> None:
    sys.stdout.write(f"{words}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
