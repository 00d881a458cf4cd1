"""What the simulated Fyers says after a storm."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping
from decimal import Decimal

from tests.e2e.broker_books import Placed, Settled, Theirs
from tests.simulators.fyers import FyersSimulator
from tests.simulators.fyers.accounts import Account, Position, is_paid
from tests.simulators.fyers.gtt import Gtt
from tests.simulators.fyers.orders import ZERO, Order, Row, Status

ID_LENGTH = 26
"""Of our ids; a letter after that is the slice."""
PAISA = Decimal("0.01")
FROM_GTT = "GTT"


def read_theirs(fyers: FyersSimulator, unguarded: Collection[str]) -> Theirs:
    """Read everything at one moment. `unguarded`: the symbols whose entries ask for no stop."""
    with fyers.state.lock:
        account = fyers.owner()
        held: dict[str, Decimal] = defaultdict(Decimal)
        for position in account.positions.values():
            held[position.instrument.symbol] += position.net
        orders = map(_placed, account.orders.values())
        return Theirs(
            orders=[*orders, *map(_placed_pair, account.gtts.values())],
            fills=Counter(_settled(row) for _, row in account.trades),
            held={symbol: net for symbol, net in held.items() if net},
            bare=bare(account, unguarded),
            start=account.start,
            cash=_less_what_was_paid(account).quantize(PAISA),
        )


def bare(account: Account, unguarded: Collection[str]) -> Mapping[str, Decimal]:
    """How much of each position nothing covers; below zero when stops would open one."""
    return {
        held.id: Decimal(abs(held.net) - sum(_covers(account, held)))
        for held in account.positions.values()
        if held.net and held.instrument.symbol not in unguarded
    }


def _covers(account: Account, held: Position) -> Iterator[int]:
    """Stops, pairs, and what pairs have made: each of so many units."""
    for order in account.open_orders(held.instrument.symbol):
        stops = order.type.has_stop or order.source == FROM_GTT
        if stops and order.product == held.product and order.side == -held.side:
            yield order.left
    for pair in account.gtts.values():
        same = (pair.instrument, pair.product, pair.side)
        waits = pair.status is Status.PENDING
        if waits and same == (held.instrument, held.product, -held.side):
            yield pair.legs[0].qty


def _less_what_was_paid(account: Account) -> Decimal:
    """The cash, had positions for the day been paid for, as shares and options are."""
    for_the_day = (
        each.side * each.cost
        for each in account.positions.values()
        if not is_paid(each.instrument, each.product)
    )
    return account.cash - sum(for_the_day, ZERO)


def _placed(order: Order) -> Placed:
    tag = order.tag.removeprefix("1:").removeprefix(FROM_GTT)
    return Placed(
        name=tag[:ID_LENGTH],
        order_id=order.id,
        symbol=order.instrument.symbol,
        live=order.is_open,
        leg=bool(order.parent) or order.source == FROM_GTT,
        part=tag[ID_LENGTH:],
    )


def _placed_pair(pair: Gtt) -> Placed:
    tag = pair.tag.removeprefix("1:")
    return Placed(
        name=tag[:ID_LENGTH],
        order_id=pair.id,
        symbol=pair.instrument.symbol,
        live=pair.status is Status.PENDING,
        part=tag[ID_LENGTH:],
    )


def _settled(trade: Row) -> Settled:
    fill_id = f"{trade['orderNumber']}:{trade['tradeNumber']}"
    return fill_id, Decimal(trade["tradedQty"]), Decimal(str(trade["tradePrice"]))
