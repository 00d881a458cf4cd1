"""The command line: `flask --app main NAME`. One module for a command, or for some of one kind."""

import click
from flask import Flask

from app.cli.backup import backup, restore
from app.cli.shared import SETTINGS
from app.config import Settings
from app.domain.errors import TradingError

COMMANDS = (backup, restore)


def add_commands(app: Flask, settings: Settings) -> None:
    """Give an application its commands."""
    app.extensions[SETTINGS] = settings
    for command in COMMANDS:
        app.cli.add_command(command)


def without_a_server(error: TradingError) -> Flask:
    """An application of commands only, for the day on which no server can be built.

    Raises:
        TradingError: the same again, where nobody is at a command line.
    """
    if click.get_current_context(silent=True) is None:
        raise error
    click.echo(f"No server can be built: {error}", err=True)
    return Flask("app")
