"""The endpoints of the trading API."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from tests.simulators.alpaca import views
from tests.simulators.alpaca.accounts import Account
from tests.simulators.alpaca.asking import amount
from tests.simulators.alpaca.assets import Asset
from tests.simulators.alpaca.exchange import Exchange
from tests.simulators.alpaca.hours import NEW_YORK, ONE_DAY
from tests.simulators.alpaca.lists import is_true, select_activities, select_orders
from tests.simulators.alpaca.moments import text_of
from tests.simulators.alpaca.orders import Order
from tests.simulators.alpaca.refusals import INVALID, Refusal, not_found
from tests.simulators.alpaca.world import World
from tests.simulators.moments import nanos_of


@dataclass(slots=True)
class Request:
    """A request whose route is known. `hide_for`: its order is not found for so many seconds."""

    account: Account
    query: dict[str, str]
    body: dict[str, Any]
    params: dict[str, str] = field(default_factory=dict[str, str])
    hide_for: float = 0.0


@dataclass(slots=True)
class Reply:
    """A status and what is shown; `after` is done once the reply is made up."""

    shown: Any
    status: int = 200
    after: Callable[[], None] | None = None


Handler = Callable[[Request], Reply]


class TradingApi:
    """Answers what the trading API is asked."""

    def __init__(self, world: World, exchange: Exchange) -> None:
        self._world = world
        self._exchange = exchange

    def routes(self) -> dict[str, Handler]:
        """The handlers, each under its method and path."""
        return {
            "GET /v2/account": self.account,
            "GET /v2/account/configurations": self.configurations,
            "GET /v2/account/activities": self.activities,
            "GET /v2/account/activities/{activity_type}": self.activities,
            "GET /v2/assets": self.assets,
            "GET /v2/assets/{symbol_or_asset_id}": self.asset,
            "GET /v2/clock": self.clock,
            "GET /v2/calendar": self.calendar,
            "GET /v2/options/contracts": self.contracts,
            "GET /v2/options/contracts/{symbol_or_id}": self.contract,
            "GET /v2/orders": self.orders,
            "POST /v2/orders": self.place,
            "DELETE /v2/orders": self.cancel_all,
            "GET /v2/orders:by_client_order_id": self.order_by_client_id,
            "GET /v2/orders/{order_id}": self.order,
            "PATCH /v2/orders/{order_id}": self.replace,
            "DELETE /v2/orders/{order_id}": self.cancel,
            "GET /v2/positions": self.positions,
            "DELETE /v2/positions": self.close_all,
            "GET /v2/positions/{symbol_or_asset_id}": self.position,
            "DELETE /v2/positions/{symbol_or_asset_id}": self.close,
        }

    # ------------------------------------------------------------------ the account

    def account(self, request: Request) -> Reply:
        return Reply(views.account(self._world, request.account))

    def configurations(self, request: Request) -> Reply:
        account = request.account
        return Reply(
            {
                "disable_overnight_trading": False,
                "fractional_trading": True,
                "max_margin_multiplier": str(account.multiplier),
                "max_options_trading_level": account.options_level,
                "no_shorting": not account.shorting_enabled,
                "ptp_no_exception_entry": False,
                "suspend_trade": account.trade_suspended_by_user,
                "trade_confirm_email": "none",
            }
        )

    def activities(self, request: Request) -> Reply:
        kinds = request.params.get("activity_type") or request.query.get("activity_types") or ""
        return Reply(select_activities(request.account.activities, kinds, request.query))

    # ------------------------------------------------------------------ assets and hours

    def assets(self, request: Request) -> Reply:
        query = request.query
        wanted = query.get("asset_class", "us_equity")
        found = [
            views.asset(asset)
            for asset in self._world.assets.values()
            if asset.asset_class == wanted
            and query.get("status") in (None, "active" if asset.active else "inactive")
            and query.get("exchange") in (None, asset.exchange)
        ]
        return Reply(found)

    def asset(self, request: Request) -> Reply:
        name = request.params["symbol_or_asset_id"]
        asset = self._world.asset(name)
        if asset is None or asset.is_option:
            raise not_found(f"asset not found for {name}")
        return Reply(views.asset(asset))

    def contracts(self, request: Request) -> Reply:
        wanted = (request.query.get("underlying_symbols") or "").split(",")
        options = [asset for asset in self._world.assets.values() if asset.is_option]
        found = [self._contract(each) for each in options if _is_among(each, wanted)]
        return Reply({"option_contracts": found, "next_page_token": None})

    def contract(self, request: Request) -> Reply:
        name = request.params["symbol_or_id"]
        asset = self._world.asset(name)
        if asset is None or not asset.is_option:
            raise not_found(f"option contract not found for {name}")
        return Reply(self._contract(asset))

    def _contract(self, asset: Asset) -> views.Shown:
        return views.contract(asset, self._world.asset(asset.contract.underlying))

    def clock(self, request: Request) -> Reply:
        now, hours = self._world.now(), self._world.hours
        return Reply(
            {
                "timestamp": text_of(nanos_of(now)),
                "is_open": hours.is_open(now),
                "next_open": hours.next_open(now).astimezone(NEW_YORK).isoformat(),
                "next_close": hours.next_close(now).astimezone(NEW_YORK).isoformat(),
            }
        )

    def calendar(self, request: Request) -> Reply:
        today = self._world.now().astimezone(NEW_YORK).date()
        first = _day(request.query.get("start"), today)
        last = _day(request.query.get("end"), first + 365 * ONE_DAY)
        return Reply([views.day(*each) for each in self._world.hours.days(first, last)])

    # ------------------------------------------------------------------ orders

    def orders(self, request: Request) -> Reply:
        nested = is_true(request.query, "nested")
        found = select_orders(self._world, request.account, request.query)
        return Reply([views.order(order, nested=nested) for order in found])

    def place(self, request: Request) -> Reply:
        order = self._exchange.accept(request.account, request.body)
        self._hide(request, order)
        return self._accepted(request, order)

    def _accepted(self, request: Request, order: Order) -> Reply:
        """The order as it was when it was accepted; it begins to work after that."""
        shown = views.order(order, nested=True)
        return Reply(shown, after=lambda: self._exchange.begin(request.account, order))

    def _hide(self, request: Request, order: Order) -> None:
        if request.hide_for:
            for each in (order, *order.legs):
                each.visible_at = order.created_at + int(request.hide_for * 1e9)

    def order(self, request: Request) -> Reply:
        order = self._world.order(request.account, request.params["order_id"])
        return Reply(views.order(order, nested=is_true(request.query, "nested")))

    def order_by_client_id(self, request: Request) -> Reply:
        name = request.query.get("client_order_id", "")
        order = request.account.by_client_id.get(name)
        if order is None or not self._world.is_visible(order):
            raise not_found(f"order not found for {name}")
        return Reply(views.order(order, nested=True))

    def replace(self, request: Request) -> Reply:
        old = self._world.order(request.account, request.params["order_id"])
        new = self._exchange.replace(request.account, old, request.body)
        return self._accepted(request, new)

    def cancel(self, request: Request) -> Reply:
        order = self._world.order(request.account, request.params["order_id"])
        self._exchange.cancel(request.account, order)
        return Reply(None, status=204)

    def cancel_all(self, request: Request) -> Reply:
        return Reply(self._cancel_all(request), status=207)

    def _cancel_all(self, request: Request) -> list[views.Shown]:
        told: list[views.Shown] = []
        for order in tuple(request.account.open_orders()):
            result: views.Shown = {"id": order.id, "status": 200}
            if order.is_open:
                try:
                    self._exchange.cancel(request.account, order)
                except Refusal as refusal:
                    result["status"] = refusal.status
            told.append(result)
        return told

    # ------------------------------------------------------------------ positions

    def positions(self, request: Request) -> Reply:
        account = request.account
        held = account.holdings.values()
        return Reply([views.position(self._world, account, holding) for holding in held])

    def position(self, request: Request) -> Reply:
        account = request.account
        asset = self._world.asset(request.params["symbol_or_asset_id"])
        holding = account.holdings.get(asset.symbol) if asset else None
        if holding is None:
            raise not_found("position does not exist")
        return Reply(views.position(self._world, account, holding))

    def close(self, request: Request) -> Reply:
        query: dict[str, Any] = dict(request.query)
        qty, percent = amount(query, "qty"), amount(query, "percentage")
        if qty is not None and percent is not None:
            raise Refusal(400, 40010000, "only one of qty or percentage is accepted")
        if percent is not None and percent > Decimal(100):
            raise Refusal(422, INVALID, "percentage must be between 0 and 100")
        name = request.params["symbol_or_asset_id"]
        order = self._exchange.close_position(request.account, name, qty=qty, percent=percent)
        return self._accepted(request, order)

    def close_all(self, request: Request) -> Reply:
        if is_true(request.query, "cancel_orders"):
            self._cancel_all(request)
        told = [self._close(request.account, name) for name in tuple(request.account.holdings)]
        return Reply(told, status=207)

    def _close(self, account: Account, symbol: str) -> views.Shown:
        result: views.Shown = {"symbol": symbol.replace("/", ""), "status": 200}
        try:
            order = self._exchange.close_position(account, symbol, qty=None, percent=None)
        except Refusal as refusal:
            return {**result, "status": refusal.status, "body": refusal.body}
        result["body"] = views.order(order, nested=False)
        self._exchange.begin(account, order)
        return result


def _is_among(asset: Asset, underlyings: list[str]) -> bool:
    return underlyings == [""] or asset.contract.underlying in underlyings


def _day(text: str | None, otherwise: date) -> date:
    if text is None:
        return otherwise
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        raise Refusal(400, INVALID, "invalid date") from None
