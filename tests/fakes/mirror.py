"""A server that says where a caller comes from, as those do that are asked for it."""

from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread


class Mirror:
    """Answers with whatever address it was told to."""

    def __init__(self, answer: str) -> None:
        self.answer = answer
        mirror = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(200)
                self.end_headers()
                self.wfile.write(mirror.answer.encode())

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # its name
                """Nobody reads it."""

        self._server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/"
        Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
