"""NovAlgo: TradingView alerts become broker orders, exactly once, protection in place."""

from __future__ import annotations

from typing import TYPE_CHECKING

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
    from app.config import Settings

    return build_app(build(settings or Settings.from_env()))
