"""Brokers, one folder each. `registry` opens one by its name; they do not know each other."""

from dataclasses import dataclass

from app.adapters.sql import Database
from app.ports.addresses import AddressBook
from app.ports.clock import Clock


@dataclass(frozen=True, slots=True, kw_only=True)
class Resources:
    """What the house lends to a broker."""

    database: Database
    clock: Clock
    addresses: AddressBook
