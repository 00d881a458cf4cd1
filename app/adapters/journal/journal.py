"""The journal on SQLite: admission, the queue of lanes, orders, fills and events."""

from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from app.adapters.journal.codec import ALERT, INTENT, OUTCOME, PLAN
from app.adapters.journal.rows import (
    alert_params,
    alert_record,
    event_params,
    fill_of,
    leg_params,
    order_params,
    order_record,
    received,
    text,
    words,
)
from app.adapters.sql import Database, Row, Transaction, from_db, load_queries, to_db
from app.domain.decision import Plan
from app.domain.errors import FencedOut
from app.domain.events import Event
from app.domain.order import (
    BrokerOrder,
    Fill,
    OrderIntent,
    OrderStatus,
)
from app.domain.outcome import AlertStatus, Outcome
from app.domain.settlement import advance
from app.ports.clock import Clock
from app.ports.journal import (
    Admission,
    AlertRecord,
    Changes,
    Job,
    KillState,
    NewAlert,
    OrderRecord,
)

Q = load_queries(Path(__file__).with_name("queries.sql"))
KILL_SWITCH = "kill_switch"

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
            admitted = [_admit(tx, new, owner, events) for new in alerts]
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
            return _claim(tx, lane, owner, self._clock.now())

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
            return replace(_job(tx, job_id), resumed=True)

    def owned(self, owner: str) -> Sequence[int]:
        """Ids of the jobs that an owner runs."""
        with self._db.reading() as tx:
            return [row["id"] for row in tx.run(Q["owned_jobs"], {"owner": owner}).fetchall()]

    def plan_of(self, job_id: int) -> Plan | None:
        """The decision that was journaled for a job."""
        row = self._read_one("step", job_id=job_id, name="plan")
        return PLAN.load(row["result"]) if row else None

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

    def newer_taken(self, job: Job) -> bool:
        """Whether the lane took an alert of the same strategy that fired later (rule 5)."""
        fired_at = job.alert.fired_at
        if fired_at is None:
            return False
        row = self._read_one(
            "newer_taken",
            lane=job.lane,
            fired_at=to_db(fired_at),
            strategy=job.alert.strategy or "",
            id=job.id,
        )
        return row is not None

    def waiting_before(self, job: Job) -> bool:
        """Whether an earlier job of the lane is unsettled: the outcome of its order is unknown."""
        return self._read_one("waiting_before", lane=job.lane, id=job.id) is not None

    def block(self, lane: str) -> str | None:
        """The reason why a lane's entries are blocked."""
        row = self._read_one("block", lane=lane)
        return row["reason"] if row else None

    def kill_switch(self) -> KillState:
        """Whether entries are stopped."""
        row = self._read_one("switch", name=KILL_SWITCH)
        if row is None:
            return KillState(active=False)
        return KillState(active=True, reason=row["reason"], since=from_db(row["at"]))

    def set_kill_switch(self, state: KillState) -> None:
        """Stop or allow entries."""
        now = to_db(state.since or self._clock.now())
        params = {"name": KILL_SWITCH, "reason": state.reason, "now": now}
        with self._db.transaction() as tx:
            tx.run(Q["set_switch" if state.active else "reset_switch"], params)

    def alert(self, alert_id: str) -> AlertRecord | None:
        """How an alert stands."""
        row = self._read_one("alert", id=alert_id)
        return alert_record(row) if row else None

    def fills(self, account: str | None, after: int) -> Sequence[tuple[int, Fill, str]]:
        """Fills in the order they were journaled, as (number, fill, account), after a number."""
        with self._db.reading() as tx:
            rows = tx.run(Q["fills_after"], {"account": account, "after": after}).fetchall()
        return [(row["id"], fill_of(row), row["account"]) for row in rows]

    def _read_one(self, query: str, /, **params: Any) -> Row | None:
        with self._db.reading() as tx:
            return tx.one(Q[query], params)


class SqlUnit:
    """Several writes that stand or fall together."""

    def __init__(self, tx: Transaction, now: datetime, job: Job | None) -> None:
        self._tx = tx
        self._now = to_db(now)
        self._job = job
        self.events: list[Event] = []
        self.halted = False
        if job is not None:
            row = tx.one(
                Q["fence"],
                {"id": job.id, "owner": job.owner, "attempt": job.attempt, "now": self._now},
            )
            if row is None:
                raise FencedOut(f"job {job.id} is no longer run by {job.owner}")
            self.halted = bool(row["halted"])

    def plan(self, plan: Plan) -> None:
        """Keep a decision, so that it is resumed and not repeated."""
        job = self._own_job()
        params = {"job_id": job.id, "name": "plan", "result": PLAN.dump(plan), "now": self._now}
        self._tx.run(Q["add_step"], params)

    def open_order(self, intent: OrderIntent, status: OrderStatus) -> None:
        """Write an order (and its legs as `new`) before it goes to the wire."""
        job = self._own_job()
        sent = self._now if status is OrderStatus.SUBMITTING else None
        shared: dict[str, Any] = {
            "alert_id": job.alert_id,
            "job_id": job.id,
            "account": intent.account,
            "symbol": intent.symbol,
            "instrument": intent.instrument,
            "lane": job.lane,
            "quantity": str(intent.quantity),
            "submitted_at": sent,
            "now": self._now,
        }
        self._tx.run(Q["add_order"], shared | order_params(intent, status))
        for role, leg in intent.legs:
            self._tx.run(Q["add_order"], shared | leg_params(intent, role, leg))

    def mark_order(self, client_order_id: str, status: OrderStatus, reason: str = "") -> None:
        """Set the status of an order that is not final."""
        params = {
            "client_order_id": client_order_id,
            "status": status.value,
            "reason": reason,
            "now": self._now,
        }
        self._tx.run(Q["mark_order"], params)
        if status.final:
            self._tx.run(Q["close_legs"], {"parent": client_order_id, "now": self._now})

    def settle(self, answer: BrokerOrder) -> Sequence[Changes]:
        """Take over what the broker says of an order and its legs; repeats change nothing."""
        row = self._tx.one(Q["order"], {"client_order_id": answer.client_order_id})
        if row is None:
            return []
        changes = [self._settle_one(order_record(row), answer)]
        for leg in answer.legs:
            changes.extend(self.settle(leg))
        after = changes[0].order
        if after.status.final and not after.filled_quantity:
            self._tx.run(Q["close_legs"], {"parent": after.client_order_id, "now": self._now})
        return changes

    def alert_status(self, alert_id: str, status: AlertStatus) -> None:
        """Set the state of an alert that is not final."""
        self._tx.run(Q["set_alert_status"], {"id": alert_id, "status": status.value})

    def halt_entries(self) -> int:
        """Tell the unfinished earlier jobs of the job's lane to enter no more; how many."""
        job = self._own_job()
        return self._tx.run(Q["halt_entries"], {"lane": job.lane, "id": job.id}).rowcount

    def set_block(self, lane: str, reason: str | None) -> None:
        """Block a lane's entries, or lift the block."""
        params = {"lane": lane, "reason": reason, "now": self._now}
        self._tx.run(Q["set_block" if reason else "lift_block"], params)

    def finish(self, outcome: Outcome) -> Job | None:
        """End the job and its alert, wake who waits in the lane, claim the lane's next job."""
        job = self._own_job()
        state = "failed" if outcome.status is AlertStatus.FAILED else "done"
        self._tx.run(Q["end_job"], {"id": job.id, "state": state, "now": self._now})
        params = {"id": job.alert_id, "outcome": OUTCOME.dump(outcome), "now": self._now}
        self._tx.run(Q["finish_alert"], params | words(outcome))
        self._tx.run(Q["wake_lane"], {"lane": job.lane, "now": self._now})
        return _claim(self._tx, job.lane, job.owner, from_db(self._now))

    def suspend(self, status: AlertStatus, run_at: datetime, *, holds: bool) -> Job | None:
        """Leave the lane until an event or `run_at`; claim the lane's next job."""
        job = self._own_job()
        params = {
            "id": job.id,
            "run_at": to_db(run_at),
            "unsettled": holds,
            "now": self._now,
        }
        self._tx.run(Q["suspend_job"], params)
        self.alert_status(job.alert_id, status)
        return _claim(self._tx, job.lane, job.owner, from_db(self._now))

    def wake_lane(self, lane: str) -> None:
        """Make the waiting jobs of a lane look again."""
        self._tx.run(Q["wake_lane"], {"lane": lane, "now": self._now})

    def wake_waiting(self) -> None:
        """Make the waiting jobs of all lanes look again."""
        self._tx.run(Q["wake_waiting"], {"now": self._now})

    def record(self, *events: Event) -> None:
        """Add events; they are published after the commit."""
        for event in events:
            self._tx.run(Q["add_event"], event_params(event))
        self.events.extend(events)

    def _settle_one(self, known: OrderRecord, answer: BrokerOrder) -> Changes:
        fills = [fill for fill in answer.fills if self._add_fill(known, fill)]
        status = advance(known.status, answer.status)
        filled = max(known.filled_quantity, answer.filled_quantity)
        average = answer.average_price if answer.average_price is not None else known.average_price
        quantity = answer.quantity if status is answer.status else known.quantity
        params = {
            "client_order_id": known.client_order_id,
            "broker_order_id": answer.broker_order_id or known.broker_order_id,
            "status": status.value,
            "reason": answer.reason or known.reason,
            "quantity": str(quantity),
            "filled_quantity": str(filled),
            "average_price": text(average),
            "limit_price": text(answer.limit_price or known.limit_price),
            "stop_price": text(answer.stop_price or known.stop_price),
            "now": self._now,
        }
        self._tx.run(Q["settle_order"], params)
        row = self._tx.one(Q["order"], {"client_order_id": known.client_order_id})
        assert row is not None  # noqa: S101  # updated in this very transaction
        return Changes(order_record(row), fills, known.status)

    def _add_fill(self, order: OrderRecord, fill: Fill) -> bool:
        params = {
            "account": order.account,
            "fill_id": fill.fill_id,
            "client_order_id": order.client_order_id,
            "symbol": order.symbol,
            "instrument": order.instrument,
            "side": fill.side.value,
            "quantity": str(fill.quantity),
            "price": str(fill.price),
            "fee": str(fill.fee),
            "at": to_db(fill.at),
        }
        return self._tx.one(Q["add_fill"], params) is not None

    def _own_job(self) -> Job:
        if self._job is None:
            raise FencedOut("this unit belongs to no job")
        return self._job


def _admit(tx: Transaction, new: NewAlert, owner: str, events: list[Event]) -> Admission:
    repeat = _repeat_of(tx, new)
    if repeat is not None:
        return repeat
    tx.run(Q["add_alert"], alert_params(new))
    event = received(new)
    tx.run(Q["add_event"], event_params(event))
    events.append(event)
    if new.job is None:
        return Admission(new.alert_id)
    return _enqueue(tx, new, owner)


def _repeat_of(tx: Transaction, new: NewAlert) -> Admission | None:
    key = new.dedupe
    if key is None:
        return None
    now = to_db(new.received_at)
    params = {
        "key": key.value,
        "alert_id": new.alert_id,
        "body": key.body,
        "now": now,
        "until": to_db(new.received_at + key.window),
        "longest": to_db(from_db(0) + key.longest),
    }
    row = tx.one(Q["remember_key"], params)
    if row is None or row["alert_id"] == new.alert_id:
        return None
    if key.explicit and row["body"] != key.body:
        return Admission(row["alert_id"], conflict=True)
    return Admission(row["alert_id"], duplicate=True)


def _enqueue(tx: Transaction, new: NewAlert, owner: str) -> Admission:
    assert new.job is not None  # noqa: S101  # asked by the only caller
    params = {
        "alert_id": new.alert_id,
        "account": new.job.account,
        "instrument": new.job.instrument,
        "lane": new.job.lane,
        "strategy": new.alert.strategy or "",
        "fired_at": to_db(new.alert.fired_at) if new.alert.fired_at else None,
        "owner": owner,
        "now": to_db(new.received_at),
    }
    row = tx.one(Q["add_job"], params)
    if row is None or row["state"] != "running":
        return Admission(new.alert_id, queued=True)
    job = Job(
        id=row["id"],
        alert_id=new.alert_id,
        alert=new.alert,
        account=new.job.account,
        instrument=new.job.instrument,
        lane=new.job.lane,
        received_at=new.received_at,
        owner=owner,
        attempt=1,
        tries=0,
        halted=False,
        resumed=False,
    )
    return Admission(new.alert_id, job=job)


def _claim(tx: Transaction, lane: str, owner: str, now: datetime) -> Job | None:
    row = tx.one(Q["claim_next"], {"lane": lane, "owner": owner, "now": to_db(now)})
    return _job(tx, row["id"]) if row else None


def _job(tx: Transaction, job_id: int) -> Job:
    row = tx.one(Q["job"], {"id": job_id})
    if row is None:
        raise FencedOut(f"job {job_id} does not exist")
    return Job(
        id=row["id"],
        alert_id=row["alert_id"],
        alert=ALERT.load(row["alert"]),
        account=row["account"],
        instrument=row["instrument"],
        lane=row["lane"],
        received_at=from_db(row["received_at"]),
        owner=row["owner"] or "",
        attempt=row["attempt"],
        tries=row["tries"],
        halted=bool(row["halted"]),
        resumed=row["attempt"] > 1 or row["tries"] > 0,
    )
