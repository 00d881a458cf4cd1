"""`unblock ACCOUNT SYMBOL`: entries come in again after a missed exit."""

import click

from app.cli.shared import account_named, built, fail, services, told
from app.engine.blocks import Blocks


@click.command()
@click.argument("account")
@click.argument("symbol")
def unblock(account: str, symbol: str) -> None:
    """Let entries of SYMBOL in ACCOUNT in again, which a missed exit keeps out (EXIT_MISSED).

    Look at the position first. Nothing that was denied meanwhile is executed.
    """
    built()
    one = account_named(account)
    with told():
        reason = Blocks(services().journal, services().clock).unblock(one, symbol)
    if reason is None:
        fail(f"not_found: entries of {symbol} in {one.name} are not kept out")
    click.echo(f"entries of {symbol} in {one.name} are let in again; they were kept out: {reason}")
