"""The Flask application in front of a server."""

import sys

from flask import Flask

from app.adapters.metrics import House
from app.bootstrap.server import Server
from app.web import build_web
from app.web.options import WebOptions


def build_app(server: Server) -> Flask:
    """The Flask application in front of a server."""
    settings = server.settings
    house = House(
        version=sys.modules["app"].__version__,
        data_dir=settings.data_dir,
        clock=server.services.clock,
        backup_age=server.backups.age,
        outbox_depths=server.post.depths,
    )
    app = build_web(
        server.services,
        WebOptions(
            webhook_secrets=[
                settings.webhook_secret.get_secret_value(),
                settings.webhook_secret_previous.get_secret_value(),
            ],
            api_key=settings.api_key.get_secret_value(),
            text_templates=settings.text_templates,
            secret_rate_limit=settings.secret_rate_limit,
            trusted_proxies=settings.trusted_proxies,
            settings=settings.shown(),
            data_dir=settings.data_dir,
            start=server.start,
            loop_idle=lambda: server.loop.idle,
            disk_full=lambda: server.reserve.spent,
            observe=server.metrics.observe_request,
            backup_late=server.backups.late,
            symbols_trouble=server.lists.trouble_by(server.services.clock),
            metrics_page=lambda fine: server.metrics.page(server.services, house, fine),
            recent_log=server.recent,
        ),
    )
    app.extensions["novalgo"] = server
    return app
