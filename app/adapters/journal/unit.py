"""A unit: several writes of the journal that stand or fall together, fenced by their job."""

from collections.abc import Mapping, Sequence, Set
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from app.adapters.journal.claims import claim
from app.adapters.journal.codec import PLAN
from app.adapters.journal.entries import being_entered, entries_since
from app.adapters.journal.ledger import book_fill, booked_fill
from app.adapters.journal.outcomes import tell, tell_alert
from app.adapters.journal.rows import (
    event_params,
    leg_params,
    order_params,
    order_record,
    stake_of,
    stake_params,
    text,
)
from app.adapters.journal.statements import Q
from app.adapters.sql import Transaction, from_db, to_db
from app.domain.decision import Plan
from app.domain.errors import FencedOut
from app.domain.events import Event
from app.domain.order import BrokerOrder, Fill, OrderIntent, OrderRole, OrderStatus
from app.domain.outcome import AlertStatus, Outcome
from app.domain.row_word import RowWord
from app.domain.settlement import advance, is_old_news, leg_quantity
from app.domain.stake import Stake, StakeKey
from app.ports.journal import AT_ONCE, Block, Changes, Job, JobKind, OrderRecord, Pause


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
        self._step("add_step", "plan", PLAN.dump(plan))

    def put_aside(self, legs: Sequence[str]) -> None:
        """Note the legs that the job cancels before its close, in case they must be armed again."""
        self._step("add_step_once", "legs", " ".join(legs))

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
            "part": job.part,
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
        return self._settle(answer, entry_grew=False)

    def _settle(self, answer: BrokerOrder, *, entry_grew: bool) -> Sequence[Changes]:
        row = self._tx.one(Q["order"], {"client_order_id": answer.client_order_id})
        if row is None:
            return []
        known = order_record(row)
        changes = [self._settle_one(known, answer, entry_grew=entry_grew)]
        after = changes[0].order
        grew = after.filled_quantity > known.filled_quantity
        for leg in answer.legs:
            changes.extend(self._settle(leg, entry_grew=grew))
        if after.status.final and not after.filled_quantity:
            self._tx.run(Q["close_legs"], {"parent": after.client_order_id, "now": self._now})
        return changes

    def owe(self, entry: str, after: timedelta = AT_ONCE) -> None:
        """Write the duty to protect what an entry has filled, to be done now or after a while."""
        run_at = self._now + after // timedelta(microseconds=1)
        params = {"subject": entry, "run_at": run_at, "now": self._now}
        added = self._tx.run(Q["owe"], params).rowcount
        if not added and run_at <= self._now:
            self._tx.run(Q["hasten"], params)

    def entries_since(self, account: str, moment: datetime, *, without: str) -> int:
        """Entries of an account, but one, that were written for the wire after a moment."""
        return entries_since(self._tx, account, to_db(moment), self._now, without)

    def being_entered(self, account: str, after_fill: int) -> Set[str]:
        """Instruments with an entry that may still fill, or a fill after a number."""
        return being_entered(self._tx, account, after_fill)

    def alert_status(
        self, alert_id: str, status: AlertStatus, reason: str = "", detail: str = ""
    ) -> None:
        """Set the state of the job's alert, which is not final; a duty's alert has its own job."""
        job = self._own_job()
        if job.kind is JobKind.ALERT:
            outcome = Outcome(status=status, reason=reason, detail=detail)
            self._tell(job.id, alert_id, outcome, several=job.several)

    def note_word(self, job_id: int, word: str, *, by_order: bool) -> None:
        """Note in a job's row of the playbook how it stands on the account."""
        params = {"job_id": job_id, "word": word, "by_order": by_order, "now": self._now}
        self._tx.run(Q["note_word"], params)

    def halt_entries(self, strategy: str, *, unwanted: bool) -> int:
        """Tell a strategy's unfinished earlier jobs of the lane to enter no more; how many."""
        job = self._own_job()
        params = {
            "lane": job.lane,
            "part": job.part,
            "id": job.id,
            "strategy": strategy,
            "unwanted": unwanted,
        }
        return self._tx.run(Q["halt_entries"], params).rowcount

    def lift_halt(self) -> None:
        """Let the unit's job enter after all: the exit that halted it was its predecessor."""
        self._tx.run(Q["lift_halt"], {"id": self._own_job().id})

    def stakes(self, account: str, instrument: str) -> Sequence[Stake]:
        """Who holds something of an instrument, or once did, as this unit sees it."""
        params = {"account": account, "instrument": instrument}
        return [stake_of(row) for row in self._tx.run(Q["stakes"], params).fetchall()]

    def put_stake(self, stake: Stake) -> None:
        """Write a stake that no fill made: one that was written down."""
        self._put_stake(stake, entry_job=None)

    def adopt(self, fill: Fill, stake: Stake, multiplier: Decimal) -> bool:
        """Journal what a strategy adopts as a fill without an order; `stake` holds it already."""
        whose = {
            "account": stake.account,
            "instrument": stake.instrument,
            "multiplier": str(multiplier),
            "alert_id": "",
            "strategy": stake.strategy,
        }
        if not self._add_to_ledger(fill, whose):
            return False
        self.put_stake(stake)
        return True

    def forget_stop(self, key: StakeKey) -> None:
        """A strategy's late exit has come: the next opposite alert is an entry again."""
        self._tx.run(Q["forget_stop"], key._asdict())

    def end_queued(self, outcome: Outcome) -> Sequence[str]:
        """End the earlier entries of the job's lane that wait for the open; their alerts' ids."""
        job = self._own_job()
        params = {"lane": job.lane, "part": job.part, "id": job.id, "now": self._now}
        ended = self._tx.run(Q["end_queued"], params).fetchall()
        for row in ended:
            self._tell(row["id"], row["alert_id"], outcome, several=row["several"])
        return [row["alert_id"] for row in ended]

    def set_block(self, block: Block) -> bool:
        """Block a lane's entries; False when they were blocked for that kind of reason already."""
        return self._change_block("set_block", block)

    def lift_block(self, block: Block) -> bool:
        """Let a lane's entries in again, as far as that kind of reason goes; whether it stood."""
        return self._change_block("lift_block", block)

    def put_foreign(self, account: str, instrument: str, quantity: Decimal) -> None:
        """Note how much of an instrument in an account is not ours; negative when short."""
        params = {
            "account": account,
            "instrument": instrument,
            "quantity": str(quantity),
            "now": self._now,
        }
        self._tx.run(Q["put_foreign" if quantity else "drop_foreign"], params)

    def finish(self, outcome: Outcome) -> Job | None:
        """End the job, with its last one the alert; wake who waits, claim the lane's next job."""
        job = self._own_job()
        self._end("failed" if outcome.status is AlertStatus.FAILED else "done")
        self._tell(job.id, job.alert_id, outcome, several=job.several)
        return self._next()

    def done(self) -> Job | None:
        """End a job whose alert has its own end; claim the lane's next job."""
        self._end("done")
        return self._next()

    def _end(self, state: str) -> None:
        job_id = self._own_job().id
        self._tx.run(Q["end_job"], {"id": job_id, "state": state, "now": self._now})

    def _next(self) -> Job | None:
        job = self._own_job()
        self._tx.run(Q["wake_lane"], {"lane": job.lane, "now": self._now})
        return claim(self._tx, job.lane, job.owner, from_db(self._now))

    def suspend(self, pause: Pause) -> Job | None:
        """Leave the lane until an event or the end of a pause; claim the lane's next job."""
        job = self._own_job()
        params = {
            "id": job.id,
            "run_at": to_db(pause.until),
            "unsettled": pause.holds,
            "opens_at": to_db(pause.opens_at) if pause.opens_at is not None else None,
            "now": self._now,
        }
        self._tx.run(Q["suspend_job"], params)
        if job.kind is JobKind.ALERT:
            self.alert_status(job.alert_id, pause.status, pause.reason, pause.detail)
        return claim(self._tx, job.lane, job.owner, from_db(self._now))

    def wake_lane(self, lane: str) -> None:
        """Make the waiting jobs of a lane look again."""
        self._tx.run(Q["wake_lane"], {"lane": lane, "now": self._now})

    def wake_waiting(self) -> None:
        """Make the waiting jobs of all lanes look again."""
        self._tx.run(Q["wake_waiting"], {"now": self._now})

    def mark(self, name: str, value: str) -> bool:
        """Note under a name what was done; False when that stands there already."""
        return self._tx.one(Q["mark"], {"name": name, "value": value}) is not None

    def record(self, *events: Event) -> None:
        """Add events; they are published after the commit."""
        for event in events:
            self._tx.run(Q["add_event"], event_params(event))
        self.events.extend(events)

    def _change_block(self, query: str, block: Block) -> bool:
        params = {
            "lane": block.lane,
            "kind": block.kind.value,
            "reason": block.reason,
            "now": self._now,
        }
        return self._tx.run(Q[query], params).rowcount > 0

    def _tell(self, job_id: int, alert_id: str, outcome: Outcome, *, several: bool) -> None:
        if several:
            tell(self._tx, job_id, alert_id, outcome, self._now)
        else:
            tell_alert(self._tx, alert_id, outcome, self._now)

    def _settle_one(self, known: OrderRecord, answer: BrokerOrder, *, entry_grew: bool) -> Changes:
        fills = [fill for fill in answer.fills if self._add_fill(known, fill)]
        if is_old_news(known.status, known.filled_quantity, answer):
            return Changes(known, fills, known.status)
        status = advance(known.status, answer.status)
        cleared = known.status.in_flight and not status.in_flight
        average = answer.average_price if answer.average_price is not None else known.average_price
        quantity = answer.quantity if status is answer.status else known.quantity
        if status is known.status and known.role.protects:
            quantity = leg_quantity(known.quantity, quantity, entry_grew=entry_grew)
        params = {
            "client_order_id": known.client_order_id,
            "broker_order_id": answer.broker_order_id or known.broker_order_id,
            "status": status.value,
            "reason": answer.reason or ("" if cleared else known.reason),
            "quantity": str(quantity),
            "filled_quantity": str(answer.filled_quantity),
            "average_price": text(average),
            "limit_price": text(answer.limit_price or known.limit_price),
            "stop_price": text(answer.stop_price or known.stop_price),
            "triggered_at": to_db(answer.triggered_at) if answer.triggered_at else None,
            "now": self._now,
        }
        self._tx.run(Q["settle_order"], params)
        row = self._tx.one(Q["order"], {"client_order_id": known.client_order_id})
        assert row is not None  # noqa: S101  # updated in this very transaction
        return Changes(order_record(row), fills, known.status)

    def _add_fill(self, order: OrderRecord, fill: Fill) -> bool:
        whose = {
            "account": order.account,
            "client_order_id": order.client_order_id,
            "symbol": order.symbol,
            "instrument": order.instrument,
            "multiplier": str(order.multiplier),
            "alert_id": order.alert_id,
            "strategy": order.strategy,
        }
        if not self._add_to_ledger(fill, whose):
            return False
        self._book(order, fill)
        return True

    def _add_to_ledger(self, fill: Fill, whose: Mapping[str, str]) -> bool:
        """Journal a fill and match it; False when it was there before."""
        params = {
            "fill_id": fill.fill_id,
            "client_order_id": fill.client_order_id,
            "symbol": fill.symbol,
            "side": fill.side.value,
            "quantity": str(fill.quantity),
            "price": str(fill.price),
            "fee": str(fill.fee),
            "at": to_db(fill.at),
        }
        row = self._tx.one(Q["add_fill"], params | dict(whose))
        if row is None:
            return False
        book_fill(self._tx, booked_fill(row))
        return True

    def _book(self, order: OrderRecord, fill: Fill) -> None:
        """A fill is its order's strategy's, in the very unit in which it is journaled (rule 17)."""
        none = Stake(account=order.account, instrument=order.instrument, strategy=order.strategy)
        row = self._tx.one(Q["stake"], stake_params(none, self._now))
        stake = stake_of(row) if row is not None else none
        by_leg = order.role.protects
        entry_job = order.job_id if order.role is OrderRole.ENTRY else None
        stake = stake.after(fill.side, fill.quantity, fill.at, by_leg=by_leg)
        self._put_stake(stake, entry_job=entry_job)

    def _put_stake(self, stake: Stake, *, entry_job: int | None) -> None:
        params = stake_params(stake, self._now) | {"entry_job": entry_job}
        self._tx.run(Q["put_stake"], params)
        if not stake.quantity:
            words = {"word": RowWord.WAITING, "submitted": RowWord.SUBMITTED, "now": self._now}
            self._tx.run(Q["note_closed"], params | words)

    def _step(self, query: str, name: str, result: str) -> None:
        job_id = self._own_job().id
        params = {"job_id": job_id, "name": name, "result": result, "now": self._now}
        self._tx.run(Q[query], params)

    def _own_job(self) -> Job:
        if self._job is None:
            raise FencedOut("this unit belongs to no job")
        return self._job
