"""Services on loopback that notifications are sent to: a mail server, and a web hook."""

import asyncio
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope, Session


@dataclass(slots=True)
class Mailbox:
    """What a mail server took, as it came."""

    host: str = ""
    letters: list[bytes] = field(default_factory=list[bytes])

    async def handle_DATA(self, _: SMTP, __: Session, envelope: Envelope) -> str:  # noqa: N802
        assert isinstance(envelope.content, bytes)
        self.letters.append(envelope.content)
        return "250 OK"


@contextmanager
def mail_server() -> Generator[Mailbox, None, None]:
    """A mail server that takes everything."""
    mailbox, loop = Mailbox(), asyncio.new_event_loop()
    server = loop.run_until_complete(loop.create_server(lambda: SMTP(mailbox), "127.0.0.1", 0))
    mailbox.host = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
    thread = Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        yield mailbox
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        server.close()
        loop.close()


@contextmanager
def web_server(answer: Callable[[BaseHTTPRequestHandler], object]) -> Generator[str, None, None]:
    """A web server that answers every POST as it is told; host and port."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            answer(self)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # its name there
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        yield f"127.0.0.1:{server.server_port}"
        server.shutdown()


def reply(handler: BaseHTTPRequestHandler, status: int = 200) -> bytes:
    """Answer with a status; what was sent."""
    body = handler.rfile.read(int(handler.headers["Content-Length"]))
    handler.send_response(status)
    handler.send_header("Content-Length", "0")
    handler.end_headers()
    return body


def drip(handler: BaseHTTPRequestHandler) -> None:
    """A byte now and then: no time-out of a read ever comes to its end."""
    handler.send_response(200)
    handler.send_header("Content-Length", "10000")
    handler.end_headers()
    never = Event()
    for _ in range(1000):
        try:
            handler.wfile.write(b".")
        except OSError:
            return
        never.wait(0.1)
