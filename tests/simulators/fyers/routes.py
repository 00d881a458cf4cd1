"""The endpoints of the trading API."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from tests.simulators.fyers import asking, rules, views
from tests.simulators.fyers import refusals as no
from tests.simulators.fyers.accounts import Account, Position
from tests.simulators.fyers.exchange import Exchange
from tests.simulators.fyers.orders import Row
from tests.simulators.fyers.refusals import refused
from tests.simulators.fyers.replies import Handler, Reply, Request, ok
from tests.simulators.fyers.world import World
from tests.simulators.wire import Refusal

_BASKET = 10
_CLOSED = "The position is closed."


class TradingApi:
    """Answers what the trading API is asked."""

    def __init__(self, world: World, exchange: Exchange) -> None:
        self._world = world
        self._exchange = exchange

    def routes(self) -> dict[str, Handler]:
        """The handlers, each under its method and path."""
        found: dict[str, Handler] = {
            "GET /profile": self.profile,
            "GET /funds": self.funds,
            "GET /holdings": self.holdings,
            "GET /positions": self.positions,
            "GET /tradebook": self.trades,
            "GET /orders": self.orders,
            "POST /orders/sync": self.place,
            "PATCH /orders/sync": self.modify,
            "DELETE /orders/sync": self.cancel,
            "POST /multi-order/sync": self.basket(self.place),
            "PATCH /multi-order/sync": self.basket(self.modify),
            "DELETE /multi-order/sync": self.basket(self.cancel),
            "POST /multiorder/margin": self.margin,
            "DELETE /positions": self.exit,
            "POST /positions": self.convert,
            "PATCH /positions": self.protect,
            "POST /logout": self.logout,
        }
        return {_under_api(route): handler for route, handler in found.items()}

    # ------------------------------------------------------------------ the account

    def profile(self, request: Request) -> Reply:
        return ok(data=views.profile(request.account))

    def funds(self, request: Request) -> Reply:
        return ok(fund_limit=views.funds(request.account))

    def holdings(self, request: Request) -> Reply:
        held = request.account.holdings.values()
        shown = [views.holding(self._world, place, each) for place, each in enumerate(held)]
        return ok(holdings=shown, overall=views.overall_holdings(shown))

    def positions(self, request: Request) -> Reply:
        held = request.account.positions.values()
        shown = [views.position(self._world, each) for each in held]
        return ok(netPositions=shown, overall=views.overall(shown))

    def logout(self, request: Request) -> Reply:
        _, _, token = request.headers.get("Authorization", "").partition(":")
        request.account.tokens.pop(token, None)
        return ok(message="You are successfully logged out")

    # ------------------------------------------------------------------ orders

    def orders(self, request: Request) -> Reply:
        """The orders of the day that readers see already."""
        account, now = request.account, self._world.nanos()
        shown: list[Row] = []
        for order in account.orders.values():
            of_today = order.is_open or order.updated_at >= account.book_since
            row = order.seen_at(now) if of_today else None
            if row and _is_asked_for(row, request.query, "id"):
                shown.append(row | views.market_facts(self._world, order.instrument))
        return ok(orderBook=shown)

    def trades(self, request: Request) -> Reply:
        """The trades of the day that readers see already."""
        now = self._world.nanos()
        seen = (row for since, row in request.account.trades if since <= now)
        return ok(tradeBook=[row for row in seen if _is_asked_for(row, request.query, "")])

    def place(self, request: Request) -> Reply:
        order = self._exchange.place(
            request.account, request.body, late=request.late, rejected=request.rejected
        )
        told = f"Order submitted successfully. Your Order Ref. No.{order.id}"
        return ok(1101, told, id=order.id)

    def modify(self, request: Request) -> Reply:
        order = self._exchange.modify(request.account, request.body)
        return ok(1102, "Successfully modified order", id=order.id)

    def cancel(self, request: Request) -> Reply:
        order = self._exchange.cancel(request.account, request.body)
        return ok(1103, "Successfully cancelled order", id=order.id)

    def basket(self, one: Handler) -> Handler:
        """The same for up to ten orders, each by itself."""

        def handler(request: Request) -> Reply:
            if not 1 <= len(request.items) <= _BASKET:
                raise refused(no.BAD_INPUT)
            return ok(data=[_each(one, request, body) for body in request.items])

        return handler

    def margin(self, request: Request) -> Reply:
        """What orders would bind, before they are placed."""
        bodies: list[dict[str, Any]] = request.body.get("data") or []
        account, total = request.account, Decimal(0)
        for body in bodies:
            order = asking.read_order(self._world, body, account.fy_id)
            total += account.cost(order, rules.order_price(self._world, order))
        bound = account.opening - account.available
        facts = {
            "margin_avail": views.number(account.available),
            "margin_total": views.number(bound + total),
            "margin_new_order": views.number(total),
        }
        return ok(data=facts)

    # ------------------------------------------------------------------ positions

    def exit(self, request: Request) -> Reply:
        """Close positions, by their ids, by what they are, or all; or cancel what waits."""
        if request.body.get("pending_orders_cancel"):
            return self._cancel_pending(request)
        account = request.account
        chosen = self._chosen(account, request.body)
        for held in chosen:
            self._exchange.close(account, held)
        return ok(message=_CLOSED)

    def _chosen(self, account: Account, body: dict[str, Any]) -> list[Position]:
        held = [each for each in account.positions.values() if each.net]
        if not held:
            raise refused(no.NO_POSITIONS)
        if "id" in body:
            return [self._by_id(account, name) for name in _names(body["id"])]
        wanted: list[tuple[str, Callable[[Position], Any]]] = [
            ("segment", lambda each: each.instrument.segment),
            ("side", lambda each: each.side),
            ("productType", lambda each: each.product),
        ]
        for name, fact in wanted:
            if name in body:
                held = [each for each in held if fact(each) in body[name]]
        return held

    def _by_id(self, account: Account, name: str) -> Position:
        held = account.positions.get(name)
        if held is None:
            raise refused(no.BAD_POSITION)
        if not held.net:
            raise refused(no.POSITION_IS_ZERO)
        return held

    def _cancel_pending(self, request: Request) -> Reply:
        names = set(_names(request.body.get("id") or []))
        pending = [
            order
            for order in request.account.open_orders()
            if not names or f"{order.instrument.symbol}-{order.product}" in names
        ]
        if not pending:
            raise refused(no.NOTHING_PENDING)
        for order in pending:
            if order.is_open:
                self._exchange.cancel(request.account, {"id": order.id})
        return ok(message="Successfully cancelled all pending orders")

    def protect(self, request: Request) -> Reply:
        """Attach a stop loss and a target to a position, in the place of those that it has."""
        body = request.body
        held = self._by_id(request.account, str(body.get("positionId", "")))
        self._exchange.protect(request.account, held, body)
        return ok(message="Successfully modified position", id=held.id)

    def convert(self, request: Request) -> Reply:
        """Hold a position under another product."""
        body, account = request.body, request.account
        held = self._by_id(account, f"{body.get('symbol')}-{body.get('convertFrom')}")
        product = asking.product_of({"productType": body.get("convertTo")}, held.instrument)
        qty = asking.quantity(body, "convertQty", held.instrument)
        if body.get("positionSide") != held.side or qty > abs(held.net):
            raise refused(no.BAD_INPUT)
        self._exchange.convert(account, held, qty, product)
        return ok(message="Position Conversion Successfull", positionDetails=8)


def _each(one: Handler, request: Request, body: dict[str, Any]) -> Row:
    single = Request(request.account, {}, body, [], request.headers, request.late, request.rejected)
    try:
        reply = one(single)
    except Refusal as refusal:
        return {"statusCode": refusal.status, "body": refusal.body, "statusDescription": "Error"}
    return {"statusCode": reply.status, "body": reply.shown, "statusDescription": "OK"}


def _is_asked_for(row: Row, query: dict[str, str], id_name: str) -> bool:
    """Whether a row has the id, or the tag, of a query; the tag as it reads back."""
    if id_name and "id" in query and row[id_name] != query["id"]:
        return False
    return "order_tag" not in query or row["orderTag"] == query["order_tag"]


def _names(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else [str(each) for each in value]


def _under_api(route: str) -> str:
    method, _, path = route.partition(" ")
    return f"{method} /api/v3{path}"
