"""`reconcile`: the journal learns what became of the orders that rest."""

import click

from app.cli.shared import account_named, built, services
from app.domain.errors import TradingError


@click.command()
@click.option("--account", help="That account only; else all.")
def reconcile(account: str | None) -> None:
    """Hold accounts against the journal: look up every order that rests, and settle it.

    A running server does so by itself, every 10 seconds.
    """
    built()
    accounts = [account_named(account)] if account else list(services().accounts)
    failed = False
    for one in accounts:
        try:
            changed = services().recovery.reconcile(one)
        except TradingError as error:
            failed = True
            click.echo(f"{one.name}: {error.code}: {error}", err=True)
        else:
            click.echo(f"{one.name}: {changed} orders changed")
    if failed:
        raise click.exceptions.Exit(1)
