"""The HTTP server: sockets, and the faults that happen on them."""

import json
import socket
import struct
import threading
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Protocol, cast

from tests.simulators.controls import Controls
from tests.simulators.faults import Fault, Faults, Kind
from tests.simulators.wire import Answer, Asked, Refusal, Wire

_CONTROL = "/_sim/"
_PATIENCE = 1.0
_RESET = struct.pack("ii", 1, 0)


class App(Protocol):
    """What answers."""

    def now(self) -> datetime:
        """The present there."""
        ...

    def note(self, wire: Wire, fault: Fault | None) -> Asked:
        """Remember that something was asked, and what goes wrong with it."""
        ...

    def answer(self, wire: Wire, fault: Fault | None = None) -> Answer:
        """Carry out a request."""
        ...

    def stand_in(self, wire: Wire, fault: Fault) -> Answer | None:
        """What is answered instead; None = what a request came to."""
        ...


class WebServer(ThreadingHTTPServer):
    """A thread for each connection; all of them end with it."""

    daemon_threads = True
    request_queue_size = 128
    allow_reuse_port = True  # whose place it takes holds the port too

    def __init__(
        self, port: int, app: App, faults: Faults, controls: Controls, stream: str
    ) -> None:
        """`stream`: the path at which the stream is."""
        self.app = app
        self._stream = f"GET {stream}".encode()
        self.faults = faults
        self.controls = controls
        self.stopping = threading.Event()
        self._open: dict[threading.Thread, socket.socket] = {}
        self._thread = threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True)
        super().__init__(("127.0.0.1", port), _Handler)

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self.server_address[1])

    def start(self) -> None:
        """Serve."""
        self._thread.start()

    def stop(self) -> None:
        """Listen no more, let the replies that are under way be written, end every connection."""
        self.stopping.set()
        self.shutdown()
        self._thread.join()
        self.server_close()
        for how, patience in ((socket.SHUT_RD, _PATIENCE), (socket.SHUT_RDWR, None)):
            for thread, sock in tuple(self._open.items()):
                _shut(sock, how)
                thread.join(patience)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        thread = threading.current_thread()
        self._open[thread] = request
        try:
            how = socket.MSG_PEEK | socket.MSG_WAITALL
            if request.recv(len(self._stream), how) == self._stream:
                self.controls.stream.attend(request, client_address)
                self.shutdown_request(request)
            else:
                super().process_request_thread(request, client_address)
        finally:
            del self._open[thread]

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is no news."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # an answer goes in one piece
    disable_nagle_algorithm = True
    server: WebServer  # pyright: ignore[reportIncompatibleVariableOverride]

    def do_GET(self) -> None:
        self._serve()

    do_POST = do_PATCH = do_PUT = do_DELETE = do_GET  # noqa: N815 (the same)

    def date_time_string(self, timestamp: float | None = None) -> str:
        """The `Date` of an answer, by the simulator's own clock."""
        return super().date_time_string(timestamp or self.server.app.now().timestamp())

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 (its name there)
        """Be quiet."""

    def _serve(self) -> None:
        wire = self._read()
        if wire.path.startswith(_CONTROL):
            self._send(self._control(wire))
            return
        fault = self.server.faults.draw(wire.method, wire.path)
        if fault is None:
            self._send(self.server.app.answer(wire))
        elif fault.carries_out:
            self._spoil(wire, fault, self.server.app.answer(wire, fault))
        elif fault.kind is Kind.SLOW:
            if not self.server.stopping.wait(fault.seconds):
                self._send(self.server.app.answer(wire, fault))
        else:
            self.server.app.note(wire, fault)
            self._spoil(wire, fault, Answer(200, b""))

    def _read(self) -> Wire:
        path, _, query = self.path.partition("?")
        size = int(self.headers.get("Content-Length") or 0)
        headers = cast("dict[str, str]", self.headers)
        body = self.rfile.read(size)
        return Wire(self.command, path, query, body, headers, str(self.client_address[0]))

    def _control(self, wire: Wire) -> Answer:
        try:
            given: dict[str, Any] = json.loads(wire.body or b"{}")
            shown = self.server.controls.call(wire.path.removeprefix(_CONTROL), given)
        except Refusal as refusal:
            return Answer(refusal.status, json.dumps(refusal.body).encode())
        except (ValueError, TypeError, KeyError, ArithmeticError) as error:
            return Answer(400, json.dumps({"message": repr(error)}).encode())
        return Answer(200, json.dumps(shown).encode())

    def _spoil(self, wire: Wire, fault: Fault, answer: Answer) -> None:
        """Let the fault happen to a reply."""
        if fault.kind in (Kind.LOST, Kind.DROPPED):
            self._break_off(reset=fault.kind is Kind.DROPPED)
        elif fault.kind is Kind.CUT:
            self._send(answer, upto=len(answer.body) // 2)
            self._break_off(reset=False)
        elif fault.kind is Kind.SLOW:
            self.server.stopping.wait(fault.seconds)
            self._send(answer)
        else:
            self._send(self.server.app.stand_in(wire, fault) or answer)

    def _send(self, answer: Answer, upto: int | None = None) -> None:
        """Write an answer in one piece, or the beginning of its body."""
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        if answer.status != 204:
            self.send_header("Content-Type", answer.media)
            self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        self.wfile.write(answer.body[:upto])
        self.wfile.flush()

    def _break_off(self, *, reset: bool) -> None:
        self.close_connection = True
        self.wfile.flush()
        if reset:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            self.connection.close()
        else:
            _shut(self.connection)


def _shut(sock: socket.socket, how: int = socket.SHUT_RDWR) -> None:
    try:
        sock.shutdown(how)
    except OSError:
        return
