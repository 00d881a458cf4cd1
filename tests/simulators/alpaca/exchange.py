"""The exchange: takes orders, matches them with quotes, lets one lead to another."""

from dataclasses import replace as with_
from datetime import timedelta
from decimal import Decimal
from typing import Any

from app.domain.order import OrderType
from tests.simulators.alpaca import asking, rules, views
from tests.simulators.alpaca.accounts import Account
from tests.simulators.alpaca.assets import Asset
from tests.simulators.alpaca.hours import NEW_YORK
from tests.simulators.alpaca.moments import moment_of, nanos_of, text_of
from tests.simulators.alpaca.orders import AT_WORK, ZERO, Order
from tests.simulators.alpaca.refusals import not_found, unprocessable
from tests.simulators.alpaca.world import Quote, World

_GOOD_FOR = timedelta(days=90)
_IMMEDIATE = ("ioc", "fok")
_AUCTIONS = ("opg", "cls")


class Exchange:
    """Works on the world; whoever calls holds its lock."""

    def __init__(self, world: World) -> None:
        self._world = world

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
        order.status = "pending_new" if self._works_now(order) else "accepted"

    def begin(self, account: Account, order: Order) -> None:
        """Let an accepted order work: it is told of, and may fill at once."""
        if order.status not in ("pending_new", "accepted"):
            return
        self._tell(account, order, order.status)
        for leg in order.legs:
            self._tell(account, leg, "held")
        if self._works_now(order):
            self._open(account, order)

    def _open(self, account: Account, order: Order) -> None:
        self._become(account, order, "new")
        self._match(account, order)
        if order.is_open and order.time_in_force in (*_IMMEDIATE, "opg"):
            self._end(account, order, "canceled")
        for leg in order.legs:
            if order.order_class == "oco" and leg.is_open:
                self._match(account, leg)

    def cancel(self, account: Account, order: Order) -> None:
        """Cancel an order, and all that depends on it.

        Raises:
            Refusal: it is finished.
        """
        if not order.is_open or order.status == "pending_cancel":
            raise unprocessable("order is not cancelable")
        if self._world.rules.holds_cancels:
            self._become(account, order, "pending_cancel")
        else:
            self._end(account, order, "canceled")

    def let_cancels_through(self) -> None:
        """What waits in `pending_cancel` is canceled."""
        for account in self._world.accounts.values():
            for order in account.open_orders():
                if order.status == "pending_cancel":
                    self._end(account, order, "canceled")

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
        self._become(account, old, "replaced")
        if new.status != "held":
            new.status = "pending_new" if self._works_now(new) else "accepted"

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
        self._become(account, order, "new")
        return order

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
                self._match(account, order)

    def pass_time(self) -> None:
        """Do what the clock brought about: sessions open and close, orders expire."""
        now = nanos_of(self._world.now())
        for account in self._world.accounts.values():
            for order in tuple(account.open_orders()):
                if order.expires_at <= now and order.is_open:
                    self._expire(account, order)
                elif order.status == "accepted" and self._works_now(order):
                    self._open(account, order)

    def _expire(self, account: Account, order: Order) -> None:
        """End an order whose time is over; one that nobody saw open trades now."""
        if order.status == "accepted":
            self._become(account, order, "new")
            self._fill_all(account, order)
        if order.is_open:
            self._end(account, order, "expired")

    def _fill_all(self, account: Account, order: Order) -> None:
        quote = self._world.quotes.get(order.asset.symbol)
        if quote is not None and order.reached_by(quote.side(order.side)):
            self._take(account, order, quote)

    def _works_now(self, order: Order) -> bool:
        """Whether its hours are now, and its auction."""
        if order.asset.is_crypto:
            return True
        now = self._world.now()
        if order.time_in_force in _AUCTIONS:
            return order.time_in_force == "opg" and nanos_of(now) >= order.begins_at
        return self._world.hours.is_open(now, extended=order.extended_hours)

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

    # ------------------------------------------------------------------ fills

    def _match(self, account: Account, order: Order) -> None:
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
        return works and self._works_now(order) and order.time_in_force != "cls"

    def _trigger(self, account: Account, order: Order) -> None:
        """A stop that is reached goes to the exchange, where its target was."""
        if order.status != "held":
            return
        for sibling in order.siblings:
            if sibling.is_open:
                self._end(account, sibling, "canceled", alone=True)
        self._become(account, order, "new")

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
                quote = with_(quote, size=(quote.size or ZERO) - part)
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
        done = order.quantity_at(price) <= 0
        order.status = "filled" if done else "partially_filled"
        at = order.updated_at = self._world.stamp()
        if done:
            order.ended_at["filled_at"] = at
        self._record(account, order, qty, price, fee)
        facts = {
            "price": views.number(price),
            "qty": views.number(qty),
            "position_qty": views.number(account.held(order.asset)),
            "execution_id": self._world.new_id(),
        }
        self._tell(account, order, "fill" if done else "partial_fill", **facts)
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
                self._become(account, leg, "new")
        for leg in entry.legs:
            self._match(account, leg)

    def _share(self, account: Account, order: Order) -> None:
        """Of the exits of a pair only one quantity is filled."""
        for sibling in order.siblings:
            if not sibling.is_open:
                continue
            if order.status == "filled" or order.stop_price is not None:
                self._end(account, sibling, "canceled", alone=True)
            else:
                sibling.qty = (order.qty or ZERO) - order.filled_qty + sibling.filled_qty
                self._tell(account, sibling, "restated")

    def _end(self, account: Account, order: Order, status: str, *, alone: bool = False) -> None:
        """End an order unfilled, and with it what depends on it."""
        order.ended_at[f"{status}_at"] = self._world.stamp()
        self._become(account, order, status)
        if alone:
            return
        for other in order.depending:
            if other.is_open:
                self._end(account, other, status, alone=True)

    def _become(self, account: Account, order: Order, status: str) -> None:
        order.status = status
        order.updated_at = self._world.stamp()
        self._tell(account, order, status)

    def _record(
        self, account: Account, order: Order, qty: Decimal, price: Decimal, fee: Decimal
    ) -> None:
        """Write a fill into the activities, and the fee that it cost in coins or dollars."""
        at = order.updated_at
        left = order.quantity_at(price)
        account.activities.append(
            {
                "id": self._activity_id(at),
                "activity_type": "FILL",
                "transaction_time": text_of(at),
                "type": "partial_fill" if left > 0 else "fill",
                "order_id": order.id,
                "order_status": order.status,
                "symbol": order.asset.symbol,
                "side": views.side_of(order.side),
                "qty": views.number(qty),
                "price": views.number(price),
                "cum_qty": views.number(order.filled_qty),
                "leaves_qty": views.number(left),
            }
        )
        if fee:
            in_coins = order.side > 0
            account.activities.append(
                {
                    "id": self._activity_id(self._world.stamp()),
                    "activity_type": "CFEE",
                    "date": f"{moment_of(at):%Y-%m-%d}T00:00:00Z",
                    "created_at": text_of(at),
                    "symbol": order.asset.held_as,
                    "qty": views.number(-fee) if in_coins else "0",
                    "net_amount": "0" if in_coins else views.number(-fee),
                    "status": "executed",
                }
            )

    def _activity_id(self, at: int) -> str:
        wall = moment_of(at).astimezone(NEW_YORK)
        return f"{wall:%Y%m%d%H%M%S}{wall.microsecond // 1000:03}::{self._world.new_id()}"

    def _tell(self, account: Account, order: Order, event: str, **facts: str) -> None:
        told = {
            "event": event,
            "timestamp": text_of(order.updated_at),
            "order": views.order(order, nested=False),
            **facts,
        }
        self._world.tell(account, told)


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
