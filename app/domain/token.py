"""Tokens of brokers that want a daily login: what is known of one, and when it dies."""

import base64
import binascii
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from typing import cast

IST = timezone(timedelta(hours=5, minutes=30), "IST")
"""India's time, which knows no summer."""
DAILY_DEATH = timedelta(hours=6)
"""At this time of day, IST, a token dies that does not say when."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """A login that was made: what opens the account, and until when.

    `refresh` makes a new one, together with a PIN; None where there is none.
    """

    access: str = field(repr=False)
    refresh: str | None = field(default=None, repr=False)
    expires_at: datetime
    obtained_at: datetime

    def good(self, now: datetime) -> bool:
        """Whether it has not died of age."""
        return now < self.expires_at

    def newer_than(self, other: "Token | None") -> bool:
        """Whether it was made later, as far as that can be told of two machines' clocks."""
        if other is None:
            return True
        mine = (self.expires_at, self.obtained_at)
        return mine > (other.expires_at, other.obtained_at)


@dataclass(frozen=True, slots=True)
class Claim:
    """Somebody makes a new token now; the others wait for it until the claim ends."""

    by: str
    until: datetime


@dataclass(frozen=True, slots=True)
class Login:
    """All that is kept of an account's login.

    `barred`: a login without a person was refused. None is tried again before a person logs in.
    """

    token: Token | None = None
    claim: Claim | None = None
    barred: bool = False

    def claimed(self, now: datetime, *, unless_by: str) -> bool:
        """Whether somebody else is making a new token."""
        claim = self.claim
        return claim is not None and claim.by != unless_by and now < claim.until


def expiry_of(access: str, now: datetime) -> datetime:
    """When a token dies: as it says itself, or at six in the morning in India.

    What it says is not proved: it only decides when we ask for a new one.
    """
    return _said_by(access) or next_death(now)


def next_death(now: datetime) -> datetime:
    """The next six in the morning in India."""
    midnight = now.astimezone(IST).replace(hour=0, minute=0, second=0, microsecond=0)
    death = midnight + DAILY_DEATH
    return (death if now < death else death + timedelta(days=1)).astimezone(UTC)


def claims_of(access: str) -> dict[str, object]:
    """What a JSON web token says of itself, unproved; nothing when it is none."""
    parts = access.split(".")
    if len(parts) != len(("header", "payload", "signature")):
        return {}
    padded = parts[1] + "=" * (-len(parts[1]) % 4)
    try:
        said = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
    except (binascii.Error, ValueError, RecursionError):
        return {}
    return cast("dict[str, object]", said) if isinstance(said, dict) else {}


def _said_by(access: str) -> datetime | None:
    expires = claims_of(access).get("exp")
    if isinstance(expires, bool) or not isinstance(expires, int | float):
        return None
    try:
        return datetime.fromtimestamp(expires, UTC)
    except (OverflowError, ValueError, OSError):
        return None
