"""The API: every route that wants the key, behind one door."""

from http import HTTPStatus

from flask import Blueprint, Response, request

from app.engine.order_desk import OrderDesk
from app.engine.services import Services
from app.web.alerts import alerts_blueprint
from app.web.auth import Guard, Keyring
from app.web.controls import controls_blueprint
from app.web.flatten import flatten_blueprint
from app.web.lists import lists_blueprint
from app.web.login import tokens_blueprint
from app.web.notifications import notifications_blueprint
from app.web.openapi import openapi_blueprint
from app.web.options import WebOptions
from app.web.orders import orders_blueprint
from app.web.performance import performance_blueprint
from app.web.strategies import strategies_blueprint
from app.web.utility import VERSION, utility_blueprint
from app.web.veil import Veil


def api_blueprint(services: Services, options: WebOptions, guard: Guard, veil: Veil) -> Blueprint:
    """Everything behind `Authorization: Bearer <API_KEY>`. Wrong keys count as wrong secrets do."""
    blueprint = Blueprint("api", __name__)
    keyring = Keyring([options.api_key])

    @blueprint.before_request
    def check_key() -> None:
        if not keyring.accepted([_bearer_key()]):
            raise guard.refusal(request.remote_addr or "", "API key")

    @blueprint.after_request
    def name_the_scheme(answer: Response) -> Response:
        if answer.status_code == HTTPStatus.UNAUTHORIZED:
            answer.headers["WWW-Authenticate"] = "Bearer"
        return answer

    journal, settlement, clock = services.journal, services.settlement, services.clock
    desk = OrderDesk(journal, services.accounts, settlement, clock)
    blueprint.register_blueprint(alerts_blueprint(services, veil))
    blueprint.register_blueprint(orders_blueprint(services, desk))
    blueprint.register_blueprint(lists_blueprint(services.records, options.recent_log))
    blueprint.register_blueprint(strategies_blueprint(services.playbook, services.accounts))
    blueprint.register_blueprint(controls_blueprint(services.kill_switch, services.quotes, clock))
    blueprint.register_blueprint(notifications_blueprint(services.outbox))
    blueprint.register_blueprint(flatten_blueprint(services))
    blueprint.register_blueprint(tokens_blueprint(services.logins))
    blueprint.register_blueprint(utility_blueprint(services, options))
    blueprint.register_blueprint(performance_blueprint(services))
    blueprint.register_blueprint(openapi_blueprint(VERSION))
    return blueprint


def _bearer_key() -> str:
    scheme, _, key = request.headers.get("Authorization", "").partition(" ")
    # WSGI hands bytes over as Latin-1; a key is UTF-8.
    sent = key.strip().encode("latin-1", "replace").decode("utf-8", "replace")
    return sent if scheme.lower() == "bearer" else ""
