"""What a broker can do, as data: restrictions are looked up here, never by the broker's name."""

from dataclasses import dataclass

from app.domain.instrument import AssetClass
from app.domain.order import OrderType


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """What one broker account can do.

    `bracket_entries`: order types of entries that take stop and target natively.
    `unique_client_ids`: the broker refuses a second order with the same client_order_id, so that
    sending it again after an unknown outcome is safe.
    `reduce_only_legs`: protective legs shrink with the position and can never open one.
    `takes_quotes`: the broker is fed with our quotes (paper).
    `fractional_brackets`: protection also for fractional quantities.
    `reprices`: the limit of a working order can be moved.
    `stop_types`: kinds of stop-loss legs.
    `times_in_force`: words of an order's life that the broker acts on.
    `stops_never_sleep`: stops work outside the regular hours of their market too.
    """

    asset_classes: frozenset[AssetClass]
    order_types: frozenset[OrderType]
    bracket_entries: frozenset[OrderType]
    short_asset_classes: frozenset[AssetClass]
    unique_client_ids: bool
    reduce_only_legs: bool
    takes_quotes: bool = False
    fractional: bool = True
    fractional_brackets: bool = True
    reprices: bool = False
    stop_types: frozenset[OrderType] = frozenset({OrderType.STOP})
    times_in_force: frozenset[str] = frozenset({"day", "gtc"})
    stops_never_sleep: bool = False
