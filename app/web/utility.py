"""How the server is doing: health, readiness, positions, settings, performance, metrics."""

import sys
from datetime import datetime
from http import HTTPStatus

from flask import Blueprint, Response, jsonify

from app.engine.holdings import Holding, inventory_of
from app.engine.services import Services
from app.ports.playbook import Standing
from app.web import answers
from app.web.described import described
from app.web.options import WebOptions
from app.web.readiness import Readiness
from app.web.results import number
from app.web.schemas import PositionsQuery, read_query, utc
from app.web.strategies import shown_strategy

# The root package's own word. To import it from here would be to import what it puts together.
VERSION: str = sys.modules["app"].__version__
METRICS_TYPE = "text/plain; version=1.0.0; charset=utf-8"


def health_blueprint(services: Services, options: WebOptions) -> Blueprint:
    """`/health` and `/ready`: what anybody may ask."""
    blueprint = Blueprint("health", __name__)
    readiness = Readiness(services, options)

    @blueprint.get("/health")
    @described("The process answers; nothing is looked at", answers.Health)
    def health() -> Response:
        return jsonify({"status": "ok", "version": VERSION})

    @blueprint.get("/ready")
    @described("May alerts be sent here", answers.Readiness, answers={503: answers.Readiness})
    def ready() -> Response:
        checks = readiness.checks()
        word = readiness.word_for(checks)
        shown = {name: check._asdict() for name, check in checks.items()}
        answer = jsonify({"status": word, "checks": shown})
        if word == "not_ready":
            answer.status_code = HTTPStatus.SERVICE_UNAVAILABLE
        return answer

    return blueprint


def utility_blueprint(services: Services, options: WebOptions) -> Blueprint:
    """`/positions`, `/config`, `/performance` and `/metrics`."""
    blueprint = Blueprint("utility", __name__)
    readiness = Readiness(services, options)

    @blueprint.get("/positions")
    @described(
        "What the accounts hold; 503 when none of them can be read",
        answers.Positions,
        query=PositionsQuery,
    )
    def positions() -> Response:
        wanted = read_query(PositionsQuery, accounts=services.accounts).account
        asked = [account for account in services.accounts if wanted in (None, account.name)]
        inventory = inventory_of(asked, services.journal)
        shown: answers.Positions = {"positions": [_position(held) for held in inventory.holdings]}
        if inventory.unreadable:
            shown["unreadable"] = [
                {"account": name, "code": error.code.lower(), "message": str(error)}
                for name, error in inventory.unreadable.items()
            ]
        return jsonify(shown)

    @blueprint.get("/config")
    @described("The playbook and the settings, without secrets", answers.Config)
    def config() -> Response:
        rows = [shown_strategy(row) for row in services.playbook.rows()]
        shown: answers.Config = {"strategies": rows, "settings": dict(options.settings)}
        standing = services.playbook.standing()
        if standing is not None:
            shown["sheet"] = _sheet(standing, services.clock.now())
        return jsonify(shown)

    @blueprint.get("/metrics")
    @described("Metrics for Prometheus", texts=("text/plain",))
    def metrics() -> Response:
        fine = {name: check.ok for name, check in readiness.checks().items()}
        return Response(options.metrics_page(fine), content_type=METRICS_TYPE)

    return blueprint


def _sheet(standing: Standing, now: datetime) -> answers.Sheet:
    age = None if standing.read_at is None else (now - standing.read_at).total_seconds()
    return {
        "read_at": utc(standing.read_at),
        "age": age,
        "trouble": standing.trouble,
        "refused": [{"line": row.number, "why": row.why} for row in standing.refused],
    }


def _position(holding: Holding) -> answers.Position:
    position = holding.position
    return {
        "account": holding.account,
        "symbol": position.symbol,
        "qty": number(position.quantity),
        "side": position.direction,
        "market_value": number(position.market_value),
        "unrealized_pl": number(position.unrealized_pl),
        "unrealized_plpc": number(position.unrealized_plpc),
        "entry_price": number(position.entry_price),
        "current_price": number(position.current_price),
        "protected": holding.protected,
    }
