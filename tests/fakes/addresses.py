"""An address book for brokers that are tested without a journal."""

from dataclasses import replace
from datetime import datetime

from app.domain.order import BrokerOrder, OrderIntent, OrderRole
from app.ports.addresses import Address


class AddressPages:
    """What the journal would have written down: `note` before the wire, `settle` after it."""

    def __init__(self) -> None:
        self._pages: dict[str, Address] = {}

    def note(self, intent: OrderIntent, at: datetime | None = None) -> None:
        """Write an order and its legs down."""
        self._put(intent.client_order_id, intent.role, intent.parent, intent, at)
        for role, leg in intent.legs:
            self._put(leg.client_order_id, role, intent.client_order_id, None, at)

    def settle(self, answer: BrokerOrder) -> None:
        """Take over what the broker calls them, and what they have filled."""
        for told in (answer, *answer.legs):
            page = self._pages.get(told.client_order_id)
            if page is not None:
                self._pages[told.client_order_id] = replace(
                    page,
                    broker_order_id=told.broker_order_id or page.broker_order_id,
                    filled_quantity=max(page.filled_quantity, told.filled_quantity),
                    ended=page.ended or told.status.final,
                )

    def address(self, client_order_id: str) -> Address | None:
        return self._pages.get(client_order_id)

    def named(self, account: str, broker_order_id: str) -> str | None:
        pages = self._pages.items()
        names = (name for name, page in pages if page.broker_order_id == broker_order_id)
        return next(names, None)

    def _put(
        self,
        client_order_id: str,
        role: OrderRole,
        parent: str | None,
        intent: OrderIntent | None,
        at: datetime | None,
    ) -> None:
        self._pages[client_order_id] = Address(
            client_order_id=client_order_id,
            broker_order_id=None,
            role=role,
            parent=parent,
            intent=intent,
            submitted_at=at,
        )
