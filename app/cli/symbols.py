"""`symbols refresh`, `symbols status` and `symbols find`: the lists of instruments."""

from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING

import click

from app.cli.shared import built, fail, plain, services, told
from app.domain.alert import Alert
from app.domain.contract import Wish, wish_of
from app.domain.decision import Denied
from app.domain.instrument import Instrument, Ticker
from app.engine.names import refused

if TYPE_CHECKING:
    from app.adapters.instruments.build import Answer
    from app.adapters.instruments.refresh import Refresher


@click.group()
def symbols() -> None:
    """The lists of instruments: what can be traded, with lots, ticks and expiries."""


@symbols.command("refresh")
@click.option("--force", is_flag=True, help="Believe lists that became much shorter, too.")
def refresh(force: bool) -> None:  # noqa: FBT001  # click passes names
    """Fetch the lists now. A list that is not whole never replaces one that is."""
    with told():
        answer = _refresher().refresh(force=force)
    if answer.busy:
        fail("busy: another process refreshes the lists")
    _tell(answer)


@symbols.command("status")
def status() -> None:
    """Say which lists there are, how many rows each has, and when it was the newest."""
    server = built()
    with told():
        generation = server.lists.master.generation()
    if generation is None:
        fail("symbols: no list is loaded; `symbols refresh` fetches them")
    for name, source in sorted(generation.sources.items()):
        click.echo(
            f"{name:<8} {source.rows:>7} rows, checked {source.checked_at:%Y-%m-%d %H:%M} UTC"
        )
    trouble = server.lists.master.trouble(services().clock.now())
    click.echo(f"contracts: {'can be traded' if trouble is None else trouble}")


@symbols.command("find")
@click.argument("symbol")
@click.option("--strike", help="A price, or ATM, ITM1, OTM2.")
@click.option("--type", "option_type", help="CE or PE.")
@click.option("--expiry", help="WEEKLY, MONTHLY, 2026-08-25, or +1.")
@click.option("--price", type=Decimal, help="What the underlying trades at, for ATM, ITM1, OTM2.")
def find(
    symbol: str,
    strike: str | None,
    option_type: str | None,
    expiry: str | None,
    price: Decimal | None,
) -> None:
    """Say what a SYMBOL of an alert, with its option fields, means now."""
    right = None if option_type is None else option_type.upper()
    alert = Alert(symbol=symbol, strike=strike, option_type=right, expiry=expiry)
    with told():
        found = _find(wish_of(alert), Ticker.parse(symbol), price)
    if isinstance(found, Denied):
        fail(f"{found.reason.value}: {found.detail}")
    _show(found)


def _refresher() -> "Refresher":
    found = built().lists.refresher
    if found is None:
        fail("config: no account needs lists, and FYERS_SYMBOLS_URL is empty")
    return found


def _find(wish: Wish | Denied | None, ticker: Ticker, price: Decimal | None) -> Instrument | Denied:
    master, now = built().lists.master, services().clock.now()
    if isinstance(wish, Denied):
        return wish
    if wish is not None:
        return master.contract(wish, now, lambda _: price)
    return master.named(ticker) or refused(ticker, master.near(ticker), "the lists")


def _show(found: Instrument) -> None:
    facts: dict[str, Decimal | datetime | str | None] = {
        "lot": found.lot,
        "tick": found.tick,
        "freeze": found.freeze,
        "underlying": found.underlying,
        "strike": found.strike,
        "type": found.option_type,
        "expiry": found.expiry,
    }
    click.echo(found.symbol)
    for name, fact in facts.items():
        if fact is not None:
            click.echo(f"  {name:<10} {_word(fact)}")


def _word(fact: Decimal | datetime | str) -> str:
    match fact:
        case Decimal():
            return plain(fact)
        case datetime():
            return f"{fact:%Y-%m-%d %H:%M} UTC"
        case _:
            return fact


def _tell(answer: "Answer") -> None:
    for name in answer.fresh:
        click.echo(f"{name}: of now")
    for name, why in (answer.missing | answer.failed).items():
        click.echo(
            f"{name}: {'kept as it was' if name in answer.failed else 'missing'}: {why}", err=True
        )
    if answer.failed or not answer.generation:
        fail("symbols: not all lists could be refreshed")
    click.echo(f"{answer.rows} instruments in {answer.generation}")
