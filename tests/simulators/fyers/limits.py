"""How often one may ask: by the second, the minute and the day, and what follows when one does not
keep to it.
"""

from datetime import datetime, timedelta
from math import ceil

from tests.simulators.fyers.accounts import Account
from tests.simulators.fyers.instruments import IST
from tests.simulators.fyers.refusals import TOO_MANY, messages
from tests.simulators.wire import Refusal

_A_SECOND, _A_MINUTE, _A_DAY = 10, 200, 100_000
_ORDERS_A_SECOND = 10
_BREACHES = 3
_MINUTE, _DAY = 60, 86_400
_IST_OFFSET = 19_800


def count(account: Account, now: datetime, *, orders: bool) -> None:
    """Count a request.

    Raises:
        Refusal: it is one too many.
    """
    at = now.timestamp()
    second, minute = int(at), int(at) // _MINUTE
    day = _day_of(at)
    account.breaches = {each for each in account.breaches if _day_of(each * _MINUTE) == day}
    if len(account.breaches) > _BREACHES:
        raise too_many(_until_tomorrow(now))
    spans = [("second", second, _A_SECOND, 1.0), ("minute", minute, _A_MINUTE, 60 - at % 60)]
    spans.append(("day", day, _A_DAY, _until_tomorrow(now)))
    if orders:
        spans.append(("orders", second, _ORDERS_A_SECOND, 1.0))
    _forget(account, second, minute)
    over = [wait for name, span, most, wait in spans if _counted(account, name, span) > most]
    if _over_minute(account, minute):
        account.breaches.add(minute)
    if over:
        raise too_many(max(over))


def too_many(seconds: float) -> Refusal:
    """429, and when to try again."""
    body = {"s": "error", "code": TOO_MANY, "message": messages()[TOO_MANY]}
    headers = {"Retry_After": str(ceil(seconds)), "X_Retry_After_Ms": str(ceil(seconds * 1000))}
    return Refusal(429, body, **headers)


def _day_of(at: float) -> int:
    return int(at + _IST_OFFSET) // _DAY


def _counted(account: Account, name: str, span: int) -> int:
    total = account.asked.get((name, span), 0) + 1
    account.asked[name, span] = total
    return total


def _over_minute(account: Account, minute: int) -> bool:
    return account.asked.get(("minute", minute), 0) > _A_MINUTE


def _forget(account: Account, second: int, minute: int) -> None:
    """What was counted before is of no use any more."""
    present = {"second": second, "orders": second, "minute": minute}
    for name, span in tuple(account.asked):
        if present.get(name, span) != span:
            del account.asked[name, span]


def _until_tomorrow(now: datetime) -> float:
    tomorrow = now.astimezone(IST).replace(hour=0, minute=0, second=0, microsecond=0)
    return (tomorrow + timedelta(days=1) - now).total_seconds()
