"""What commands share: the settings, the server behind them, and how they fail."""

from collections.abc import Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING, cast

import click
from flask import current_app

from app.config import Settings
from app.domain.errors import TradingError

if TYPE_CHECKING:
    from app.bootstrap import Server

SETTINGS = "novalgo.settings"


def settings() -> Settings:
    """The settings of this command line."""
    return cast("Settings", current_app.extensions[SETTINGS])


def server() -> "Server | None":
    """The server behind it; None when none could be built. Nothing of it runs."""
    return cast("Server | None", current_app.extensions.get("novalgo"))


@contextmanager
def told() -> Generator[None, None, None]:
    """A fault of ours becomes a line and exit code 1."""
    try:
        yield
    except TradingError as error:
        raise click.ClickException(str(error)) from error
