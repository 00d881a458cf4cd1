"""The exchange: takes orders and quotes, and lets time pass."""

from datetime import time
from decimal import Decimal

from tests.simulators.fyers import asking, rules
from tests.simulators.fyers import refusals as no
from tests.simulators.fyers.accounts import Account, Holding, Position
from tests.simulators.fyers.asking import Body
from tests.simulators.fyers.gtt import Gtt, GttLeg
from tests.simulators.fyers.instruments import IST, Instrument
from tests.simulators.fyers.matching import Matching, Protected
from tests.simulators.fyers.orders import UNTAGGED, ZERO, Legs, Order, Status, Type
from tests.simulators.fyers.refusals import refused
from tests.simulators.fyers.reports import Reports
from tests.simulators.fyers.world import World
from tests.simulators.market import Quote
from tests.simulators.moments import NANOS
from tests.simulators.wire import Refusal

_ENDED = {
    Status.CANCELLED: no.CANCELLED,
    Status.EXPIRED: no.CANCELLED,
    Status.TRADED: no.TRADED,
    Status.REJECTED: no.WAS_REJECTED,
}


_FOR_THE_DAY = "INTRADAY"
_SQUARED_OFF, _CLOSED = time(15, 20), time(15, 30)


class Exchange:
    """Works on the world; whoever calls holds its lock."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._reports = Reports(world)
        self.matching = Matching(world, self._reports)

    # ------------------------------------------------------------------ orders come and go

    def place(
        self, account: Account, body: Body, *, late: float = 0.0, rejected: bool = False
    ) -> Order:
        """Take an order and let it work.

        `late`: readers do not see it for so many seconds. `rejected`: by the exchange, once taken.

        Raises:
            Refusal: it is refused; when the risk management refused it, it is in the book.
        """
        order = asking.read_order(self._world, body, account.fy_id)
        order.lag = int(late * NANOS)
        if rejected:
            self._enter(account, order)
            self.matching.end(account, order, Status.REJECTED, "EXCHANGE:Order is not accepted")
        else:
            self.take(account, order)
        return order

    def _enter(self, account: Account, order: Order) -> None:
        """Put an order into the book; it is on its way to the exchange."""
        order.created_at, order.day = self._world.stamp(), self._day()
        order.status = Status.TRANSIT
        account.keep(order)
        self._reports.of(account, order)

    def take(self, account: Account, order: Order) -> None:
        """Put an order through the risk management and into the book.

        Raises:
            Refusal: it is rejected.
        """
        told = rules.complaint(self._world, account, order)
        self._enter(account, order)
        if told:
            self.matching.end(account, order, Status.REJECTED, told)
            raise refused(no.REJECTED, told, id=order.id)
        if not self._world.rules.holds_in_transit:
            self._arrive(account, order)

    def _arrive(self, account: Account, order: Order) -> None:
        order.status = Status.PENDING
        self._reports.of(account, order)
        self.matching.open(account, order)

    def let_through(self) -> None:
        """What is in transit arrives at the exchange."""
        for account in self._world.accounts.values():
            for order in tuple(account.open_orders()):
                if order.status is Status.TRANSIT:
                    self._arrive(account, order)

    def _day(self) -> str:
        """The day on which an order works that comes now."""
        now, hours = self._world.now(), self._world.hours
        at = now if hours.is_open(now) else hours.next_open(now)
        return f"{at.astimezone(IST):%Y-%m-%d}"

    def modify(self, account: Account, body: Body) -> Order:
        """Change what an order asks for.

        Raises:
            Refusal: it cannot be changed, or not so.
        """
        order = self._open_order(account, body)
        changed = asking.read_change(body, order)
        told = rules.complaint(self._world, account, changed, instead_of=order)
        if told:
            raise refused(no.REJECTED, told)
        for name in ("qty", "type", "limit_price", "stop_price", "disclosed", "legs"):
            setattr(order, name, getattr(changed, name))
        self._reports.of(account, order)
        self.matching.open(account, order)
        return order

    def cancel(self, account: Account, body: Body) -> Order:
        """Cancel an order; what is filled of it stays, and what protects that.

        Raises:
            Refusal: it is finished, or there is none.
        """
        order = self._open_order(account, body)
        self.matching.end(account, order, Status.CANCELLED)
        return order

    def _open_order(self, account: Account, body: Body) -> Order:
        if not body.get("id"):
            raise refused(no.BAD_ORDER_ID)
        order = account.orders.get(str(body["id"]))
        if order is None:
            raise refused(no.UNKNOWN_ORDER)
        if not order.is_open:
            raise refused(_ENDED[order.status])
        return order

    def by_hand(
        self,
        account: Account,
        instrument: Instrument,
        side: int,
        qty: int,
        product: str,
        price: Decimal | None = None,
    ) -> Order:
        """A market order that nothing is asked of: it is filled, come what may."""
        number = self._world.new_id()
        order = Order(
            id=number,
            exchange_id=f"11{number}",
            instrument=instrument,
            side=side,
            type=Type.MARKET,
            product=product,
            qty=qty,
            source="W",
            status=Status.PENDING,
            created_at=self._world.stamp(),
        )
        account.keep(order)
        paid = self._world.quote(instrument).side(side) if price is None else price
        self.matching.fill(account, order, qty, paid)
        return order

    def close(self, account: Account, held: Position) -> None:
        """Close a position; the legs that protect it are canceled before."""
        for order in account.open_orders(held.instrument.symbol):
            if order.parent and order.product == held.product:
                self.matching.end(account, order, Status.CANCELLED)
        self.by_hand(account, held.instrument, -held.side, abs(held.net), held.product)

    def protect(self, account: Account, held: Position, body: Body) -> None:
        """Attach a stop loss and a target to a position, from its average price.

        Raises:
            Refusal: they make no sense.
        """
        old = [each for each in account.open_orders() if each.parent == held.id]
        legs = asking.read_legs(body, Legs())
        qty = abs(held.net)
        if body.get("qty"):
            qty = asking.quantity(body, "qty", held.instrument)
        if qty > abs(held.net):
            raise refused(no.BAD_QTY)
        target, stop = legs.prices(held.side, held.average, held.instrument.tick)
        for order in old:
            name = "takeProfit" if order.type is Type.LIMIT else "stopLoss"
            if order.is_open and name in body:
                self.matching.end(account, order, Status.CANCELLED)
        what = Protected(
            instrument=held.instrument,
            product=held.product,
            parent=held.id,
            side=-held.side,
            qty=qty,
        )
        made = self.matching.arm(account, what, target, stop)
        kept = [each for each in old if each.is_open]
        for one, other in zip(kept, made, strict=False):
            one.mate, other.mate = other, one

    def convert(self, account: Account, held: Position, qty: int, product: str) -> None:
        """Hold so much of a position under another product, at the same price."""
        price, side = held.average, held.side
        new = account.position(held.instrument, product)
        for holder, signed in ((held, -side * qty), (new, side * qty)):
            account.settle(holder, signed, price)
            self._reports.of_position(account, holder)

    # ------------------------------------------------------------------ prices and time

    def on_quote(self, symbol: str, quote: Quote) -> None:
        """New prices of an instrument: whatever they reach fills, stops before limits."""
        self._world.quotes[symbol] = quote
        for account in self._world.accounts.values():
            waiting = sorted(account.open_orders(symbol), key=lambda each: not each.type.has_stop)
            for order in waiting:
                self.matching.match(account, order)
            self._trigger(account)

    def _trigger(self, account: Account) -> None:
        """GTT orders whose price is reached become limit orders, whatever is held by now."""
        for gtt in tuple(account.gtts.values()):
            if gtt.status is not Status.PENDING:
                continue
            leg = gtt.reached_at(self._world.last(gtt.instrument))
            if leg is None or not self._world.hours.is_open(self._world.now()):
                continue
            gtt.status = Status.TRADED
            try:
                self.take(account, self._child(gtt, leg))
            except Refusal as refusal:
                gtt.status, gtt.message = Status.REJECTED, str(refusal)

    def _child(self, gtt: Gtt, leg: GttLeg) -> Order:
        own = "" if gtt.tag == UNTAGGED else gtt.tag.removeprefix("1:")
        number = self._world.new_id()
        return Order(
            id=number,
            exchange_id=f"11{number}",
            instrument=gtt.instrument,
            side=gtt.side,
            type=Type.LIMIT,
            product=gtt.product,
            qty=leg.qty,
            limit_price=leg.price,
            tag=f"1:GTT{own}",
            parent=gtt.id if self._world.rules.gtt_tells else "",
            source="GTT",
        )

    def pass_time(self) -> None:
        """Do what the clock brought about: sessions open and close, days end."""
        today = f"{self._world.today():%Y-%m-%d}"
        for account in self._world.accounts.values():
            if account.day != today:
                self.end_day(account)
                account.day = today
            if self._world.hours.forced is None:
                self._near_the_close(account)
            for order in tuple(account.open_orders()):
                if order.offline:
                    self.matching.match(account, order)
            self._trigger(account)

    def _near_the_close(self, account: Account) -> None:
        """At twenty past three positions for the day are closed, at half past orders end."""
        wall = self._world.now().astimezone(IST).time()
        if wall >= _SQUARED_OFF and self._world.rules.squares_off:
            for held in tuple(account.positions.values()):
                if held.net and held.product == _FOR_THE_DAY:
                    self.close(account, held)
        if wall >= _CLOSED:
            self._expire(account)

    def _expire(self, account: Account) -> None:
        for order in tuple(account.open_orders()):
            if order.day <= account.day:
                self.matching.end(account, order, Status.EXPIRED)

    def end_day(self, account: Account) -> None:
        """The night: day orders end, shares go home, what is for the day is closed."""
        self._expire(account)
        for held in tuple(account.positions.values()):
            self._end_position(account, held)
        for holding in tuple(account.holdings.values()):
            holding.qty, holding.fresh = holding.left, False
            if not holding.qty:
                del account.holdings[holding.instrument.symbol]
        for held in tuple(account.positions.values()):
            self._take_home(account, held)
        account.opening = account.cash
        account.trades.clear()
        account.book_since = self._world.stamp()

    def _end_position(self, account: Account, held: Position) -> None:
        """What is for the day only is closed, and what has expired is settled."""
        expires = held.instrument.expires
        expired = expires is not None and expires.astimezone(IST).date() < self._world.today()
        if held.net and (held.product == _FOR_THE_DAY or expired):
            side, qty = -held.side, abs(held.net)
            self.by_hand(account, held.instrument, side, qty, held.product)

    def _take_home(self, account: Account, held: Position) -> None:
        """Bought shares become holdings; the rest begins a new day, or is gone."""
        if held.product == "CNC" and held.net > 0:
            receive(account, held.instrument, held.net, held.average)
        if held.product == "CNC" or not held.net:
            del account.positions[held.id]
        else:
            held.carried, held.realized = held.net, ZERO
            held.bought = held.sold = (0, ZERO)


def receive(account: Account, instrument: Instrument, qty: int, price: Decimal) -> None:
    """Shares come home."""
    old = account.holdings.get(instrument.symbol)
    had, cost = (old.qty, old.cost) if old else (0, ZERO)
    average = (had * cost + qty * price) / (had + qty)
    holding = Holding(instrument, had + qty, had + qty, average)
    account.holdings[instrument.symbol] = holding
