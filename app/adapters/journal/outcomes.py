"""Outcomes: how an alert stands, by how its jobs do when it has several, one for each account."""

from collections.abc import Mapping

from app.adapters.journal.codec import OUTCOME
from app.adapters.journal.rows import words
from app.adapters.journal.statements import Q
from app.adapters.sql import Transaction
from app.domain.outcome import AlertStatus, Outcome, together


def outcomes(tx: Transaction, alert_id: str) -> Mapping[str, Outcome]:
    """How an alert stands on each of its accounts. One of which nothing was told is accepted."""
    found = tx.run(Q["outcomes"], {"alert_id": alert_id}).fetchall()
    return {row["account"]: _outcome(row["outcome"]) for row in found}


def tell(tx: Transaction, job_id: int, alert_id: str, outcome: Outcome, now: int) -> None:
    """Write how a job stands that is one of several; with the last of them the alert ends."""
    tx.run(Q["hold_alert"], {"id": alert_id})
    tx.run(Q["set_outcome"], {"id": job_id, "outcome": OUTCOME.dump(outcome)})
    tell_alert(tx, alert_id, together(outcomes(tx, alert_id)), now)


def tell_alert(tx: Transaction, alert_id: str, outcome: Outcome, now: int) -> None:
    """Write how an alert stands."""
    params = {"id": alert_id, **words(outcome)}
    if outcome.status.final:
        tx.run(Q["finish_alert"], {**params, "outcome": OUTCOME.dump(outcome), "now": now})
    else:
        tx.run(Q["set_alert_status"], params)


def _outcome(text: str | None) -> Outcome:
    return OUTCOME.load(text) if text else Outcome(status=AlertStatus.ACCEPTED)
