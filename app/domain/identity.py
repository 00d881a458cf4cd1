"""Names that are derived, not drawn: order ids, lanes, and the key that tells a repeat."""

import base64
import hashlib
import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from app.domain.alert import Alert

TRUSTED_FOR = timedelta(days=7)
LONGEST_WINDOW = timedelta(seconds=30)

_UUID = re.compile(r"[0-9a-fA-F]{8}-?(?:[0-9a-fA-F]{4}-?){3}[0-9a-fA-F]{12}")
_GENERATED = re.compile(r"\d{6,}")
_SECOND = re.compile(
    r"20\d\d[-/.]?[01]\d[-/.]?[0-3]\d[T _-]?[0-2]\d[:.-]?[0-5]\d[:.-]?[0-5]\d(?!\.?\d)"
)
_EPOCH_SECOND = re.compile(r"(?<!\d)1[5-9]\d{8}(?!\d)|(?<!\d)2[0-3]\d{8}(?!\d)")


def client_order_id(alert_id: str, account: str, leg: str) -> str:
    """Our id of an order: 26 characters of [A-Z2-7], the same whenever it is derived again.

    It fits Fyers' orderTag (at most 30 alphanumeric) and Alpaca's client_order_id (at most 128).
    """
    digest = hashlib.sha256(f"{alert_id}|{account}|{leg}".encode()).digest()
    return base64.b32encode(digest).decode("ascii")[:26]


def lane_of(account: str, instrument_key: str) -> str:
    """The lane: everything about one (account, instrument), strictly in order."""
    return f"{account}:{instrument_key}"


def digest(*parts: str) -> str:
    """A stable hash of texts, safe against moving a character from one part to the next."""
    told_apart = "".join(f"{len(part)}:{part}" for part in parts)
    return hashlib.sha256(told_apart.encode("utf-8", "surrogatepass")).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class DedupeKey:
    """What tells a repeat, and for how long (trading-rules 4).

    `explicit`: an id was given, so that the same key with another body is a conflict.
    `window` is counted from the latest delivery, at most `longest` from the first.
    `anonymous`: the body has neither fire time nor an id that counts as one: a swallowed repeat is
    worth a message.
    """

    value: str
    body: str
    explicit: bool
    window: timedelta
    longest: timedelta
    anonymous: bool = False


def looks_generated(text: str) -> bool:
    """Whether an id looks drawn anew each time: six digits in a row or more, or a UUID."""
    return bool(_UUID.search(text) or _GENERATED.search(text))


def tells_seconds(text: str) -> bool:
    """Whether an id is built from a time of one second's resolution; a UUID never is."""
    if _UUID.search(text):
        return False
    return bool(_SECOND.search(text) or _EPOCH_SECOND.search(text))


def dedupe_key(
    alert: Alert, *, body: str, scope: str, header: str | None, window: timedelta, part: str = ""
) -> DedupeKey | None:
    """The key of an alert: a header, a trusted id, else its body within the window.

    Args:
        alert: the alert as understood.
        body: stable text of the body without its secret.
        scope: URL token's digest or account, which separates bodies of different sources.
        header: the Idempotency-Key header, always trusted: only programs can set it.
        window: how long a body counts as a repeat; zero = repeats are told only by their id.
        part: what separates the elements of one delivery (`#0`, `#1`).

    Returns:
        None when nothing can tell a repeat.
    """
    hashed = digest(body, part)
    if header:
        return _explicit(digest("header", header, part), hashed)
    if alert.idempotency_key and _trusted(alert.idempotency_key, alert):
        return _by_id(alert.idempotency_key, ("key", part), hashed)
    if alert.id and _trusted(alert.id, alert):
        where = (alert.account or "", alert.strategy or "", alert.symbol.upper())
        return _by_id(alert.id, ("id", *where, alert.action or "", part), hashed)
    if not window:
        return None
    return DedupeKey(
        value=digest("body", scope, hashed),
        body=hashed,
        explicit=False,
        window=window,
        longest=max(window, LONGEST_WINDOW),
        anonymous=alert.fired_at is None,
    )


def _trusted(text: str, alert: Alert) -> bool:
    return alert.fired_at is not None or looks_generated(text) or tells_seconds(text)


def _by_id(text: str, where: tuple[str, ...], hashed: str) -> DedupeKey:
    """A drawn id stands for itself; one that owes its trust to a time is joined with its body."""
    if looks_generated(text) and not tells_seconds(text):
        return _explicit(digest(*where, text), hashed)
    return _explicit(digest(*where, text, hashed), hashed)


def _explicit(value: str, hashed: str) -> DedupeKey:
    return DedupeKey(
        value=value, body=hashed, explicit=True, window=TRUSTED_FOR, longest=TRUSTED_FOR
    )


def alert_number_at(now: datetime, noise: int) -> int:
    """The number behind an alert's id: milliseconds since 1970, then 80 bits of noise."""
    return (int(now.timestamp() * 1000) << 80) | (noise & ((1 << 80) - 1))


def alert_id_of(number: int) -> str:
    """An alert's id: 26 characters that sort as their numbers, and so by time."""
    alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
    return "".join(alphabet[(number >> shift) & 31] for shift in range(125, -1, -5))
