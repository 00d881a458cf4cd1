"""`sweep`: stops and targets that protect nothing any more go."""

import click

from app.cli.shared import account_named, at_work, plain, services
from app.engine.accounts import Account
from app.ports.journal import OrderRecord

ROUNDS = 4
"""What is there once may only be shown late: a finding counts when it is there twice."""


@click.command()
@click.option("--account", help="That account only; else all.")
def sweep(account: str | None) -> None:
    """Cancel our stops and targets that would close more than is held, and nothing else.

    A running server does so by itself, every 10 seconds. What is not ours is never touched.
    """
    accounts = [account_named(account)] if account else list(services().accounts)
    with at_work():
        swept = [_sweep(one) for one in accounts]
    if not all(swept):
        raise click.exceptions.Exit(1)


def _sweep(account: Account) -> bool:
    """Sweep an account; whether its broker could be asked."""
    before = _legs(account)
    for _ in range(ROUNDS):
        services().recovery.look(account)
    if not account.reconciled.is_set():
        click.echo(f"{account.name}: the broker cannot be asked now", err=True)
        return False
    left = {leg.client_order_id for leg in _legs(account)}
    gone = [leg for leg in before if leg.client_order_id not in left]
    for leg in gone:
        what = f"{leg.role.value} of {plain(leg.quantity)} {leg.symbol}"
        click.echo(f"{account.name}: {what} is gone (order {leg.client_order_id})")
    if not gone:
        click.echo(f"{account.name}: nothing to sweep")
    return True


def _legs(account: Account) -> list[OrderRecord]:
    orders = services().journal.unsettled_orders(account.name)
    return [order for order in orders if order.role.protects and order.status.working]
