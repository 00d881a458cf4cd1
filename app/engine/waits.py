"""A wait: the job leaves its lane and comes back when something happens or time is up."""

from datetime import datetime, timedelta

from app.domain.errors import BrokerUnavailable
from app.domain.outcome import AlertStatus

IN_DOUBT = 2.0
"""Seconds at most between two looks at an order of which nobody knows whether it arrived.

The tries of a job count what it waited for before, too: its lane, a broker that was away.
"""
AWAY = 5.0
"""Seconds at most between two calls of a broker that could not be reached."""


class Wait(Exception):
    """Leave the lane for at most `delay`, which may be no time: then the job stays the next one.

    `holds`: later alerts wait meanwhile, unless they are exits; a lane keeps its order.
    `opens_at`: the open of its market that it waits for; entries of `halts`, a strategy, that came
    before it are not to be made any more.
    """

    def __init__(
        self,
        status: AlertStatus,
        delay: timedelta,
        why: str,
        *,
        holds: bool = True,
        opens_at: datetime | None = None,
        halts: str | None = None,
    ) -> None:
        super().__init__(why)
        self.status = status
        self.delay = delay
        self.holds = holds
        self.opens_at = opens_at
        self.halts = halts


def backoff(tries: int, *, first: float = 0.25, most: float = 15.0) -> timedelta:
    """The pause before try number `tries` + 1: doubling from `first` to `most` seconds."""
    return timedelta(seconds=min(first * 2 ** min(tries, 16), most))


def pause_after(error: Exception, tries: int) -> timedelta:
    """The pause before a broker is called again that could not be reached.

    A broker, or our own budget of calls, may say when there is room for one more.
    """
    if isinstance(error, BrokerUnavailable) and error.after is not None:
        return timedelta(seconds=min(error.after, AWAY))
    return backoff(tries, most=AWAY)
