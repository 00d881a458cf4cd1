"""Secrets that must be found nowhere: `assert_no_canary(server)` looks into every corner."""

import base64
import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from urllib.parse import quote

from tests.e2e.live import API_KEY, SECRET, LiveServer
from tests.e2e.wire import Wire, http

PREVIOUS = 'canary "previous\\secret" ü/d00d'
"""With everything that is written otherwise in JSON, in a URL and in a quoted text."""
SECRETS = (SECRET, PREVIOUS, API_KEY)
SETTINGS = {"WEBHOOK_SECRET_PREVIOUS": PREVIOUS, "LOG_LEVEL": "DEBUG"}

CANARY = "canary"
"""Each secret begins with it."""


def _forms_of(secret: str) -> set[str]:
    """A secret as it is, and as JSON, URLs and headers write it, in small letters."""
    coded = base64.b64encode(secret.encode()).decode()
    return {form.lower() for form in (secret, json.dumps(secret)[1:-1], quote(secret), coded)}


WHOLE = tuple(form for secret in SECRETS for form in _forms_of(secret))
PIECES = (CANARY, CANARY.encode().hex(), *(secret[7:].lower() for secret in SECRETS))
READ = (
    "/health",
    "/ready",
    "/positions",
    "/config",
    "/performance",
    "/metrics",
    "/api/v1/alerts?limit=200",
    "/api/v1/orders?limit=200",
    "/api/v1/strategies",
    "/api/v1/kill-switch",
    "/api/v1/notifications",
    "/api/v1/performance",
    "/api/v1/fills?limit=200",
    "/api/v1/trades?limit=200",
    "/api/v1/equity?limit=200",
    "/api/v1/order-log?limit=200",
    "/api/v1/logs?limit=200",
    "/openapi.json",
)
LOGIN = ("/auth-url", "/auth/callback", "/token-status")
"""Not there without an account that wants a login."""
EACH = {
    "/api/v1/alerts/<alert_id>",
    "/api/v1/orders/<client_order_id>",
    "/api/v1/strategies/<symbol>/<timeframe>",
}
"""Routes that are read for each thing that there is."""
MOST_LOOKED_INTO = 50
"""Of the alerts, one by one: each is a request of its own."""


def assert_no_canary(server: LiveServer, *, pieces: bool = True) -> None:
    """No secret in the log, the files, the rows, or in what a running server answers.

    `pieces`: nor a piece of one. Where bodies are mutated there are some that nobody can know.
    """
    places = {"the log": server.log(), **dict(rows(server)), **dict(files(server))}
    if server.process is not None:
        places |= dict(answers(server))
    for place, text in places.items():
        assert_hidden(text, place, pieces=pieces)


def assert_hidden(text: str, place: str, *, pieces: bool = True) -> None:
    """No secret in a text, in any of its forms."""
    lowered = text.lower()
    for form in (*WHOLE, *PIECES) if pieces else WHOLE:
        start = lowered.find(form)
        assert start < 0, f"{place} shows a secret: ...{text[max(start - 100, 0) : start + 60]!r}"


def rows(server: LiveServer) -> Iterator[tuple[str, str]]:
    """Every row of every table, as SQLite reads it, what is only in the WAL included."""
    with closing(sqlite3.connect(f"file:{server.database}?mode=ro", uri=True)) as database:
        names = database.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        for (name,) in names:
            for number, row in enumerate(database.execute(f'SELECT * FROM "{name}"')):  # noqa: S608
                yield f"row {number} of {name}", "\n".join(map(str, row))


def files(server: LiveServer) -> Iterator[tuple[str, str]]:
    """The bytes of every file, deleted rows and the WAL included, and its name."""
    for file in sorted(server.data_dir.rglob("*")):
        if file.is_file():
            yield str(file.relative_to(server.data_dir)), file.read_bytes().decode("latin-1")
    yield "the names of files", "\n".join(map(str, server.data_dir.rglob("*")))


def answers(server: LiveServer) -> Iterator[tuple[str, str]]:
    """What every route that can be read tells the owner, and what it tells a stranger."""
    key = [("Authorization", f"Bearer {API_KEY}")]
    with Wire(server.port) as wire:
        asked = [(path, headers) for path in (*READ, *LOGIN) for headers in (key, [])]
        for path, headers in [*asked, *((path, key) for path in _each(server))]:
            reply = wire.send(http("GET", path, headers=headers))
            good = (200, 401, 404, 422, 429, 503) if path in LOGIN else (200, 401, 429, 503)
            assert reply.status in good, (path, reply)
            yield path, reply.head + reply.body.decode()


def _each(server: LiveServer) -> list[str]:
    alerts = server.everything("alerts")[:MOST_LOOKED_INTO]
    orders = server.everything("orders")[:MOST_LOOKED_INTO]
    strategies = server.get("/api/v1/strategies").body["strategies"]
    return [
        *(f"/api/v1/alerts/{alert['alert_id']}" for alert in alerts),
        *(f"/api/v1/orders/{order['client_order_id']}" for order in orders),
        *(f"/api/v1/strategies/{row['symbol']}/{row['timeframe']}" for row in strategies),
    ]
