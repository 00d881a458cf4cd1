"""The address book: our orders by our ids, for brokers that call some of them otherwise."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Protocol

from app.domain.order import OrderIntent, OrderRole


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """What is written down of an order of ours.

    `broker_order_id` is None until it was settled for the first time. `intent` is what was sent;
    None for a leg, which went with that of its `parent`. `submitted_at`: when it was sent last, if
    it was. `filled_quantity`: how much of it is known to be filled. `ended`: whether it is known
    that nothing more will happen to it.
    """

    client_order_id: str
    broker_order_id: str | None
    role: OrderRole
    parent: str | None
    intent: OrderIntent | None
    submitted_at: datetime | None = None
    filled_quantity: Decimal = Decimal(0)
    ended: bool = False


class AddressBook(Protocol):
    """Our orders by our ids."""

    def address(self, client_order_id: str) -> Address | None:
        """An order of ours; None when it was not written down.

        Raises:
            JournalError: it cannot be read.
        """
        ...

    def named(self, account: str, broker_order_id: str) -> str | None:
        """Our id of what an account's broker calls so; None when it is not known to be ours.

        Raises:
            JournalError: it cannot be read.
        """
        ...
