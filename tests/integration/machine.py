"""A machine that does to a server what days do: alerts, prices, silence, switches, crashes.

After each step its books are held against an independent reckoning of the paper broker's fills, and
against the invariants (I) of the pipeline.
"""

from collections import Counter, defaultdict
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, cast

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    multiple,
    precondition,
    rule,
)

from app.adapters.journal.rebuild import SqlLedger
from app.adapters.sql import from_db
from app.domain.instrument import Ticker
from app.domain.order import BrokerOrder, OrderRole, OrderStatus
from app.domain.outcome import AlertStatus
from app.domain.strategy import Strategy
from tests.fakes.reduced import ReducedBroker
from tests.integration import wishes
from tests.integration.wishes import Fields
from tests.integration.world import Crash, Fuse, World
from tests.reckoning import Lot, Reckoning, Stake, Trade, sign_of

CALMLY = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
"""A step takes as long as the disk does."""

D = Decimal
CASH = {"paper": D(100_000), "second": D(40_000)}
SETTINGS = {
    "ACCOUNTS": "paper,second=paper",
    "PAPER_CASH": str(CASH["paper"]),
    "SECOND_CASH": str(CASH["second"]),
}
PLACES = ["second", "second*0.5", "paper,second", "second*0.5,paper", "paper,nobody"]
SYMBOLS = ("AAPL", "BTCUSD")
FRESH = 60
WINDOW, LONGEST_WINDOW = 20, 30
QUOTED, PATIENCE = 900, 60
"""Seconds that paper trades on a quote, and that an exit may take through crashes."""

Row = dict[str, Any]

ages = st.sampled_from([0, 0, 0, 0, 30, 61, 901])
circumstances = st.fixed_dictionaries(
    {
        "symbol": st.sampled_from(SYMBOLS),
        "strategy": st.sampled_from(["a", "b", ""]),
    },
    optional={
        "price": wishes.prices,
        "age": ages,
        "drawn": st.just(value=1),
        "account": st.sampled_from(PLACES),
    },
)
crashes = st.none() | st.none() | st.integers(1, 60)


@dataclass(slots=True)
class Sent:
    """A body that was acknowledged, and when it came first and last."""

    fields: Fields
    alert_id: str
    first: datetime
    latest: datetime


sent: Bundle[Sent] = Bundle("sent")


def alerts(name: str, wish: st.SearchStrategy[Fields]) -> Any:
    """The rule that alerts of a kind may come."""

    def come(
        machine: "Trading", wish: Fields, how: Fields, crash: int | None, *, again: bool
    ) -> Any:
        taken = machine.alert(machine.body_of({**wish, **how}), crash, again=again)
        return cast("Any", multiple()) if taken is None else taken

    come.__name__ = name
    chosen: dict[str, Any] = {
        "wish": wish,
        "how": circumstances,
        "crash": crashes,
        "again": st.booleans(),
    }
    return rule(target=sent, **chosen)(come)


class Trading(RuleBasedStateMachine):
    """Random days of a server with two paper accounts; some alerts trade on both."""

    reduced = False

    @initialize(pyramiding=st.booleans())
    def open(self, *, pyramiding: bool) -> None:
        self.folder = TemporaryDirectory()
        self.world = World(Path(self.folder.name), settings=SETTINGS)
        if self.reduced:
            roles: dict[str, tuple[OrderRole, str]] = {}
            self.world.reduce = lambda paper: ReducedBroker(paper, roles)
        self.world.boot()
        for symbol in SYMBOLS:
            row = Strategy(symbol=symbol, pyramiding=pyramiding)
            self.world.server.services.playbook.put(row)
        self.reckonings = {account: Reckoning(cash) for account, cash in CASH.items()}
        self.booked = {account: Reckoning(cash) for account, cash in CASH.items()}
        self.stakes: dict[tuple[str, str, str], Stake] = defaultdict(Stake)
        self.seen = self.read = 0
        self.number = 0
        self.ages: dict[str, float] = {}
        self.exits: set[str] = set()
        self.orders: dict[str, tuple[OrderStatus, Decimal]] = {}
        self.ended: dict[str, tuple[str, str]] = {}
        self.entered_at_kill: int | None = None
        self.old_news: list[BrokerOrder] = []
        for symbol in SYMBOLS:
            self.quote(symbol, 100, None)

    def teardown(self) -> None:
        if not hasattr(self, "world"):
            return
        try:
            self.wait(30)
            self.everything_has_ended()
        finally:
            self.world.server.database.close()
            self.folder.cleanup()

    # --- what happens ---------------------------------------------------------------------------

    enter = alerts("enter", wishes.entries)
    enter_later = alerts("enter_later", wishes.limits | wishes.triggers)
    leave = alerts("leave", wishes.closes | wishes.parts)
    change = alerts("change", wishes.changes)
    aim = alerts("aim", wishes.aims | wishes.positions)
    err = alerts("err", wishes.wrong)

    def alert(self, fields: Fields, crash: int | None, *, again: bool) -> Sent | None:
        """Send an alert; after a crash perhaps `again`. None when nobody took it for one."""
        receipt = self.survive(lambda: self.world.send(**fields), crash)
        if receipt is None and again:
            receipt = self.world.send(**fields)
        rows = self.rows_of(fields)
        if receipt is None or rows[-1]["reason"] == "malformed_alert":
            return None  # what nobody understood trades nothing, however often it comes
        assert [row["id"] for row in rows] == [receipt.alert_id]
        self.note(receipt.alert_id, fields)
        now = self.world.clock.now()
        return Sent(fields, receipt.alert_id, now, now)

    @rule(sent=sent)
    def repeat(self, sent: Sent) -> None:
        """A body that comes again: a generated id is known for days, any other for seconds."""
        now = self.world.clock.now()
        receipt = self.world.send(**sent.fields)
        silent, known = now - sent.latest, now - sent.first
        if "id" in sent.fields or (
            silent < timedelta(seconds=WINDOW) and known < timedelta(seconds=LONGEST_WINDOW)
        ):
            assert (receipt.duplicate, receipt.alert_id) == (True, sent.alert_id)
        if receipt.duplicate:
            sent.latest = now
            return
        assert silent >= timedelta(seconds=WINDOW) or known >= timedelta(seconds=LONGEST_WINDOW)
        sent.alert_id, sent.first, sent.latest = receipt.alert_id, now, now
        self.note(receipt.alert_id, sent.fields)

    @rule(symbol=st.sampled_from(SYMBOLS), price=wishes.prices, crash=crashes)
    def quote(self, symbol: str, price: object, crash: int | None) -> None:
        def told() -> int:
            at = self.world.clock.now()
            quotes = self.world.server.services.quotes
            return quotes.note(Ticker.parse(symbol), D(str(price)), at)

        self.world.clock.advance(0.001)
        self.survive(told, crash)

    @rule(crash=crashes)
    def kill(self, crash: int | None) -> None:
        """After a crash the owner looks again, and sets it once more."""
        switch = self.world.server.services.kill_switch
        if self.survive(lambda: switch.engage("the machine"), crash) is None:
            self.world.server.services.kill_switch.engage("the machine")
        if self.entered_at_kill is None:
            self.entered_at_kill = self.entered()

    @precondition(lambda self: self.entered_at_kill is not None)
    @rule()
    def reset(self) -> None:
        before = self.entered()
        self.entered_at_kill = None
        self.world.clock.advance(0.001)  # what comes in the same moment comes after it
        self.world.server.services.kill_switch.reset()
        self.world.run(1, step=0.5)
        assert self.entered() == before, "a reset fires nothing old (25)"

    @rule(seconds=st.sampled_from([0.5, 3, 25, 61, 901]), crash=crashes)
    def wait(self, seconds: float, crash: int | None = None) -> None:
        def pass_by() -> bool:
            self.world.clock.advance(seconds)
            self.world.turn()
            self.world.run(6, step=0.5)
            self.world.server.services.recovery.refresh()
            self.world.server.services.target_watch.run()
            return True

        self.survive(pass_by, crash)

    @rule()
    def restart(self) -> None:
        self.world.crash_and_boot()

    @rule()
    def hear_old_news(self) -> None:
        """What the broker told once is told again, late (I11)."""
        before = self.picture()
        self.world.server.services.settlement.apply(self.old_news)
        assert self.picture() == before
        self.old_news = self.told()

    # --- what must hold -------------------------------------------------------------------------

    @invariant()
    def all_is_well(self) -> None:
        self.books_agree_to_the_last_unit()
        self.no_alert_enters_twice()
        self.what_is_protected_stays_so()
        self.transitions_are_monotone()
        self.every_alert_has_a_word()
        self.nothing_enters_that_must_not()
        self.exits_work()
        self.rows_tell_the_truth()

    def books_agree_to_the_last_unit(self) -> None:
        """I6: the broker, the journal, the stakes and the ledger are what the fills come to."""
        self.reckon()
        held = self.held_at_the_broker()
        for account, reckoned in self.reckonings.items():
            assert self.cash(account) == reckoned.cash
            assert held[account] == reckoned.positions
        for account, booked in self.booked.items():
            assert self.trades(account) == booked.closed
            assert self.lots(account) == {name: lots for name, lots in booked.lots.items() if lots}
            assert self.performance(account) == booked.performance()
        stakes = {key: stake.units for key, stake in self.stakes.items() if stake.units}
        assert self.journaled_stakes() == self.filled() == stakes
        assert not SqlLedger(self.world.server.database).rebuild()

    def no_alert_enters_twice(self) -> None:
        """I2 and I3."""
        rows = self.rows(
            "SELECT orders.alert_id, orders.account, orders.role, orders.parent"
            " FROM paper_orders JOIN orders USING (account, client_order_id)"
        )
        sent = Counter(
            (row["alert_id"], row["account"], row["role"]) for row in rows if not row["parent"]
        )
        assert not [key for key, count in sent.items() if count > 1], sent
        resting = Counter((row["account"], row["instrument"]) for row in self.live("entry"))
        assert not [name for name, count in resting.items() if count > 1], resting
        assert len(rows) == len(self.rows("SELECT 1 FROM paper_orders"))

    def what_is_protected_stays_so(self) -> None:
        """I4 and I5: each protected entry has its stop, and no leg can open a position."""
        working: dict[tuple[str, str, str], Decimal] = defaultdict(Decimal)
        for role in ("stop_loss", "take_profit"):
            armed: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
            for leg in self.live(role):
                account, name = leg["account"], leg["instrument"]
                held = self.reckonings[account].held(name)
                assert held * sign_of(leg) < 0, f"{leg} would open a position ({held})"
                armed[account, name] += D(leg["quantity"])
                if role == "stop_loss":
                    working[account, name, leg["strategy"]] += D(leg["quantity"])
            for (account, name), quantity in armed.items():
                most = abs(self.reckonings[account].held(name))
                assert quantity <= most, f"{role}: {quantity} of {name}"
        for key, stake in self.stakes.items():
            assert stake.protected <= working[key] <= abs(stake.units), (key, stake, working[key])

    def transitions_are_monotone(self) -> None:
        """I11: what has ended stays as it is; what filled stays filled."""
        for row in self.rows("SELECT client_order_id, status, filled_quantity FROM orders"):
            status, filled = OrderStatus(row["status"]), D(row["filled_quantity"])
            before, filled_before = self.orders.get(row["client_order_id"], (status, filled))
            assert filled >= filled_before, row
            assert status is before or not before.final, (before, row)
            self.orders[row["client_order_id"]] = status, filled
        for row in self.rows("SELECT id, status, reason FROM alerts WHERE finished_at IS NOT NULL"):
            assert self.ended.setdefault(row["id"], (row["status"], row["reason"])) == (
                row["status"],
                row["reason"],
            )

    def every_alert_has_a_word(self) -> None:
        """I1, I7: it has ended with a reason, or it is visibly in work."""
        rows = {row["id"]: row for row in self.rows("SELECT id, status, reason FROM alerts")}
        assert set(self.ages) <= set(rows)
        open_jobs = {
            row["alert_id"]
            for row in self.rows(
                "SELECT alert_id FROM jobs WHERE state NOT IN ('done', 'failed') AND kind = 'alert'"
            )
        }
        for alert_id, row in rows.items():
            status = AlertStatus(row["status"])
            assert status is not AlertStatus.FAILED, row
            assert status.final != (alert_id in open_jobs), row
            assert row["reason"] or status is AlertStatus.SUCCESS or not status.final, row

    def nothing_enters_that_must_not(self) -> None:
        """I8: neither under the kill switch, nor what was old when it came."""
        if self.entered_at_kill is not None:
            assert self.entered() == self.entered_at_kill
            assert not self.live("entry")
        for row in self.rows(
            "SELECT alert_id FROM orders JOIN paper_orders USING (client_order_id)"
            " WHERE orders.role = 'entry'"
        ):
            assert self.ages.get(row["alert_id"], 0) <= FRESH, row

    def exits_work(self) -> None:
        """I10: a fresh close is done, or there is nothing to close, whatever forbids entries."""
        for alert_id in list(self.exits):
            record = self.world.record(alert_id)
            if record.status.final:
                assert record.status in (AlertStatus.SUCCESS, AlertStatus.INFO), record
                self.exits.discard(alert_id)

    def rows_tell_the_truth(self) -> None:
        """What a row of the playbook says of an account is there."""
        rest = {
            (row["account"], row["instrument"])
            for row in self.rows(
                "SELECT account, instrument FROM orders WHERE parent IS NULL AND"
                " status NOT IN ('filled', 'canceled', 'rejected', 'expired')"
            )
        }
        for row in self.rows("SELECT * FROM row_words"):
            if row["word"] == "ORDER SUBMITTED":
                assert (row["account"], row["symbol"]) in rest, row
            if row["word"] in ("FILLED", "PARTIAL FILL"):
                assert self.reckonings[row["account"]].held(row["symbol"]), row

    def everything_has_ended(self) -> None:
        """I7, when nothing comes any more."""
        self.world.run(20, step=1)
        rows = self.rows("SELECT * FROM alerts WHERE finished_at IS NULL")
        assert not rows, rows

    # --- the model --------------------------------------------------------------------------------

    def reckon(self) -> None:
        """Take the fills that the paper broker booked since the last step.

        The ledger counts them in the order in which they were journaled: those that a crash left
        unread are read order by order.
        """
        for fill in self.rows(
            "SELECT paper_fills.*, paper_orders.instrument, paper_orders.side FROM paper_fills"
            " JOIN paper_orders USING (account, client_order_id)"
            " JOIN fills USING (account, client_order_id) ORDER BY fills.id LIMIT -1 OFFSET ?",
            self.read,
        ):
            self.read += 1
            change = sign_of(fill) * D(fill["quantity"])
            self.booked[fill["account"]].fill(fill["instrument"], change, D(fill["price"]))
        for fill in self.rows(
            "SELECT paper_fills.*, paper_orders.instrument, paper_orders.side, paper_orders.role,"
            " orders.strategy, coalesce(stop.parent, orders.parent) AS parent FROM paper_fills"
            " JOIN paper_orders USING (account, client_order_id)"
            " JOIN orders USING (account, client_order_id)"
            " LEFT JOIN orders AS stop"
            "   ON stop.client_order_id = orders.parent AND stop.role = 'stop_loss'"
            " ORDER BY paper_fills.rowid LIMIT -1 OFFSET ?",
            self.seen,
        ):
            self.seen += 1
            name, change = fill["instrument"], sign_of(fill) * D(fill["quantity"])
            reckoning = self.reckonings[fill["account"]]
            before = reckoning.held(name)
            assert before * (before + change) >= 0, f"{fill} flips {before}"
            reckoning.fill(name, change, D(fill["price"]))
            stake = self.stakes[fill["account"], name, fill["strategy"]]
            if fill["role"] == "entry":
                stopped = self.has_stop(fill["client_order_id"])
                stake.lots.append((fill["client_order_id"], change, stopped))
            else:
                assert abs(change) <= abs(stake.units), (fill, stake)
                stake.close(abs(change), fill["parent"])

    def has_stop(self, entry: str) -> bool:
        intent = self.world.server.services.journal.intent(entry)
        return intent is not None and intent.protection.stop_loss is not None

    # --- hands and eyes ---------------------------------------------------------------------------

    def survive(self, act: Callable[[], Any], crash: int | None) -> Any:
        """Do something that may end the world at its n-th step; None when it did."""
        self.world.fuse = Fuse(at=crash)
        with suppress(Crash):
            done = act()
            if self.reduced:
                self.world.turn()  # what has filled meanwhile is a duty, and the sweep finds it
            self.world.fuse = Fuse()
            return done
        self.world.crash_and_boot()
        return None

    def body_of(self, fields: Fields) -> Fields:
        """An alert as it is sent: none is like another; some tell their time, or have an id."""
        self.number += 1
        age, drawn = fields.pop("age", None), fields.pop("drawn", None)
        body = {**fields, "comment": f"number {self.number}"}
        if age is not None:
            body["timenow"] = (self.world.clock.now() - timedelta(seconds=age)).isoformat()
        return body | ({"id": f"{self.number:08d}"} if drawn else {})

    def note(self, alert_id: str, fields: Fields) -> None:
        """Remember how old an alert was when it came, and whether it has to close."""
        fired = fields.get("timenow")
        now = self.world.clock.now()
        self.ages[alert_id] = (now - datetime.fromisoformat(fired)).total_seconds() if fired else 0
        whole = fields == {**fields, "action": "close"} and "quantity" not in fields
        known = "nobody" not in fields.get("account", "")
        if (
            whole
            and known
            and not fired
            and ("price" in fields or self.is_quoted(fields["symbol"]))
        ):
            self.exits.add(alert_id)

    def is_quoted(self, symbol: str) -> bool:
        """Whether paper has prices to close at, and will have them for a while (rule 42)."""
        since = self.world.clock.now() - timedelta(seconds=QUOTED - PATIENCE)
        rows = self.rows("SELECT at FROM paper_quotes WHERE instrument = ?", symbol)
        return [from_db(row["at"]) > since for row in rows] == [True] * len(CASH)

    def rows_of(self, fields: Fields) -> list[Row]:
        query = "SELECT id, reason FROM alerts WHERE raw LIKE ? ORDER BY id"
        return self.rows(query, f'%"{fields["comment"]}"%')

    def entered(self) -> int:
        query = "SELECT 1 FROM paper_fills JOIN paper_orders USING (client_order_id)"
        return len(self.rows(f"{query} WHERE role = 'entry'"))

    def live(self, role: str) -> list[Row]:
        return self.rows(
            "SELECT paper_orders.*, orders.strategy FROM paper_orders"
            " JOIN orders USING (account, client_order_id)"
            " WHERE paper_orders.role = ? AND paper_orders.status = 'live'",
            role,
        )

    def told(self) -> list[BrokerOrder]:
        ids = self.rows("SELECT client_order_id FROM paper_orders WHERE parent IS NULL")
        found = [
            account.broker.find(row["client_order_id"])
            for account in self.world.server.services.accounts
            for row in ids
        ]
        return [answer for answer in found if answer is not None]

    def picture(self) -> object:
        """What is kept, but for the times of the latest looks."""
        tables = ("orders", "fills", "stakes", "trades", "open_lots", "alerts", "row_words")
        rows = [row for name in tables for row in self.rows(f"SELECT * FROM {name}")]  # noqa: S608
        return [{name: row[name] for name in row if name != "updated_at"} for row in rows]

    def held_at_the_broker(self) -> dict[str, dict[str, Decimal]]:
        return {
            account.name: {held.instrument: held.quantity for held in account.broker.positions()}
            for account in self.world.server.services.accounts
        }

    def journaled_stakes(self) -> dict[tuple[str, str, str], Decimal]:
        return {
            (row["account"], row["instrument"], row["strategy"]): D(row["quantity"])
            for row in self.rows("SELECT * FROM stakes WHERE quantity <> '0'")
        }

    def filled(self) -> dict[tuple[str, str, str], Decimal]:
        """What the journal's fills come to, by the strategies that they were booked for."""
        sums: dict[tuple[str, str, str], Decimal] = defaultdict(Decimal)
        for row in self.rows("SELECT * FROM fills"):
            key = (row["account"], row["instrument"], row["strategy"])
            sums[key] += sign_of(row) * D(row["quantity"])
        return {key: total for key, total in sums.items() if total}

    def cash(self, account: str) -> Decimal:
        rows = self.rows("SELECT cash FROM paper_accounts WHERE account = ?", account)
        return D(rows[0]["cash"]) if rows else CASH[account]

    def trades(self, account: str) -> Counter[tuple[str, Trade]]:
        return Counter(
            (
                row["instrument"],
                Trade(D(row["quantity"]), D(row["entry_price"]), D(row["exit_price"])),
            )
            for row in self.rows("SELECT * FROM trades WHERE account = ?", account)
        )

    def lots(self, account: str) -> dict[str, list[Lot]]:
        lots: dict[str, list[Lot]] = defaultdict(list)
        for row in self.rows(
            "SELECT open_lots.*, fills.price FROM open_lots JOIN fills ON fills.id = fill"
            " WHERE open_lots.account = ? ORDER BY fill",
            account,
        ):
            lots[row["instrument"]].append(Lot(D(row["quantity"]), D(row["price"])))
        return lots

    def performance(self, account: str) -> dict[str, dict[str, float]]:
        figures = self.world.server.services.performance.figures(account)
        return {
            name: {
                "total_trades": tally.total_trades,
                "winning_trades": tally.winning_trades,
                "losing_trades": tally.losing_trades,
                "win_rate": float(tally.win_rate),
                "total_pnl": float(tally.total_pnl),
                "avg_pnl_per_trade": float(tally.average_pnl),
                "best_trade": float(tally.best_trade),
                "worst_trade": float(tally.worst_trade),
            }
            for name, tally in {**figures.symbols, "total": figures.total}.items()
        }

    def rows(self, query: str, *params: object) -> list[Row]:
        return [dict(row) for row in self.world.rows(query, *params)]


class ReducedTrading(Trading):
    """The same days at a broker that takes no protection along, and whose exits reserve."""

    reduced = True
