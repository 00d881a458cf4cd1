"""Orders that work: what fills them, what ends them, and what one means for another."""

from dataclasses import replace
from decimal import Decimal

from tests.simulators.alpaca.accounts import Account
from tests.simulators.alpaca.orders import AT_WORK, ZERO, Order
from tests.simulators.alpaca.reports import Reports
from tests.simulators.alpaca.world import World
from tests.simulators.market import Quote
from tests.simulators.moments import nanos_of

_IMMEDIATE = ("ioc", "fok")
_AUCTIONS = ("opg", "cls")


class Matching:
    """Works on the world; whoever calls holds its lock."""

    def __init__(self, world: World, reports: Reports) -> None:
        self._world = world
        self._reports = reports

    def open(self, account: Account, order: Order) -> None:
        """Let an order work, now that its hours are."""
        self.become(account, order, "new")
        self.match(account, order)
        if order.is_open and order.time_in_force in (*_IMMEDIATE, "opg"):
            self.end(account, order, "canceled")
        for leg in order.legs:
            if order.order_class == "oco" and leg.is_open:
                self.match(account, leg)

    def works_now(self, order: Order) -> bool:
        """Whether its hours are now, and its auction."""
        if order.asset.is_crypto:
            return True
        now = self._world.now()
        if order.time_in_force in _AUCTIONS:
            return order.time_in_force == "opg" and nanos_of(now) >= order.begins_at
        return self._world.hours.is_open(now, extended=order.extended_hours)

    def trade_unseen(self, account: Account, order: Order) -> None:
        """Fill an order whose session came and went unseen, if the present quote reaches it."""
        quote = self._world.quotes.get(order.asset.symbol)
        if quote is not None and order.reached_by(quote.side(order.side)):
            self._take(account, order, quote)

    def match(self, account: Account, order: Order) -> None:
        """Fill an order as far as the present quote reaches and suffices."""
        quote = self._world.quotes.get(order.asset.symbol)
        if quote is None or not self._matches(order):
            return
        price = quote.side(order.side)
        order.follow(price)
        was = order.triggered
        reached = order.reached_by(price)
        if order.triggered and not was:
            self._trigger(account, order)
        if reached:
            self._take(account, order, quote)

    def _matches(self, order: Order) -> bool:
        works = order.status in AT_WORK or (order.status == "held" and order.armed)
        return works and self.works_now(order) and order.time_in_force != "cls"

    def _trigger(self, account: Account, order: Order) -> None:
        """A stop that is reached goes to the exchange, where its target was."""
        if order.status != "held":
            return
        for sibling in order.siblings:
            if sibling.is_open:
                self.end(account, sibling, "canceled", alone=True)
        self.become(account, order, "new")

    def _take(self, account: Account, order: Order, quote: Quote) -> None:
        """Trade at a quote, as much as it is good for."""
        price = quote.side(order.side)
        left = order.quantity_at(price)
        size = left if quote.size is None else min(left, quote.size)
        if size < left and order.time_in_force == "fok":
            return
        if size <= 0:
            return
        parts = self._parts(order, size)
        for part in parts:
            if quote.size is not None:
                quote = replace(quote, size=(quote.size or ZERO) - part)
                self._world.quotes[order.asset.symbol] = quote
            self.fill(account, order, part, price)

    def _parts(self, order: Order, size: Decimal) -> list[Decimal]:
        """A fill comes whole, or now and then in two parts."""
        whole = Decimal(1) if not order.asset.is_crypto else Decimal("0.0001")
        if self._world.rules.partial_rate <= self._world.random.random() or size < 2 * whole:
            return [size]
        first = (size * Decimal(self._world.random.randint(1, 9)) / 10 // whole) * whole or whole
        return [first, size - first]

    def fill(self, account: Account, order: Order, qty: Decimal, price: Decimal) -> None:
        """Execute so much of an order at a price, and do what follows from it."""
        fee = account.book(order.asset, order.side * qty, price)
        order.filled_qty += qty
        order.filled_cost += qty * price
        order.updated_at = self._world.stamp()
        done = order.quantity_at(price) <= 0
        if done:
            order.status = "filled"
            order.ended_at["filled_at"] = order.updated_at
        elif order.status != "pending_cancel":
            order.status = "partially_filled"
        self._reports.of_fill(account, order, qty, price, fee)
        if order.is_entry:
            if done:
                self._arm(account, order)
        else:
            self._share(account, order)

    def _arm(self, account: Account, entry: Order) -> None:
        """The entry is filled wholly: its legs begin to work."""
        for leg in entry.legs:
            leg.armed = True
        for leg in sorted(entry.legs, key=lambda each: each.stop_price is None):
            waits = leg.stop_price is not None and len(entry.legs) > 1
            if leg.is_open and not (waits and self._world.rules.stop_waits_for_target):
                self.become(account, leg, "new")
        for leg in entry.legs:
            self.match(account, leg)

    def _share(self, account: Account, order: Order) -> None:
        """Of the exits of a pair only one quantity is filled."""
        for sibling in order.siblings:
            if not sibling.is_open:
                continue
            if order.status == "filled" or order.stop_price is not None:
                self.end(account, sibling, "canceled", alone=True)
            else:
                sibling.qty = (order.qty or ZERO) - order.filled_qty + sibling.filled_qty
                self._reports.of(account, sibling, "restated")

    def end(self, account: Account, order: Order, status: str, *, alone: bool = False) -> None:
        """End an order unfilled, and with it what depends on it."""
        order.ended_at[f"{status}_at"] = self._world.stamp()
        self.become(account, order, status)
        if alone:
            return
        for other in order.depending:
            if other.is_open:
                self.end(account, other, status, alone=True)

    def become(self, account: Account, order: Order, status: str) -> None:
        """Give an order another status, and tell of it."""
        order.status = status
        order.updated_at = self._world.stamp()
        self._reports.of(account, order, status)
