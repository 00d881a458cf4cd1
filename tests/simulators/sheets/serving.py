"""The HTTP server: sockets, and the faults that happen on them."""

import json
import socket
import struct
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.simulators.faults import Fault, Faults, Kind
from tests.simulators.sheets.app import App, told
from tests.simulators.sheets.book import Refused
from tests.simulators.sheets.tokens import Tokens

_RESET = struct.pack("ii", 1, 0)
_REFUSALS = {
    Kind.TOO_MANY: Refused(429, "RESOURCE_EXHAUSTED", "Quota exceeded for quota metric"),
    Kind.ERROR: Refused(500, "INTERNAL", "Internal error encountered."),
    Kind.GATEWAY: Refused(503, "UNAVAILABLE", "The service is currently unavailable."),
}
BODIES = {kind: (refused.code, told(refused)) for kind, refused in _REFUSALS.items()}
"""What Google says, by the kind of fault."""


class WebServer(ThreadingHTTPServer):
    """A thread for each connection; all of them end with it."""

    daemon_threads = True

    def __init__(self, port: int, app: App, faults: Faults, tokens: Tokens) -> None:
        self.app = app
        self.faults = faults
        self.tokens = tokens
        self.stopping = threading.Event()
        self._open: set[socket.socket] = set()
        self._thread = threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True)
        super().__init__(("127.0.0.1", port), _Handler)

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self.server_address[1]}"

    def start(self) -> None:
        """Serve."""
        self._thread.start()

    def stop(self) -> None:
        """Listen no more, and end every connection."""
        self.stopping.set()
        self.shutdown()
        self._thread.join()
        self.server_close()
        for sock in tuple(self._open):
            _shut(sock)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        self._open.add(request)
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._open.discard(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is no news."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1
    disable_nagle_algorithm = True
    server: WebServer  # pyright: ignore[reportIncompatibleVariableOverride]

    def do_GET(self) -> None:
        self._serve()

    do_POST = do_PUT = do_GET  # noqa: N815 (the same)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 (its name there)
        """Be quiet."""

    def _serve(self) -> None:
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        fault = self.server.faults.draw(self.command, self.path.partition("?")[0])
        if self.path == "/token":
            answer = self.server.tokens.exchange(raw, self.server.url)
        else:
            answer = self._of_app(raw, fault)
        self._send(answer) if fault is None else self._spoil(fault, answer)

    def _of_app(self, raw: bytes, fault: Fault | None) -> tuple[int, dict[str, Any]]:
        """What the API answers; nothing is done for a request that it never saw."""
        body: dict[str, Any] = json.loads(raw or b"{}")
        path = self.path.partition("?")[0]
        self.server.app.note(self.command, path, body, fault.kind.value if fault else "")
        if fault is not None and not fault.carries_out:
            return 200, {}
        token = self.headers.get("Authorization", "").removeprefix("Bearer ")
        return self.server.app.answer(self.command, self.path, body, token)

    def _spoil(self, fault: Fault, answer: tuple[int, dict[str, Any]]) -> None:
        """Let the fault happen to an answer."""
        if fault.kind in (Kind.LOST, Kind.DROPPED):
            self._break_off(reset=fault.kind is Kind.DROPPED)
        elif fault.kind is Kind.CUT:
            self._send(answer, cut=True)
            self._break_off(reset=False)
        elif fault.kind is Kind.SLOW:
            self.server.stopping.wait(fault.seconds)
            self._send(answer)
        elif (instead := self.server.faults.answer(fault)) is not None:
            self._write(*instead)

    def _send(self, answer: tuple[int, dict[str, Any]], *, cut: bool = False) -> None:
        status, shown = answer
        self._write(status, "application/json", json.dumps(shown).encode(), cut=cut)

    def _write(self, status: int, media: str, body: bytes, *, cut: bool = False) -> None:
        self.send_response(status)
        self.send_header("Content-Type", media)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[: len(body) // 2] if cut else body)
        self.wfile.flush()

    def _break_off(self, *, reset: bool) -> None:
        self.close_connection = True
        if reset:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            self.connection.close()
        else:
            _shut(self.connection)


def _shut(sock: socket.socket) -> None:
    try:
        sock.shutdown(socket.SHUT_RDWR)
    except OSError:
        return
