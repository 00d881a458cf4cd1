"""What a test does to the simulated Fyers; `tests/simulators/controls.py` has the rest."""

from dataclasses import asdict
from typing import Any

from tests.simulators import controls
from tests.simulators.controls import Number, number
from tests.simulators.faults import Faults
from tests.simulators.fyers import tokens, views
from tests.simulators.fyers.accounts import Account
from tests.simulators.fyers.exchange import Exchange, receive
from tests.simulators.fyers.instruments import Instrument
from tests.simulators.fyers.orders import Order
from tests.simulators.fyers.stream import OrderSocket
from tests.simulators.fyers.world import Rules, World

_SIDES = {"buy": 1, "sell": -1}


class Controls(controls.Controls):
    """What a test does to the simulated exchange, beside trading with it.

    An account is named by its `app_id`; the first one without.
    """

    def __init__(
        self, state: World, exchange: Exchange, faults: Faults, stream: OrderSocket
    ) -> None:
        super().__init__(state, state.hours, exchange, faults, stream)
        self.state = state
        self._exchange = exchange

    def calls(self) -> dict[str, controls.Call]:
        return super().calls() | {
            "edis": self.edis,
            "expire_tokens": self.expire_tokens,
            "fill": self.fill,
            "let_through": self.let_through,
            "login": self.login,
            "money": self.money,
            "night": self.night,
            "place": self.place,
            "redate": self.redate,
            "revoke_tokens": self.revoke_tokens,
            "state": self.shown,
            "trade": self.trade,
            "transfer": self.transfer,
        }

    def _show(self, result: Any) -> Any:
        return self._row(result) if isinstance(result, Order) else result

    def _row(self, order: Order) -> views.Shown:
        return order.versions[-1][1]

    def _listed(self, symbol: str) -> str:
        instrument = self._instrument(symbol)
        self.state.quote(instrument)
        return instrument.symbol

    def _instrument(self, symbol: str) -> Instrument:
        found = self.state.instrument(symbol)
        if found is None:
            raise ValueError(f"no such instrument: {symbol}")
        return found

    def _rules(self) -> Rules:
        return self.state.rules

    # ------------------------------------------------------------------ accounts

    def owner(self, app_id: str | None = None) -> Account:
        """An account by the id of its app; the first one without."""
        accounts = self.state.accounts
        return accounts[app_id] if app_id is not None else next(iter(accounts.values()))

    def login(self, *, app_id: str | None = None) -> str:
        """An access token, as after a login; it dies at six in the morning in India."""
        with self.state.lock:
            return tokens.issue(self.state, self.owner(app_id))

    def expire_tokens(self, *, app_id: str | None = None) -> None:
        """Let every access token be too old, as at six in the morning."""
        with self.state.lock:
            given = self.owner(app_id).tokens
            given.update(dict.fromkeys(given, 0))

    def revoke_tokens(self, *, app_id: str | None = None) -> None:
        """Know no access token any more, as after a logout elsewhere."""
        with self.state.lock:
            self.owner(app_id).tokens.clear()

    def money(self, cash: Number, *, app_id: str | None = None) -> None:
        """Set what an account has."""
        with self.state.lock:
            owner = self.owner(app_id)
            owner.cash = owner.opening = number(cash)

    def edis(self, *, authorised: bool, app_id: str | None = None) -> None:
        """Say whether the holdings may be sold: without a power of attorney it is asked each day.

        Of what was bought on the same day it is not asked.
        """
        with self.state.lock:
            self.owner(app_id).edis = authorised

    # ------------------------------------------------------------------ trading by hand

    def place(self, body: dict[str, Any], *, app_id: str | None = None) -> Order:
        """Place an order by hand, outside of the client."""
        with self.state.lock:
            return self._exchange.place(self.owner(app_id), body)

    def trade(
        self,
        symbol: str,
        side: str,
        qty: int,
        *,
        product: str = "INTRADAY",
        price: Number | None = None,
        app_id: str | None = None,
    ) -> Order:
        """Trade by hand, outside of the client: a market order that is filled, come what may."""
        with self.state.lock:
            instrument = self._instrument(symbol)
            paid = None if price is None else number(price)
            owner = self.owner(app_id)
            return self._exchange.by_hand(owner, instrument, _SIDES[side], qty, product, paid)

    def transfer(self, symbol: str, qty: int, price: Number, *, app_id: str | None = None) -> None:
        """Put shares among the holdings without a trade."""
        with self.state.lock:
            receive(self.owner(app_id), self._instrument(symbol), qty, number(price))

    def fill(
        self,
        order: str,
        *,
        qty: int | None = None,
        price: Number | None = None,
        app_id: str | None = None,
    ) -> Order:
        """Fill so much of an order (by its id, or its tag) at a price."""
        with self.state.lock:
            owner = self.owner(app_id)
            found = owner.orders.get(order) or owner.tagged(order)[0]
            paid = self.state.quote(found.instrument).side(found.side)
            if price is not None:
                paid = number(price)
            much = found.left if qty is None else qty
            if not found.is_open or not 0 < much <= found.left:
                raise ValueError(f"{much} of an order in status {found.status} cannot be filled")
            self._exchange.matching.fill(owner, found, much, paid)
            return found

    def let_through(self) -> None:
        """Let arrive what the rule `holds_in_transit` kept on its way."""
        with self.state.lock:
            self._exchange.let_through()

    # ------------------------------------------------------------------ time

    def night(self) -> None:
        """End the day, whatever the clock says: shares go home, the books begin anew."""
        with self.state.lock:
            for account in self.state.accounts.values():
                self._exchange.end_day(account)

    def redate(self) -> None:
        """Put the contracts of the symbol master into the months from now on."""
        with self.state.lock:
            self.state.redate()

    def shown(self, *, app_id: str | None = None) -> dict[str, Any]:
        """The books of an account and what was asked of the simulator, as JSON."""
        with self.state.lock:
            owner, world = self.owner(app_id), self.state
            holdings = enumerate(owner.holdings.values())
            return {
                "funds": views.funds(owner),
                "positions": [views.position(world, each) for each in owner.positions.values()],
                "holdings": [views.holding(world, place, each) for place, each in holdings],
                "orders": [self._row(each) for each in owner.orders.values()],
                "trades": [row for _, row in owner.trades],
                "gtts": [views.gtt(world, owner, each) for each in owner.gtts.values()],
                "requests": [asdict(each) for each in world.requests],
                "faults": [[kind, route] for kind, route in self.faults.happened],
                "listeners": self.stream.listeners,
                "absences": self.absences,
                "now": world.now().isoformat(),
            }
