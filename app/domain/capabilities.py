"""What a broker can do, as data: restrictions are looked up here, never by the broker's name."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from app.domain.instrument import AssetClass, Instrument
from app.domain.order import OrderType


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """What one broker account can do.

    `bracket_entries`: order types of entries that take stop and target natively.
    `unique_client_ids`: the broker refuses a second order with the same client_order_id, so that
    sending it again after an unknown outcome is safe.
    `reduce_only_legs`: protective legs shrink with the position and can never open one.
    `linked_legs`: of a stop and a target each goes when the other is canceled.
    `takes_quotes`: the broker is fed with our quotes (paper).
    `fractional_shorts`, `fractional_types`: whether parts of a unit can be sold short, and in
    which types of orders they can be traded at all.
    `notional`: takes a purchase at the market by what it is worth.
    `fractional_brackets`: protection also for fractional quantities.
    `reprices`: the limit of a working order can be moved.
    `stop_types`: kinds of stop-loss legs. `lone_stops`: kinds that it takes for an open position
    only, and beside no target.
    `times_in_force`: words of an order's life that the broker acts on.
    `positions_lag`: how long a position may not show a fill that its order shows.
    `orders_lag`: how long it may take to show an order that it has taken.
    `stops_never_sleep`: stops work outside the regular hours of their market too.
    `oco`: a stop and a target that cancel each other can be placed for an open position.
    `limits_after_hours`: outside the regular hours of a market it takes limit orders only.
    `exits_reserve`: open exits reserve their quantity, so that a close needs its legs canceled
    first; without `oco` only the stop rests.
    `fees_in_units`: fees are taken out of what was bought: a little less than filled is there.
    `currency`: of its money; empty = nobody says.
    `exchange`: where a name is traded that names none; empty = nobody says.
    `for_the_day`: the broker closes what is held before its market does.
    `apart`: asset classes in which the account's abilities are others.
    `products`: the same for products of the broker, by the names that alerts have for them.
    """

    asset_classes: frozenset[AssetClass]
    order_types: frozenset[OrderType]
    bracket_entries: frozenset[OrderType]
    short_asset_classes: frozenset[AssetClass]
    unique_client_ids: bool
    reduce_only_legs: bool
    takes_quotes: bool = False
    linked_legs: bool = False
    fractional: bool = True
    fractional_shorts: bool = True
    fractional_types: frozenset[OrderType] = frozenset(OrderType)
    notional: bool = False
    fractional_brackets: bool = True
    reprices: bool = False
    stop_types: frozenset[OrderType] = frozenset({OrderType.STOP})
    lone_stops: frozenset[OrderType] = frozenset()
    times_in_force: frozenset[str] = frozenset({"day", "gtc"})
    stops_never_sleep: bool = False
    positions_lag: timedelta = timedelta(0)
    orders_lag: timedelta = timedelta(seconds=5)
    limits_after_hours: bool = False
    oco: bool = False
    exits_reserve: bool = False
    fees_in_units: bool = False
    currency: str = ""
    exchange: str = ""
    for_the_day: bool = False
    apart: Mapping[AssetClass, "Capabilities"] = field(
        default_factory=dict[AssetClass, "Capabilities"]
    )
    products: Mapping[str, "Capabilities"] = field(default_factory=dict[str, "Capabilities"])

    def for_class(self, asset_class: AssetClass) -> "Capabilities":
        """What the account can do with instruments of a class."""
        return self.apart.get(asset_class, self)

    def takes_along(self, order_type: OrderType, stop: str | None) -> bool:
        """Whether protection goes with such an entry, where its stop is of a kind."""
        return order_type in self.bracket_entries and stop not in self.lone_stops

    def for_product(self, product: str | None) -> "Capabilities":
        """What the account can do with what is held under a product; usually the same."""
        return self.products.get(product or "", self)

    @property
    def can_guard(self) -> bool:
        """Whether a stop can be placed by itself, for an open position."""
        return bool(self.stop_types & self.order_types)

    def can_short(self, instrument: Instrument) -> bool:
        """Whether an instrument can be sold short: its class allows it, and it is no exception."""
        abilities = self.for_class(instrument.asset_class)
        allowed = instrument.asset_class in abilities.short_asset_classes
        return allowed and instrument.shortable is not False
