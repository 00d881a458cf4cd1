"""What happened: one stream from the engine to the timeline, log, metrics and notifications."""

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
    RECONCILED = "reconciled"
    UNPROTECTED = "unprotected"
    MISMATCH = "mismatch"
    CLOCK_SKEWED = "clock_skewed"
    FOREIGN_ORDER = "foreign_order"
    BY_HAND = "by_hand"
    ORPHAN_CANCELED = "orphan_canceled"
    BROKER_AWAY = "broker_away"
    BROKER_BACK = "broker_back"
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
    LETTER_LOST = "letter_lost"
    WENT_QUIET = "went_quiet"
    DAILY_SUMMARY = "daily_summary"
    SHEET_TROUBLE = "sheet_trouble"
    SHEET_FINE = "sheet_fine"
    SHEET_ROWS_REFUSED = "sheet_rows_refused"


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


def ended_as(event: Event) -> str | None:
    """The status that an alert ended with; None for any other event."""
    ends = event.kind in (EventKind.FINISHED, EventKind.RECEIVED)
    status = event.facts.get("status")
    return str(status) if ends and status else None


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What a kind of event means.

    `title`: how a notification begins. `facts`: the names that may stand in an event's facts.
    `todo`: what its owner does about it. `told`: who is told of problems is told of it too,
    although it is none. `urgent`: of many, it is shown first.
    """

    title: str
    meaning: str
    facts: tuple[str, ...] = ()
    todo: str = ""
    told: bool = False
    urgent: bool = False


OF_AN_ORDER = (
    "role",
    "side",
    "quantity",
    "filled_quantity",
    "average_price",
    "limit_price",
    "stop_price",
    "status",
    "reason",
)
OF_A_REASON = ("reason", "detail")

ABOUT: Mapping[EventKind, About] = {
    EventKind.RECEIVED: About(
        title="Received",
        meaning="an alert is in the journal; a status says that it ended with that",
        facts=("status", *OF_A_REASON),
    ),
    EventKind.REPEATED: About(
        title="Possible repeat",
        meaning="an alert was taken for a repeat, and has neither an id nor a time",
        facts=("reason", "request_id"),
        todo="If two were meant, let the alert hold {{timenow}}.",
    ),
    EventKind.CONFLICTING: About(
        title="Same id, other body",
        meaning="an id came again with another body, which was not traded",
        facts=("reason", "request_id"),
        todo="Give each alert an id of its own.",
    ),
    EventKind.REPLAYED: About(
        title="Replayed",
        meaning="an alert was sent again by hand; each of the two names the other",
        facts=("replay", "replay_of"),
    ),
    EventKind.DECIDED: About(
        title="Decided",
        meaning="what the alert means is decided",
        facts=("trade_type", "asset_class", "side"),
    ),
    EventKind.SUBMITTING: About(
        title="Sending",
        meaning="an order is written down and goes to its broker now",
        facts=("role", "side", "quantity", "order_type"),
    ),
    EventKind.ACKNOWLEDGED: About(
        title="At the broker", meaning="the broker has the order", facts=OF_AN_ORDER
    ),
    EventKind.FILLED: About(
        title="Filled", meaning="something of the order was executed", facts=OF_AN_ORDER
    ),
    EventKind.PROTECTED: About(
        title="Protected", meaning="the stop works at the broker", facts=OF_AN_ORDER
    ),
    EventKind.CANCELED: About(
        title="Canceled",
        meaning="the order was canceled; a problem when it was forced and protected something",
        facts=OF_AN_ORDER,
        todo="Look after the position yourself.",
    ),
    EventKind.EXPIRED: About(
        title="Order expired",
        meaning="the order ended unfilled, or not wholly",
        facts=OF_AN_ORDER,
        told=True,
    ),
    EventKind.REJECTED: About(
        title="Order rejected", meaning="the broker refused the order", facts=OF_AN_ORDER
    ),
    EventKind.OUTCOME_UNKNOWN: About(
        title="Outcome unknown",
        meaning="the order may or may not have reached the broker; it is being looked up",
        facts=(*OF_AN_ORDER, "detail"),
        todo="Send nothing again by hand. docs/runbook/order-unknown.md",
        urgent=True,
    ),
    EventKind.WAITING: About(
        title="Waiting", meaning="the alert waits, and says for what", facts=("status", "why")
    ),
    EventKind.QUEUED: About(
        title="Queued", meaning="the alert waits for its market to open", facts=OF_A_REASON
    ),
    EventKind.RETRYING: About(
        title="Retrying",
        meaning="the order never arrived, and is sent again while its alert is fresh",
        facts=("role", "side", "quantity", "order_type", *OF_A_REASON),
    ),
    EventKind.FINISHED: About(
        title="Ended",
        meaning="the alert has its final status; denied, rejected, expired and failed are problems",
        facts=("status", "quantity", *OF_A_REASON),
    ),
    EventKind.STOPPED_OUT: About(
        title="Skipped after a stop",
        meaning="our leg had closed the position: the alert is TradingView's own exit, come late",
        todo="Nothing, unless it was meant as a new entry: after_stop in docs/strategies.md.",
    ),
    EventKind.OUT_OF_SYNC: About(
        title="Out of sync",
        meaning="the position is not the one that the alert knew",
        facts=OF_A_REASON,
        todo="Compare your strategy with /positions.",
    ),
    EventKind.FOREIGN_POSITION: About(
        title="Foreign position",
        meaning="an exit found nothing of its strategy's, and the account holds some of it",
        facts=("reason", "strategy", "foreign"),
        todo="Is the strategy in the alert the one that its entries have?",
    ),
    EventKind.CLOSE_FAILED: About(
        title="A close was refused",
        meaning="the broker refused to close a position; its stops are being put back",
        facts=OF_AN_ORDER,
        todo="Look at the position at your broker. docs/runbook/unprotected.md",
        urgent=True,
    ),
    EventKind.ADOPTED: About(
        title="Adopted",
        meaning="a position that was foreign is a strategy's own from now on",
        facts=("strategy", "quantity", "price"),
    ),
    EventKind.WRITTEN_DOWN: About(
        title="Written down",
        meaning="what is gone from the account is no longer counted as a strategy's own",
        facts=("strategy", "was", "left"),
        todo="Was it sold by hand? docs/runbook/mismatch.md",
    ),
    EventKind.LANE_BLOCKED: About(
        title="Entries kept out",
        meaning="no entry of this instrument is made until the reason is gone",
        facts=OF_A_REASON,
        todo="Look at the position, then `unblock`. docs/runbook/entries-stopped.md",
        urgent=True,
    ),
    EventKind.LANE_UNBLOCKED: About(
        title="Entries let in again",
        meaning="the reason is gone, by itself or by hand",
        facts=OF_A_REASON,
        told=True,
    ),
    EventKind.KILL_SWITCH_SET: About(
        title="Kill switch set",
        meaning="no entry is made until it is reset; exits and protection go on",
        facts=("reason", "canceled"),
        todo="docs/runbook/entries-stopped.md",
        urgent=True,
    ),
    EventKind.KILL_SWITCH_RESET: About(
        title="Kill switch reset", meaning="entries are made again", told=True
    ),
    EventKind.RECONCILED: About(
        title="Reconciled",
        meaning="the account was held against its broker's books",
        facts=("orders",),
    ),
    EventKind.UNPROTECTED: About(
        title="UNPROTECTED",
        meaning="a position stands without the stop that it should have",
        facts=OF_AN_ORDER,
        todo="Look at the position at your broker now. docs/runbook/unprotected.md",
        urgent=True,
    ),
    EventKind.MISMATCH: About(
        title="Mismatch",
        meaning="the broker's books and ours differ, and nothing explains it",
        facts=(*OF_AN_ORDER, "detail"),
        todo="docs/runbook/mismatch.md",
        urgent=True,
    ),
    EventKind.CLOCK_SKEWED: About(
        title="The clock is wrong",
        meaning="the time of this machine is not the broker's",
        facts=("seconds_behind",),
        todo="docs/runbook/clock-moved.md",
    ),
    EventKind.BROKER_AWAY: About(
        title="The broker cannot be reached",
        meaning="an account could not be read for a minute; a problem where something is at stake",
        facts=("why",),
        todo="docs/runbook/broker-failing.md",
    ),
    EventKind.BROKER_BACK: About(
        title="The broker is back", meaning="the account is read again", told=True
    ),
    EventKind.FOREIGN_ORDER: About(
        title="Foreign order",
        meaning="an order that is not ours was seen in the account; it is never touched",
        facts=("side", "quantity", "filled_quantity", "limit_price", "stop_price"),
    ),
    EventKind.BY_HAND: About(
        title="Traded by hand",
        meaning="the position differs from ours by what was made by hand: it is foreign",
        facts=("was", "now", "position"),
    ),
    EventKind.ORPHAN_CANCELED: About(
        title="Orphan canceled",
        meaning="an order of ours worked at the broker although it had ended here",
        facts=OF_AN_ORDER,
        told=True,
    ),
    EventKind.DISK_FULL: About(
        title="The disk is full",
        meaning="only exits are taken, on the reserve",
        todo="Make room. docs/runbook/disk-full.md",
        urgent=True,
    ),
    EventKind.DISK_FREE: About(
        title="The disk has room again", meaning="entries are taken again", told=True
    ),
    EventKind.BACKUP_FAILED: About(
        title="No backup could be made",
        meaning="it is tried again each minute",
        facts=("why",),
        todo="docs/runbook/backup-late.md",
    ),
    EventKind.BACKUP_MADE: About(
        title="A backup was made again", meaning="the first one after a failure", told=True
    ),
    EventKind.RESTORED: About(
        title="The database was restored",
        meaning="it is an older one than the broker's books: they are held against each other",
        facts=("backup", "revision"),
        todo="Watch the first minutes. docs/howto/backup.md",
    ),
    EventKind.SYMBOLS_FAILED: About(
        title="The lists of instruments are old",
        meaning="they could not be refreshed; contracts are refused once they are too old",
        facts=("why",),
        todo="`flask --app main symbols refresh` says why.",
    ),
    EventKind.SYMBOLS_REFRESHED: About(
        title="The lists of instruments are new again",
        meaning="the first refresh after a failure",
        told=True,
    ),
    EventKind.WENT_QUIET: About(
        title="An alert went quiet",
        meaning="an alert that came regularly has not come for far longer than it ever took",
        facts=("strategy", "timeframe", "last", "usual_hours"),
        todo="Is it still active in TradingView, and is its script without an error?",
    ),
    EventKind.DAILY_SUMMARY: About(
        title="Daily summary",
        meaning="what was traded and realised since the last one, what is open, what went wrong",
        facts=("since", "until", "trades", "won", "realised", "open", "problems"),
        told=True,
    ),
    EventKind.LOGIN_NEEDED: About(
        title="Log in at the broker",
        meaning="the token of an account is dead, or dies before it can be renewed",
        facts=("why", "url"),
        todo="Follow the link, or `flask --app main login`. docs/howto/fyers-login.md",
        urgent=True,
    ),
    EventKind.LOGGED_IN: About(
        title="Logged in",
        meaning="an account has a token again; what waited goes on",
        facts=("expires_at",),
        told=True,
    ),
    EventKind.SHEET_TROUBLE: About(
        title="The sheet cannot be reached",
        meaning="a tab of the playbook's sheet cannot be read or written; the last good rows count",
        facts=("of", "why"),
        todo="docs/howto/google-sheets.md",
    ),
    EventKind.SHEET_FINE: About(
        title="The sheet is fine again",
        meaning="the tab is read and written again",
        facts=("of",),
        told=True,
    ),
    EventKind.SHEET_ROWS_REFUSED: About(
        title="Rows of the sheet are not traded",
        meaning="lines are not understood, or there twice: their entries are skipped, exits trade",
        facts=("rows",),
        todo="Mend the rows that are named. docs/howto/google-sheets.md",
    ),
    EventKind.EGRESS_CHANGED: About(
        title="The address of this machine has changed",
        meaning="the broker takes orders from the address only that is registered there",
        facts=("expected", "found"),
        todo="Register it, and set EGRESS_IP. docs/howto/fyers.md",
        urgent=True,
    ),
    EventKind.LETTER_LOST: About(
        title="A notification was given up",
        meaning="a service did not take it for over an hour; it can be sent again",
        facts=("sink", "events", "why"),
        todo="`flask --app main notify list`, then `notify resend`. docs/howto/notifications.md",
    ),
}
"""Every kind. docs/events.md is made from it, and each event of the tests is held against it."""
