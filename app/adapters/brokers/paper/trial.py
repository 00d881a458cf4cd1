"""A pass of orders through the matcher, to see what a price would do."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from decimal import Decimal
from functools import partial
from typing import TypeAlias

from app.adapters.brokers.paper.account import Account
from app.adapters.brokers.paper.instruments import STEP
from app.adapters.brokers.paper.orders import PaperOrder, to_price, to_units
from app.domain.book_order import BookOrder
from app.domain.errors import BrokerRejected
from app.domain.matching import Event, Matcher
from app.domain.ticks import to_steps

LegsOf: TypeAlias = Callable[[str], Sequence[PaperOrder]]


class Trial:
    """One pass of working orders through the matcher; it changes none of them.

    `legs_of` gives the legs that wait for an entry; `price` is None when no quote is fresh enough.

    Attributes:
        armed: the legs that were armed, by their id, with the prices that they got.
    """

    def __init__(
        self,
        account: Account,
        working: Iterable[PaperOrder],
        legs_of: LegsOf,
        price: Decimal | None,
    ) -> None:
        self.armed: dict[str, PaperOrder] = {}
        self._tick = account.instrument.tick
        self._legs_of = legs_of
        self._units = to_units(price)
        self._matcher = Matcher(
            [self._in_book(order) for order in working],
            to_steps(account.holding.quantity, STEP),
            account.slippage,
        )

    def submit(self, order: PaperOrder) -> Sequence[Event]:
        """Bring a new order to the matcher.

        Raises:
            BrokerRejected: its type, quantity and prices do not make an order.
        """
        try:
            made = self._in_book(order)
        except ValueError as error:
            raise BrokerRejected(str(error)) from error
        return self._matcher.submit(made, self._units)

    def next_price(self) -> Sequence[Event]:
        """Bring the price to the matcher."""
        return [] if self._units is None else self._matcher.on_price(self._units)

    def _in_book(self, order: PaperOrder) -> BookOrder:
        made = order.in_book()
        legs = self._legs_of(order.client_order_id)
        if legs:
            made.arm = partial(self._arm, legs)
        return made

    def _arm(self, legs: Iterable[PaperOrder], paid: int) -> Iterator[BookOrder]:
        for leg in legs:
            priced = leg.priced(to_price(paid), self._tick)
            if priced.possible:
                self.armed[leg.client_order_id] = priced
                yield priced.in_book()
