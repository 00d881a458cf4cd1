"""The calls by which a test runs the simulator; the same over HTTP, under `/_sim/`.

Over HTTP a call is `POST /_sim/<name>` with its arguments as a JSON object.
"""

from collections.abc import Callable
from dataclasses import asdict, fields, replace
from decimal import Decimal
from typing import Any

from tests.simulators.alpaca import views
from tests.simulators.alpaca.accounts import Account, Holding
from tests.simulators.alpaca.assets import Asset, is_option_symbol, option
from tests.simulators.alpaca.exchange import Exchange
from tests.simulators.alpaca.faults import Fault, Faults, Kind
from tests.simulators.alpaca.orders import Order
from tests.simulators.alpaca.stream import Stream, StreamFault, StreamKind
from tests.simulators.alpaca.world import Quote, Rules, World

Number = Decimal | int | str

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


class Controls:
    """What a test does to the simulated exchange, beside trading with it."""

    def __init__(self, state: World, exchange: Exchange, faults: Faults, stream: Stream) -> None:
        self.state = state
        self.faults = faults
        self.stream = stream
        self.absences = 0
        """How often nobody could reach it, and can again."""
        self._exchange = exchange
        self._calls: dict[str, Callable[..., Any]] = {
            "account": self.account,
            "add_asset": self.add_asset,
            "advance": self.advance,
            "clear_faults": self.clear_faults,
            "drop_stream": self.drop_stream,
            "fault": self.fault,
            "fill": self.fill,
            "hold": self.hold,
            "let_cancels_through": self.let_cancels_through,
            "market": self.market,
            "place": self.place,
            "quote": self.quote,
            "release": self.release,
            "rules": self.rules,
            "silence_stream": self.silence_stream,
            "state": self.shown,
            "stream_fault": self.stream_fault,
            "trade": self.trade,
            "transfer": self.transfer,
            "unreachable": self.unreachable,
        }

    def call(self, name: str, given: dict[str, Any]) -> Any:
        """A call by its name; answers what can be written as JSON.

        Raises:
            KeyError: there is no such call.
        """
        shown = self._calls[name](**given)
        return views.order(shown, nested=True) if isinstance(shown, Order) else shown

    # ------------------------------------------------------------------ the market

    def quote(
        self, symbol: str, bid: Number, ask: Number | None = None, *, size: Number | None = None
    ) -> None:
        """Set the best prices; what they reach fills. `size`: no more is traded at them."""
        with self.state.lock:
            self._exchange.pass_time()
            asset = self._asset(symbol)
            low = Decimal(str(bid))
            high = low if ask is None else Decimal(str(ask))
            much = None if size is None else Decimal(str(size))
            quote = Quote(low, high, self.state.stamp(), much)
            self._exchange.on_quote(asset.symbol, quote)

    def hold(self, symbol: str) -> None:
        """Let nothing be traded at the present prices: orders stay open."""
        self._resize(symbol, Decimal(0))

    def release(self, symbol: str) -> None:
        """Let anything be traded at the present prices."""
        self._resize(symbol, None)

    def _resize(self, symbol: str, size: Decimal | None) -> None:
        with self.state.lock:
            asset = self._asset(symbol)
            self._exchange.on_quote(
                asset.symbol, replace(self.state.quotes[asset.symbol], size=size)
            )

    def market(self, *, is_open: bool | None = None) -> None:
        """Open or close the market whatever the calendar says; None = as the calendar says."""
        with self.state.lock:
            self.state.hours.forced = is_open
            self._exchange.pass_time()

    def advance(self, seconds: float) -> str:
        """Set the clock forward, when it is one that can be set."""
        advance: Callable[[float], object] | None = getattr(self.state.clock, "advance", None)
        if advance is None:
            raise ValueError("this clock cannot be set")
        advance(seconds)
        self.pass_time()
        return self.state.now().isoformat()

    def pass_time(self) -> None:
        """Do what the clock brought about; any request does so too."""
        with self.state.lock:
            self._exchange.pass_time()

    def add_asset(self, symbol: str, price: Number, **facts: Any) -> None:
        """Make an instrument known: a share, or an option by its symbol."""
        with self.state.lock:
            known = option(symbol) if is_option_symbol(symbol) else Asset(symbol=symbol)
            self.state.add_asset(replace(known, **facts), Decimal(str(price)))

    def rules(self, **changes: Any) -> dict[str, Any]:
        """Switch what is contradicted between sources, or in the way of a test."""
        with self.state.lock:
            unknown = changes.keys() - {each.name for each in fields(Rules)}
            if unknown:
                raise ValueError(f"no such rules: {sorted(unknown)}")
            for name, value in changes.items():
                setattr(self.state.rules, name, value)
            return asdict(self.state.rules)

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
            order = self._exchange.by_hand(owner, asset, side, Decimal(str(qty)))
            paid = self.state.quotes[asset.symbol].side(order.side)
            if price is not None:
                paid = Decimal(str(price))
            self._exchange.fill(owner, order, Decimal(str(qty)), paid)
            return order

    def transfer(self, symbol: str, qty: Number, price: Number, *, key: str | None = None) -> None:
        """Move units into an account, or out of it, without a trade."""
        with self.state.lock:
            owner, asset = self.owner(key), self._asset(symbol)
            holding = owner.holdings.setdefault(asset.symbol, Holding(asset))
            holding.book(Decimal(str(qty)), Decimal(str(price)))
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
                paid = Decimal(str(price))
            much = found.quantity_at(paid) if qty is None else Decimal(str(qty))
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

    # ------------------------------------------------------------------ faults

    def fault(self, kind: str, route: str = "*", **how: Any) -> None:
        """Let something go wrong with requests; `tests/simulators/alpaca/faults.py` says what."""
        self.faults.add(Fault(Kind(kind), route, **how))

    def stream_fault(self, kind: str, **how: Any) -> None:
        """Let something go wrong with events of the stream."""
        self.stream.faults.append(StreamFault(StreamKind(kind), **how))

    def clear_faults(self) -> None:
        """Nothing goes wrong any more."""
        self.faults.clear()
        self.stream.faults.clear()
        self.stream.silent = False

    def drop_stream(self) -> None:
        """Break every connection of the stream."""
        self.stream.drop()

    def silence_stream(self, *, silent: bool = True) -> None:
        """Let the connections of the stream stay, and tell them nothing."""
        self.stream.silent = silent

    def unreachable(self, seconds: float) -> None:
        """Refuse every connection for so long."""
        raise NotImplementedError

    def _asset(self, symbol: str) -> Asset:
        found = self.state.asset(symbol)
        if found is None:
            raise ValueError(f"no such asset: {symbol}")
        return found
