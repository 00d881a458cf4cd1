"""What an error answer means, by the code in its body and not by its HTTP status (rule 40)."""

import json
import re
from typing import Any, NamedTuple, cast

from app.domain.errors import (
    BrokerError,
    BrokerLoginNeeded,
    BrokerRejected,
    BrokerUnavailable,
    OutcomeUnknown,
)
from app.domain.rejection import Rejection

ABSENT = object()
"""What a call answers when the broker says that there is no such thing."""

NOT_FOUND = 40410000
NOT_THERE = json.dumps({"code": NOT_FOUND})
"""What the data API means by any 404: it gives no codes."""

_DAY_TRADE = 40310100
_LOGIN, _TIMEOUT, _TOO_MANY, _SERVER = 401, 408, 429, 500
_SHOWN = 200

_REASONS: tuple[tuple[Rejection, str], ...] = (
    (Rejection.DAY_TRADE_RULE, "pattern day trad"),
    (Rejection.WASH_TRADE, "wash trade"),
    (Rejection.OPPOSITE_ORDER, "cannot open a (long|short)"),
    (
        Rejection.NOT_CANCELABLE,
        r"not (cancelable|replaceable)|(cannot be|unable to) (cancel|replace)",
    ),
    (Rejection.QUANTITY_HELD, r"insufficient (qty|quantity)|insufficient balance for (?!usd\b)"),
    (Rejection.INSUFFICIENT_BUYING_POWER, "buying power|insufficient (balance|funds|margin)"),
    (Rejection.FRACTION_REFUSED, "fractional|fractionable"),
    (Rejection.NOT_SHORTABLE, "sold short|to short|shortable|shorting|to borrow"),
    (
        Rejection.ACCOUNT_RESTRICTED,
        "for account|by user request|account is|trading.blocked|not (eligible|permitted)",
    ),
    (Rejection.NOT_TRADABLE, r"asset .*(not|in)\s?(active|found|tradable)|tradable|halted"),
    (Rejection.MARKET_CLOSED, r"market (is )?(closed|not open)|market hours|not accepted at this"),
    (
        Rejection.UNSUPPORTED_ORDER,
        "order.?class|order.?type|time.?in.?force|extended.hours|crypto orders|must be (day|limit)",
    ),
    (
        Rejection.INVALID_PRICE,
        "sub-penny|(limit|stop|base|trail|profit|loss).(price|percent|limit)|limit_price",
    ),
    (Rejection.INVALID_QUANTITY, "qty|quantity|notional|minimal amount|order size"),
)
"""The first whose pattern is in the words. They are Alpaca's, and change: hence only a reason."""

_COMPILED = tuple((reason, re.compile(pattern)) for reason, pattern in _REASONS)
_DUPLICATE = re.compile(r"client[ _-]?order[ _-]?id must be unique", re.IGNORECASE)


class DuplicateId(BrokerRejected):
    """There is an order of this client_order_id already: ours, sent before."""


class _Body(NamedTuple):
    code: int | None
    message: str
    facts: dict[str, Any]


def error_of(status: int, text: str, *, writes: bool) -> BrokerError:
    """The error that an answer is.

    Args:
        status: of HTTP; it counts where the body has no code.
        text: the body.
        writes: whether the call would have changed something: then what cannot be read may have.
    """
    body = _read(text)
    kind = _family(body.code) or status
    words = body.message or f"HTTP {status}: {text[:_SHOWN]}"
    if _TOO_MANY in (kind, status):
        return BrokerUnavailable(f"too many calls: {words}")
    if kind == _LOGIN or (body.code is None and body.message == "forbidden."):
        return BrokerLoginNeeded(words)
    if not (body.message or body.code) or kind >= _SERVER or kind == _TIMEOUT:
        return OutcomeUnknown(words) if writes else BrokerUnavailable(words)
    if _DUPLICATE.search(words):
        return DuplicateId(words)
    return BrokerRejected(words, code=reason_of(body.code, words, body.facts))


def is_absent(status: int, text: str) -> bool:
    """Whether the broker says that there is no such thing; any other 404 says nothing."""
    return status == _family(NOT_FOUND) and _read(text).code == NOT_FOUND


def reason_of(code: int | None, message: str, facts: dict[str, Any]) -> Rejection | None:
    """The stable reason behind a refusal's words; None when they tell none."""
    if code == _DAY_TRADE:
        return Rejection.DAY_TRADE_RULE
    words = message.lower()
    found = next((reason for reason, pattern in _COMPILED if pattern.search(words)), None)
    if found is Rejection.QUANTITY_HELD and str(facts.get("existing_qty")) == "0":
        return Rejection.NO_POSITION
    return found


def _read(text: str) -> _Body:
    try:
        raw = json.loads(text)
    except ValueError:
        raw = None
    facts = cast("dict[str, Any]", raw) if isinstance(raw, dict) else {}
    code, message = facts.get("code"), facts.get("message")
    return _Body(
        code if isinstance(code, int) else None,
        message if isinstance(message, str) else "",
        facts,
    )


def _family(code: int | None) -> int | None:
    """40310000 is one of the 403s."""
    return None if code is None else int(str(code)[:3])
