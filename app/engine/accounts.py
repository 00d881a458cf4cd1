"""The accounts that alerts trade on."""

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from app.domain.limits import Limits
from app.domain.session import SessionRules
from app.domain.share import shares_of, written
from app.ports.broker import Broker

EXAMPLE = "'paper, second*0.5, third=$2000'"


@dataclass(frozen=True, slots=True)
class Account:
    """One account: its broker, its limits, its hours, and whether it was held against its journal.

    `default_size`: notional of an entry when neither the alert nor its row gives a size.
    Until `reconciled` is set its entries wait: what a crash left at the broker is not known yet.
    """

    name: str
    broker: Broker
    limits: Limits = Limits()
    default_size: Decimal | None = None
    sessions: SessionRules = SessionRules()
    reconciled: threading.Event = field(default_factory=threading.Event)


class Accounts:
    """All accounts by name, and the one that is meant when none is named."""

    def __init__(self, accounts: Sequence[Account], default: str) -> None:
        self._accounts = {account.name: account for account in accounts}
        self.default = default

    def __iter__(self) -> Iterator[Account]:
        return iter(self._accounts.values())

    def get(self, name: str) -> Account | None:
        """The account of that name, in any case."""
        return self._accounts.get(name.lower())

    def listed(self, text: str) -> str:
        """Shares of accounts that there are, as they are written.

        Raises:
            ValueError: one is not known, or given two sizes.
        """
        shares = shares_of(text)
        if any(self.get(share.account) is None for share in shares):
            raise ValueError(f"must be one of {', '.join(self.names)}, or several like {EXAMPLE}")
        return written(shares)

    @property
    def names(self) -> Sequence[str]:
        """All names, the default first."""
        return sorted(self._accounts, key=lambda name: (name != self.default, name))
