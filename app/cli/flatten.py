"""`flatten`: everything that is ours goes."""

import uuid

import click

from app.cli.shared import FINE, account_named, at_work, await_end, plain, services, told, told_of
from app.domain.instrument import Ticker
from app.engine.flatten import Findings, Flatten, Target

PATIENCE = 60.0


@click.command()
@click.option("--account", help="That account only; else all.")
@click.option("--symbol", help="That symbol only; else all.")
@click.option("--dry-run", is_flag=True, help="Only list what it would do.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--wait", default=PATIENCE, show_default=True, help="Seconds to wait for the end.")
def flatten(
    account: str | None,
    symbol: str | None,
    dry_run: bool,  # noqa: FBT001  # click passes names
    yes: bool,  # noqa: FBT001  # click passes names
    wait: float,
) -> None:
    """Cancel our entries and close our positions, at market, also under the kill switch.

    What is not ours is listed and not touched. Each close is an alert with its own timeline.
    """
    with told():
        desk = Flatten(services().journal, services().records, services().intake)
        accounts = [account_named(account)] if account else list(services().accounts)
        findings = desk.look(accounts, Ticker.parse(symbol) if symbol else None)
    for line in _lines(findings):
        click.echo(line)
    if dry_run or not findings.targets:
        return
    if not yes:
        click.confirm("Close all of this?", abort=True)
    fine = True
    with at_work():
        for target, receipt in desk.close(findings, request_id=f"cli-{uuid.uuid4().hex}"):
            ended = await_end(receipt.alert_id, wait)
            click.echo(f"{_name(target)}: {told_of(ended)}")
            fine = fine and ended.status in FINE
    if not fine:
        click.echo("Not everything is closed. What waits goes on where a server runs.", err=True)
        raise click.exceptions.Exit(1)


def _name(target: Target) -> str:
    """Whose and what it is; `-` where the strategy has no name."""
    return f"{target.account} {target.symbol} {target.strategy or '-'}"


def _lines(findings: Findings) -> list[str]:
    ours = [
        f"{_name(target)}: {plain(target.quantity)} to close,"
        f" {len(target.entries)} entries to cancel"
        for target in findings.targets
    ]
    foreign = [
        f"{rest.account} {rest.symbol}: {plain(rest.quantity)} is not ours and stays"
        for rest in findings.foreign
    ]
    silent = [f"{name}: the broker does not say what it holds" for name in findings.unreadable]
    return [*(ours or ["nothing of ours is there"]), *foreign, *silent]
