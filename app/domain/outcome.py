"""What became of an alert: one final word, one reason, the figures of its order."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum


class AlertStatus(StrEnum):
    """The state of an alert. The last seven are final."""

    RECEIVED = "received"
    ACCEPTED = "accepted"
    EXECUTING = "executing"
    WAITING = "waiting"
    UNKNOWN = "unknown"
    SUCCESS = "success"
    SKIPPED = "skipped"
    DENIED = "denied"
    REJECTED = "rejected"
    EXPIRED = "expired"
    FAILED = "failed"
    INFO = "info"

    @property
    def final(self) -> bool:
        """Whether nothing more will happen to the alert."""
        return self in FINAL_STATUSES


FINAL_STATUSES = frozenset(
    {
        AlertStatus.SUCCESS,
        AlertStatus.SKIPPED,
        AlertStatus.DENIED,
        AlertStatus.REJECTED,
        AlertStatus.EXPIRED,
        AlertStatus.FAILED,
        AlertStatus.INFO,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The end of an alert on one account.

    `quantity` in units (what was filled, or rests); `amount` is its notional.
    """

    status: AlertStatus
    reason: str = ""
    detail: str = ""
    quantity: Decimal | None = None
    amount: Decimal | None = None
    broker_order_id: str | None = None
    client_order_id: str | None = None


TELLING = (
    AlertStatus.UNKNOWN,
    AlertStatus.WAITING,
    AlertStatus.EXECUTING,
    AlertStatus.ACCEPTED,
    AlertStatus.FAILED,
    AlertStatus.REJECTED,
    AlertStatus.DENIED,
    AlertStatus.EXPIRED,
    AlertStatus.SUCCESS,
    AlertStatus.SKIPPED,
    AlertStatus.INFO,
)
"""Of several accounts, the first of these words is the alert's: it ends when its last one does."""


def together(outcomes: Mapping[str, Outcome]) -> Outcome:
    """How an alert of several accounts stands, by how it stands on each of them."""
    status = min((outcome.status for outcome in outcomes.values()), key=TELLING.index)
    told = {name: outcome for name, outcome in outcomes.items() if outcome.status is status}
    return Outcome(
        status=status,
        reason=next(iter(told.values())).reason,
        detail="; ".join(f"{name}: {one.detail}" for name, one in told.items() if one.detail),
    )
