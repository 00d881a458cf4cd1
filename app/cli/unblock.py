"""`unblock ACCOUNT SYMBOL`: entries come in again after a missed exit or a mismatch."""

import click

from app.cli.shared import account_named, built, fail, services, told


@click.command()
@click.argument("account")
@click.argument("symbol")
def unblock(account: str, symbol: str) -> None:
    """Let entries of SYMBOL in ACCOUNT in again that are kept out (EXIT_MISSED, MISMATCH).

    Look at the position first. Nothing that was denied meanwhile is executed. After a mismatch the
    broker's word is taken: what nobody bought for us is foreign, what it does not know is gone.
    """
    built()
    one = account_named(account)
    with told():
        reason = services().blocks.unblock(one, symbol)
    if reason is None:
        fail(f"not_found: entries of {symbol} in {one.name} are not kept out")
    click.echo(f"entries of {symbol} in {one.name} are let in again; they were kept out: {reason}")
