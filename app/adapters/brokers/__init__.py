"""Brokers, one folder each. `registry` opens one by its name; they do not know each other."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from app.adapters.sql import Database
from app.ports.addresses import AddressBook
from app.ports.budget import Budgets
from app.ports.clock import Clock
from app.ports.symbols import NoSymbols, Symbols
from app.ports.tokens import TokenSource


@dataclass(frozen=True, slots=True, kw_only=True)
class Resources:
    """What the house lends to a broker.

    `orders_per_second`: how many the account's owner wants to be sent at most. `tokens`: by
    account, for brokers that want a daily login; others have none.
    """

    database: Database
    clock: Clock
    addresses: AddressBook
    budgets: Budgets
    orders_per_second: int = 8
    tokens: Mapping[str, TokenSource] = field(default_factory=dict[str, TokenSource])
    symbols: Symbols = field(default_factory=NoSymbols)
