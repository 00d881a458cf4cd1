"""`login`: log in at a broker that wants it each day, and hand over what comes of it."""

from urllib.parse import parse_qs, urlsplit

import click

from app.cli.shared import fail, services, settings, told
from app.engine.logins import Logins
from app.engine.token_manager import TokenManager


@click.command()
@click.argument("account", default="")
@click.option("--status", is_flag=True, help="Only say how it stands.")
def login(account: str, status: bool) -> None:  # noqa: FBT001  # click passes names
    """Log in to ACCOUNT, or to the first one that wants a login.

    Open the address that it prints, log in, and paste the address that your browser was sent to, or
    only the code in it. A running server goes on trading by itself.
    """
    logins = services().logins
    manager = logins.get(account or None)
    if manager is None and status and not account:
        click.echo("no account here wants a login")
        return
    if manager is None:
        fail(f"unknown_account: no account {account or 'here'} wants a login")
    if not status:
        if not settings().token_key:
            fail("config: TOKEN_KEY is not set, so the token could not be handed to the server")
        with told():
            _log_in(logins, manager)
    _say(manager)


def _log_in(logins: Logins, manager: TokenManager) -> None:
    link = logins.link(manager)
    click.echo(f"Log in here, within a quarter of an hour:\n\n  {link.url}\n")
    sent_to = click.prompt(
        "The address you were sent to (empty when the page says that you are logged in)",
        default="",
        show_default=False,
        hide_input=True,
    )
    if not sent_to:
        manager.sync()
        return
    code, state = _read(sent_to)
    if state is not None and state != link.state:
        fail("invalid_state: that is the end of another login")
    logins.exchange(manager, code)
    logins.owner_of(link.state)  # used


def _read(sent_to: str) -> tuple[str, str | None]:
    """The code, and the state when a whole address was given."""
    if "auth_code=" not in sent_to:
        return sent_to.strip(), None
    query = parse_qs(urlsplit(sent_to.strip()).query)
    return query["auth_code"][0], query.get("state", [""])[0]


def _say(manager: TokenManager) -> None:
    token = manager.current()
    if token is None:
        fail(f"login_needed: the token of {manager.account} is {manager.standing().value}")
    click.echo(f"{manager.account}: good until {token.expires_at:%Y-%m-%d %H:%M} UTC")
