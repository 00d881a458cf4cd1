"""The command line: `flask --app main NAME`. One module for a command, or for some of one kind."""

from typing import NoReturn

import click
from flask import Flask
from flask.cli import FlaskGroup

from app.adapters.journal.migrate import database_file
from app.cli.adoption import adopt
from app.cli.backup import backup, restore
from app.cli.doctor import doctor
from app.cli.flatten import flatten
from app.cli.kill import kill
from app.cli.login import login
from app.cli.notify import notify
from app.cli.reconcile import reconcile
from app.cli.replay import replay
from app.cli.shared import FAULT, SETTINGS
from app.cli.sheets import sheets
from app.cli.strategies import strategies
from app.cli.sweep import sweep
from app.cli.symbols import symbols
from app.cli.unblock import unblock
from app.config import Settings
from app.domain.errors import ConfigError, TradingError

COMMANDS = (
    adopt,
    backup,
    doctor,
    flatten,
    kill,
    login,
    notify,
    reconcile,
    replay,
    restore,
    sheets,
    strategies,
    sweep,
    symbols,
    unblock,
)


def add_commands(app: Flask, settings: Settings) -> None:
    """Give an application its commands."""
    app.extensions[SETTINGS] = settings
    for command in COMMANDS:
        app.cli.add_command(command)


def quiet(settings: Settings) -> Settings:
    """The same, without a log that would stand in what a command says: the journal has it all."""
    return settings.model_copy(update={"log_level": "CRITICAL"}) if _is_command() else settings


def needs_a_database(settings: Settings) -> None:
    """A command makes no database: in the wrong folder it would act on a journal of nobody's.

    Raises:
        ConfigError: there is none, and the application is made for a command.
    """
    file = database_file(settings.database_url)
    if _is_command() and not file.exists():
        raise ConfigError(f"there is no database {file}: is DATA_DIR right? A server makes it")


def without_settings(error: ConfigError) -> NoReturn:
    """Settings that cannot be used: a line for who is at a command line.

    Raises:
        ConfigError: the same again, where nobody is.
    """
    if not _is_command():
        raise error
    raise click.ClickException(f"{error.code}: {error}") from error


def without_a_server(error: TradingError) -> Flask:
    """An application of commands only, for the day on which no server can be built.

    Raises:
        TradingError: the same again, where nobody is at a command line.
    """
    if click.get_current_context(silent=True) is None:
        raise error
    app = Flask("app")
    *_, why = str(error).strip().splitlines() or [""]  # of a traceback, what it comes to
    app.extensions[FAULT] = f"{error.code}: no server can be built: {why}"
    return app


def _is_command() -> bool:
    """Whether the application is made for one of its commands, and not to serve."""
    context = click.get_current_context(silent=True)
    return context is not None and isinstance(context.command, FlaskGroup)
