"""The books after the storm: what the database says, held against the invariants (pipeline.md).

They are read with sqlite3 and nothing of ours, so that a fault of the code cannot hide in them.
"""

import sqlite3
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from tests.e2e.calm import fields_of, held_after
from tests.e2e.traders import Sent

Row = dict[str, Any]

FINAL = {"success", "skipped", "denied", "rejected", "expired", "failed", "info"}
NEED_A_REASON = FINAL - {"success"}
ENDED = {"filled", "canceled", "rejected", "expired"}
STARTING_CASH = Decimal(1_000_000_000)
OPEN_LOTS = """
SELECT open_lots.*, fills.side, fills.price FROM open_lots JOIN fills ON fills.id = open_lots.fill
"""


@dataclass(frozen=True, slots=True)
class Books:
    """All rows of the tables that the invariants speak of."""

    alerts: Sequence[Row]
    jobs: Sequence[Row]
    orders: Sequence[Row]
    fills: Sequence[Row]
    trades: Sequence[Row]
    open_lots: Sequence[Row]
    paper_orders: Sequence[Row]
    paper_fills: Sequence[Row]
    paper_positions: Sequence[Row]
    cash: Decimal

    def check(self, sent: Iterable[Sent] = ()) -> None:
        """Every invariant that holds when nothing is in work."""
        self.each_sent_alert_is_there_once(sent)
        self.every_alert_is_final()
        self.no_alert_has_two_orders_of_a_kind()
        self.no_lane_has_two_live_entries()
        self.stops_cover_what_is_held()
        self.journal_and_broker_agree()
        self.lanes_are_in_order()
        self.calm_symbols_went_as_they_must()

    def each_sent_alert_is_there_once(self, sent: Iterable[Sent]) -> None:
        """I1: an acknowledged alert has its row; none has two, acknowledged or not."""
        rows: dict[str, list[str]] = defaultdict(list)
        for alert in self.alerts:
            rows[fields_of(alert).get("comment", "")].append(alert["id"])
        for each in sent:
            found, told = rows[each.token], each.delivery.alert_id
            assert len(found) <= 1, f"{each} was admitted {len(found)} times: {found}"
            assert told is None or found == [told], f"{each} was acknowledged; there is {found}"

    def every_alert_is_final(self) -> None:
        """I7: every alert ended, with a reason when it was not done, and so did its job."""
        for alert in self.alerts:
            assert alert["status"] in FINAL, alert
            assert alert["finished_at"] is not None, alert
            assert alert["status"] != "failed", alert
            assert alert["reason"] or alert["status"] not in NEED_A_REASON, alert
        open_jobs = [job for job in self.jobs if job["state"] != "done"]
        assert not open_jobs, open_jobs

    def no_alert_has_two_orders_of_a_kind(self) -> None:
        """I2: at most one entry and one exit of an alert at the broker, each known to us."""
        ours = {order["client_order_id"]: order for order in self.orders}
        kinds: Counter[tuple[str, str]] = Counter()
        for order in self.paper_orders:
            known = ours.get(order["client_order_id"])
            assert known is not None, f"the broker has an order that we do not know: {order}"
            kinds[known["alert_id"], known["role"]] += 1
        assert not [kind for kind, count in kinds.items() if count > 1], kinds.most_common(3)

    def no_lane_has_two_live_entries(self) -> None:
        """I3."""
        live = Counter(
            order["instrument"]
            for order in self.paper_orders
            if order["role"] == "entry" and order["status"] not in ENDED
        )
        assert not [name for name, count in live.items() if count > 1], live

    def stops_cover_what_is_held(self) -> None:
        """I4 and I5: what asked for a stop has one, of as much as is held, on the right side."""
        held = self.positions
        stops = [o for o in self.paper_orders if o["role"] == "stop_loss" and o["status"] == "live"]
        working: dict[str, Decimal] = defaultdict(Decimal)
        for stop in stops:
            quantity = held.get(stop["instrument"], Decimal(0))
            assert quantity * _sign(stop) < 0, f"it would open a position: {stop} ({quantity})"
            working[stop["instrument"]] += Decimal(stop["quantity"])
        asked = self._asked_for_a_stop()
        for name, quantity in held.items():
            wanted = abs(quantity) if name in asked else Decimal(0)
            assert working[name] == wanted, f"{name}: {quantity} held, {working[name]} in stops"

    def journal_and_broker_agree(self) -> None:
        """I6: fill for fill, order for order, position for position, to the last cent."""
        assert Counter(map(_key, self.fills)) == Counter(map(_key, self.paper_fills))
        sides = {order["client_order_id"]: _sign(order) for order in self.paper_orders}
        names = {order["client_order_id"]: order["instrument"] for order in self.paper_orders}
        sums: dict[str, Decimal] = defaultdict(Decimal)
        cash = STARTING_CASH
        for fill in self.fills:
            change = sides[fill["client_order_id"]] * Decimal(fill["quantity"])
            sums[names[fill["client_order_id"]]] += change
            cash -= change * Decimal(fill["price"]) + Decimal(fill["fee"])
        assert {name: total for name, total in sums.items() if total} == self.positions
        assert cash == self.cash
        at_broker = {order["client_order_id"]: order["status"] for order in self.paper_orders}
        for order in self.orders:
            status = at_broker.get(order["client_order_id"])
            assert order["status"] == status or (status is None and order["status"] in ENDED), order

    def lanes_are_in_order(self) -> None:
        """Within a lane orders reach the broker in the order in which their alerts came."""
        jobs = {order["client_order_id"]: order["job_id"] for order in self.orders}
        newest: dict[str, int] = defaultdict(int)
        for order in self.paper_orders:
            if order["parent"] is None:
                job = jobs[order["client_order_id"]]
                assert job >= newest[order["instrument"]], f"overtaken: job {job}, {order}"
                newest[order["instrument"]] = job

    def calm_symbols_went_as_they_must(self) -> None:
        """What became of each alert of a calm symbol follows from the alerts before it."""
        orders: dict[str, list[Row]] = defaultdict(list)
        for order in self.orders:
            if order["parent"] is None:
                orders[order["alert_id"]].append(order)
        alerts = {alert["id"]: alert for alert in self.alerts}
        lanes: dict[str, list[Row]] = defaultdict(list)
        for job in self.jobs:
            if job["instrument"].startswith("CALM"):
                lanes[job["instrument"]].append(alerts[job["alert_id"]])
        for name, lane in lanes.items():
            assert held_after(lane, orders) == self.positions.get(name, Decimal(0)), name

    @property
    def positions(self) -> dict[str, Decimal]:
        """What the broker holds."""
        return {row["instrument"]: Decimal(row["quantity"]) for row in self.paper_positions}

    def _asked_for_a_stop(self) -> set[str]:
        """The held instruments whose entry asked for a stop: the newest one that filled."""
        newest: dict[str, Row] = {}
        for order in self.orders:
            if order["role"] == "entry" and order["status"] == "filled":
                newest[order["instrument"]] = order
        parents = {order["parent"] for order in self.orders if order["role"] == "stop_loss"}
        return {name for name, entry in newest.items() if entry["client_order_id"] in parents}


def await_books(database: Path, sent: Sequence[Sent] = (), seconds: float = 30) -> Books:
    """The books as soon as all is well; what is wrong is raised when nothing ends for so long.

    Fills that a dead process left unread are found when its neighbour reconciles: every 10 s.
    Senders may be far ahead of a lane whose broker is far away: while jobs end, the wait goes on.
    """
    ended, deadline = -1, 0.0
    while True:
        books = read_books(database)
        now_ended = sum(job["state"] == "done" for job in books.jobs)
        if now_ended != ended:
            ended, deadline = now_ended, time.monotonic() + seconds
        try:
            books.check(sent)
        except AssertionError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)
        else:
            return books


def read_books(database: Path, account: str | None = None) -> Books:
    """Read everything, or what is of one account, at one moment; nothing is written."""
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        connection.row_factory = sqlite3.Row
        connection.execute("BEGIN")

        def rows(sql: str) -> list[Row]:
            return [dict(row) for row in connection.execute(sql)]

        def its(sql: str) -> list[Row]:
            return [row for row in rows(sql) if account in (None, row["account"])]

        cash = its("SELECT account, cash FROM paper_accounts")
        return Books(
            alerts=rows("SELECT * FROM alerts ORDER BY id"),
            jobs=rows("SELECT * FROM jobs ORDER BY id"),
            orders=its("SELECT * FROM orders ORDER BY job_id, rowid"),
            fills=its("SELECT * FROM fills ORDER BY id"),
            trades=its("SELECT * FROM trades"),
            open_lots=its(OPEN_LOTS),
            paper_orders=its("SELECT * FROM paper_orders ORDER BY rowid"),
            paper_fills=its("SELECT * FROM paper_fills ORDER BY rowid"),
            paper_positions=its("SELECT * FROM paper_positions"),
            cash=Decimal(cash[0]["cash"]) if cash else STARTING_CASH,
        )


def _key(fill: Row) -> tuple[str, Decimal, Decimal]:
    return fill["client_order_id"], Decimal(fill["quantity"]), Decimal(fill["price"])


def _sign(order: Row) -> int:
    return 1 if order["side"] == "buy" else -1
