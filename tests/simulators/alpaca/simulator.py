"""The simulator in one piece: `with AlpacaSimulator() as alpaca:`."""

import socket
import threading
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.simulators.alpaca.accounts import Account
from tests.simulators.alpaca.app import App
from tests.simulators.alpaca.controls import Controls
from tests.simulators.alpaca.exchange import Exchange
from tests.simulators.alpaca.faults import Faults
from tests.simulators.alpaca.saving import Saved
from tests.simulators.alpaca.serving import WebServer
from tests.simulators.alpaca.spec import Spec
from tests.simulators.alpaca.stream import Stream
from tests.simulators.alpaca.world import Clock, RealClock, World

KEY, SECRET = "PKSIMULATED", "simulated-secret"
_HOST = "127.0.0.1"
_HEARTBEAT = 0.2


def an_account(key: str = KEY, secret: str = SECRET, **facts: Any) -> Account:
    """An account of 100,000 dollars."""
    return Account(key=key, secret=secret, **facts)


class AlpacaSimulator(Controls):
    """Alpaca on loopback: both APIs and the stream, on one port.

    Attributes:
        key, secret: those of the first account.
        state: everything that it remembers; hold `state.lock` to look at more than one thing.
    """

    def __init__(
        self,
        *,
        clock: Clock | None = None,
        accounts: Sequence[Account] = (),
        port: int = 0,
        strict: bool = False,
        seed: int = 0,
        state: Path | None = None,
        **rules: Any,
    ) -> None:
        """`strict`: requests are held against the OpenAPI documents, see `state.violations`.

        `state`: a file in which it is kept.
        """
        world = World(clock or RealClock(), seed)
        for account in accounts or (an_account(),):
            world.accounts[account.key] = account
            account.created_at = world.stamp()
        exchange = Exchange(world)
        super().__init__(world, exchange, Faults(seed), Stream(world, seed))
        self.rules(**rules)
        self.key, self.secret = self.owner().key, self.owner().secret
        self._app = App(world, exchange, Spec() if strict else None)
        if state is not None:
            self._app.saved = Saved(state, world).save
        self._port = port
        self._beats = clock is None
        self._web: WebServer | None = None
        self._threads: list[threading.Thread] = []
        self._stopped = threading.Event()

    def __enter__(self) -> "AlpacaSimulator":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def trading_url(self) -> str:
        """What alpaca-py's TradingClient takes as `url_override`."""
        return f"http://{_HOST}:{self._port}"

    @property
    def data_url(self) -> str:
        """What alpaca-py's data clients take as `url_override`."""
        return self.trading_url

    @property
    def stream_url(self) -> str:
        """What alpaca-py's TradingStream takes as `url_override`."""
        return f"ws://{_HOST}:{self._port}/stream"

    def start(self) -> None:
        """Listen."""
        self._listen()
        if self._beats:
            self._run(self._beat)

    def close(self) -> None:
        """Listen no more, and end everything."""
        self._stopped.set()
        for thread in self._threads:
            thread.join()
        self._deafen()
        self.stream.close()

    def call(self, name: str, given: dict[str, Any]) -> Any:
        """A call by its name, kept in the file of its state as any order is."""
        shown = super().call(name, given)
        with self.state.lock:
            self._app.saved()
        return shown

    def unreachable(self, seconds: float) -> None:
        """Refuse every connection for so long; those that are open end."""

        def be_away() -> None:
            with self.away():
                self._stopped.wait(seconds)

        self._run(be_away)

    def _run(self, work: Callable[[], None]) -> None:
        """Do something beside the rest; `close` waits for its end."""
        thread = threading.Thread(target=work, daemon=True)
        self._threads.append(thread)
        thread.start()

    @contextmanager
    def away(self) -> Generator[None]:
        """Refuse every connection in a `with` block."""
        self._deafen()
        with socket.socket() as reserved:  # bound and deaf: nobody else takes the port meanwhile
            reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            reserved.bind((_HOST, self._port))
            try:
                yield
            finally:
                self._listen()
                self.absences += 1

    def _listen(self) -> None:
        self._web = WebServer(self._port, self._app, self.faults, self)
        self._port = self._web.port
        self._web.start()

    def _deafen(self) -> None:
        if self._web is not None:
            self.stream.drop()
            self._web.stop()
            self._web = None

    def _beat(self) -> None:
        """On the real clock sessions and orders end by themselves."""
        while not self._stopped.wait(_HEARTBEAT):
            self.pass_time()
