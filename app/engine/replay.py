"""Replay: a stored alert once more, because its owner asks for it, as if it came now."""

from dataclasses import replace

from app.domain.alert import Alert
from app.domain.errors import MalformedAlert
from app.engine.intake import Submission
from app.ports.journal import AlertRecord


def renewed(record: AlertRecord) -> Alert:
    """The alert of a record without what ties it to its time: it is as old as the wish for it.

    Its price is no quote any more: it trades at the prices of now.

    Raises:
        MalformedAlert: it was never understood, so there is nothing to replay.
    """
    if record.outcome.reason == MalformedAlert.code:
        raise MalformedAlert(record.outcome.detail)
    note = f"a replay of {record.alert_id}: its id, times and price of then do not count"
    return replace(
        record.alert,
        id=None,
        idempotency_key=None,
        fired_at=None,
        bar_at=None,
        expires_at=None,
        price=None,
        notes=(*record.alert.notes, note),
    )


def submission_of(record: AlertRecord, *, request_id: str, key: str | None = None) -> Submission:
    """A replay on its way in. `key`: the Idempotency-Key that makes a second one a repeat.

    Raises:
        MalformedAlert: there is nothing to replay.
    """
    return Submission(
        alert=renewed(record),
        raw=record.raw,
        canonical=f"replay of {record.alert_id}",
        scope="",
        request_id=request_id,
        header=key,
        by_owner=True,
        replay_of=record.alert_id,
    )
