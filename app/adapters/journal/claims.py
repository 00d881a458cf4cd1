"""Claims: the lane's next job becomes this process's."""

from datetime import datetime

from app.adapters.journal.codec import ALERT
from app.adapters.journal.statements import Q
from app.adapters.sql import Transaction, from_db, to_db
from app.domain.errors import FencedOut
from app.domain.share import shares_of
from app.ports.journal import Job, JobKind


def claim(tx: Transaction, lane: str, owner: str, now: datetime) -> Job | None:
    """Claim the next ready job of a free lane."""
    row = tx.one(Q["claim_next"], {"lane": lane, "owner": owner, "now": to_db(now)})
    return job_of(tx, row["id"]) if row else None


def job_of(tx: Transaction, job_id: int) -> Job:
    """A job with its alert."""
    row = tx.one(Q["job"], {"id": job_id})
    if row is None:
        raise FencedOut(f"job {job_id} does not exist")
    (share,) = shares_of(row["share"])
    return Job(
        id=row["id"],
        alert_id=row["alert_id"],
        alert=share.of(ALERT.load(row["alert"])),
        account=row["account"],
        instrument=row["instrument"],
        lane=row["lane"],
        part=row["part"],
        received_at=from_db(row["received_at"]),
        owner=row["owner"] or "",
        attempt=row["attempt"],
        tries=row["tries"],
        halted=bool(row["halted"]),
        unwanted=bool(row["unwanted"]),
        resumed=row["attempt"] > 1 or row["tries"] > 0,
        opens_at=from_db(row["opens_at"]) if row["opens_at"] is not None else None,
        kind=JobKind(row["kind"]),
        subject=row["subject"] or "",
        share=share,
        several=bool(row["several"]),
    )
