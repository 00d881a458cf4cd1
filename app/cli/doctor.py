"""`doctor`: is everything as it has to be, one line for each."""

import os
import shutil
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click

from app.adapters.journal.migrate import database_file, revision_of
from app.adapters.journal.revision import REVISION
from app.cli.shared import fault, in_turn, in_words, server, settings
from app.domain.errors import BrokerLoginNeeded, StoreUnavailable, TradingError
from app.engine.accounts import Account
from app.engine.services import Services
from app.ports.records import AlertFilter

if TYPE_CHECKING:
    from app.bootstrap import Server

LEAST_FREE_PERCENT = 5
MOST_AHEAD = timedelta(seconds=30)


class Finding(NamedTuple):
    """What a check found. `note`: nothing is wrong, but the owner may have forgotten it."""

    name: str
    ok: bool
    detail: str
    note: bool = False

    def __str__(self) -> str:
        mark = "WRONG" if not self.ok else "note" if self.note else "ok"
        return f"{mark:<6} {self.name:<16} {self.detail}"


@click.command()
def doctor() -> None:
    """Check clock, database, brokers, tokens and disk. Exit code 1 if something is wrong.

    It may be asked while the server runs, and while it does not. It changes nothing.
    """
    findings = list(_findings())
    for finding in findings:
        click.echo(str(finding))
    if not all(finding.ok for finding in findings):
        raise click.exceptions.Exit(1)


def _findings() -> Iterator[Finding]:
    ours = server()
    if ours is None:
        yield Finding("database", ok=False, detail=fault())
    else:
        yield _clock(ours.services)
        yield _database(ours.services)
        for account in ours.services.accounts:
            yield from _broker(ours.services, account)
            yield from _store(ours.services, account)
            yield from _foreign(ours.services, account)
        yield _switch(ours.services)
        yield from _sheet(ours.services)
        yield from _blocks(ours.services)
        yield from _lists(ours)
        yield from _notifications(ours.services)
    yield from _address()
    for warning in settings().warnings:
        yield Finding("settings", ok=True, note=True, detail=warning)
    yield _disk(settings().data_dir)


def _clock(services: Services) -> Finding:
    now = services.clock.now()
    stamp = f"{now:%Y-%m-%d %H:%M:%S} UTC"
    try:
        newest = services.records.alerts(AlertFilter(limit=1)).items
    except TradingError as error:
        return Finding("clock", ok=False, detail=f"{stamp}; {error.code}: {error}")
    if newest and newest[0].received_at > now + MOST_AHEAD:
        then = f"{newest[0].received_at:%Y-%m-%d %H:%M:%S}"
        return Finding("clock", ok=False, detail=f"{stamp}, and an alert came at {then}")
    return Finding("clock", ok=True, detail=stamp)


def _database(services: Services) -> Finding:
    file = database_file(settings().database_url)
    try:
        with services.journal.unit():
            pass
        revision = revision_of(file)
    except TradingError as error:
        return Finding("database", ok=False, detail=f"{error.code}: {error}")
    megabytes = file.stat().st_size / 1e6
    detail = f"writable, revision {revision}, {megabytes:.1f} MB"
    return Finding("database", ok=revision == REVISION and os.access(file, os.W_OK), detail=detail)


def _broker(services: Services, account: Account) -> Iterator[Finding]:
    name, token = f"broker {account.name}", f"token {account.name}"
    good, lives = _lives(services, account)
    try:
        troubles = account.broker.troubles()
        balance, held = in_turn(account.broker.balance), in_turn(account.broker.positions)
    except BrokerLoginNeeded as error:
        yield Finding(name, ok=False, detail=f"{error.code}: {error}")
        detail = "log in again" if good else f"{lives}: log in, see `login`"
        yield Finding(token, ok=False, detail=detail)
    except TradingError as error:
        yield Finding(name, ok=False, detail=f"{error.code}: {error}")
        yield Finding(token, ok=good, detail=lives or "not asked for")
    else:
        standing = f"equity {balance.equity:.2f}, {len(held)} positions"
        yield Finding(name, ok=not troubles, detail="; ".join([*troubles, standing]))
        yield Finding(token, ok=good, detail=lives or "good, or none is needed")


def _lives(services: Services, account: Account) -> tuple[bool, str]:
    """Whether an account's token is good as far as we know, and until when; "" if it has none."""
    manager = services.logins.get(account.name)
    if manager is None:
        return True, ""
    with suppress(StoreUnavailable):  # told beside it
        manager.sync()
    token = manager.current()
    if token is None:
        return False, manager.standing().value
    return True, f"good until {token.expires_at:%Y-%m-%d %H:%M} UTC"


def _store(services: Services, account: Account) -> Iterator[Finding]:
    """Where its token is kept, when there is something to say of that."""
    manager = services.logins.get(account.name)
    if manager is None:
        return
    try:
        manager.sync()
    except StoreUnavailable as error:
        yield Finding(f"tokens {account.name}", ok=False, detail=f"{error.code}: {error}")
        return
    if manager.trouble:
        yield Finding(f"tokens {account.name}", ok=True, note=True, detail=manager.trouble)


def _switch(services: Services) -> Finding:
    state = services.kill_switch.state()
    detail = f"entries are stopped: {state.reason}" if state.active else "entries are allowed"
    return Finding("kill switch", ok=True, note=state.active, detail=detail)


def _sheet(services: Services) -> Iterator[Finding]:
    """The copy of the sheet's rows, and its lines that do not trade."""
    try:
        standing = services.playbook.standing()
    except TradingError as error:
        yield Finding("sheet", ok=False, detail=f"{error.code}: {error}")
        return
    if standing is None:
        return
    now = services.clock.now()
    yield Finding("sheet", ok=standing.is_fresh(now), detail=standing.in_words(now))
    for row in standing.refused:
        yield Finding("sheet", ok=True, note=True, detail=f"line {row.number}: {row.why}")


def _blocks(services: Services) -> Iterator[Finding]:
    """Lanes that entries are kept out of: an exit came too late, a position is not explained."""
    try:
        blocks = services.journal.blocks()
    except TradingError as error:
        yield Finding("blocked", ok=False, detail=f"{error.code}: {error}")
        return
    for block in blocks:
        detail = f"{block.lane}: {block.kind}: {block.reason}; see `unblock`"
        yield Finding("blocked", ok=True, note=True, detail=detail)


def _lists(ours: "Server") -> Iterator[Finding]:
    """Whether options and futures can be traded, where an account needs the lists of them."""
    ask = ours.lists.trouble_by(ours.services.clock)
    trouble = None if ask is None else ask()
    if trouble is not None:
        yield Finding("symbols", ok=True, note=True, detail=f"{trouble}; see `symbols refresh`")
    elif ask is not None:
        yield Finding("symbols", ok=True, detail="of the day")


def _address() -> Iterator[Finding]:
    """Whether we call out from the address that brokers know, where one is set."""
    known = settings().egress_ip
    if known is None:
        return
    from app.adapters.egress import address_by

    try:
        found = str(address_by(settings().egress_url))
    except (OSError, ValueError) as error:
        detail = f"it cannot be asked for: {error}"
        yield Finding("address", ok=True, note=True, detail=detail)
        return
    ok = found == known
    detail = found if ok else f"{found}, and brokers know {known}"
    yield Finding("address", ok=ok, detail=detail)


def _notifications(services: Services) -> Iterator[Finding]:
    """Addresses that take no notification now, and what was given up."""
    try:
        standings, dead = services.outbox.standings(), services.outbox.dead_by_sink()
    except TradingError as error:
        yield Finding("notifications", ok=False, detail=f"{error.code}: {error}")
        return
    for standing in standings:
        if standing.tries:
            detail = f"{standing.sink}: not sent, {standing.tries} tries: {standing.error}"
            yield Finding("notifications", ok=True, note=True, detail=detail)
    for sink, count in dead.items():
        detail = f"{sink}: {count} given up; see `notify list`"
        yield Finding("notifications", ok=True, note=True, detail=detail)


def _foreign(services: Services, account: Account) -> Iterator[Finding]:
    """What works or is held there and is not ours: it is never touched."""
    try:
        orders = in_turn(partial(services.order_check.foreign, account))
        held = services.journal.foreign(account.name)
    except TradingError:
        return  # told of the broker already
    for order in orders:
        yield Finding(f"foreign {account.name}", ok=True, note=True, detail=in_words(order))
    for instrument, quantity in held.items():
        detail = f"{quantity:f} {instrument} held"
        yield Finding(f"foreign {account.name}", ok=True, note=True, detail=detail)


def _disk(folder: Path) -> Finding:
    try:
        usage = shutil.disk_usage(folder)
    except OSError as error:
        return Finding("disk", ok=False, detail=f"{folder}: {error.strerror}")
    free = 100 * usage.free / usage.total
    detail = f"{free:.1f} % free, {usage.free / 1e9:.1f} GB"
    return Finding("disk", ok=free > LEAST_FREE_PERCENT, detail=detail)
