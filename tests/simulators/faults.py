"""Faults on demand: what goes wrong, where, how often."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fnmatch import fnmatchcase
from random import Random
from threading import Lock
from typing import Any


class Kind(StrEnum):
    """What goes wrong with a request."""

    LOST = "lost"
    """The connection is closed instead of a reply; what was asked is done."""
    DROPPED = "dropped"
    """The connection is closed at once; nothing is done."""
    SLOW = "slow"
    """The reply comes late."""
    TOO_MANY = "too_many"
    """429."""
    ERROR = "error"
    """500."""
    GATEWAY = "gateway"
    """504."""
    TROUBLE = "trouble"
    """The broker says that it could not reach its own order management."""
    UNACKNOWLEDGED = "unacknowledged"
    """The broker says that it sent it on, and does not know what became of it."""
    REJECTED = "rejected"
    """The order is taken, and the exchange rejects it after that."""
    TOKEN = "token"
    """The token is refused, from now on."""
    HTML = "html"
    """502, with a page of a proxy."""
    CUT = "cut"
    """The reply breaks off in the middle."""
    LATE = "late"
    """The order is taken, and readers do not find it for a while."""


TAKEN = frozenset((Kind.LOST, Kind.SLOW, Kind.CUT, Kind.LATE, Kind.REJECTED, Kind.UNACKNOWLEDGED))
"""Kinds before which the request was carried out, unless it is said otherwise."""

_HTML = b"<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body></body>\r\n</html>\r\n"
_EVERYWHERE = frozenset((Kind.LOST, Kind.DROPPED, Kind.SLOW, Kind.HTML, Kind.CUT, Kind.LATE))

Bodies = Mapping[Kind, tuple[int, dict[str, Any]]]
"""The status and the body with which a broker answers instead, by the kind of fault."""


@dataclass(slots=True)
class Fault:
    """One thing that goes wrong.

    Attributes:
        kind: what.
        route: a method and a path, with `*` for anything: `POST /v2/orders`, `GET /v2/*`, `*`.
        times: so many of the next requests; None = all, or as often as `rate` says.
        rate: the chance that it happens to a request.
        seconds: how long a slow one takes, for how long a late one is not found, and when one may
            try again after too many.
        taken: whether the request is carried out; None = as its kind is.
    """

    kind: Kind
    route: str = "*"
    times: int | None = 1
    rate: float = 1.0
    seconds: float = 0.2
    taken: bool | None = None

    @property
    def carries_out(self) -> bool:
        """Whether what was asked is done."""
        return self.kind in TAKEN if self.taken is None else self.taken


class Faults:
    """The faults that are still to come; the oldest that fits happens."""

    def __init__(
        self, seed: int = 0, bodies: Bodies | None = None, more: Iterable[Kind] = ()
    ) -> None:
        """`more`: kinds that only some brokers act out."""
        self._known = _EVERYWHERE | set(bodies or ()) | set(more)
        self._bodies: Bodies = bodies or {}
        self._random = Random(seed)  # noqa: S311 (chance that can be repeated)
        self._lock = Lock()
        self._waiting: list[Fault] = []
        self.happened: list[tuple[Kind, str]] = []

    @property
    def kinds(self) -> Sequence[Kind]:
        """The faults that this broker acts out."""
        return sorted(self._known)

    def add(self, *faults: Fault) -> None:
        """Let these happen.

        Raises:
            ValueError: this broker has no such faults.
        """
        unknown = {fault.kind for fault in faults} - self._known
        if unknown:
            raise ValueError(f"no such faults here: {sorted(unknown)}")
        with self._lock:
            self._waiting.extend(faults)

    def clear(self) -> None:
        """Nothing goes wrong any more."""
        with self._lock:
            self._waiting.clear()

    @property
    def waiting(self) -> tuple[Fault, ...]:
        """What may still happen."""
        return tuple(self._waiting)

    def answer(self, fault: Fault) -> tuple[int, str, bytes] | None:
        """The status, the media type and the body that stand in for the reply."""
        if fault.kind is Kind.HTML:
            return 502, "text/html", _HTML
        if fault.kind not in self._bodies:
            return None
        status, body = self._bodies[fault.kind]
        return status, "application/json", json.dumps(body).encode()

    def draw(self, method: str, path: str) -> Fault | None:
        """What goes wrong with a request; None = nothing."""
        with self._lock:
            fault = self._first(self._waiting, f"{method} {path}")
            if fault is not None:
                self.happened.append((fault.kind, f"{method} {path}"))
            return fault

    def _first(self, faults: Iterable[Fault], route: str) -> Fault | None:
        for fault in tuple(faults):
            if fault.route != "*" and not fnmatchcase(route, fault.route):
                continue
            if fault.rate < 1 and self._random.random() >= fault.rate:
                continue
            if fault.times is not None:
                fault.times -= 1
                if fault.times <= 0:
                    self._waiting.remove(fault)
            return fault
        return None
