"""Orders of Fyers under our names. Pure: rows of its books become what the engine knows.

An order of ours is one row, or a few slices. Its legs are rows with the id of their entry, and are
told apart by what they are: what waits for a stop is the stop, the other the target. A stop and a
target for an open position are one GTT order, which makes a row for that of the two which the price
has reached.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from app.adapters.brokers.fyers.answers import ZERO, Gtt, GttLeg, Row, Trade
from app.adapters.brokers.fyers.bodies import LETTERS
from app.adapters.brokers.fyers.refusals import reason_of
from app.domain.errors import BrokerRejected
from app.domain.order import BrokerOrder, Fill, OrderRole, OrderStatus, Side

REQUESTED = "requested"
EXPIRED = "expired"
NOT_FILLED = "not_filled"
NOT_PLACED = "not_placed"
ENTRY_NOT_FILLED = "entry_not_filled"
SIBLING_FILLED = "sibling_filled"
IMMEDIATE = "IOC"

ID_LENGTH = 26
_GTT = "GTT"

Trades = Mapping[str, Sequence[Trade]]
"""Executions by the ids of their orders."""


@dataclass(frozen=True, slots=True)
class Around:
    """What an order stands beside: whether its entry, or its sibling, has filled something."""

    entry_unfilled: bool = False
    sibling_filled: bool = False


def base_of(tag: str) -> str:
    """Our id behind a tag: that of a slice has a letter more."""
    tag = tag.removeprefix(_GTT).lstrip(":")
    sliced = len(tag) == ID_LENGTH + 1 and tag[-1] in LETTERS
    return tag[:-1] if sliced else tag


def rows_under(name: str, rows: Iterable[Row]) -> Sequence[Row]:
    """The row of an order of ours, or its slices; not its legs."""
    return [row for row in rows if row.parent is None and base_of(row.tag) == name]


def legs_of(entries: Sequence[Row], rows: Iterable[Row], role: OrderRole) -> Sequence[Row]:
    """The legs of one role that Fyers has made for an order and its slices."""
    ids, stops = {row.id for row in entries}, role is OrderRole.STOP_LOSS
    return [row for row in rows if row.parent in ids and row.stops is stops]


def as_order(  # the facts of an order, one each
    name: str,
    rows: Sequence[Row],
    trades: Trades,
    *,
    legs: Sequence[BrokerOrder] = (),
    around: Around = Around(),  # it has no state
    unsent: Decimal = ZERO,
) -> BrokerOrder:
    """Rows as one order under our id.

    It is as far as its executions are told of one by one: until they are, it still works.

    Args:
        name: our id.
        rows: its rows, at least one.
        trades: the executions of these rows.
        legs: its legs, named.
        around: what it stands beside.
        unsent: what is still being sent of it.
    """
    fills = [_fill(name, trade) for row in rows for trade in trades.get(row.id, ())]
    filled = sum((fill.quantity for fill in fills), ZERO)
    behind = filled < sum((row.filled for row in rows), ZERO)
    status = _merged(rows, filled, busy=behind or bool(unsent))
    return BrokerOrder(
        client_order_id=name,
        broker_order_id=rows[0].id,
        symbol=rows[0].symbol,
        side=rows[0].side,
        quantity=sum((row.quantity for row in rows), unsent),
        status=status,
        filled_quantity=filled,
        average_price=_average(fills, filled),
        limit_price=rows[-1].limit_price,
        stop_price=rows[-1].stop_price,
        reason=_reason(rows, status, filled, around),
        fills=tuple(fills),
        legs=tuple(legs),
    )


def waiting_leg(  # the facts of an order, one each
    name: str, entry: BrokerOrder, *, stop: Decimal | None, limit: Decimal | None, given_up: bool
) -> BrokerOrder:
    """A leg that Fyers has not made yet; or never will: its entry ended, or we gave it up."""
    ended = entry.status.final and not entry.filled_quantity
    status = OrderStatus.CANCELED if ended or given_up else OrderStatus.NEW
    reason = ENTRY_NOT_FILLED if ended else NOT_PLACED if given_up else ""
    return BrokerOrder(
        client_order_id=name,
        broker_order_id="",
        symbol=entry.symbol,
        side=entry.side.opposite,
        quantity=entry.filled_quantity or entry.quantity,
        status=status,
        limit_price=limit,
        stop_price=stop,
        reason=reason,
    )


@dataclass(frozen=True, slots=True)
class Pair:
    """A GTT order, and the rows that it has made: at most one for each of its two prices."""

    gtt: Gtt
    made: Sequence[Row]

    def side_of(self, role: OrderRole) -> int:
        """Which of its legs is the stop, or the target: what is above the price comes first."""
        stop_above = self.gtt.side is Side.BUY
        return 0 if stop_above == (role is OrderRole.STOP_LOSS) else 1

    def rows_of(self, role: OrderRole) -> Sequence[Row]:
        """What became of one of its prices."""
        mine, other = self._leg(role), self._leg(_other(role))
        return [row for row in self.made if _is_nearer(row, mine, other)]

    def as_order(self, name: str, role: OrderRole, trades: Trades) -> BrokerOrder:
        """Its stop, or its target, as an order of ours."""
        rows = self.rows_of(role)
        leg = self._leg(role)
        stops = role is OrderRole.STOP_LOSS
        prices = leg.trigger if stops else None, leg.price
        if rows:
            order = as_order(name, rows, trades)
            return _with(order, *prices, self.gtt.id, triggered=rows[0].at if stops else None)
        status = self.gtt.status
        reached = status is OrderStatus.FILLED
        other = [row for row in self.made if row not in rows]
        if reached:
            status = OrderStatus.CANCELED if other else OrderStatus.LIVE
        return BrokerOrder(
            client_order_id=name,
            broker_order_id=self.gtt.id,
            symbol=self.gtt.symbol,
            side=self.gtt.side,
            quantity=leg.quantity,
            status=status,
            limit_price=leg.price,
            stop_price=prices[0],
            reason=_why(status, self.gtt.message, sibling=bool(other)),
        )

    def _leg(self, role: OrderRole) -> GttLeg:
        return self.gtt.legs[min(self.side_of(role), len(self.gtt.legs) - 1)]


def children_of(gtts: Sequence[Gtt], rows: Sequence[Row]) -> dict[str, Sequence[Row]]:
    """What each GTT order has made, by its id.

    An order that names the one that made it is certain. Of the others each belongs to that which
    asked for its price, or for the nearest: the limit of one that was made may have been moved.
    """
    ids = {gtt.id for gtt in gtts}
    found: dict[str, Sequence[Row]] = {}
    left = [row for row in rows if row.tag.startswith(_GTT) and row.parent not in ids]
    for row in rows:
        if row.parent in ids:
            found[row.parent or ""] = [*found.get(row.parent or "", ()), row]
    done = [gtt for gtt in gtts if gtt.status is OrderStatus.FILLED and gtt.id not in found]
    pairs = [(_distance(gtt, row), gtt.id, row) for gtt in done for row in left]
    for distance, gtt_id, row in sorted(
        (each for each in pairs if each[0] is not None), key=lambda each: each[0] or ZERO
    ):
        if distance is not None and gtt_id not in found and row in left:
            found[gtt_id] = [row]
            left.remove(row)
    return found


def _distance(gtt: Gtt, row: Row) -> Decimal | None:
    """How far a row is from what a GTT order asked for; None when it is not its."""
    same = (row.symbol, row.side, row.product) == (gtt.symbol, gtt.side, gtt.product)
    if not same or row.at < gtt.at.replace(microsecond=0):
        return None
    limit = row.limit_price or ZERO
    prices = [abs(leg.price - limit) for leg in gtt.legs if leg.quantity == row.quantity]
    return min(prices, default=None)


def merged(orders: Sequence[BrokerOrder]) -> BrokerOrder:
    """The slices of one order as one."""
    first = orders[0]
    if len(orders) == 1:
        return first
    fills = [fill for order in orders for fill in order.fills]
    filled = sum((order.filled_quantity for order in orders), ZERO)
    statuses = [order.status for order in orders]
    status = _together(statuses, filled)
    ended = next((order.reason for order in orders if order.reason), "")
    return BrokerOrder(
        client_order_id=first.client_order_id,
        broker_order_id=first.broker_order_id,
        symbol=first.symbol,
        side=first.side,
        quantity=sum((order.quantity for order in orders), ZERO),
        status=status,
        filled_quantity=filled,
        average_price=_average(fills, filled),
        limit_price=first.limit_price,
        stop_price=first.stop_price,
        triggered_at=min((o.triggered_at for o in orders if o.triggered_at), default=None),
        reason=ended if status.final and status is not OrderStatus.FILLED else "",
        fills=tuple(fills),
    )


def _merged(rows: Sequence[Row], filled: Decimal, *, busy: bool) -> OrderStatus:
    statuses = [row.status for row in rows]
    return _together([*statuses, OrderStatus.LIVE] if busy else statuses, filled)


def _together(statuses: Sequence[OrderStatus], filled: Decimal) -> OrderStatus:
    """What slices come to: what still works somewhere works; what is not whole has ended."""
    if any(not status.final for status in statuses):
        return OrderStatus.PARTIALLY_FILLED if filled else OrderStatus.LIVE
    ends = set(statuses)
    if len(ends) == 1:
        return statuses[0]
    if OrderStatus.EXPIRED in ends and OrderStatus.CANCELED not in ends:
        return OrderStatus.EXPIRED
    return OrderStatus.CANCELED


def _reason(rows: Sequence[Row], status: OrderStatus, filled: Decimal, around: Around) -> str:
    """Why it ended without a fill, as far as what is around it tells."""
    if status is OrderStatus.EXPIRED:
        return EXPIRED
    refused = next((row for row in rows if row.status is OrderStatus.REJECTED), None)
    if refused is not None and status.final:
        return refusal_of(refused.message)
    if status is not OrderStatus.CANCELED:
        return ""
    if around.sibling_filled:
        return SIBLING_FILLED
    if around.entry_unfilled:
        return ENTRY_NOT_FILLED
    return NOT_FILLED if rows[0].validity == IMMEDIATE and not filled else REQUESTED


def _why(status: OrderStatus, message: str, *, sibling: bool) -> str:
    if status is OrderStatus.REJECTED:
        return refusal_of(message)
    if status is OrderStatus.EXPIRED:
        return EXPIRED
    if status is not OrderStatus.CANCELED:
        return ""
    return SIBLING_FILLED if sibling else REQUESTED


def refusal_of(message: str) -> str:
    """A refusal that is told in the book: its stable reason, and the words."""
    return f"{reason_of(message) or BrokerRejected.code}: {message or 'rejected'}"


def _with(
    order: BrokerOrder,
    stop: Decimal | None,
    limit: Decimal,
    order_id: str,
    *,
    triggered: datetime | None,
) -> BrokerOrder:
    moved = order.limit_price if order.limit_price is not None else limit
    return replace(
        order,
        broker_order_id=order_id,
        stop_price=stop,
        limit_price=moved,
        triggered_at=triggered,
    )


def _is_nearer(row: Row, mine: GttLeg, other: GttLeg) -> bool:
    """Whether a row was made at one of two prices; its limit may have been moved since."""
    limit = row.limit_price or ZERO
    return abs(limit - mine.price) <= abs(limit - other.price)


def _other(role: OrderRole) -> OrderRole:
    stops = role is OrderRole.STOP_LOSS
    return OrderRole.TAKE_PROFIT if stops else OrderRole.STOP_LOSS


def _fill(name: str, trade: Trade) -> Fill:
    return Fill(
        fill_id=trade.fill_id,
        client_order_id=name,
        symbol=trade.symbol,
        side=trade.side,
        quantity=trade.quantity,
        price=trade.price,
        at=trade.at,
    )


def _average(fills: Sequence[Fill], filled: Decimal) -> Decimal | None:
    return sum((fill.quantity * fill.price for fill in fills), ZERO) / filled if filled else None
