"""The books after a storm at Alpaca: ours held against the simulator's, to the cent."""

import time
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from tests.e2e.books import Books, Row, read_books
from tests.e2e.traders import Sent
from tests.simulators.alpaca import AlpacaSimulator
from tests.simulators.alpaca.accounts import Account
from tests.simulators.alpaca.orders import Order

Settled = tuple[str, Decimal, Decimal]
"""The id of a fill, its quantity and its price."""


@dataclass(frozen=True, slots=True)
class Theirs:
    """What the simulator says at one moment. `bare`: how much of a position has no stop."""

    orders: Sequence[tuple[str, str, str | None]]
    fills: Counter[Settled]
    held: dict[str, Decimal]
    bare: dict[str, Decimal]
    live: Sequence[tuple[str, str]]
    start: Decimal
    cash: Decimal


def read_theirs(alpaca: AlpacaSimulator) -> Theirs:
    """Read everything at one moment."""
    with alpaca.state.lock:
        account = alpaca.owner()
        live = [each for each in account.open_orders() if each.parent is None]
        return Theirs(
            orders=[_name(each) for each in account.orders.values()],
            fills=Counter(_settled(each.row) for each in account.activities),
            held={name: holding.qty for name, holding in account.holdings.items()},
            bare=bare(account),
            live=[(each.asset.symbol, each.client_order_id) for each in live],
            start=account.start,
            cash=account.cash,
        )


def bare(account: Account) -> dict[str, Decimal]:
    """How much of each position no working stop covers; below zero when stops would open one."""
    found: dict[str, Decimal] = {}
    for name, holding in account.holdings.items():
        covered = sum((_left(each) for each in _stops(account, name, holding.sign)), Decimal(0))
        found[name] = abs(holding.qty) - covered
    return found


def _stops(account: Account, symbol: str, sign: int) -> Iterator[Order]:
    for order in account.open_orders(symbol):
        if order.stop_price is not None and order.armed and order.side == -sign:
            yield order


def _left(order: Order) -> Decimal:
    return (order.qty or Decimal(0)) - order.filled_qty


def _name(order: Order) -> tuple[str, str, str | None]:
    return order.client_order_id, order.id, order.parent.client_order_id if order.parent else None


def _settled(activity: dict[str, Any]) -> Settled:
    fill_id = f"{activity['order_id']}:{activity['cum_qty']}"
    return fill_id, Decimal(activity["qty"]), Decimal(activity["price"])


@dataclass(frozen=True, slots=True)
class AlpacaBooks:
    """Both books, and which symbols asked for a stop at each entry."""

    ours: Books
    theirs: Theirs
    guarded: Collection[str]

    def check(self, sent: Sequence[Sent]) -> None:
        """Every invariant that holds when nothing is in work."""
        self.ours.each_sent_alert_is_there_once(sent)
        self.ours.every_alert_is_final()
        self.no_alert_entered_twice()
        self.no_lane_has_two_live_entries()
        self.fills_are_the_same()
        self.positions_and_cash_follow_from_our_fills()
        self.stops_cover_what_is_held()

    def no_alert_entered_twice(self) -> None:
        """Each order at the broker is known to us; at most one of them is an alert's entry."""
        known = {order["client_order_id"]: order for order in self.ours.orders}
        entries: Counter[str] = Counter()
        for client_id, order_id, parent in self.theirs.orders:
            order = known.get(client_id if parent is None else parent)
            assert order is not None, f"the broker has an order that we do not know: {order_id}"
            entries[order["alert_id"]] += parent is None and order["role"] == "entry"
        assert not [each for each, count in entries.items() if count > 1], entries.most_common(3)

    def no_lane_has_two_live_entries(self) -> None:
        """Of the orders that rest, one of a lane at most is an entry."""
        roles = {order["client_order_id"]: order["role"] for order in self.ours.orders}
        live = Counter(symbol for symbol, order in self.theirs.live if roles[order] == "entry")
        assert not [name for name, count in live.items() if count > 1], live

    def fills_are_the_same(self) -> None:
        """Fill for fill: its id, its quantity, its price."""
        ours = Counter(map(_of_ours, self.ours.fills))
        missing, invented = self.theirs.fills - ours, ours - self.theirs.fills
        assert not missing, f"fills that we do not know: {missing}"
        assert not invented, f"fills that never were: {invented}"

    def positions_and_cash_follow_from_our_fills(self) -> None:
        """What our fills sum up to is what the broker holds, share by share and to the cent."""
        held: dict[str, Decimal] = defaultdict(Decimal)
        cash = self.theirs.start
        for fill in self.ours.fills:
            change = Decimal(fill["quantity"]) * (1 if fill["side"] == "buy" else -1)
            held[fill["instrument"]] += change
            cash -= change * Decimal(fill["price"]) + Decimal(fill["fee"])
        assert {name: total for name, total in held.items() if total} == self.theirs.held
        assert cash == self.theirs.cash

    def stops_cover_what_is_held(self) -> None:
        """A position whose entries asked for stops has them, of its own size."""
        wrong = {name: left for name, left in self.theirs.bare.items() if name in self.guarded}
        assert not any(wrong.values()), f"without stops: {wrong} of {self.theirs.held}"


def _of_ours(fill: Row) -> Settled:
    return fill["fill_id"], Decimal(fill["quantity"]), Decimal(fill["price"])


def await_alpaca_books(
    database: Path,
    alpaca: AlpacaSimulator,
    guarded: Collection[str],
    sent: Sequence[Sent],
    seconds: float = 60,
) -> AlpacaBooks:
    """The books as soon as they agree; what is wrong is raised when they do not for so long."""
    deadline = time.monotonic() + seconds
    while True:
        books = AlpacaBooks(read_books(database), read_theirs(alpaca), guarded)
        try:
            books.check(sent)
        except AssertionError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.3)
        else:
            return books
