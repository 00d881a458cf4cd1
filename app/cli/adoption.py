"""`adopt ACCOUNT SYMBOL STRATEGY`: a strategy takes over what is nobody's."""

import click

from app.cli.shared import built, fail, plain, services, told
from app.engine.adoption import Hindrance


@click.command()
@click.argument("account")
@click.argument("symbol")
@click.argument("strategy")
def adopt(account: str, symbol: str, strategy: str) -> None:
    """Make what ACCOUNT holds of SYMBOL, and no fill of ours explains, STRATEGY's own.

    Its exits close it from then on. An empty STRATEGY ("") is that of alerts without a name.
    """
    built()
    with told():
        quantity = services().adoption.adopt(account, symbol, strategy)
    if isinstance(quantity, Hindrance):
        fail(f"{quantity.name.lower()}: {quantity.value}")
    click.echo(
        f"{plain(quantity)} {symbol} in {account} is {strategy or 'the unnamed strategy'}'s now"
    )
