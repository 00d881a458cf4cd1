"""The desk of an account: its books, its calls, and the address book of our own orders."""

import logging
from collections.abc import Callable

from app.adapters.brokers import Resources
from app.adapters.brokers.fyers.books import Books
from app.adapters.brokers.fyers.updates import Updates
from app.adapters.brokers.fyers.wire import Ask, Wire
from app.domain.errors import BrokerRejected, BrokerUnavailable, JournalError
from app.domain.rates import Purpose
from app.domain.rejection import Rejection
from app.ports.addresses import Address

log = logging.getLogger(__name__)


class Desk:
    """What all that deals with orders needs. `listens`: whether the stream tells of changes now."""

    def __init__(
        self, account: str, resources: Resources, wire: Wire, listens: Callable[[], bool]
    ) -> None:
        self._account = account
        self._addresses = resources.addresses
        self.clock = resources.clock
        self.wire = wire
        self.updates = Updates(resources.clock, listens)
        self.books = Books(wire, resources.clock, self.updates)

    def address(self, name: str) -> Address | None:
        """What is written down of an order of ours.

        Raises:
            BrokerUnavailable: the address book cannot be read.
        """
        try:
            return self._addresses.address(name)
        except JournalError as error:
            raise BrokerUnavailable(f"the address book: {error}") from error

    def named(self, order_id: str) -> str | None:
        """Our id of what Fyers calls so.

        Raises:
            BrokerUnavailable: the address book cannot be read.
        """
        try:
            return self._addresses.named(self._account, order_id)
        except JournalError as error:
            raise BrokerUnavailable(f"the address book: {error}") from error

    def change(self, ask: Ask, symbol: str) -> None:
        """Change an order of a symbol that may be finished by now: then nothing is changed.

        Raises:
            BrokerError: by what is known of it.
        """
        try:
            self.wire.write(ask, Purpose.REDUCE)
        except BrokerRejected as error:
            if error.reason != Rejection.NOT_CANCELABLE:
                raise
            log.info("it was too late for that", extra={"why": str(error)})
        finally:
            self.books.touch_orders(symbol)
