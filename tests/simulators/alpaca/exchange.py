"""The exchange: takes orders and quotes, and lets time pass."""

from dataclasses import replace as with_
from datetime import timedelta
from decimal import Decimal
from typing import Any

from app.domain.order import OrderType
from tests.simulators.alpaca import asking, rules, views
from tests.simulators.alpaca.accounts import Account
from tests.simulators.alpaca.assets import Asset
from tests.simulators.alpaca.hours import NEW_YORK
from tests.simulators.alpaca.matching import Matching
from tests.simulators.alpaca.orders import AT_WORK, ZERO, Order
from tests.simulators.alpaca.refusals import not_found, unprocessable
from tests.simulators.alpaca.reports import Reports
from tests.simulators.alpaca.world import World
from tests.simulators.market import Quote
from tests.simulators.moments import moment_of, nanos_of

_GOOD_FOR = timedelta(days=90)


class Exchange:
    """Works on the world; whoever calls holds its lock."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._reports = Reports(world)
        self._matching = Matching(world, self._reports)

    # ------------------------------------------------------------------ orders come and go

    def accept(self, account: Account, body: asking.Body, *, liquidates: bool = False) -> Order:
        """Take an order into the books; it does not work yet.

        What `liquidates` a position may be of any size.

        Raises:
            Refusal: it is refused.
        """
        order = asking.read_order(self._world, account, body)
        order.liquidates = liquidates
        rules.check(self._world, account, order)
        self._enter(account, order)
        return order

    def _enter(self, account: Account, order: Order) -> None:
        now = self._world.stamp()
        for each in (order, *order.legs):
            each.created_at = each.updated_at = now
            self._date(each)
            account.keep(each)
        order.status = "pending_new" if self._matching.works_now(order) else "accepted"

    def begin(self, account: Account, order: Order) -> None:
        """Let an accepted order work: it is told of, and may fill at once."""
        if order.status not in ("pending_new", "accepted"):
            return
        self._reports.of(account, order, order.status)
        for leg in order.legs:
            self._reports.of(account, leg, "held")
        if self._matching.works_now(order):
            self._matching.open(account, order)

    def cancel(self, account: Account, order: Order) -> None:
        """Cancel an order, and all that depends on it.

        Raises:
            Refusal: it is finished.
        """
        if not order.is_open or order.status == "pending_cancel":
            raise unprocessable("order is not cancelable")
        if self._world.rules.holds_cancels:
            self._matching.become(account, order, "pending_cancel")
        else:
            self._matching.end(account, order, "canceled")

    def let_cancels_through(self) -> None:
        """What waits in `pending_cancel` is canceled."""
        for account in self._world.accounts.values():
            for order in account.open_orders():
                if order.status == "pending_cancel":
                    self._matching.end(account, order, "canceled")

    def replace(self, account: Account, old: Order, body: asking.Body) -> Order:
        """Put a new order in the place of an old one; it does not work yet.

        Raises:
            Refusal: the old one cannot be replaced, or the new one would be refused.
        """
        if old.status not in AT_WORK and not (old.status == "held" and old.armed):
            raise unprocessable(f"unable to replace order in status {old.status}")
        if old.notional is not None:
            raise unprocessable("notional orders cannot be replaced")
        new = self._changed(account, old, body)
        rules.check(self._world, account, new, replaced=old)
        self._enter_replacing(account, old, new)
        return new

    def _changed(self, account: Account, old: Order, body: asking.Body) -> Order:
        qty = asking.amount(body, "qty")
        if qty is not None and qty != qty.to_integral_value():
            raise unprocessable("qty must be an integer")
        left = (old.qty or ZERO) - old.filled_qty
        new = with_(
            old,
            id=self._world.new_id(),
            client_order_id=asking.client_id(self._world, account, body.get("client_order_id")),
            qty=left if qty is None else qty,
            filled_qty=ZERO,
            filled_cost=ZERO,
            replaces=old.id,
            time_in_force=str(body.get("time_in_force") or old.time_in_force),
            ended_at={},
        )
        for name in ("limit_price", "stop_price"):
            price = asking.amount(body, name)
            if price is not None:
                if getattr(old, name) is None:
                    raise unprocessable(f"{old.type.value} orders have no {name}")
                setattr(new, name, price)
        trail = asking.amount(body, "trail")
        if trail is not None:
            _retrail(new, trail)
        return new

    def _enter_replacing(self, account: Account, old: Order, new: Order) -> None:
        new.created_at = new.updated_at = self._world.stamp()
        self._date(new)
        old.replaced_by = new.id
        for leg in new.legs:
            leg.parent, leg.qty = new, new.qty
        if new.parent is not None:
            new.parent.legs = [new if leg is old else leg for leg in new.parent.legs]
        old.legs, old.parent = [], None
        account.keep(new)
        old.ended_at["replaced_at"] = self._world.stamp()
        self._matching.become(account, old, "replaced")
        if new.status != "held":
            new.status = "pending_new" if self._matching.works_now(new) else "accepted"

    def by_hand(self, account: Account, asset: Asset, side: str, qty: Decimal) -> Order:
        """A market order that nothing is asked of."""
        order = asking.read_order(
            self._world,
            account,
            {
                "symbol": asset.symbol,
                "side": side,
                "qty": qty,
                "type": "market",
                "time_in_force": "gtc" if asset.is_crypto else "day",
            },
        )
        self._enter(account, order)
        self._matching.become(account, order, "new")
        return order

    def fill(self, account: Account, order: Order, qty: Decimal, price: Decimal) -> None:
        """Execute so much of an order at a price, whatever the quote is."""
        self._matching.fill(account, order, qty, price)

    def close_position(
        self, account: Account, symbol: str, *, qty: Decimal | None, percent: Decimal | None
    ) -> Order:
        """A market order that closes a position, or a part of it.

        Raises:
            Refusal: there is none, or other orders hold it.
        """
        asset = self._world.asset(symbol)
        held = account.held(asset) if asset else ZERO
        if asset is None or not held:
            raise not_found("position does not exist")
        wanted = abs(held)
        if percent is not None:
            wanted = _part(wanted, percent)
        body: dict[str, Any] = {
            "symbol": asset.symbol,
            "qty": qty if qty is not None else wanted,
            "side": views.side_of(-1 if held > 0 else 1),
            "type": "market",
            "time_in_force": "gtc" if asset.is_crypto else "day",
        }
        return self.accept(account, body, liquidates=True)

    # ------------------------------------------------------------------ prices and time

    def on_quote(self, symbol: str, quote: Quote) -> None:
        """New prices of an instrument: whatever they reach fills, stops before limits."""
        self._world.quotes[symbol] = quote
        for account in self._world.accounts.values():
            waiting = sorted(account.open_orders(symbol), key=lambda each: each.stop_price is None)
            for order in waiting:
                self._matching.match(account, order)

    def pass_time(self) -> None:
        """Do what the clock brought about: sessions open and close, orders expire."""
        now = nanos_of(self._world.now())
        for account in self._world.accounts.values():
            for order in tuple(account.open_orders()):
                if order.expires_at <= now and order.is_open:
                    self._expire(account, order)
                elif order.status == "accepted" and self._matching.works_now(order):
                    self._matching.open(account, order)

    def _expire(self, account: Account, order: Order) -> None:
        """End an order whose time is over; one that nobody saw open trades now."""
        if order.status == "accepted":
            self._matching.become(account, order, "new")
            self._matching.trade_unseen(account, order)
        if order.is_open:
            self._matching.end(account, order, "expired")

    def _date(self, order: Order) -> None:
        """Until when it is good, and from when on when it waits for an auction."""
        at = moment_of(order.created_at)
        hours = self._world.hours
        if order.time_in_force == "gtc" or order.asset.is_crypto:
            day = (at + _GOOD_FOR).astimezone(NEW_YORK)
            order.expires_at = nanos_of(day.replace(hour=16, minute=0, second=0, microsecond=0))
            return
        if order.time_in_force == "opg":
            order.begins_at = nanos_of(hours.next_open(at))
            at = moment_of(order.begins_at)
        order.expires_at = nanos_of(hours.session(at, extended=order.extended_hours).closes)


def _retrail(order: Order, trail: Decimal) -> None:
    """Give a trailing stop another distance."""
    if order.type is not OrderType.TRAILING_STOP:
        raise unprocessable("trail is for trailing_stop orders")
    if order.trail_price is not None:
        order.trail_price = trail
    else:
        order.trail_percent = trail


def _part(whole: Decimal, percent: Decimal) -> Decimal:
    """A percentage of a position: whole shares of whole shares."""
    part = whole * percent / 100
    if whole == whole.to_integral_value():
        return part // 1
    return part.quantize(Decimal("1e-9"))
