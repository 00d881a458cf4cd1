"""What an account at Fyers can do, by product and asset class: docs/adr on Fyers says whence."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

from app.domain.capabilities import Capabilities
from app.domain.instrument import AssetClass
from app.domain.order import OrderType

INTRADAY, DELIVERY, MARGIN, MTF = "intraday", "cnc", "margin", "mtf"
"""Products by the words that alerts have for them; Fyers writes them in capitals."""

BRACKET, COVER = "bo", "co"
"""Products of old: an ordinary one for the day, to which its stop and target are attached."""

_CLASSES = frozenset({AssetClass.EQUITY, AssetClass.FUTURE, AssetClass.OPTION})

_DAY = Capabilities(
    asset_classes=_CLASSES,
    order_types=frozenset(
        {OrderType.MARKET, OrderType.LIMIT, OrderType.STOP, OrderType.STOP_LIMIT}
    ),
    bracket_entries=frozenset({OrderType.MARKET}),
    short_asset_classes=_CLASSES,
    unique_client_ids=False,
    reduce_only_legs=False,
    linked_legs=True,
    fractional=False,
    fractional_shorts=False,
    fractional_brackets=False,
    reprices=True,
    stop_types=frozenset({OrderType.STOP}),
    times_in_force=frozenset({"day", "ioc"}),
    positions_lag=timedelta(seconds=5),
    for_the_day=True,
    currency="INR",
    exchange="NSE",
)
"""For the day only: a stop and a target that cancel each other come with an entry or not at all."""

_CARRIED = replace(_DAY, oco=True, for_the_day=False)
"""Futures and options that are carried on: GTT orders hold a stop and a target for them."""

_AT_HOME = replace(_CARRIED, short_asset_classes=frozenset(), exits_reserve=True)
"""Shares that are taken home: they can be sold when they are there."""

_SHARES: Mapping[str, Capabilities] = {
    **dict.fromkeys((INTRADAY, BRACKET, COVER), _DAY),
    **dict.fromkeys((DELIVERY, MTF, MARGIN), _AT_HOME),
}
_DERIVATIVES: Mapping[str, Capabilities] = {
    **dict.fromkeys((INTRADAY, BRACKET, COVER), _DAY),
    **dict.fromkeys((MARGIN, DELIVERY, MTF), _CARRIED),
}


def ordinary(product: str) -> str:
    """What Fyers calls the product of today that a product of an alert is."""
    word = product.lower()
    return (INTRADAY if word in (BRACKET, COVER) else word).upper()


def abilities(product: str) -> Capabilities:
    """What an account can do whose alerts that name no product mean this one."""
    word = product.lower()
    derivatives = replace(_DERIVATIVES[word], products=_DERIVATIVES)
    return replace(
        _SHARES[word],
        products=_SHARES,
        apart={AssetClass.FUTURE: derivatives, AssetClass.OPTION: derivatives},
    )
