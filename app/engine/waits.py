"""A wait: the job leaves its lane and comes back when something happens or time is up."""

from datetime import timedelta

from app.domain.outcome import AlertStatus


class Wait(Exception):
    """Leave the lane for at most `delay`, which may be no time: then the job stays the next one.

    `holds`: later alerts wait meanwhile, unless they are exits; a lane keeps its order.
    """

    def __init__(
        self, status: AlertStatus, delay: timedelta, why: str, *, holds: bool = True
    ) -> None:
        super().__init__(why)
        self.status = status
        self.delay = delay
        self.holds = holds


def backoff(tries: int, *, first: float = 0.25, most: float = 15.0) -> timedelta:
    """The pause before try number `tries` + 1: doubling from `first` to `most` seconds."""
    return timedelta(seconds=min(first * 2 ** min(tries, 16), most))
