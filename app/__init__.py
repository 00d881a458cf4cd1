"""NovAlgo: TradingView alerts become broker orders, exactly once, protection in place."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.domain.errors import ConfigError, TradingError

if TYPE_CHECKING:
    from flask import Flask

    from app.config import Settings

__version__ = "0.1.0"


def create_app(settings: Settings | None = None) -> Flask:
    """The Flask application of these settings; without any, of the environment.

    The engine behind it starts with the first request, or when gunicorn's hook starts it.

    Raises:
        ConfigError: the settings cannot be used; it names what is wrong.
    """
    # Late, so that `import app.domain` stays light.
    from app.bootstrap import build, build_app
    from app.cli import add_commands, needs_a_database, quiet, without_a_server, without_settings
    from app.config import Settings

    try:
        settings = settings or Settings.from_env()
    except ConfigError as error:
        without_settings(error)
    try:
        needs_a_database(settings)
        app = build_app(build(quiet(settings)))
    except TradingError as error:
        app = without_a_server(error)
    add_commands(app, settings)
    return app
