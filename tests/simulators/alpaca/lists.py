"""Which orders and activities a list shows, and in which order."""

from collections.abc import Iterable
from typing import Any

from tests.simulators.alpaca.accounts import Account
from tests.simulators.alpaca.moments import nanos_from
from tests.simulators.alpaca.orders import Order
from tests.simulators.alpaca.refusals import invalid
from tests.simulators.alpaca.world import World

Query = dict[str, str]

_USUAL_ORDERS = 50
_MOST_ORDERS = 500
_MOST_ACTIVITIES = 100
_STATUSES = ("open", "closed", "all")


def select_orders(world: World, account: Account, query: Query) -> list[Order]:
    """The orders of a list, by the time of their submission.

    Raises:
        Refusal: the query makes no sense.
    """
    limit = _whole(query, "limit", _USUAL_ORDERS, _MOST_ORDERS)
    found = [order for order in account.orders.values() if world.is_visible(order)]
    found = [order for order in found if _has_status(world, order, query)]
    found = [order for order in found if _fits(world, order, query)]
    found = _between(account, found, query)
    if is_true(query, "nested"):
        found = _roll_up(found)
    if _descends(query):
        found.reverse()
    return found[:limit]


def _has_status(world: World, order: Order, query: Query) -> bool:
    wanted = query.get("status", "open")
    if wanted not in _STATUSES:
        raise invalid("invalid status")
    is_open = order.is_open and (order.status != "held" or world.rules.lists_held)
    return wanted == "all" or is_open == (wanted == "open")


def _fits(world: World, order: Order, query: Query) -> bool:
    symbols = query.get("symbols")
    if symbols and not {order.asset.symbol, order.asset.held_as} & set(symbols.split(",")):
        return False
    side = query.get("side")
    if side and (side == "buy") != (order.side > 0):
        return False
    classes = query.get("asset_class")
    return not classes or order.asset.asset_class in classes.split(",") or classes == "all"


def _between(account: Account, orders: Iterable[Order], query: Query) -> list[Order]:
    """Those strictly after and before what the query says: moments, or orders."""
    after, before = _moment(query, "after"), _moment(query, "until")
    for name in ("after_order_id", "before_order_id"):
        if name not in query:
            continue
        order = account.orders.get(query[name])
        if order is None:
            raise invalid(f"invalid {name}")
        if name == "after_order_id":
            after = order.created_at
        else:
            before = order.created_at
    return [
        order
        for order in orders
        if (after is None or order.created_at > after)
        and (before is None or order.created_at < before)
    ]


def _roll_up(orders: list[Order]) -> list[Order]:
    """Legs stand under their parent, when it is there."""
    there = {order.id for order in orders}
    return [order for order in orders if order.parent is None or order.parent.id not in there]


def select_activities(rows: list[dict[str, Any]], kinds: str, query: Query) -> list[dict[str, Any]]:
    """A page of activities, by their time.

    Raises:
        Refusal: the query makes no sense.
    """
    size = _whole(query, "page_size", _MOST_ACTIVITIES, _MOST_ACTIVITIES)
    wanted = set(kinds.split(",")) if kinds else None
    after, before = _moment(query, "after"), _moment(query, "until")
    day = query.get("date")
    found = [
        row
        for row in rows
        if (wanted is None or row["activity_type"] in wanted)
        and (after is None or _at(row) > after)
        and (before is None or _at(row) < before)
        and (day is None or _text(row).startswith(day[:10]))
    ]
    if _descends(query):
        found.reverse()
    token = query.get("page_token")
    if token:
        places = [place for place, row in enumerate(found) if row["id"] == token]
        if not places:
            raise invalid("invalid page_token")
        found = found[places[0] + 1 :]
    return found[:size]


def is_true(query: Query, name: str) -> bool:
    """Whether a query says yes; alpaca-py writes `True`."""
    return query.get(name, "").lower() == "true"


def _text(row: dict[str, Any]) -> str:
    return str(row.get("transaction_time") or row["created_at"])


def _at(row: dict[str, Any]) -> int:
    return nanos_from(_text(row))


def _descends(query: Query) -> bool:
    direction = query.get("direction", "desc")
    if direction not in ("asc", "desc"):
        raise invalid("invalid direction")
    return direction == "desc"


def _whole(query: Query, name: str, usual: int, most: int) -> int:
    text = query.get(name, str(usual))
    if not text.isdigit() or not 1 <= int(text) <= most:
        raise invalid(f"{name} must be between 1 and {most}")
    return int(text)


def _moment(query: Query, name: str) -> int | None:
    if not query.get(name):
        return None
    try:
        return nanos_from(query[name])
    except ValueError:
        raise invalid(f"invalid {name}") from None
