"""The journal on SQLite: what is asked of it, each a unit or a read of its own."""

from collections.abc import Callable, Generator, Mapping, Sequence, Set
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from app.adapters.journal.admission import admit
from app.adapters.journal.claims import claim, job_of
from app.adapters.journal.codec import INTENT, PLAN
from app.adapters.journal.entries import being_entered, entries_since
from app.adapters.journal.outcomes import outcomes
from app.adapters.journal.rows import alert_record, heard_alert, order_record, stake_of
from app.adapters.journal.statements import Q
from app.adapters.journal.unit import SqlUnit
from app.adapters.sql import Database, Row, Transaction, from_db, to_db
from app.domain.decision import Denial, Plan
from app.domain.events import Event, EventKind
from app.domain.grains import from_money_grains, money_grains
from app.domain.order import OrderIntent
from app.domain.share import SEPARATOR
from app.domain.stake import Stake
from app.ports.clock import Clock
from app.ports.journal import (
    FORCED,
    Admission,
    AlertRecord,
    Block,
    HeardAlert,
    Job,
    KillState,
    Lot,
    NewAlert,
    OrderRecord,
)

KILL_SWITCH = "kill_switch"
LAST_CHANGE = "kill_switch_changed"

Publish = Callable[[Sequence[Event]], None]


class SqlJournal:
    """The journal port. `publish` hears events after their commit."""

    def __init__(self, database: Database, clock: Clock, publish: Publish) -> None:
        self._db = database
        self._clock = clock
        self._publish = publish

    def admit(self, alerts: Sequence[NewAlert], owner: str) -> Sequence[Admission]:
        """Store alerts in one commit; a repeat answers with the first."""
        events: list[Event] = []
        with self._db.transaction() as tx:
            admitted = [admit(tx, new, owner, events) for new in alerts]
        self._publish(events)
        return admitted

    @contextmanager
    def unit(self, job: Job | None = None) -> Generator["SqlUnit", None, None]:
        """A transaction; with a job, fenced by it."""
        with self._db.transaction() as tx:
            unit = SqlUnit(tx, self._clock.now(), job)
            yield unit
        self._publish(unit.events)

    def claim(self, lane: str, owner: str) -> Job | None:
        """Claim the next ready job of a free lane."""
        with self._db.transaction() as tx:
            return claim(tx, lane, owner, self._clock.now())

    def ready_lanes(self, now: datetime) -> Sequence[str]:
        """Make due waiting jobs ready, and name the free lanes that have ready jobs."""
        with self._db.reading() as tx:
            due = tx.one(Q["due"], {"now": to_db(now)})
            if due is None:
                return []
        with self._db.transaction() as tx:
            tx.run(Q["wake_due"], {"now": to_db(now)})
            return [row["lane"] for row in tx.run(Q["ready_lanes"], {}).fetchall()]

    def job(self, job_id: int) -> Job:
        """A job as it stands; taken for one that was run before."""
        with self._db.reading() as tx:
            return replace(job_of(tx, job_id), resumed=True)

    def owned(self, owner: str) -> Sequence[int]:
        """Ids of the jobs that an owner runs."""
        with self._db.reading() as tx:
            return [row["id"] for row in tx.run(Q["owned_jobs"], {"owner": owner}).fetchall()]

    def plan_of(self, job_id: int) -> Plan | None:
        """The decision that was journaled for a job."""
        row = self._read_one("step", job_id=job_id, name="plan")
        return PLAN.load(row["result"]) if row else None

    def legs_aside(self, job_id: int) -> Sequence[str]:
        """The legs that a job has canceled before its close."""
        row = self._read_one("step", job_id=job_id, name="legs")
        return row["result"].split() if row else ()

    def order(self, client_order_id: str) -> OrderRecord | None:
        """One order."""
        row = self._read_one("order", client_order_id=client_order_id)
        return order_record(row) if row else None

    def intent(self, client_order_id: str) -> OrderIntent | None:
        """The intent of an order of ours; None for legs."""
        row = self._read_one("order", client_order_id=client_order_id)
        return INTENT.load(row["intent"]) if row and row["intent"] else None

    def unsettled_orders(self, account: str, lane: str | None = None) -> Sequence[OrderRecord]:
        """Orders that are not final, legs included."""
        name = "unsettled_orders_in_lane" if lane else "unsettled_orders"
        with self._db.reading() as tx:
            rows = tx.run(Q[name], {"account": account, "lane": lane}).fetchall()
        return [order_record(row) for row in rows]

    def family(self, entry: str) -> Sequence[OrderRecord]:
        """What was ordered to protect, or to close, what an entry filled, the oldest first."""
        with self._db.reading() as tx:
            return [order_record(row) for row in tx.run(Q["family"], {"entry": entry}).fetchall()]

    def is_owed(self, entry: OrderRecord) -> bool:
        """Whether the duty to protect what an entry has filled is not done yet."""
        return self._read_one("duty", lane=entry.lane, subject=entry.client_order_id) is not None

    def stakes(self, account: str, instrument: str | None = None) -> Sequence[Stake]:
        """What each strategy's fills hold of an instrument, or everything that is held."""
        query = "stakes_held" if instrument is None else "stakes"
        params = {"account": account, "instrument": instrument}
        with self._db.reading() as tx:
            return [stake_of(row) for row in tx.run(Q[query], params).fetchall()]

    def stopped_stakes(self, account: str, strategy: str) -> Sequence[Stake]:
        """What a strategy had until its stop or target closed it, and its own exit may yet come."""
        with self._db.reading() as tx:
            params = {"account": account, "strategy": strategy}
            rows = tx.run(Q["stakes_stopped"], params).fetchall()
        return [stake_of(row) for row in rows]

    def has_sibling(self, job: Job) -> bool:
        """Whether another alert of the same strategy in the lane fired at the very same time."""
        return self._fired_beside("sibling", job)

    def newer_taken(self, job: Job) -> bool:
        """Whether the lane took an alert of the same strategy that fired later (rule 5)."""
        return self._fired_beside("newer_taken", job)

    def waiting_before(self, job: Job) -> bool:
        """Whether an earlier job of the lane is unsettled: the outcome of its order is unknown."""
        return self._read_one("waiting_before", lane=job.lane, id=job.id) is not None

    def blocks(self, lane: str | None = None) -> Sequence[Block]:
        """What keeps the entries of a lane out; of all lanes without one."""
        query = "blocks" if lane is None else "blocks_of"
        with self._db.reading() as tx:
            rows = tx.run(Q[query], {"lane": lane}).fetchall()
        return [Block(row["lane"], Denial(row["kind"]), row["reason"]) for row in rows]

    def foreign(self, account: str) -> Mapping[str, Decimal]:
        """How much of each instrument in an account was last known not to be ours."""
        with self._db.reading() as tx:
            rows = tx.run(Q["foreign"], {"account": account}).fetchall()
        return {row["instrument"]: Decimal(row["quantity"]) for row in rows}

    def orders_since(
        self, account: str, instrument: str, moment: datetime
    ) -> Sequence[OrderRecord]:
        """Orders of an instrument that were written after a moment, legs included."""
        params = {"account": account, "instrument": instrument, "since": to_db(moment)}
        with self._db.reading() as tx:
            return [order_record(row) for row in tx.run(Q["orders_since"], params).fetchall()]

    def guarded_entries(self, account: str) -> Sequence[str]:
        """Our ids of the entries that are open and protected by us, not by their broker."""
        with self._db.reading() as tx:
            rows = tx.run(Q["guarded_entries"], {"account": account}).fetchall()
        return [str(row["client_order_id"]) for row in rows]

    def lots_with_stops(self, account: str) -> Mapping[str, Sequence[Lot]]:
        """What is open of the fills of entries that asked for a stop, by instrument."""
        lots: dict[str, list[Lot]] = {}
        with self._db.reading() as tx:
            rows = tx.run(Q["lots_with_stops"], {"account": account}).fetchall()
        for row in rows:
            lots.setdefault(row["instrument"], []).append(
                Lot(Decimal(row["quantity"]), row["stop"])
            )
        return lots

    def filled_since(self, account: str, moment: datetime) -> Set[str]:
        """Instruments of which something was executed after a moment."""
        params = {"account": account, "since": to_db(moment)}
        with self._db.reading() as tx:
            return {row["instrument"] for row in tx.run(Q["filled_since"], params).fetchall()}

    def told(self, kind: EventKind, client_order_id: str) -> bool:
        """Whether an event of that kind was recorded of an order, ours or not."""
        found = self._read_one("told", kind=kind.value, client_order_id=client_order_id)
        return found is not None

    def taken(self, client_order_id: str) -> bool:
        """Whether a stop was canceled by its owner although something was held."""
        reason = f'%"{FORCED}"%'
        found = self._read_one("taken", client_order_id=client_order_id, reason=reason)
        return found is not None

    def kill_switch(self) -> KillState:
        """Whether entries are stopped."""
        with self._db.reading() as tx:
            found = tx.run(Q["switch"], {"name": KILL_SWITCH, "last": LAST_CHANGE}).fetchall()
        rows = {row["name"]: row for row in found}
        changed_at = from_db(rows[LAST_CHANGE]["at"]) if LAST_CHANGE in rows else None
        row = rows.get(KILL_SWITCH)
        if row is None:
            return KillState(active=False, changed_at=changed_at)
        since = from_db(row["at"])
        return KillState(active=True, reason=row["reason"], since=since, changed_at=changed_at)

    def set_kill_switch(self, state: KillState) -> None:
        """Stop or allow entries."""
        now = to_db(state.since or self._clock.now())
        params = {"name": KILL_SWITCH, "reason": state.reason, "now": now}
        with self._db.transaction() as tx:
            changed = tx.run(Q["set_switch" if state.active else "reset_switch"], params).rowcount
            if changed:
                self._stamp(tx, state.reason)

    def stamp_kill_switch(self, reason: str) -> None:
        """Note that entries are stopped, or let in again, by something else than this switch."""
        with self._db.transaction() as tx:
            self._stamp(tx, reason)

    def alert(self, alert_id: str) -> AlertRecord | None:
        """How an alert stands."""
        with self._db.reading() as tx:
            row = tx.one(Q["alert"], {"id": alert_id})
            if row is None:
                return None
            several = SEPARATOR in (row["account"] or "")
            return alert_record(row, outcomes(tx, alert_id) if several else {})

    def mark_of(self, name: str) -> str | None:
        """What was noted under a name."""
        row = self._read_one("mark_of", name=name)
        return row["value"] if row else None

    def alerts_between(self, after: str, until: str, most: int) -> Sequence[HeardAlert]:
        """The next alerts after an id and before another, the oldest first."""
        params = {"after": after, "until": until, "most": most}
        with self._db.reading() as tx:
            rows = tx.run(Q["alerts_between"], params).fetchall()
        return [heard_alert(row) for row in rows]

    def last_fill(self) -> int:
        """The number of the newest fill; 0 when there is none."""
        row = self._read_one("last_fill")
        return row["id"] if row else 0

    def entries_since(self, account: str, moment: datetime) -> int:
        """Entries of an account that were written for the wire after a moment."""
        with self._db.reading() as tx:
            return entries_since(tx, account, to_db(moment), to_db(self._clock.now()), "")

    def being_entered(self, account: str, after_fill: int) -> Set[str]:
        """Instruments with an entry that may still fill, or a fill after a number."""
        with self._db.reading() as tx:
            return being_entered(tx, account, after_fill)

    def last_entry_at(self, account: str, instrument: str, since: datetime) -> datetime | None:
        """When an entry was last sent that filled or may still; None: not after `since`."""
        row = self._read_one(
            "last_entry", account=account, instrument=instrument, since=to_db(since)
        )
        return from_db(row["at"]) if row and row["at"] is not None else None

    def open_alerts(self, account: str) -> Sequence[AlertRecord]:
        """The alerts of an account whose work is not finished."""
        with self._db.reading() as tx:
            rows = tx.run(Q["open_alerts"], {"account": account}).fetchall()
        return [alert_record(row) for row in rows]

    def realised(self, account: str, since: datetime) -> Decimal:
        """Profit after fees of what an account closed since a moment; negative when lost."""
        params = {"account": account, "since": to_db(since)}
        with self._db.reading() as tx:
            rows = tx.run(Q["realised_since"], params).fetchall()
        return from_money_grains(sum(money_grains(Decimal(row["pnl"])) for row in rows))

    def _stamp(self, tx: Transaction, reason: str) -> None:
        now = to_db(self._clock.now())
        tx.run(Q["stamp_switch"], {"name": LAST_CHANGE, "reason": reason, "now": now})

    def _fired_beside(self, query: str, job: Job) -> bool:
        fired_at, strategy = job.alert.fired_at, job.alert.strategy or ""
        if fired_at is None:
            return False
        beside = {"lane": job.lane, "part": job.part, "strategy": strategy}
        return self._read_one(query, id=job.id, fired_at=to_db(fired_at), **beside) is not None

    def _read_one(self, query: str, /, **params: Any) -> Row | None:
        with self._db.reading() as tx:
            return tx.one(Q[query], params)
