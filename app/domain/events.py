"""What happened: one stream from the engine to the timeline, the log and the metrics."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class EventKind(StrEnum):
    """Names of events; an alert's timeline shows them in this order when all goes well."""

    RECEIVED = "received"
    REPEATED = "repeated"
    CONFLICTING = "conflicting"
    REPLAYED = "replayed"
    DECIDED = "decided"
    SUBMITTING = "submitting"
    ACKNOWLEDGED = "acknowledged"
    FILLED = "filled"
    PROTECTED = "protected"
    CANCELED = "canceled"
    EXPIRED = "expired"
    REJECTED = "rejected"
    OUTCOME_UNKNOWN = "outcome_unknown"
    WAITING = "waiting"
    QUEUED = "queued"
    RETRYING = "retrying"
    FINISHED = "finished"
    STOPPED_OUT = "stopped_out"
    OUT_OF_SYNC = "out_of_sync"
    FOREIGN_POSITION = "foreign_position"
    CLOSE_FAILED = "close_failed"
    ADOPTED = "adopted"
    WRITTEN_DOWN = "written_down"
    LANE_BLOCKED = "lane_blocked"
    LANE_UNBLOCKED = "lane_unblocked"
    KILL_SWITCH_SET = "kill_switch_set"
    KILL_SWITCH_RESET = "kill_switch_reset"
    TAKEN_OVER = "taken_over"
    RECONCILED = "reconciled"
    UNPROTECTED = "unprotected"
    MISMATCH = "mismatch"
    CLOCK_SKEWED = "clock_skewed"
    FOREIGN_ORDER = "foreign_order"
    BY_HAND = "by_hand"
    ORPHAN_CANCELED = "orphan_canceled"
    EGRESS_CHANGED = "egress_changed"
    DISK_FULL = "disk_full"
    DISK_FREE = "disk_free"
    BACKUP_FAILED = "backup_failed"
    BACKUP_MADE = "backup_made"
    RESTORED = "restored"
    SYMBOLS_FAILED = "symbols_failed"
    SYMBOLS_REFRESHED = "symbols_refreshed"
    LOGIN_NEEDED = "login_needed"
    LOGGED_IN = "logged_in"


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One thing that happened. `problem`: worth the owner's attention."""

    kind: EventKind
    at: datetime
    alert_id: str | None = None
    account: str | None = None
    symbol: str | None = None
    client_order_id: str | None = None
    problem: bool = False
    facts: Mapping[str, object] = field(default_factory=dict[str, object])
