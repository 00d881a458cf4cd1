"""An account: its flags, its cash, its positions, and all that ever happened in it."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from tests.simulators.alpaca.assets import Asset
from tests.simulators.alpaca.orders import NINE, ZERO, Order

CRYPTO_FEE = Decimal("0.0025")
"""Of what is received: coins when bought, dollars when sold (tier 1, taker)."""


@dataclass(slots=True)
class Holding:
    """A position: so many units, negative when short, and what they cost."""

    asset: Asset
    qty: Decimal = ZERO
    cost: Decimal = ZERO

    def book(self, signed: Decimal, price: Decimal) -> None:
        """Add units; what closes takes its share of the cost with it."""
        if self.qty * signed >= 0:
            self.cost += abs(signed) * price
        elif abs(signed) < abs(self.qty):
            self.cost -= self.cost * abs(signed) / abs(self.qty)
        else:
            self.cost = (abs(signed) - abs(self.qty)) * price
        self.qty += signed

    @property
    def average(self) -> Decimal:
        """What one unit cost."""
        return self.cost / abs(self.qty)

    @property
    def sign(self) -> int:
        """+1 long, -1 short."""
        return 1 if self.qty > 0 else -1


@dataclass(frozen=True, slots=True)
class Activity:
    """Something that happened in an account, and how it is shown."""

    at: int
    row: dict[str, Any]

    @property
    def kind(self) -> str:
        """FILL, or CFEE."""
        return str(self.row["activity_type"])


@dataclass(slots=True, kw_only=True)
class Account:
    """One account and its books. `start` is the money that it began with."""

    key: str
    secret: str
    start: Decimal = Decimal(100_000)
    cash: Decimal = ZERO
    multiplier: int = 2
    options_level: int = 2
    status: str = "ACTIVE"
    crypto_status: str = "ACTIVE"
    equities_allowed: bool = True
    trading_blocked: bool = False
    account_blocked: bool = False
    trade_suspended_by_user: bool = False
    shorting_enabled: bool = True
    created_at: int = 0
    holdings: dict[str, Holding] = field(default_factory=dict[str, Holding])
    orders: dict[str, Order] = field(default_factory=dict[str, Order])
    by_client_id: dict[str, Order] = field(default_factory=dict[str, Order])
    activities: list[Activity] = field(default_factory=list[Activity])
    working: dict[str, Order] = field(default_factory=dict[str, Order])

    def __post_init__(self) -> None:
        self.cash = self.cash or self.start

    @property
    def id(self) -> str:
        """The same for a key in every simulator."""
        return str(uuid5(NAMESPACE_URL, f"alpaca-simulator:{self.key}"))

    def keep(self, order: Order) -> None:
        """Take an order into the books, for ever."""
        self.orders[order.id] = self.working[order.id] = order
        self.by_client_id[order.client_order_id] = order

    def open_orders(self, symbol: str | None = None) -> Iterator[Order]:
        """The orders that something may still come of, the oldest first."""
        for order in tuple(self.working.values()):
            if not order.is_open:
                del self.working[order.id]
            elif symbol is None or order.asset.symbol == symbol:
                yield order

    def held(self, asset: Asset) -> Decimal:
        """Units of an asset: negative when short."""
        holding = self.holdings.get(asset.symbol)
        return holding.qty if holding else ZERO

    def book(self, asset: Asset, signed: Decimal, price: Decimal) -> Decimal:
        """Settle a trade in cash and units; answers the fee, in what was received."""
        paid = signed * price * asset.multiplier
        fee = ZERO
        if asset.is_crypto:
            received = signed if signed > 0 else -paid
            fee = (received * CRYPTO_FEE).quantize(NINE, ROUND_HALF_UP)
        self.cash -= paid + (fee if signed < 0 else ZERO)
        holding = self.holdings.setdefault(asset.symbol, Holding(asset))
        holding.book(signed, price)
        if signed > 0 and fee:
            holding.book(-fee, price)
        if not holding.qty:
            del self.holdings[asset.symbol]
        return fee

    def reserved(self, asset: Asset, *, but: Order | None = None) -> tuple[Decimal, list[Order]]:
        """How much of a position its open exits hold, and which they are.

        Exits of which only one may fill hold their quantity once. `but` is left out, with its pair.
        """
        side = -1 if self.held(asset) > 0 else 1
        pairs: dict[str, Decimal] = {}
        found: list[Order] = []
        for order in self.open_orders(asset.symbol):
            if order.side != side or not order.armed or (but and order.pair == but.pair):
                continue
            found.append(order)
            left = (order.qty or ZERO) - order.filled_qty
            pairs[order.pair] = max(left, pairs.get(order.pair, ZERO))
        return sum(pairs.values(), ZERO), found
