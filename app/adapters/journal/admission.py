"""Admission: an alert, its dedupe key and its jobs enter the journal as one."""

from app.adapters.journal.rows import alert_params, event_params, received, replayed
from app.adapters.journal.statements import Q
from app.adapters.sql import Transaction, from_db, to_db
from app.domain.events import Event
from app.ports.journal import Admission, Job, NewAlert, NewJob


def admit(tx: Transaction, new: NewAlert, owner: str, events: list[Event]) -> Admission:
    """Store one alert, or find the first of its repeats."""
    repeat = _repeat_of(tx, new)
    if repeat is not None:
        return repeat
    tx.run(Q["add_alert"], alert_params(new))
    for event in (received(new), *replayed(new)):
        tx.run(Q["add_event"], event_params(event))
        events.append(event)
    jobs = [_enqueue(tx, new, job, owner) for job in new.jobs]
    return Admission(new.alert_id, jobs=[job for job in jobs if job is not None])


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


def _enqueue(tx: Transaction, new: NewAlert, job: NewJob, owner: str) -> Job | None:
    """Put a job into its lane; the claimed job when that is free."""
    several = len(new.jobs) > 1
    params = {
        "alert_id": new.alert_id,
        "account": job.share.account,
        "instrument": job.instrument,
        "lane": job.lane,
        "part": job.part,
        "strategy": new.alert.strategy or "",
        "share": str(job.share),
        "several": several,
        "row_timeframe": job.row_timeframe,
        "fired_at": to_db(new.alert.fired_at) if new.alert.fired_at else None,
        "owner": owner,
        "now": to_db(new.received_at),
    }
    row = tx.one(Q["add_job"], params)
    if row is None or row["state"] != "running":
        return None
    return Job(
        id=row["id"],
        alert_id=new.alert_id,
        alert=job.share.of(new.alert),
        account=job.share.account,
        instrument=job.instrument,
        lane=job.lane,
        part=job.part,
        received_at=new.received_at,
        owner=owner,
        attempt=1,
        tries=0,
        halted=False,
        unwanted=False,
        resumed=False,
        share=job.share,
        several=several,
    )
