"""What an account at Alpaca can do, by asset class. Dated facts: docs/adr on Alpaca says whence."""

from datetime import timedelta

from app.domain.capabilities import Capabilities
from app.domain.instrument import AssetClass
from app.domain.order import OrderType

_CLASSES = frozenset({AssetClass.EQUITY, AssetClass.CRYPTO, AssetClass.OPTION})

CRYPTO = Capabilities(
    asset_classes=_CLASSES,
    order_types=frozenset({OrderType.MARKET, OrderType.LIMIT, OrderType.STOP_LIMIT}),
    bracket_entries=frozenset(),
    short_asset_classes=frozenset(),
    unique_client_ids=True,
    reduce_only_legs=False,
    reprices=True,
    stop_types=frozenset({OrderType.STOP_LIMIT}),
    times_in_force=frozenset({"gtc", "ioc"}),
    stops_never_sleep=True,
    exits_reserve=True,
    fees_in_units=True,
    currency="USD",
)
OPTIONS = Capabilities(
    asset_classes=_CLASSES,
    order_types=frozenset({OrderType.MARKET, OrderType.LIMIT}),
    bracket_entries=frozenset(),
    short_asset_classes=frozenset(),
    unique_client_ids=True,
    reduce_only_legs=False,
    fractional=False,
    fractional_brackets=False,
    reprices=True,
    stop_types=frozenset(),
    times_in_force=frozenset({"day"}),
    exits_reserve=True,
    currency="USD",
)
STOCKS = Capabilities(
    asset_classes=_CLASSES,
    order_types=frozenset(OrderType),
    bracket_entries=frozenset({OrderType.MARKET}),
    short_asset_classes=frozenset({AssetClass.EQUITY}),
    unique_client_ids=True,
    reduce_only_legs=False,
    fractional_shorts=False,
    fractional_types=frozenset({OrderType.MARKET, OrderType.LIMIT}),
    fractional_brackets=False,
    notional=True,
    reprices=True,
    stop_types=frozenset({OrderType.STOP, OrderType.STOP_LIMIT}),
    lone_stops=frozenset({OrderType.TRAILING_STOP}),
    times_in_force=frozenset({"day", "gtc", "ioc", "fok", "opg", "cls"}),
    limits_after_hours=True,
    oco=True,
    exits_reserve=True,
    positions_lag=timedelta(seconds=5),
    orders_lag=timedelta(seconds=3),
    linked_legs=True,
    currency="USD",
    apart={AssetClass.CRYPTO: CRYPTO, AssetClass.OPTION: OPTIONS},
)
