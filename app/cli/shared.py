"""What commands share: the settings, the server behind them, and how they fail."""

import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from decimal import Decimal
from typing import TYPE_CHECKING, NoReturn, TypeVar, cast

import click
from flask import current_app

from app.config import Settings
from app.domain.errors import BrokerUnavailable, TradingError
from app.domain.order import BrokerOrder
from app.domain.outcome import AlertStatus
from app.engine.accounts import Account
from app.ports.journal import AlertRecord

if TYPE_CHECKING:
    from app.bootstrap import Server
    from app.engine.services import Services

T = TypeVar("T")

SETTINGS = "novalgo.settings"
FAULT = "novalgo.fault"
LOOK_EVERY = 0.25
"""Seconds between two looks at an alert that another process may be working on."""
IN_TURN = 5.0
"""Seconds at most that a command waits for its turn at a broker."""
FINE = (AlertStatus.SUCCESS, AlertStatus.SKIPPED, AlertStatus.INFO)


def settings() -> Settings:
    """The settings of this command line."""
    return cast("Settings", current_app.extensions[SETTINGS])


def server() -> "Server | None":
    """The server behind it; None when none could be built. Nothing of it runs."""
    return cast("Server | None", current_app.extensions.get("novalgo"))


def built() -> "Server":
    """The server behind it, which this command cannot do without."""
    found = server()
    return found if found is not None else fail(fault())


def fault() -> str:
    """Why no server could be built."""
    return str(current_app.extensions.get(FAULT, "no server can be built"))


def services() -> "Services":
    """What can be asked of the server."""
    return built().services


def account_named(name: str) -> Account:
    """An account that there is."""
    accounts = services().accounts
    return accounts.get(name) or fail(f"invalid: account: one of {', '.join(accounts.names)}")


@contextmanager
def at_work() -> Generator["Services", None, None]:
    """The engine at work in this process too: alone, or beside the server that runs."""
    ours = built()
    with told():
        ours.services.ownership.start()
        ours.loop.start()
        try:
            ours.services.recovery.run()
            yield ours.services
        finally:
            ours.stop()


def await_end(alert_id: str, seconds: float) -> AlertRecord:
    """How an alert stands when it has ended, or when the time is up. Tells of each change."""
    clock, intake = services().clock, services().intake
    until, said = clock.monotonic() + seconds, ""
    while True:
        record = intake.wait(alert_id, LOOK_EVERY)
        if record is None:
            fail(f"not_found: there is no alert {alert_id}")
        if record.status.final or clock.monotonic() >= until:
            return record
        if record.status.value != said:
            said = record.status.value
            click.echo(f"alert {alert_id}: {said} ...", err=True)


def in_turn(question: Callable[[], T]) -> T:
    """Ask a broker something; a server beside us may have spent the calls of this second."""
    left, never = IN_TURN, threading.Event()
    while True:
        try:
            return question()
        except BrokerUnavailable as error:
            if error.after is None or error.after > left:
                raise
            left -= error.after
            never.wait(error.after)


def plain(number: Decimal) -> str:
    """A decimal without exponent and trailing zeros."""
    return f"{number.normalize():f}"


def in_words(order: BrokerOrder) -> str:
    """An order at a broker in a line."""
    limit = f" at {plain(order.limit_price)}" if order.limit_price is not None else ""
    stop = f" from {plain(order.stop_price)}" if order.stop_price is not None else ""
    what = f"{order.side} {plain(order.quantity)} {order.symbol}{limit}{stop}"
    return f"{what} (order {order.broker_order_id})"


def told_of(record: AlertRecord) -> str:
    """An alert's state in a line."""
    outcome = record.outcome
    return " ".join(part for part in (record.status.value, outcome.reason, outcome.detail) if part)


@contextmanager
def told() -> Generator[None, None, None]:
    """A fault of ours becomes a line with its code, and exit code 1."""
    try:
        yield
    except TradingError as error:
        raise click.ClickException(f"{error.code}: {error}") from error


def fail(words: str) -> NoReturn:
    """End with a line and exit code 1."""
    raise click.ClickException(words)
