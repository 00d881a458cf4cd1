"""What a test does to the simulated Alpaca; `tests/simulators/controls.py` has the rest."""

from dataclasses import asdict, replace
from typing import Any

from tests.simulators import controls
from tests.simulators.alpaca import views
from tests.simulators.alpaca.accounts import Account, Holding
from tests.simulators.alpaca.assets import Asset, is_option_symbol, option
from tests.simulators.alpaca.exchange import Exchange
from tests.simulators.alpaca.orders import Order
from tests.simulators.alpaca.stream import TradeUpdates
from tests.simulators.alpaca.world import Rules, World
from tests.simulators.controls import Number, number
from tests.simulators.faults import Faults

FLAGS = frozenset(
    (
        "account_blocked",
        "crypto_status",
        "equities_allowed",
        "multiplier",
        "options_level",
        "shorting_enabled",
        "trade_suspended_by_user",
        "trading_blocked",
    )
)
"""What `account` may set."""


class Controls(controls.Controls):
    """What a test does to the simulated exchange, beside trading with it."""

    def __init__(
        self, state: World, exchange: Exchange, faults: Faults, stream: TradeUpdates
    ) -> None:
        super().__init__(state, state.hours, exchange, faults, stream)
        self.state = state
        self.trade_updates = stream
        self._exchange = exchange

    def calls(self) -> dict[str, controls.Call]:
        return super().calls() | {
            "account": self.account,
            "add_asset": self.add_asset,
            "fill": self.fill,
            "let_cancels_through": self.let_cancels_through,
            "place": self.place,
            "state": self.shown,
            "trade": self.trade,
            "transfer": self.transfer,
        }

    def _show(self, result: Any) -> Any:
        return views.order(result, nested=True) if isinstance(result, Order) else result

    def _listed(self, symbol: str) -> str:
        return self._asset(symbol).symbol

    def _rules(self) -> Rules:
        return self.state.rules

    def add_asset(self, symbol: str, price: Number, **facts: Any) -> None:
        """Make an instrument known: a share, or an option by its symbol."""
        with self.state.lock:
            known = option(symbol) if is_option_symbol(symbol) else Asset(symbol=symbol)
            self.state.add_asset(replace(known, **facts), number(price))

    # ------------------------------------------------------------------ accounts

    def owner(self, key: str | None = None) -> Account:
        """An account by its key; the first one without."""
        accounts = self.state.accounts
        return accounts[key] if key is not None else next(iter(accounts.values()))

    def account(self, *, key: str | None = None, **flags: Any) -> dict[str, Any]:
        """Set flags of an account."""
        if flags.keys() - FLAGS:
            raise ValueError(f"no such flags: {sorted(flags.keys() - FLAGS)}")
        with self.state.lock:
            owner = self.owner(key)
            for name, value in flags.items():
                setattr(owner, name, value)
            return views.account(self.state, owner)

    def place(self, body: dict[str, Any], *, key: str | None = None) -> Order:
        """Place an order by hand, outside of the client."""
        with self.state.lock:
            owner = self.owner(key)
            order = self._exchange.accept(owner, body)
            self._exchange.begin(owner, order)
            return order

    def trade(
        self,
        symbol: str,
        side: str,
        qty: Number,
        *,
        price: Number | None = None,
        key: str | None = None,
    ) -> Order:
        """Trade by hand, outside of the client: a market order that is filled, come what may."""
        with self.state.lock:
            owner, asset = self.owner(key), self._asset(symbol)
            order = self._exchange.by_hand(owner, asset, side, number(qty))
            paid = self.state.quotes[asset.symbol].side(order.side)
            if price is not None:
                paid = number(price)
            self._exchange.fill(owner, order, number(qty), paid)
            return order

    def transfer(self, symbol: str, qty: Number, price: Number, *, key: str | None = None) -> None:
        """Move units into an account, or out of it, without a trade."""
        with self.state.lock:
            owner, asset = self.owner(key), self._asset(symbol)
            holding = owner.holdings.setdefault(asset.symbol, Holding(asset))
            holding.book(number(qty), number(price))
            if not holding.qty:
                del owner.holdings[asset.symbol]

    def fill(
        self,
        order: str,
        *,
        qty: Number | None = None,
        price: Number | None = None,
        key: str | None = None,
    ) -> Order:
        """Fill so much of an order (by its id, or the client's id) at a price."""
        with self.state.lock:
            owner = self.owner(key)
            found = owner.orders.get(order) or owner.by_client_id[order]
            paid = self.state.quotes[found.asset.symbol].side(found.side)
            if price is not None:
                paid = number(price)
            much = found.quantity_at(paid) if qty is None else number(qty)
            if not found.is_open or not 0 < much <= found.quantity_at(paid):
                raise ValueError(f"{much} of an order in status {found.status} cannot be filled")
            self._exchange.fill(owner, found, much, paid)
            return found

    def let_cancels_through(self) -> None:
        """Confirm the cancels that the rule `holds_cancels` kept pending."""
        with self.state.lock:
            self._exchange.let_cancels_through()

    def shown(self, *, key: str | None = None) -> dict[str, Any]:
        """The books of an account and what was asked of the simulator, as JSON."""
        with self.state.lock:
            owner = self.owner(key)
            held = owner.holdings.values()
            return {
                "account": views.account(self.state, owner),
                "positions": [views.position(self.state, owner, each) for each in held],
                "orders": [views.order(each, nested=False) for each in owner.orders.values()],
                "activities": [each.row for each in owner.activities],
                "requests": [asdict(each) for each in self.state.requests],
                "violations": list(self.state.violations),
                "faults": [[kind, route] for kind, route in self.faults.happened],
                "listeners": self.stream.listeners,
                "absences": self.absences,
                "now": self.state.now().isoformat(),
            }

    def _asset(self, symbol: str) -> Asset:
        found = self.state.asset(symbol)
        if found is None:
            raise ValueError(f"no such asset: {symbol}")
        return found
