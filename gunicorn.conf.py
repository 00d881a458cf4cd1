"""How gunicorn serves NovAlgo: one worker, many threads, the engine inside the worker.

gunicorn 25.3 is pinned on purpose (docs/adr/0004-gunicorn-pin.md). The application is not
preloaded: locks, threads and the database connection belong to the process that works.
"""

import sys
from typing import TYPE_CHECKING, cast

from app.adapters.journal.migrate import database_file, migrate_apart
from app.adapters.reserve import make_room
from app.config import Settings
from app.domain.errors import ConfigError

if TYPE_CHECKING:
    from flask import Flask
    from gunicorn.arbiter import Arbiter
    from gunicorn.workers.base import Worker

    from app.bootstrap import Server

try:
    settings = Settings.from_env()
except ConfigError as error:
    sys.exit(f"{error.code}: {error}")  # a line for a person, not a traceback

bind = settings.bind_address
workers = 1
worker_class = "app.workers.http.PromptWorker"
threads = settings.threads
preload_app = False
timeout = 60
graceful_timeout = 30
keepalive = 5
# What TradingView or a proxy in front never sends; a hostile client gets an answer, not memory.
limit_request_line = 4094
limit_request_fields = 64
accesslog = None
errorlog = "-"
loglevel = "warning"
proc_name = "novalgo"
# No socket in the home folder by which its user could change the number of workers.
control_socket_disable = True


def on_starting(_server: "Arbiter") -> None:
    """Bring the database to this version's schema before anything serves."""
    make_room(database_file(settings.database_url).parent)
    migrate_apart(settings.database_url)


def when_ready(_server: "Arbiter") -> None:
    """Tell a person where the server is, and how to place a first order."""
    if settings.bind:
        return
    url = f"http://{settings.bind_address}"
    sys.stdout.write(
        f"NovAlgo listens on {url}. A first order, on paper:\n\n{first_alert(url)}\n\n"
    )
    sys.stdout.flush()


def first_alert(url: str) -> str:
    """The line that places a first order. README.md shows it; a test compares the two."""
    from_env = "'$(grep ^WEBHOOK_SECRET= .env | cut -d= -f2)'"
    return (
        f"""curl -s '{url}/webhook?wait=2' -d '{{"secret": "{from_env}", "action": "buy", """
        """"symbol": "AAPL", "quantity": 10, "price": 190, "stop_loss": "2%", """
        """"take_profit": "4%"}'"""
    )


def post_worker_init(worker: "Worker") -> None:
    """Start the engine in the process that serves, before its first request."""
    _server_of(worker).start()


def worker_exit(_server: "Arbiter", worker: "Worker") -> None:
    """Finish what runs and give the rest back. A worker that failed to load has nothing."""
    if hasattr(worker, "wsgi"):
        _server_of(worker).stop()


def _server_of(worker: "Worker") -> "Server":
    flask = cast("Flask", worker.wsgi)
    return cast("Server", flask.extensions["novalgo"])
