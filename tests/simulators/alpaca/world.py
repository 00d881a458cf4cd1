"""The state of the simulator: what there is, what it costs, who owns it, what was asked of it."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from random import Random
from typing import Any, Protocol
from uuid import UUID

from tests.simulators.alpaca import assets
from tests.simulators.alpaca.accounts import Account
from tests.simulators.alpaca.assets import Asset
from tests.simulators.alpaca.hours import MarketHours
from tests.simulators.alpaca.moments import NANOS, nanos_of
from tests.simulators.alpaca.orders import ZERO, Order
from tests.simulators.alpaca.refusals import Refusal, not_found

Event = dict[str, Any]
Listener = Callable[[str, Event], None]


class Clock(Protocol):
    """The time; `tests/fakes/clock.py` is one that a test moves."""

    def now(self) -> datetime:
        """The present, aware UTC."""
        ...


class RealClock:
    """The machine's clock, which a call may set forward."""

    def __init__(self) -> None:
        self._ahead = 0.0

    def now(self) -> datetime:
        """The present, aware UTC."""
        return datetime.fromtimestamp(datetime.now(UTC).timestamp() + self._ahead, UTC)

    def advance(self, by: float) -> datetime:
        """Set it so many seconds forward."""
        self._ahead += by
        return self.now()


@dataclass(frozen=True, slots=True)
class Quote:
    """Best prices of a moment. `size`: how much can be traded at them; None = any amount."""

    bid: Decimal
    ask: Decimal
    at: int
    size: Decimal | None = None

    def side(self, side: int) -> Decimal:
        """The price at which one buys (+1) or sells (-1)."""
        return self.ask if side > 0 else self.bid

    @property
    def middle(self) -> Decimal:
        """Between them."""
        return (self.bid + self.ask) / 2


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


@dataclass(slots=True)
class Asked:
    """A request that the simulator received, the status that it answered with, and what went wrong.

    The status is 0 when it was not carried out because of a fault.
    """

    method: str
    path: str
    query: dict[str, str]
    body: Any
    fault: str = ""
    status: int = 0


@dataclass
class World:
    """Everything that is remembered. Whoever looks or changes holds `lock`.

    Attributes:
        violations: requests that do not conform to Alpaca's documents, when it looks (`strict`).
        wrong_answers: our own answers that do not.
    """

    clock: Clock
    seed: int = 0
    rules: Rules = field(default_factory=Rules)
    hours: MarketHours = field(default_factory=MarketHours)
    assets: dict[str, Asset] = field(default_factory=dict[str, Asset])
    quotes: dict[str, Quote] = field(default_factory=dict[str, Quote])
    accounts: dict[str, Account] = field(default_factory=dict[str, Account])
    requests: list[Asked] = field(default_factory=list[Asked])
    violations: list[str] = field(default_factory=list[str])
    wrong_answers: list[str] = field(default_factory=list[str])
    listeners: list[Listener] = field(default_factory=list[Listener])

    def __post_init__(self) -> None:
        self.lock = threading.RLock()
        self.random = Random(self.seed)  # noqa: S311 (chance that can be repeated)
        self._stamp = 0
        for asset, price in assets.usual():
            self.add_asset(asset, price)

    def now(self) -> datetime:
        """The present."""
        return self.clock.now()

    def stamp(self) -> int:
        """The present in nanoseconds; never the same twice, unless the clock is set back."""
        now = nanos_of(self.now())
        stands_still = now <= self._stamp < now + NANOS
        self._stamp = self._stamp + 1 if stands_still else now
        return self._stamp

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

    def tell(self, account: Account, event: Event) -> None:
        """Tell every stream of an account what happened to one of its orders."""
        for listener in tuple(self.listeners):
            listener(account.key, event)
