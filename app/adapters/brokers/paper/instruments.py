"""What a paper account trades: any name, on a grid that its asset class has.

Nothing tells the true tick of a name but a list of contracts, so it is chosen by asset class: cents
for equities, futures and options, a tenth of a pip for forex, eight decimals for crypto, whose
prices begin anywhere. Quantities have nine decimals everywhere. The tick is for the prices of
orders; a quote is kept, and filled at, as it came (to twelve decimals).
"""

from collections.abc import Mapping
from decimal import Decimal

from app.domain.capabilities import Capabilities
from app.domain.instrument import AssetClass, Instrument, Ticker
from app.domain.order import OrderType

ASSET_CLASSES = frozenset(AssetClass)
ORDER_TYPES = frozenset(OrderType)
STOP_TYPES = frozenset({OrderType.STOP, OrderType.STOP_LIMIT, OrderType.TRAILING_STOP})
TIMES_IN_FORCE = frozenset({"day", "gtc", "ioc", "fok"})
"""There are no auctions on paper."""

TICKS: Mapping[AssetClass, Decimal] = {
    AssetClass.EQUITY: Decimal("0.01"),
    AssetClass.FUTURE: Decimal("0.01"),
    AssetClass.OPTION: Decimal("0.01"),
    AssetClass.FOREX: Decimal("0.00001"),
    AssetClass.CRYPTO: Decimal("0.00000001"),
}
STEP = Decimal("0.000000001")

CAPABILITIES = Capabilities(
    asset_classes=ASSET_CLASSES,
    order_types=ORDER_TYPES,
    bracket_entries=ORDER_TYPES,
    short_asset_classes=ASSET_CLASSES,
    unique_client_ids=True,
    reduce_only_legs=True,
    takes_quotes=True,
    reprices=True,
    stop_types=STOP_TYPES,
    times_in_force=TIMES_IN_FORCE,
    stops_never_sleep=True,
    oco=True,
)


def instrument_of(ticker: Ticker) -> Instrument | None:
    """The instrument of a name; None for an empty name or a class that paper does not trade."""
    if not ticker.key or ticker.asset_class not in ASSET_CLASSES:
        return None
    return make_instrument(ticker.name, ticker.key, ticker.asset_class)


def make_instrument(
    symbol: str, key: str, asset_class: AssetClass | None, tick: Decimal | None = None
) -> Instrument:
    """An instrument on the grid of its class; without one, the class that its name tells.

    `tick`: of its own, which a contract has.
    """
    known = asset_class or Ticker("", symbol).asset_class
    return Instrument(
        symbol=symbol, key=key, asset_class=known, tick=tick or TICKS[known], step=STEP
    )
