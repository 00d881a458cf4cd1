"""What Flask and gunicorn cost by themselves here: the measure that our figures are held against.

Two routes under the same gunicorn.conf.py: `/plain` does nothing, `/validated` reads an alert as
the webhook does and writes nothing down.
"""

import os
from http import HTTPStatus

from flask import Flask, Response, jsonify, request

from app.adapters.clock import SystemClock
from app.domain.errors import MalformedAlert
from app.web.alert_fields import parse_alert
from app.web.auth import Keyring
from app.web.payloads import read_delivery


class NoServer:
    """What the hooks of gunicorn.conf.py start and stop."""

    def start(self) -> None: ...

    def stop(self) -> None: ...


def make_app() -> Flask:
    app = Flask("bare", static_folder=None)
    app.extensions["novalgo"] = NoServer()
    keyring, clock = Keyring([os.environ["WEBHOOK_SECRET"]]), SystemClock()

    @app.get("/health")
    def health() -> Response:
        return jsonify({"status": "ok"})

    @app.post("/plain")
    def plain() -> tuple[Response, int]:
        request.get_data()
        return jsonify({"status": "accepted"}), HTTPStatus.ACCEPTED

    @app.post("/validated")
    def validated() -> tuple[Response, int]:
        body = read_delivery(request.get_data())
        assert keyring.accepted(body.presented)
        alerts = [
            parse_alert(element, now=clock.now())
            for element in body.elements
            if not isinstance(element, MalformedAlert)
        ]
        return jsonify({"status": "accepted", "alert_id": alerts[0].symbol}), HTTPStatus.ACCEPTED

    return app


app = make_app()
