"""The journal: what happened, durably. The engine's queue, its memory and its lock."""

from collections.abc import Mapping, Sequence, Set
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Protocol

from app.domain.alert import Alert
from app.domain.decision import Denial, Plan
from app.domain.events import Event, EventKind
from app.domain.identity import DedupeKey
from app.domain.order import (
    BrokerOrder,
    Fill,
    OrderIntent,
    OrderRole,
    OrderStatus,
    OrderType,
    Side,
)
from app.domain.outcome import AlertStatus, Outcome
from app.domain.share import SEPARATOR, WHOLE, Share
from app.domain.stake import Stake, StakeKey

AT_ONCE = timedelta(0)
FORCED = "FORCED"
"""The reason, in the event, why a stop that its owner took is not there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewAlert:
    """An authenticated alert on its way into the journal.

    `jobs`: one for each account. Alerts that need no work (malformed or information) have none, and
    their `outcome` is final.
    `replay_of`: the alert that this one repeats because the owner asked for it.
    """

    alert_id: str
    alert: Alert
    raw: str
    received_at: datetime
    request_id: str
    dedupe: DedupeKey | None = None
    jobs: "Sequence[NewJob]" = ()
    outcome: Outcome | None = None
    replay_of: str | None = None

    @property
    def accounts(self) -> str | None:
        """The accounts that it trades on, parted by commas."""
        return SEPARATOR.join(job.share.account for job in self.jobs) or None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewJob:
    """The work of one alert on one account. `row_timeframe`: of its row in the playbook, if any.

    `part`: what of the lane it is about, where that is an underlying: `CE`, `PE` or `FUT`.
    """

    share: Share
    instrument: str
    lane: str
    part: str = ""
    row_timeframe: str | None = None


@dataclass(frozen=True, slots=True)
class Admission:
    """What admitting said: the alert's id, or that of the first of its repeats.

    `conflict`: an explicit id came before with another body; nothing was stored. `jobs`: those
    whose lane was free; they are claimed already.
    """

    alert_id: str
    duplicate: bool = False
    conflict: bool = False
    jobs: "Sequence[Job]" = ()


class JobKind(StrEnum):
    """What a job is: the work of an alert, or the duty to protect what one of its orders filled."""

    ALERT = "alert"
    PROTECT = "protect"


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A claimed piece of work. (owner, attempt) is the fence: an older claim cannot write.

    `halted`: a later exit or cancel wants it to enter no more; `unwanted`: an exit, which undoes
    what had filled, too.
    `resumed`: it may have been run before, so what it decided and sent must be looked up.
    `opens_at`: the last open of its market that it waited for. `subject`: the order whose fills a
    duty is to protect.
    `alert` is what concerns the account: its `share` of it. `several`: others have theirs.
    `part`: what of the lane it is about, where that is an underlying (trading-rules 28).
    """

    id: int
    alert_id: str
    alert: Alert
    account: str
    instrument: str
    lane: str
    received_at: datetime
    owner: str
    attempt: int
    tries: int
    halted: bool
    unwanted: bool
    resumed: bool
    opens_at: datetime | None = None
    part: str = ""
    kind: JobKind = JobKind.ALERT
    subject: str = ""
    share: Share = WHOLE
    several: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Pause:
    """How a job leaves its lane, and what its alert shows meanwhile.

    `holds`: the entries of later jobs of the lane wait too. `opens_at`: the open that it waits for.
    """

    status: AlertStatus
    until: datetime
    holds: bool
    reason: str = ""
    detail: str = ""
    opens_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderRecord:
    """An order as the journal knows it. `quantity` in units; `parent` is a leg's entry.

    `strategy`: whose order it is, and so whose its fills are; empty for alerts without a name.
    `guarded`: an entry whose protection is armed by us, not by its broker; or what we have armed.
    `triggered_at`: when the stop of a stop_limit was reached.
    """

    client_order_id: str
    broker_order_id: str | None
    alert_id: str
    job_id: int
    account: str
    symbol: str
    instrument: str
    lane: str
    role: OrderRole
    side: Side
    order_type: OrderType
    quantity: Decimal
    filled_quantity: Decimal
    average_price: Decimal | None
    limit_price: Decimal | None
    stop_price: Decimal | None
    multiplier: Decimal
    status: OrderStatus
    reason: str
    parent: str | None
    strategy: str
    submitted_at: datetime | None
    updated_at: datetime
    triggered_at: datetime | None = None
    guarded: bool = False
    part: str = ""


@dataclass(frozen=True, slots=True)
class Changes:
    """What settling an answer of the broker changed: the basis of events."""

    order: OrderRecord
    fills: Sequence[Fill]
    before: OrderStatus


@dataclass(frozen=True, slots=True)
class Lot:
    """What is open of a fill whose entry has a stop. `stop`: our id of its newest one."""

    quantity: Decimal
    stop: str


@dataclass(frozen=True, slots=True)
class Block:
    """Why the entries of a lane are kept out. `kind`: the reason of what it denies."""

    lane: str
    kind: Denial
    reason: str


class Unit(Protocol):
    """Several writes that stand or fall together."""

    def plan(self, plan: Plan) -> None:
        """Keep a decision, so that it is resumed and not repeated."""
        ...

    def put_aside(self, legs: Sequence[str]) -> None:
        """Note the legs that the job cancels before its close, in case they must be armed again."""
        ...

    def open_order(self, intent: OrderIntent, status: OrderStatus) -> None:
        """Write an order (and its legs as `new`) before it goes to the wire."""
        ...

    def mark_order(self, client_order_id: str, status: OrderStatus, reason: str = "") -> None:
        """Set the status of an order that is not final."""
        ...

    def settle(self, answer: BrokerOrder) -> Sequence[Changes]:
        """Take over what the broker says of an order and its legs; repeats change nothing."""
        ...

    def owe(self, entry: str, after: timedelta = AT_ONCE) -> None:
        """Write the duty to protect what an entry has filled, to be done now or after a while.

        One that waits is hastened by one that is due now.
        """
        ...

    def entries_since(self, account: str, moment: datetime, *, without: str) -> int:
        """Entries of an account, but one, that were written for the wire after a moment."""
        ...

    def being_entered(self, account: str, after_fill: int) -> Set[str]:
        """Instruments with an entry that may still fill, or a fill after a number."""
        ...

    def alert_status(
        self, alert_id: str, status: AlertStatus, reason: str = "", detail: str = ""
    ) -> None:
        """Set the state of the job's alert, which is not final."""
        ...

    @property
    def halted(self) -> bool:
        """Whether an exit has told the unit's job to enter no more."""
        ...

    def note_word(self, job_id: int, word: str, *, by_order: bool) -> None:
        """Note in a job's row of the playbook how it stands on the account; `by_order`: its order.

        What is told of an alert before that of the latest order is old news, and changes nothing.
        """
        ...

    def halt_entries(self, strategy: str, *, unwanted: bool) -> int:
        """Tell a strategy's unfinished earlier jobs of the part to enter no more; how many.

        `unwanted`: and to undo what of them has filled.
        """
        ...

    def lift_halt(self) -> None:
        """Let the unit's job enter after all: the exit that halted it was its predecessor."""
        ...

    def stakes(self, account: str, instrument: str) -> Sequence[Stake]:
        """Who holds something of an instrument, or once did, as this unit sees it."""
        ...

    def put_stake(self, stake: Stake) -> None:
        """Write a stake that no fill made: one that was written down."""
        ...

    def adopt(self, fill: Fill, stake: Stake, multiplier: Decimal) -> bool:
        """Journal what a strategy adopts as a fill without an order; `stake` holds it already.

        False when a fill of that id was there: then nothing was written.
        """
        ...

    def forget_stop(self, key: StakeKey) -> None:
        """A strategy's late exit has come: the next opposite alert is an entry again."""
        ...

    def end_queued(self, outcome: Outcome) -> Sequence[str]:
        """End the earlier entries of the job's lane that wait for the open; their alerts' ids."""
        ...

    def wake_lane(self, lane: str) -> None:
        """Make the waiting jobs of a lane look again."""
        ...

    def wake_waiting(self) -> None:
        """Make the waiting jobs of all lanes look again."""
        ...

    def set_block(self, block: Block) -> bool:
        """Block a lane's entries; False when they were blocked for that kind of reason already."""
        ...

    def lift_block(self, block: Block) -> bool:
        """Let a lane's entries in again, as far as that kind of reason goes; whether it stood."""
        ...

    def put_foreign(self, account: str, instrument: str, quantity: Decimal) -> None:
        """Note how much of an instrument in an account is not ours; negative when short."""
        ...

    def done(self) -> "Job | None":
        """End a job whose alert has its own end; claim the lane's next job."""
        ...

    def finish(self, outcome: Outcome) -> "Job | None":
        """End the job, with its last one the alert; wake who waits, claim the lane's next job."""
        ...

    def suspend(self, pause: Pause) -> "Job | None":
        """Leave the lane until an event or the end of a pause; claim the lane's next job."""
        ...

    def mark(self, name: str, value: str) -> bool:
        """Note under a name what was done; False when that stands there already."""
        ...

    def record(self, *events: Event) -> None:
        """Add events; they are published after the commit."""
        ...


class Journal(Protocol):
    """Durable truth. Every method raises JournalError when nothing was written."""

    def admit(self, alerts: Sequence[NewAlert], owner: str) -> Sequence[Admission]:
        """Store alerts in one commit; a repeat answers with the first."""
        ...

    def unit(self, job: Job | None = None) -> AbstractContextManager[Unit]:
        """A transaction; with a job, fenced by it.

        Raises:
            FencedOut: another process owns the job now.
        """
        ...

    def claim(self, lane: str, owner: str) -> Job | None:
        """Claim the next ready job of a free lane."""
        ...

    def ready_lanes(self, now: datetime) -> Sequence[str]:
        """Make due waiting jobs ready, and name the free lanes that have ready jobs."""
        ...

    def plan_of(self, job_id: int) -> Plan | None:
        """The decision that was journaled for a job."""
        ...

    def legs_aside(self, job_id: int) -> Sequence[str]:
        """The legs that a job has canceled before its close."""
        ...

    def order(self, client_order_id: str) -> OrderRecord | None:
        """One order."""
        ...

    def intent(self, client_order_id: str) -> OrderIntent | None:
        """The intent that an order was made from; None for protective legs."""
        ...

    def unsettled_orders(self, account: str, lane: str | None = None) -> Sequence[OrderRecord]:
        """Orders that are not final, legs included."""
        ...

    def family(self, entry: str) -> Sequence[OrderRecord]:
        """What was ordered to protect, or to close, what an entry filled, the oldest first."""
        ...

    def is_owed(self, entry: OrderRecord) -> bool:
        """Whether the duty to protect what an entry has filled is not done yet."""
        ...

    def stakes(self, account: str, instrument: str | None = None) -> Sequence[Stake]:
        """What each strategy's fills hold.

        Of an instrument: with the strategies that hold nothing any more. Else all that is held.
        """
        ...

    def stopped_stakes(self, account: str, strategy: str) -> Sequence[Stake]:
        """What a strategy had until its stop or target closed it, and its own exit may yet come."""
        ...

    def has_sibling(self, job: Job) -> bool:
        """Whether another alert of the same strategy in the lane fired at the very same time."""
        ...

    def newer_taken(self, job: Job) -> bool:
        """Whether the lane took an alert of the same strategy that fired later (rule 5)."""
        ...

    def waiting_before(self, job: Job) -> bool:
        """Whether an earlier job of the lane is unsettled: the outcome of its order is unknown."""
        ...

    def job(self, job_id: int) -> Job:
        """A job as it stands; taken for one that was run before."""
        ...

    def owned(self, owner: str) -> Sequence[int]:
        """Ids of the jobs that an owner runs."""
        ...

    def blocks(self, lane: str | None = None) -> Sequence[Block]:
        """What keeps the entries of a lane out; of all lanes without one."""
        ...

    def foreign(self, account: str) -> Mapping[str, Decimal]:
        """How much of each instrument in an account was last known not to be ours."""
        ...

    def orders_since(
        self, account: str, instrument: str, moment: datetime
    ) -> Sequence[OrderRecord]:
        """Orders of an instrument that were written after a moment, legs included."""
        ...

    def lots_with_stops(self, account: str) -> Mapping[str, Sequence[Lot]]:
        """What is open of the fills of entries that asked for a stop, by instrument."""
        ...

    def guarded_entries(self, account: str) -> Sequence[str]:
        """Our ids of the entries that are open and protected by us, not by their broker."""
        ...

    def filled_since(self, account: str, moment: datetime) -> Set[str]:
        """Instruments of which something was executed after a moment."""
        ...

    def told(self, kind: EventKind, client_order_id: str) -> bool:
        """Whether an event of that kind was recorded of an order, ours or not."""
        ...

    def taken(self, client_order_id: str) -> bool:
        """Whether a stop was canceled by its owner although something was held."""
        ...

    def kill_switch(self) -> "KillState":
        """Whether entries are stopped."""
        ...

    def set_kill_switch(self, state: "KillState") -> None:
        """Stop or allow entries."""
        ...

    def stamp_kill_switch(self, reason: str) -> None:
        """Note that entries are stopped, or let in again, by something else than this switch."""
        ...

    def alert(self, alert_id: str) -> "AlertRecord | None":
        """How an alert stands."""
        ...

    def mark_of(self, name: str) -> str | None:
        """What was noted under a name."""
        ...

    def alerts_between(self, after: str, until: str, most: int) -> "Sequence[HeardAlert]":
        """The next alerts after an id and before another, the oldest first."""
        ...

    def last_fill(self) -> int:
        """The number of the newest fill; 0 when there is none."""
        ...

    def entries_since(self, account: str, moment: datetime) -> int:
        """Entries of an account that were written for the wire after a moment."""
        ...

    def being_entered(self, account: str, after_fill: int) -> Set[str]:
        """Instruments with an entry that may still fill, or a fill after a number."""
        ...

    def last_entry_at(self, account: str, instrument: str, since: datetime) -> datetime | None:
        """When an entry was last sent that filled or may still; None: not after `since`."""
        ...

    def realised(self, account: str, since: datetime) -> Decimal:
        """Profit after fees of what an account closed since a moment; negative when lost."""
        ...

    def open_alerts(self, account: str) -> "Sequence[AlertRecord]":
        """The alerts of an account whose work is not finished."""
        ...


@dataclass(frozen=True, slots=True)
class KillState:
    """The kill switch. `since` is None when it is not set.

    `changed_at`: when entries were last stopped, or let in again after that. An entry that came
    before this moment is an old one (trading-rules 25).
    """

    active: bool
    reason: str = ""
    since: datetime | None = None
    changed_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertRecord:
    """An alert as the journal knows it.

    `account`: of several, all names, parted by commas. `outcomes`: how it stands on each of them;
    empty when it has one, and in lists.
    """

    alert_id: str
    alert: Alert
    received_at: datetime
    status: AlertStatus
    outcome: Outcome
    account: str | None
    request_id: str
    raw: str
    outcomes: Mapping[str, Outcome] = field(default_factory=dict[str, Outcome])


@dataclass(frozen=True, slots=True, kw_only=True)
class HeardAlert:
    """An alert that came, whatever became of it. `account`: as in AlertRecord."""

    alert_id: str
    received_at: datetime
    account: str | None
    alert: Alert
