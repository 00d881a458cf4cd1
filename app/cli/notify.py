"""`notify`: do notifications arrive, and what became of those that did not."""

import click

from app.cli.shared import built, fail, told
from app.domain.errors import NotSent
from app.domain.letters import Letter
from app.domain.sinks import Sink
from app.engine.courier import Courier

SHOWN = 100
TEST = Letter(
    "A test of NovAlgo",
    "Notifications arrive here. Nothing happened, and nothing is to be done.",
    0,
)


@click.group()
def notify() -> None:
    """Notifications: try the addresses of NOTIFY_URLS, see what was given up."""


@notify.command()
def test() -> None:
    """Send a test to every address of NOTIFY_URLS. Exit code 1 when one does not take it."""
    sent = [_sent(courier.sink, TEST) for courier in _couriers()]
    if not all(sent):
        raise click.exceptions.Exit(1)


@notify.command("list")
def listed() -> None:
    """How each address stands, and the notifications that were given up."""
    post = built().post
    if not post.couriers:
        click.echo("nobody is told of anything: NOTIFY_URLS is empty")
    with told():
        for standing in post.outbox.standings():
            state = f"failing: {standing.error}" if standing.tries else "fine"
            click.echo(f"{standing.sink}: {state}")
        for dead in post.outbox.dead_letters(SHOWN):
            when = f"{dead.at:%Y-%m-%d %H:%M} UTC"
            click.echo(f"{dead.number} {dead.sink} {when} {dead.letter.title} ({dead.error})")


@notify.command()
def resend() -> None:
    """Send what was given up once more, the oldest first; what arrives is dropped from the list."""
    sinks = {courier.sink.name: courier.sink for courier in _couriers()}
    outbox = built().post.outbox
    with told():
        letters = [dead for dead in outbox.dead_letters(SHOWN) if dead.sink in sinks]
        failed = 0
        for dead in reversed(letters):
            if _sent(sinks[dead.sink], dead.letter):
                outbox.forget(dead.number)
            else:
                failed += 1
    if failed:
        raise click.exceptions.Exit(1)


def _couriers() -> list[Courier]:
    return list(built().post.couriers) or fail("config: NOTIFY_URLS is empty")


def _sent(sink: Sink, letter: Letter) -> bool:
    post = built().post
    try:
        post.messenger.send(sink.address, letter)
    except NotSent as error:
        click.echo(f"{sink.name}: not sent: {error}")
        return False
    click.echo(f"{sink.name}: sent: {letter.title}")
    return True
