"""The state of the simulator: what there is, what it costs, who owns it, what was asked of it."""

from dataclasses import dataclass, field
from decimal import Decimal
from uuid import UUID

from tests.simulators.alpaca import assets
from tests.simulators.alpaca.accounts import Account
from tests.simulators.alpaca.assets import Asset
from tests.simulators.alpaca.hours import usual_hours
from tests.simulators.alpaca.orders import ZERO, Order
from tests.simulators.alpaca.refusals import Refusal, not_found
from tests.simulators.hours import MarketHours
from tests.simulators.market import Market, Quote
from tests.simulators.moments import nanos_of


@dataclass(slots=True)
class Rules:
    """What is contradicted between sources, or may be switched off.

    Attributes:
        fractional_stops: stops and stop limits are taken on fractional quantities.
        lists_held: a `held` order is listed among the open ones.
        stop_waits_for_target: of a working pair the stop is `held` and the target at the exchange.
        rate_limit: requests a minute and key, in each of the two APIs; None = no limit.
        partial_rate: how often a fill comes in two parts.
        holds_cancels: a cancel stays `pending_cancel` until it is let through.
        wash_trade_is_422: as reports of 2024 have it.
        pattern_day_trading: the protection that ended in July 2026.
    """

    fractional_stops: bool = False
    lists_held: bool = True
    stop_waits_for_target: bool = True
    rate_limit: int | None = 200
    partial_rate: float = 0.0
    holds_cancels: bool = False
    wash_trade_is_422: bool = False
    pattern_day_trading: bool = False


@dataclass
class World(Market):
    """Everything that is remembered. Whoever looks or changes holds `lock`.

    Attributes:
        violations: requests that do not conform to Alpaca's documents, when it looks (`strict`).
        wrong_answers: our own answers that do not.
    """

    rules: Rules = field(default_factory=Rules)
    hours: MarketHours = field(default_factory=usual_hours)
    assets: dict[str, Asset] = field(default_factory=dict[str, Asset])
    accounts: dict[str, Account] = field(default_factory=dict[str, Account])
    violations: list[str] = field(default_factory=list[str])
    wrong_answers: list[str] = field(default_factory=list[str])

    def __post_init__(self) -> None:
        super().__post_init__()
        for asset, price in assets.usual():
            self.add_asset(asset, price)

    def new_id(self) -> str:
        """An id, the same in the same order for a seed."""
        return str(UUID(int=self.random.getrandbits(128), version=4))

    def add_asset(self, asset: Asset, price: Decimal) -> None:
        """Make an instrument known, and what it costs."""
        self.assets[asset.symbol] = asset
        self.quotes[asset.symbol] = Quote(price, price, self.stamp())

    def asset(self, name: str) -> Asset | None:
        """The asset of a symbol, with or without a slash, or of an id."""
        found = self.assets.get(name)
        if found:
            return found
        same = (each for each in self.assets.values() if name in (each.id, each.held_as))
        return next(same, None)

    def value(self, asset: Asset, units: Decimal) -> Decimal:
        """What so many units are worth now."""
        quote = self.quotes.get(asset.symbol)
        price = quote.side(-1 if units > 0 else 1) if quote else ZERO
        return units * price * asset.multiplier

    def order(self, account: Account, order_id: str) -> Order:
        """An order that a reader may see.

        Raises:
            Refusal: there is none.
        """
        order = account.orders.get(order_id)
        if order is None or not self.is_visible(order):
            raise not_found(f"order not found for {order_id}")
        return order

    def is_visible(self, order: Order) -> bool:
        """Whether a reader finds an order already."""
        return order.visible_at <= nanos_of(self.now())

    def account_of(self, key: str | None, secret: str | None) -> Account:
        """Whose keys these are.

        Raises:
            Refusal: nobody's.
        """
        account = self.accounts.get(key or "")
        if account is None:
            raise Refusal(401, 40110000, "request is not authorized")
        if account.secret != secret:
            raise Refusal(403, None, "forbidden.")
        return account
