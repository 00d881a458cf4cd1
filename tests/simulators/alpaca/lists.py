"""Which orders and activities a list shows, and in which order."""

from bisect import bisect_left, bisect_right
from itertools import islice
from typing import Any

from tests.simulators.alpaca.accounts import Account, Activity
from tests.simulators.alpaca.moments import nanos_from, text_of
from tests.simulators.alpaca.orders import Order
from tests.simulators.alpaca.refusals import invalid
from tests.simulators.alpaca.world import World
from tests.simulators.moments import nanos_of

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
    wanted = _Wanted(world, account, query)
    only_open = wanted.status == "open"
    every = list(account.open_orders() if only_open else account.orders.values())
    nested = is_true(query, "nested")
    found = (
        order
        for order in (reversed(every) if _descends(query) else every)
        if wanted.has(order) and not (nested and order.parent and wanted.has(order.parent))
    )
    return list(islice(found, limit))


class _Wanted:
    """What a query asks for: strictly after and before moments or orders, and of which kind."""

    def __init__(self, world: World, account: Account, query: Query) -> None:
        self.status = query.get("status", "open")
        if self.status not in _STATUSES:
            raise invalid("invalid status")
        self._now = nanos_of(world.now())
        self._lists_held = world.rules.lists_held
        after, before = _moment(query, "after"), _moment(query, "until")
        self._after = after or _submitted(account, query, "after_order_id")
        self._before = before or _submitted(account, query, "before_order_id")
        self._symbols = set(filter(None, query.get("symbols", "").split(",")))
        self._classes = set(filter(None, query.get("asset_class", "").split(","))) - {"all"}
        self._side = query.get("side")

    def has(self, order: Order) -> bool:
        """Whether an order is among them."""
        if self._after is not None and order.created_at <= self._after:
            return False
        if self._before is not None and order.created_at >= self._before:
            return False
        return order.visible_at <= self._now and self._has_status(order) and self._is_kind(order)

    def _has_status(self, order: Order) -> bool:
        is_open = order.is_open and (order.status != "held" or self._lists_held)
        return self.status == "all" or is_open == (self.status == "open")

    def _is_kind(self, order: Order) -> bool:
        asset = order.asset
        if self._symbols and not {asset.symbol, asset.held_as} & self._symbols:
            return False
        if self._side and (self._side == "buy") != (order.side > 0):
            return False
        return not self._classes or asset.asset_class in self._classes


def _submitted(account: Account, query: Query, name: str) -> int | None:
    """When the order was submitted that a query names."""
    if name not in query:
        return None
    order = account.orders.get(query[name])
    if order is None:
        raise invalid(f"invalid {name}")
    return order.created_at


def select_activities(activities: list[Activity], kinds: str, query: Query) -> list[dict[str, Any]]:
    """A page of activities, by their time.

    Raises:
        Refusal: the query makes no sense.
    """
    size = _whole(query, "page_size", _MOST_ACTIVITIES, _MOST_ACTIVITIES)
    wanted = set(kinds.split(",")) if kinds else None
    after, before = _moment(query, "after"), _moment(query, "until")
    first = 0 if after is None else bisect_right(activities, after, key=_at)
    last = len(activities) if before is None else bisect_left(activities, before, key=_at)
    day = query.get("date")
    found = [
        each.row
        for each in activities[first:last]
        if (wanted is None or each.kind in wanted)
        and (day is None or text_of(each.at).startswith(day[:10]))
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


def _at(activity: Activity) -> int:
    return activity.at


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
