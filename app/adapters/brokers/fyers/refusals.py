"""What an answer of Fyers means, by the code in its body and not by its HTTP status (rule 40).

One table. A code that stands in none of its rows is a refusal: an order that arrived and was not
taken. That holds for -99, too, which is what the risk check answers; this transport of ours never
makes that code up, as the SDK's does.
"""

import json
import re
from collections.abc import Mapping
from enum import Enum, auto
from typing import Any, cast

from app.domain.errors import (
    BrokerError,
    BrokerLoginNeeded,
    BrokerRejected,
    BrokerUnavailable,
    OutcomeUnknown,
)
from app.domain.rejection import Rejection


class Kind(Enum):
    """What a code means."""

    DONE = auto()
    UNKNOWN = auto()
    LOGIN = auto()
    TOO_MANY = auto()
    FINISHED = auto()
    NO = auto()


_TABLE: Mapping[Kind, tuple[int, ...]] = {
    Kind.DONE: (200, 1101, 1102, 1103, 1605),
    # Asked for, and not confirmed; trouble behind the front desk; "we have processed it, look".
    Kind.UNKNOWN: (201, -96, -201, -202, -203, -204, -205, -329),
    Kind.LOGIN: (-8, -15, -16, -17, 401),
    Kind.TOO_MANY: (-353, -429, 429),
    # There is no such order, or it is canceled, traded, rejected, or cannot be changed any more.
    Kind.FINISHED: (-51, -159, -161, -162, -163, -164, -209, -399),
}
KINDS: Mapping[int, Kind] = {code: kind for kind, codes in _TABLE.items() for code in codes}

_BY_CODE: Mapping[int, Rejection] = {
    **dict.fromkeys(
        (-308, -309, -311, -316, -323, -325, -372, -390, -392), Rejection.INVALID_PRICE
    ),
    **dict.fromkeys((-310, -327), Rejection.INVALID_QUANTITY),
    **dict.fromkeys((-101, -305, -314, -315, -326, -328), Rejection.UNSUPPORTED_ORDER),
    **dict.fromkeys((-300,), Rejection.NOT_TRADABLE),
    **dict.fromkeys((-352, -373), Rejection.ACCOUNT_RESTRICTED),
    **dict.fromkeys((-53, -397, -398), Rejection.NO_POSITION),
}

_REASONS: tuple[tuple[Rejection, tuple[str, ...]], ...] = (
    (Rejection.NEEDS_EDIS, (r"\be-?dis\b", r"\btpin\b", "authori[sz]e .*(holding|share|sell)")),
    (
        Rejection.IP_NOT_ALLOWED,
        (r"\bip\b.*(whitelist|regist|allow|static|match)", r"(whitelist\w*|static|invalid) ip\b"),
    ),
    (
        Rejection.INSUFFICIENT_BUYING_POWER,
        ("margin shortfall", "insufficient (fund|balance|margin)"),
    ),
    (
        Rejection.QUANTITY_HELD,
        ("(no|insufficient|not enough|exceed) .*holding", "holding.*(not |insufficient|exceed)"),
    ),
    (Rejection.NO_POSITION, ("no open position", "position quantity is zero")),
    (
        Rejection.NOT_SHORTABLE,
        ("short.?sell", "trade.?to.?trade", r"\b(t2t|btst|asm|gsm)\b", "surveillance"),
    ),
    (Rejection.WASH_TRADE, ("self.?trade", "wash trade")),
    (
        Rejection.MARKET_CLOSED,
        ("market (is )?(closed|not open)", "(outside|after) market", r"\bamo\b", "trading hours"),
    ),
    (
        Rejection.INVALID_QUANTITY,
        ("freeze", "lot.?size", "multiple of lot", r"\bqty\b", "quantity"),
    ),
    (
        Rejection.INVALID_PRICE,
        ("circuit", "price (range|band)", "execution range", r"\bdpr\b", r"\btick\b", "price"),
    ),
    (
        Rejection.NOT_TRADABLE,
        (
            "(invalid|valid|unknown) symbol",
            "ban(ned| period)",
            "not tradable",
            "suspended",
            "expired",
        ),
    ),
    (
        Rejection.ACCOUNT_RESTRICTED,
        ("(client|account|user|segment) .*(block|disabled|not (active|enabled))", "permission"),
    ),
    (
        Rejection.UNSUPPORTED_ORDER,
        ("order.?type", "product.?type", "market order", "validity", "not (allowed|supported)"),
    ),
)
"""The first of whose patterns one is in the words. They are the vendor's, and change."""

_COMPILED = tuple((reason, re.compile("|".join(words))) for reason, words in _REASONS)
_BAD, _TOO_MANY, _SERVER, _SHOWN = 400, 429, 500, 200


def body_of(text: str) -> dict[str, Any] | None:
    """The object that an answer is; None for anything else, HTML for instance."""
    try:
        raw = json.loads(text)
    except ValueError:
        return None
    return cast("dict[str, Any]", raw) if isinstance(raw, dict) else None


def asks_for_a_pause(status: int, text: str) -> bool:
    """Whether an answer says that there were too many calls: by its code, too."""
    code = _code(body_of(text) or {})
    return status == _TOO_MANY or (code is not None and KINDS.get(code) is Kind.TOO_MANY)


def error_of(status: int, text: str, *, writes: bool) -> BrokerError | None:
    """The error that an answer is; None when it is none.

    Args:
        status: of HTTP; it counts where the body has no code.
        text: the body.
        writes: whether the call would have changed something: then what cannot be read may have.
    """
    body = body_of(text)
    if body is None:
        return _silent(f"HTTP {status}: {text[:_SHOWN]!r}", status, writes=writes)
    code, message = _code(body), str(body.get("message") or "")
    words = f"{message or text[:_SHOWN]} ({code if code is not None else f'HTTP {status}'})"
    kind = KINDS.get(code if code is not None else status)
    if asks_for_a_pause(status, text):
        return BrokerUnavailable(f"too many calls: {words}")
    if kind is Kind.LOGIN:
        return BrokerLoginNeeded(words)
    if status >= _SERVER or kind is Kind.UNKNOWN:
        return _unsure(words, writes=writes)
    if body.get("s") == "ok" and status < _BAD:
        return None
    if body.get("s") != "error" and not message and code is None:
        return _unsure(words, writes=writes)
    if kind is Kind.FINISHED:
        return BrokerRejected(words, code=Rejection.NOT_CANCELABLE)
    return BrokerRejected(words, code=reason_of(message, code))


def reason_of(message: str, code: int | None = None) -> Rejection | None:
    """The stable reason behind a refusal; None when neither its code nor its words tell one."""
    words = message.lower()
    found = next((reason for reason, pattern in _COMPILED if pattern.search(words)), None)
    if (
        code is not None
        and code in _BY_CODE
        and found not in (Rejection.NEEDS_EDIS, Rejection.IP_NOT_ALLOWED)
    ):
        return _BY_CODE[code]
    return found


def _unsure(words: str, *, writes: bool) -> BrokerError:
    return OutcomeUnknown(words) if writes else BrokerUnavailable(words)


def _silent(words: str, status: int, *, writes: bool) -> BrokerError:
    """An answer that is not the broker's: of a proxy, for instance."""
    if status == _TOO_MANY:
        return BrokerUnavailable(f"too many calls: {words}")
    return _unsure(words, writes=writes)


def _code(body: Mapping[str, Any]) -> int | None:
    code = body.get("code")
    return code if isinstance(code, int) and not isinstance(code, bool) else None
