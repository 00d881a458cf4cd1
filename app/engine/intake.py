"""The front desk: an authenticated alert is admitted once, durably, and gets a receipt."""

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from app.domain.alert import Alert
from app.domain.decision import Note
from app.domain.errors import DiskFull, JournalError, MalformedAlert
from app.domain.events import Event, EventKind
from app.domain.identity import DedupeKey, dedupe_key
from app.domain.instrument import Ticker
from app.domain.outcome import AlertStatus, Outcome
from app.domain.share import Share, shares_of
from app.domain.strategy import Strategy
from app.engine.alert_ids import AlertIds
from app.engine.contracts import place_of
from app.engine.event_bus import EventBus
from app.engine.lanes import Lanes
from app.engine.ownership import Ownership
from app.ports.clock import Clock
from app.ports.journal import Admission, AlertRecord, Journal, NewAlert, NewJob
from app.ports.playbook import Playbook

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """One alert of a delivery. `alert` is the fault when it could not be understood.

    `canonical` is stable text of its body without secrets, `scope` what separates sources, `header`
    the Idempotency-Key, `part` what tells the elements of one delivery apart (`#0`, `#1`).
    `by_owner`: the owner asked for it, so that only a key of his makes it a repeat; `replay_of` is
    then the alert that it repeats.
    """

    alert: Alert | MalformedAlert
    raw: str
    canonical: str
    scope: str
    request_id: str
    header: str | None = None
    part: str = ""
    by_owner: bool = False
    replay_of: str | None = None


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the sender is told: the alert's id (of the first of its repeats)."""

    alert_id: str
    duplicate: bool = False
    conflict: bool = False
    error: MalformedAlert | None = None


class Endings:
    """Lets a caller wait for the end of an alert in this process: on its last account."""

    def __init__(self, bus: EventBus, journal: Journal) -> None:
        self._journal = journal
        self._waiting: dict[str, threading.Event] = {}
        self._lock = threading.Lock()
        bus.subscribe(self._hear)

    def expect(self, alert_id: str) -> threading.Event:
        """An event that is set when the alert ends; call `forget` afterwards."""
        with self._lock:
            return self._waiting.setdefault(alert_id, threading.Event())

    def forget(self, alert_id: str) -> None:
        """Stop waiting for an alert."""
        with self._lock:
            self._waiting.pop(alert_id, None)

    def _hear(self, event: Event) -> None:
        if event.kind is not EventKind.FINISHED or event.alert_id is None:
            return
        with self._lock:
            ended = self._waiting.get(event.alert_id)
        record = self._journal.alert(event.alert_id) if ended is not None else None
        if ended is not None and record is not None and record.status.final:
            ended.set()


class Intake:
    """Admits alerts: one durable commit, then the lane starts at once.

    While `only_exits` says so, nothing is admitted but what reduces a position.
    """

    def __init__(  # noqa: PLR0913  # the front desk knows the journal, the lanes and the playbook
        self,
        *,
        journal: Journal,
        playbook: Playbook,
        lanes: Lanes,
        ownership: Ownership,
        endings: Endings,
        clock: Clock,
        default_account: str,
        window: timedelta,
        ids: AlertIds,
        only_exits: Callable[[], bool],
    ) -> None:
        self._journal = journal
        self._playbook = playbook
        self._lanes = lanes
        self._ownership = ownership
        self._endings = endings
        self._clock = clock
        self._default_account = default_account
        self._window = window
        self._ids = ids
        self._only_exits = only_exits

    def admit(self, deliveries: Sequence[Submission]) -> Sequence[Receipt]:
        """Store alerts in one commit and start their lanes.

        Raises:
            JournalError: nothing was stored; the sender should send again.
        """
        alerts = [self._new(submission) for submission in deliveries]
        admissions = self._admit(alerts)
        for admission in admissions:
            for job in admission.jobs:
                self._lanes.offer(job)
        receipts = zip(deliveries, alerts, admissions, strict=True)
        return [self._receipt(*entry) for entry in receipts]

    def _admit(self, alerts: Sequence[NewAlert]) -> Sequence[Admission]:
        """Exits find room where there is none left for others: the first try has made it."""
        exits = all(new.alert.only_reduces for new in alerts)
        if self._only_exits() and not exits:
            raise DiskFull("the disk is full: only exits are taken")
        try:
            return self._journal.admit(alerts, self._ownership.id)
        except DiskFull:
            if not exits:
                raise
            return self._journal.admit(alerts, self._ownership.id)

    def wait(self, alert_id: str, seconds: float) -> AlertRecord | None:
        """The alert as it stands when it ended, or when the time is up."""
        ended = self._endings.expect(alert_id)
        try:
            record = self._journal.alert(alert_id)
            if record is None or record.status.final:
                return record
            ended.wait(seconds)
            return self._journal.alert(alert_id)
        finally:
            self._endings.forget(alert_id)

    def wait_for(self, alert_ids: Sequence[str], seconds: float) -> Sequence[AlertRecord | None]:
        """Alerts as they stand when the last of them ended, or when the time is up."""
        until = self._clock.monotonic() + seconds
        return [self.wait(each, max(0, until - self._clock.monotonic())) for each in alert_ids]

    def shares_of(self, alert: Alert) -> Sequence[Share]:
        """The accounts that an alert trades on: by its own words, its row's, or the default.

        One that the alert only names takes the share of it that the row gives.
        """
        key = Ticker.parse(alert.symbol, alert.exchange).key
        return self._shares_of(alert, self._playbook.find(key, alert.timeframe))

    def _shares_of(self, alert: Alert, row: Strategy | None) -> Sequence[Share]:
        of_row = shares_of(row.account) if row is not None and row.account else ()
        if not alert.account:
            return of_row or (Share(self._default_account),)
        known = {share.account: share for share in of_row}
        named = shares_of(alert.account)
        return [known.get(share.account, share) if share.is_plain else share for share in named]

    def _new(self, submission: Submission) -> NewAlert:
        now = self._clock.now()
        alert = submission.alert if isinstance(submission.alert, Alert) else Alert()
        outcome = _final_word(submission.alert)
        key = Ticker.parse(alert.symbol, alert.exchange).key
        row = self._playbook.find(key, alert.timeframe) if outcome is None else None
        shares = self._shares_of(alert, row) if outcome is None else ()
        place = place_of(alert)
        return NewAlert(
            alert_id=self._ids.next(now),
            alert=alert,
            raw=submission.raw,
            received_at=now,
            request_id=submission.request_id,
            outcome=outcome,
            dedupe=self._key(submission, alert) if submission.alert is alert else None,
            jobs=[
                NewJob(
                    share=share,
                    instrument=key,
                    lane=place.lane(share.account),
                    part=place.part,
                    row_timeframe=row.timeframe if row is not None else None,
                )
                for share in shares
            ],
            replay_of=submission.replay_of,
        )

    def _key(self, submission: Submission, alert: Alert) -> DedupeKey | None:
        return dedupe_key(
            alert,
            body=submission.canonical,
            scope=submission.scope or alert.account or "",
            header=submission.header,
            window=timedelta(0) if submission.by_owner else self._window,
            part=submission.part,
        )

    def _receipt(self, submission: Submission, new: NewAlert, admission: Admission) -> Receipt:
        malformed = submission.alert if isinstance(submission.alert, MalformedAlert) else None
        if admission.conflict:
            self._tell(EventKind.CONFLICTING, new, admission.alert_id)
        elif admission.duplicate and new.dedupe is not None and new.dedupe.anonymous:
            self._tell(EventKind.REPEATED, new, admission.alert_id)
        return Receipt(admission.alert_id, admission.duplicate, admission.conflict, malformed)

    def _tell(self, kind: EventKind, new: NewAlert, first: str) -> None:
        """A swallowed or refused body is worth a message (trading-rules 4)."""
        reason = "POSSIBLE_REPEAT" if kind is EventKind.REPEATED else "CONFLICTING_ALERT"
        event = Event(
            kind=kind,
            at=new.received_at,
            alert_id=first,
            symbol=new.alert.symbol,
            problem=True,
            facts={"reason": reason, "request_id": new.request_id},
        )
        try:
            with self._journal.unit() as unit:
                unit.record(event)
        except JournalError:
            # The repeat itself was answered; losing the message about it must not make it a 503.
            log.exception("could not record a repeat", extra={"alert_id": first})


def _final_word(alert: Alert | MalformedAlert) -> Outcome | None:
    """What needs no work: a body that was not understood, a message that names no side."""
    if isinstance(alert, MalformedAlert):
        return Outcome(status=AlertStatus.DENIED, reason=alert.code, detail=str(alert))
    if alert.action is None:
        return Outcome(
            status=AlertStatus.INFO, reason=Note.NO_ACTION.value, detail="it names no side"
        )
    if not Ticker.parse(alert.symbol).name:
        return Outcome(
            status=AlertStatus.DENIED, reason="UNKNOWN_SYMBOL", detail="it names no symbol"
        )
    return None
