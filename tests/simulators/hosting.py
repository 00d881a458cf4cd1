"""A simulator in one piece on one port of loopback: `with` it listens, and then no more."""

import socket
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any, Self

from tests.simulators.controls import Controls
from tests.simulators.serving import App, WebServer

_HOST = "127.0.0.1"
_HEARTBEAT = 0.2


class Simulator(Controls):
    """What every simulated broker is besides its rules. A broker's own class comes before it."""

    def host(self, app: App, stream: str, *, port: int, beats: bool) -> None:
        """Say what is served; before anything else.

        `stream`: the path of the stream. `beats`: time passes although nobody asks for anything.
        """
        self.__app = app
        self.__stream = stream
        self.__port = port
        self.__beats = beats
        self.__web: WebServer | None = None
        self.__threads: list[threading.Thread] = []
        self.__stopped = threading.Event()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def base_url(self) -> str:
        """Where it listens."""
        return f"http://{_HOST}:{self.__port}"

    @property
    def stream_url(self) -> str:
        """Where the stream is."""
        return f"ws://{_HOST}:{self.__port}{self.__stream}"

    def saved(self) -> None:
        """Keep the state, when there is a file for it."""

    def start(self) -> None:
        """Listen."""
        self._take_place()
        self._listen()
        if self.__beats:
            self._run(self._beat)

    def close(self) -> None:
        """Listen no more, and end everything."""
        self.__stopped.set()
        for thread in self.__threads:
            thread.join()
        self._deafen()
        self.__place.close()
        self.stream.close()

    def call(self, name: str, given: dict[str, Any]) -> Any:
        """A call by its name, kept in the file of its state as any order is."""
        shown = super().call(name, given)
        with self._market.lock:
            self.saved()
        return shown

    def unreachable(self, seconds: float) -> None:
        """Refuse every connection for so long; those that are open end."""

        def be_away() -> None:
            with self.away():
                self.__stopped.wait(seconds)

        self._run(be_away)

    def _run(self, work: Callable[[], None]) -> None:
        """Do something beside the rest; `close` waits for its end."""
        thread = threading.Thread(target=work, daemon=True)
        self.__threads.append(thread)
        thread.start()

    @contextmanager
    def away(self) -> Generator[None]:
        """Refuse every connection in a `with` block."""
        self._deafen()
        try:
            yield
        finally:
            self._listen()
            self.absences += 1

    def _take_place(self) -> None:
        """Hold the port, deaf: while nobody listens there, nobody else gets it."""
        with socket.socket() as free:
            free.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            free.bind((_HOST, self.__port))  # a port that somebody has is an error
            self.__port = free.getsockname()[1]
        self.__place = socket.socket()
        self.__place.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        self.__place.bind((_HOST, self.__port))

    def _listen(self) -> None:
        self.__web = WebServer(self.__port, self.__app, self.faults, self, self.__stream)
        self.__web.start()

    def _deafen(self) -> None:
        if self.__web is not None:
            self.stream.drop()
            self.__web.stop()
            self.__web = None

    def _beat(self) -> None:
        """On the real clock sessions and orders end by themselves."""
        while not self.__stopped.wait(_HEARTBEAT):
            self.pass_time()
