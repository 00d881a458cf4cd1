"""How an order is priced: its type, its prices, and the reference price (trading-rules 13)."""

from decimal import Decimal
from typing import NamedTuple

from app.domain.order import OrderType
from app.web.names import fold, shown
from app.web.readers import Reading, is_absent, word_of
from app.web.words import ACTIONS, ORDER_TYPES

_WITH_LIMIT = (OrderType.LIMIT, OrderType.STOP_LIMIT)


class Prices(NamedTuple):
    """The order's type and prices as far as the alert gives them."""

    order_type: OrderType | None
    limit_price: Decimal | None
    stop_price: Decimal | None
    price: Decimal | None


def read_prices(reading: Reading, *, of_option: bool) -> Prices:
    """The type and the prices; a limit or stop without its own price takes `price`.

    `entry_price` is the stop price of stop orders and otherwise a limit price; `order_price` is
    the limit price of orders that say so, otherwise the reference price. `of_option`: there are
    option fields, so that `price` is the chart's and no premium (trading-rules 30).
    """
    order_type = _order_type(reading)
    limit, stop = reading.price("limit_price"), reading.price("stop_price")
    if order_type is OrderType.STOP:
        stop = stop or reading.price("stop_price", names="entry_price")
    else:
        limit = limit or reading.price("limit_price", names="entry_price")
    price = reading.price("price")
    if order_type in _WITH_LIMIT:
        limit = limit or reading.price("limit_price", names="order_price")
    elif "price" not in reading.unusable:
        price = price or reading.price("price", names="order_price")
    prices = Prices(order_type or _implied(limit, stop), limit, stop, price)
    return prices if of_option else _completed(prices)


def _completed(prices: Prices) -> Prices:
    """Rule 13. A stop-limit takes `price` for one of its two prices, never for both."""
    kind, limit, stop, price = prices
    if kind in _WITH_LIMIT and limit is None:
        return Prices(kind, price, stop, price)
    if kind in (OrderType.STOP, OrderType.STOP_LIMIT) and stop is None:
        return Prices(kind, limit, price, price)
    return prices


def _implied(limit: Decimal | None, stop: Decimal | None) -> OrderType | None:
    if limit is None:
        return None if stop is None else OrderType.STOP
    return OrderType.LIMIT if stop is None else OrderType.STOP_LIMIT


def _order_type(reading: Reading) -> OrderType | None:
    for candidate in reading.given.of("order_type"):
        if is_absent(candidate.value):
            continue
        if candidate.folded != "type":
            return word_of(candidate, ORDER_TYPES)
        if isinstance(candidate.value, str) and fold(candidate.value) in ORDER_TYPES:
            return word_of(candidate, ORDER_TYPES)
        if not isinstance(candidate.value, str) or fold(candidate.value) not in ACTIONS:
            reading.notes.append(f"{shown(candidate.name)} is neither a side nor an order type")
    return None
