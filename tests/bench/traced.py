"""The real server with a stopwatch at its broker: `/bench/calls` tells when orders went out."""

from time import monotonic_ns
from typing import Any, cast

from flask import Flask, Response, jsonify

from app.bootstrap import Parts, build, build_app
from app.config import Settings
from app.domain.order import BrokerOrder, OrderIntent
from app.ports.broker import Broker


class Stopwatch:
    """A broker that remembers when each order reached it."""

    calls: dict[str, int]

    def __init__(self, broker: Broker) -> None:
        self._broker = broker
        self.calls = {}

    def submit(self, intent: OrderIntent) -> BrokerOrder:
        self.calls.setdefault(intent.client_order_id, monotonic_ns())
        return self._broker.submit(intent)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._broker, name)


def make_app() -> Flask:
    watches: list[Stopwatch] = []

    def wrap(broker: Broker) -> Broker:
        watches.append(Stopwatch(broker))
        return cast("Broker", watches[-1])

    app = build_app(build(Settings.from_env(), Parts(wrap_broker=wrap)))

    @app.get("/bench/calls")
    def calls() -> Response:
        return jsonify({order: at for watch in watches for order, at in watch.calls.items()})

    return app


app = make_app()
