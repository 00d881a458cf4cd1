"""`reconcile`: the journal learns what became of the orders that rest."""

import click

from app.cli.shared import account_named, built, in_words, services
from app.domain.errors import TradingError
from app.engine.accounts import Account


@click.command()
@click.option("--account", help="That account only; else all.")
def reconcile(account: str | None) -> None:
    """Hold accounts against the journal: look up every order that rests, and settle it.

    A running server does so by itself, every 10 seconds. What works there and is not ours is listed
    and left alone.
    """
    built()
    accounts = [account_named(account)] if account else list(services().accounts)
    failed = False
    for one in accounts:
        try:
            _reconcile(one)
        except TradingError as error:
            failed = True
            click.echo(f"{one.name}: {error.code}: {error}", err=True)
    if failed:
        raise click.exceptions.Exit(1)


def _reconcile(account: Account) -> None:
    # Twice: what is not there once may only be shown late.
    changed = sum(services().recovery.reconcile(account) for _ in range(2))
    click.echo(f"{account.name}: {changed} orders changed")
    for order in services().order_check.missing(account):
        click.echo(f"{account.name}: the broker does not know order {order.client_order_id}")
    for foreign in services().order_check.foreign(account):
        click.echo(f"{account.name}: not ours: {in_words(foreign)}")
