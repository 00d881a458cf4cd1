"""HTTP: thin views in front of the engine."""

from flask import Flask
from flask.json.provider import DefaultJSONProvider
from werkzeug.middleware.proxy_fix import ProxyFix

from app.engine.services import Services
from app.web.api import api_blueprint
from app.web.auth import Guard, Keyring
from app.web.errors import register_errors
from app.web.login import callback_blueprint
from app.web.options import WebOptions
from app.web.request_log import register_request_log
from app.web.security_headers import register_security_headers
from app.web.templates import Template
from app.web.utility import health_blueprint
from app.web.veil import Veil
from app.web.webhook import webhook_blueprint
from app.web.whole_request import MOST_READ, WholeRequest


class _Json(DefaultJSONProvider):
    """Answers keep the order that they are written in."""

    sort_keys = False


def build_web(services: Services, options: WebOptions) -> Flask:
    """The Flask application: every blueprint, one form of errors, one log line a request.

    Raises:
        ConfigError: a text template cannot be used.
    """
    templates = [Template.parse(text) for text in options.text_templates]
    app = Flask("novalgo", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = MOST_READ
    app.request_class = WholeRequest
    app.json = _Json(app)
    if options.trusted_proxies:
        hops = options.trusted_proxies
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign]  # Flask's own way to wrap
            app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops
        )
    veil = Veil([*options.webhook_secrets, options.api_key], templates)
    register_request_log(app, options.observe, veil.covers)
    register_security_headers(app)
    register_errors(app)
    keyring, guard = Keyring(options.webhook_secrets), Guard(options.secret_rate_limit)

    @app.before_request
    def start() -> None:
        options.start()

    intake, clock = services.intake, services.clock
    app.register_blueprint(webhook_blueprint(intake, keyring, guard, veil, clock))
    app.register_blueprint(health_blueprint(services, options))
    app.register_blueprint(callback_blueprint(services.logins))
    app.register_blueprint(api_blueprint(services, options, guard, veil))
    return app
