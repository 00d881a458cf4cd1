"""Each request: its id, one line in the log, the clock that ran meanwhile."""

import logging
import re
import time
import uuid
from collections.abc import Callable

from flask import Flask, Response, g, request

log = logging.getLogger(__name__)

HEADER = "X-Request-ID"
_SANE = re.compile(r"[A-Za-z0-9._:/+=@-]{1,128}")

Observe = Callable[[str, int, float], None]


def register_request_log(app: Flask, observe: Observe, is_secret: Callable[[str], bool]) -> None:
    """Name every request, log it by its route (never its path: it may hold a secret), time it.

    `observe` hears the route, the status and the seconds. An id that holds a secret is no id.
    """

    @app.before_request
    def begin() -> None:
        sent = request.headers.get(HEADER, "")
        kept = _SANE.fullmatch(sent) and not is_secret(sent)
        g.request_id = sent if kept else uuid.uuid4().hex
        g.began = time.perf_counter()

    @app.after_request
    def end(answer: Response) -> Response:
        seconds = time.perf_counter() - g.get("began", time.perf_counter())
        route = request.url_rule.rule if request.url_rule is not None else "-"
        answer.headers[HEADER] = g.get("request_id", "")
        observe(route, answer.status_code, seconds)
        log.info(
            "request",
            extra={
                "method": request.method,
                "route": route,
                "status": answer.status_code,
                "duration_ms": round(seconds * 1000, 2),
                "request_id": g.get("request_id", ""),
            },
        )
        return answer
