"""`replay ALERT_ID`: an alert once more."""

import uuid

import click

from app.cli.shared import FINE, at_work, await_end, built, fail, plain, services, told, told_of
from app.domain.decision import Denied, Plan
from app.domain.order import OrderIntent
from app.engine.preview import Foresight
from app.engine.replay import renewed, submission_of
from app.ports.journal import AlertRecord

PATIENCE = 30.0


@click.command()
@click.argument("alert_id")
@click.option("--dry-run", is_flag=True, help="Only say what it would lead to.")
@click.option("--wait", default=PATIENCE, show_default=True, help="Seconds to wait for its end.")
def replay(alert_id: str, dry_run: bool, wait: float) -> None:  # noqa: FBT001  # click passes names
    """Trade the alert ALERT_ID once more, as a new one that is received now.

    Its price of then is no quote any more, and its age does not count.
    """
    built()
    with told():
        record = services().journal.alert(alert_id)
        if record is None:
            fail(f"not_found: there is no alert {alert_id}")
        if dry_run:
            _foresee(record)
            return
        again = submission_of(record, request_id=f"cli-{uuid.uuid4().hex}")
    with at_work() as engine:
        (receipt,) = engine.intake.admit([again])
        click.echo(f"alert {receipt.alert_id} is a replay of {alert_id}")
        ended = await_end(receipt.alert_id, wait)
        click.echo(told_of(ended))
    if ended.status not in FINE:
        raise click.exceptions.Exit(1)


def _foresee(record: AlertRecord) -> None:
    alert = renewed(record)
    for share in services().intake.shares_of(alert):
        for line in _lines(services().preview.look(alert, share)):
            click.echo(line)


def _lines(look: Foresight) -> list[str]:
    lines = [f"account {look.account}"]
    if look.signal is not None:
        side = f" {look.signal.side}" if look.signal.side else ""
        lines.append(f"signal {look.signal.trade_type}{side}")
    if not isinstance(look.decision, Plan):
        return [*lines, f"no order: {look.decision.reason} {look.decision.detail}"]
    for order in (look.close, look.decision.entry):
        if isinstance(order, OrderIntent):
            kind = f"{order.role} {order.side} {plain(order.quantity)} {order.symbol}"
            lines.append(f"order {kind} {order.order_type}")
        if isinstance(order, Denied):
            lines.append(f"no order: {order.reason} {order.detail}")
    return lines
