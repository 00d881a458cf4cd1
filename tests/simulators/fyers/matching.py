"""Orders that work: what fills them, what ends them, and what one means for another."""

from dataclasses import dataclass, replace
from decimal import Decimal

from tests.simulators.fyers.accounts import Account
from tests.simulators.fyers.instruments import Instrument
from tests.simulators.fyers.orders import UNTAGGED, ZERO, Order, Status, Type
from tests.simulators.fyers.reports import Reports
from tests.simulators.fyers.world import World
from tests.simulators.market import Quote


@dataclass(frozen=True, slots=True, kw_only=True)
class Protected:
    """What a stop and a target are for. `side`: theirs; `parent`: an order, or a position."""

    instrument: Instrument
    product: str
    parent: str
    side: int
    qty: int
    tag: str = UNTAGGED
    lag: int = 0


class Matching:
    """Works on the world; whoever calls holds its lock."""

    def __init__(self, world: World, reports: Reports) -> None:
        self._world = world
        self._reports = reports

    def open(self, account: Account, order: Order) -> None:
        """Let an order work; what does not fill at once may be good for no longer."""
        self.match(account, order)
        if order.is_open and order.validity == "IOC":
            self.end(account, order, Status.CANCELLED)

    def match(self, account: Account, order: Order) -> None:
        """Fill an order as far as the present quote reaches and suffices."""
        if order.status is not Status.PENDING or not self._world.hours.is_open(self._world.now()):
            return
        quote = self._world.quote(order.instrument)
        if order.waits_for_stop(self._world.last(order.instrument)):
            return
        price = quote.side(order.side)
        if order.accepts(price):
            self._take(account, order, quote, price)

    def _take(self, account: Account, order: Order, quote: Quote, price: Decimal) -> None:
        """Trade at a quote, as much as it is good for."""
        size = order.left if quote.size is None else min(order.left, int(quote.size))
        for part in self._parts(order, size):
            if quote.size is not None:
                quote = replace(quote, size=quote.size - part)
                self._world.quotes[order.instrument.symbol] = quote
            self.fill(account, order, part, price)

    def _parts(self, order: Order, size: int) -> list[int]:
        """A fill comes whole, or now and then in two parts."""
        lot = order.instrument.lot
        if size <= 0:
            return []
        if self._world.rules.partial_rate <= self._world.random.random() or size < 2 * lot:
            return [size]
        first = max(lot, size * self._world.random.randint(1, 9) // 10 // lot * lot)
        return [first, size - first]

    def fill(self, account: Account, order: Order, qty: int, price: Decimal) -> None:
        """Execute so much of an order at a price, and do what follows from it."""
        account.book(order, qty, price)
        order.filled += qty
        order.cost += qty * price
        if not order.left:
            order.status = Status.TRADED
        self._reports.of_fill(account, order, qty, price)
        if order.mate is not None and order.mate.is_open:
            self._share(account, order, order.mate, qty)
        if order.legs.asked:
            self._protect(account, order, qty)

    def _share(self, account: Account, order: Order, mate: Order, qty: int) -> None:
        """Of a stop and its target only one quantity is filled."""
        if order.status is Status.TRADED or mate.left <= qty:
            self.end(account, mate, Status.CANCELLED)
        else:
            mate.qty -= qty
            self._reports.of(account, mate)

    def _protect(self, account: Account, entry: Order, qty: int) -> None:
        """What is filled of an entry gets its stop and its target, or more of them."""
        if entry.children:
            for child in entry.children:
                if child.is_open:
                    child.qty += qty
                    self._reports.of(account, child)
            return
        target, stop = entry.legs.prices(entry.side, entry.average, entry.instrument.tick)
        what = Protected(
            instrument=entry.instrument,
            product=entry.product,
            parent=entry.id,
            side=-entry.side,
            qty=qty,
            tag=entry.tag,
            lag=entry.lag,
        )
        entry.children = self.arm(account, what, target, stop)

    def arm(
        self, account: Account, what: Protected, target: Decimal | None, stop: Decimal | None
    ) -> list[Order]:
        """Put a target, a stop, or both to work, of which only one will fill."""
        pairs = ((Type.LIMIT, target), (Type.STOP, stop))
        made = [self._leg(what, kind, price) for kind, price in pairs if price is not None]
        if len(made) > 1:
            made[0].mate, made[1].mate = made[1], made[0]
        for each in made:
            each.created_at = self._world.stamp()
            account.keep(each)
            self._reports.of(account, each)
        for each in reversed(made):  # the stop first
            self.match(account, each)
        return made

    def _leg(self, what: Protected, kind: Type, price: Decimal) -> Order:
        number = self._world.new_id()
        return Order(
            id=number,
            exchange_id=f"11{number}",
            instrument=what.instrument,
            side=what.side,
            type=kind,
            product=what.product,
            qty=what.qty,
            limit_price=price if kind is Type.LIMIT else ZERO,
            stop_price=price if kind is Type.STOP else ZERO,
            tag=what.tag,
            parent=what.parent,
            status=Status.PENDING,
            lag=what.lag,
        )

    def end(self, account: Account, order: Order, status: Status, message: str = "") -> None:
        """End an order."""
        order.status = status
        order.message = message
        self._reports.of(account, order)
