"""Which brokers there are. A broker's module, and its SDK with it, loads when it is chosen."""

import logging
from collections.abc import Callable, Mapping
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from typing import TypeAlias

from app.adapters.brokers import Resources
from app.adapters.brokers.shut import ShutBroker
from app.domain.errors import ConfigError, JournalError
from app.ports.broker import Broker

__all__ = ["BUILT_IN", "GROUP", "Resources", "open_broker"]

log = logging.getLogger(__name__)

OpenBroker: TypeAlias = Callable[[str, Mapping[str, str], Resources], Broker]

BUILT_IN: Mapping[str, str] = {
    "alpaca": "app.adapters.brokers.alpaca.broker",
    "fyers": "app.adapters.brokers.fyers.broker",
    "paper": "app.adapters.brokers.paper.broker",
}
"""Modules that offer `open_broker(account, options, resources)`."""

GROUP = "novalgo.brokers"
"""Entry points by which other packages offer theirs, as `name = "package.module:open_broker"`."""


def open_broker(
    name: str, account: str, options: Mapping[str, str], resources: Resources
) -> Broker:
    """Open an account at a broker.

    Software of a broker that cannot be used here shuts its account, and concerns no other.

    Args:
        name: the broker, as in the setting ACCOUNTS.
        account: our name of the account.
        options: the account's settings without its name: CASH for PAPER_CASH.
        resources: what the house lends to it.

    Raises:
        ConfigError: there is no such broker, or it cannot use these options.
    """
    try:
        return _opener(name)(account, options, resources)
    except (ConfigError, JournalError):
        raise
    except Exception as error:
        log.exception("an account cannot be opened", extra={"account": account, "broker": name})
        why = f"{name} cannot be opened: {type(error).__name__}: {error}"
        return ShutBroker(account, why)


def _opener(name: str) -> OpenBroker:
    if name in BUILT_IN:
        built_in: OpenBroker = import_module(BUILT_IN[name]).open_broker
        return built_in
    plugins = _plugins()
    if name not in plugins:
        known = ", ".join(sorted({*BUILT_IN, *plugins}))
        raise ConfigError(f"there is no broker {name!r}; known are: {known}")
    plugin: OpenBroker = plugins[name].load()
    return plugin


def _plugins() -> dict[str, EntryPoint]:
    return {plugin.name: plugin for plugin in entry_points(group=GROUP)}
