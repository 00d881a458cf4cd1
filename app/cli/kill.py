"""`kill`: entries stop now."""

import click

from app.cli.shared import fail, services, told
from app.ports.journal import KillState


@click.command()
@click.option("--reason", default="", help="Why, for whoever reads it later.")
@click.option("--reset", is_flag=True, help="Allow entries again; what was denied stays denied.")
@click.option("--status", is_flag=True, help="Only say how it stands.")
def kill(reason: str, reset: bool, status: bool) -> None:  # noqa: FBT001  # click passes names
    """Stop entries now, and cancel those that rest. Protection, exits and cancels go on.

    It flattens nothing: that is `flatten`.
    """
    if reset and (status or reason):
        fail("invalid: --reset stands alone")
    switch = services().kill_switch
    with told():
        if status:
            state = switch.state()
        elif reset:
            state = switch.reset()
        else:
            state = switch.engage(reason)
    click.echo(_told(state))
    if reset and state.active:
        raise click.exceptions.Exit(1)


def _told(state: KillState) -> str:
    if not state.active:
        return "entries are allowed"
    since = f" since {state.since:%Y-%m-%d %H:%M:%S} UTC" if state.since else ""
    return f"entries are stopped{since}: {state.reason or 'no reason was given'}"
