"""The books after a storm: ours held against those of a simulated broker, to the last cent."""

import time
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from tests.e2e.books import ENDED, Books, Row, read_books
from tests.e2e.traders import Sent

Settled = tuple[str, Decimal, Decimal]
"""The id of a fill, its quantity and its price."""


@dataclass(frozen=True, slots=True)
class Placed:
    """An order at the broker.

    Attributes:
        name: our id of it, or of the order that it belongs to.
        order_id: the broker's.
        leg: whether the broker has made it for an order of ours.
        part: which slice of an order it is.
        live: whether something may still come of it.
    """

    name: str
    order_id: str
    symbol: str
    live: bool
    leg: bool = False
    part: str = ""


@dataclass(frozen=True, slots=True)
class Theirs:
    """What a broker says at one moment.

    Attributes:
        bare: how much of what asked for stops has none; below zero when stops would open something.
        cash: `start`, less what all fills have cost.
    """

    orders: Sequence[Placed]
    fills: Counter[Settled]
    held: Mapping[str, Decimal]
    bare: Mapping[str, Decimal]
    start: Decimal
    cash: Decimal


@dataclass(frozen=True, slots=True)
class BrokerBooks:
    """Both books."""

    ours: Books
    theirs: Theirs

    def check(self, sent: Sequence[Sent]) -> None:
        """Every invariant that holds when nothing is in work."""
        self.ours.each_sent_alert_is_there_once(sent)
        self.ours.every_alert_is_final()
        self.no_order_was_placed_twice()
        self.no_alert_entered_twice()
        self.no_lane_has_two_live_entries()
        self.what_works_is_the_same()
        self.fills_are_the_same()
        self.positions_and_cash_follow_from_our_fills()
        self.the_ledger_comes_to_the_same()
        self.stops_cover_what_is_held()

    def no_order_was_placed_twice(self) -> None:
        """Each order at the broker is known to us, and is there once."""
        known = {order["client_order_id"] for order in self.ours.orders}
        strangers = [each for each in self.theirs.orders if each.name not in known]
        assert not strangers, f"the broker has orders that we do not know: {strangers}"
        placed = Counter((each.name, each.part) for each in self.theirs.orders if not each.leg)
        doubled = [name for name, count in placed.items() if count > 1]
        assert not doubled, f"placed twice: {doubled}"

    def no_alert_entered_twice(self) -> None:
        """At most one order at the broker, or one set of slices, is an alert's entry."""
        orders = {order["client_order_id"]: order for order in self.ours.orders}
        entries: Counter[tuple[str, str]] = Counter()
        for each in self.theirs.orders:
            order = orders[each.name]
            if order["role"] == "entry" and not each.leg:
                entries[order["alert_id"], each.part] += 1
        assert not [each for each, count in entries.items() if count > 1], entries.most_common(3)

    def no_lane_has_two_live_entries(self) -> None:
        """Of the orders that rest, one of a lane at most is an entry."""
        roles = {order["client_order_id"]: order["role"] for order in self.ours.orders}
        rest = {(o.symbol, o.name) for o in self.theirs.orders if o.live and not o.leg}
        live = Counter(symbol for symbol, name in rest if roles[name] == "entry")
        assert not [name for name, count in live.items() if count > 1], live

    def what_works_is_the_same(self) -> None:
        """Whatever works with us works there, and the other way round.

        What is new has not gone out: a leg that waits for its entry is not there.
        """
        live = [each for each in self.theirs.orders if each.live]
        there = {each.order_id for each in live} | {each.name for each in live if not each.leg}
        for order in self.ours.orders:
            names = {order["broker_order_id"], order["client_order_id"]}
            away = order["status"] in {*ENDED, "new"}
            assert away or names & there, f"it works with us only: {order}"
        ended = {each["client_order_id"] for each in self.ours.orders if each["status"] in ENDED}
        still = [each for each in live if each.name in ended and not each.leg]
        assert not still, f"it works there only: {still}"

    def fills_are_the_same(self) -> None:
        """Fill for fill: its id, its quantity, its price."""
        ours = Counter(map(_of_ours, self.ours.fills))
        missing, invented = self.theirs.fills - ours, ours - self.theirs.fills
        assert not missing, f"fills that we do not know: {missing}"
        assert not invented, f"fills that never were: {invented}"

    def positions_and_cash_follow_from_our_fills(self) -> None:
        """What our fills sum up to is what the broker holds: the last share, the last cent."""
        self._come_to(self.ours.fills, self.theirs.start)

    def the_ledger_comes_to_the_same(self) -> None:
        """So do the trades that are closed, and the lots that are open."""
        gained = sum((Decimal(trade["pnl"]) for trade in self.ours.trades), Decimal(0))
        self._come_to(self.ours.open_lots, self.theirs.start + gained)

    def _come_to(self, rows: Sequence[Row], cash: Decimal) -> None:
        held: dict[str, Decimal] = defaultdict(Decimal)
        for row in rows:
            change = abs(Decimal(row["quantity"])) * (1 if row["side"] == "buy" else -1)
            held[row["instrument"]] += change
            cash -= change * Decimal(row["price"]) + Decimal(row["fee"])
        assert {name: total for name, total in held.items() if total} == self.theirs.held
        assert cash == self.theirs.cash

    def stops_cover_what_is_held(self) -> None:
        """A position whose entries asked for stops has them, of its own size."""
        wrong = {name: left for name, left in self.theirs.bare.items() if left}
        assert not wrong, f"without stops: {wrong} of {self.theirs.held}"


def _of_ours(fill: Row) -> Settled:
    return fill["fill_id"], Decimal(fill["quantity"]), Decimal(fill["price"])


def await_broker_books(
    database: Path, theirs: Callable[[], Theirs], sent: Sequence[Sent], seconds: float = 60
) -> BrokerBooks:
    """The books as soon as they agree; what is wrong is raised when they do not for so long."""
    deadline = time.monotonic() + seconds
    while True:
        books = BrokerBooks(read_books(database), theirs())
        try:
            books.check(sent)
        except AssertionError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.3)
        else:
            return books
