"""What the simulated Alpaca says after a storm."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from decimal import Decimal
from typing import Any

from tests.e2e.broker_books import Placed, Settled, Theirs
from tests.simulators.alpaca import AlpacaSimulator
from tests.simulators.alpaca.accounts import Account
from tests.simulators.alpaca.orders import Order


def read_theirs(alpaca: AlpacaSimulator, guarded: Collection[str]) -> Theirs:
    """Read everything at one moment. `guarded`: the symbols whose entries ask for stops."""
    with alpaca.state.lock:
        account = alpaca.owner()
        live = {each.id for each in account.open_orders()}
        return Theirs(
            orders=[_placed(each, live) for each in account.orders.values()],
            fills=Counter(_settled(each.row) for each in account.activities),
            held={name: holding.qty for name, holding in account.holdings.items()},
            bare=bare(account, guarded),
            start=account.start,
            cash=account.cash,
        )


def bare(account: Account, guarded: Collection[str]) -> Mapping[str, Decimal]:
    """How much of each position no working stop covers; below zero when stops would open one."""
    found: dict[str, Decimal] = {}
    for name, holding in account.holdings.items():
        if name in guarded:
            covered = sum((_left(each) for each in _stops(account, name, holding.sign)), Decimal(0))
            found[name] = abs(holding.qty) - covered
    return found


def _stops(account: Account, symbol: str, sign: int) -> Iterator[Order]:
    for order in account.open_orders(symbol):
        if order.stop_price is not None and order.armed and order.side == -sign:
            yield order


def _left(order: Order) -> Decimal:
    return (order.qty or Decimal(0)) - order.filled_qty


def _placed(order: Order, live: Collection[str]) -> Placed:
    entry = order.parent or order
    return Placed(
        name=entry.client_order_id,
        order_id=order.id,
        symbol=order.asset.symbol,
        live=order.id in live,
        leg=order.parent is not None,
    )


def _settled(activity: dict[str, Any]) -> Settled:
    fill_id = f"{activity['order_id']}:{activity['cum_qty']}"
    return fill_id, Decimal(activity["qty"]), Decimal(activity["price"])
