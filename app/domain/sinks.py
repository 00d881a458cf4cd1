"""Where notifications go: each address is a sink with a name and a choice of events."""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass

from app.domain.events import ABOUT, Event, EventKind, ended_as
from app.domain.outcome import FINAL_STATUSES, AlertStatus

ALL, PROBLEMS = "all", "problems"
CHOICE = re.compile(r"(?<=[?&])notify_events=([^&#]*)&?", re.IGNORECASE)
"""What an address may hold for us; it is taken out before the address is used."""

_BETWEEN = re.compile(r"\s*;;\s*|[\s,]+(?=[a-z][a-z0-9+.-]*://)|\s+", re.IGNORECASE)
_ADDRESS = re.compile(r"([a-z][a-z0-9+.-]*)://\S+", re.IGNORECASE)
_PASSWORD = re.compile(r"://[^/?#@]*:([^/?#]+)@")
_QUERY_SECRET = re.compile(r"(?i)[?&][^=&#]*(?:pass|pwd|token|secret|key)[^=&#]*=([^&#]+)")
_HOST = re.compile(r"(?:[a-z0-9-]+\.)+[a-z]{2,}|[\d.]+|localhost", re.IGNORECASE)
SHORTEST_SECRET = 8
"""Of what is not said to be one: a shorter part is taken for a word."""


@dataclass(frozen=True, slots=True)
class Choice:
    """Which events a sink is told of: kinds, ends of alerts by their status, and all problems."""

    kinds: frozenset[EventKind] = frozenset()
    statuses: frozenset[AlertStatus] = frozenset()
    problems: bool = False

    @classmethod
    def parse(cls, text: str) -> "Choice":
        """`all`, `problems`, names; several parted by commas.

        A name is that of an event, its first or last words (`kill_switch` is two events), or a
        final status of alerts.

        Raises:
            ValueError: it names something that there is not.
        """
        words = {word.strip().lower().replace("-", "_") for word in text.split(",")} - {""}
        names = words - {ALL, PROBLEMS}
        kinds = {word: {kind for kind in EventKind if _names(word, kind)} for word in names}
        statuses = {status for status in FINAL_STATUSES if status in names}
        unknown = sorted(word for word in names - statuses if not kinds[word])
        if unknown:
            raise ValueError(f"names events that there are not: {', '.join(unknown)}")
        chosen = EventKind if ALL in words else frozenset[EventKind]().union(*kinds.values())
        return cls(frozenset(chosen), frozenset(statuses), PROBLEMS in words)

    def wants(self, event: Event) -> bool:
        """Whether the sink is told of an event."""
        of_problems = self.problems and (event.problem or ABOUT[event.kind].told)
        return of_problems or event.kind in self.kinds or ended_as(event) in self.statuses


@dataclass(frozen=True, slots=True)
class Sink:
    """One address. Its name shows the service and tells it from others, and nothing secret."""

    name: str
    address: str
    choice: Choice

    def __repr__(self) -> str:
        """Without the address: it holds secrets."""
        return f"Sink({self.name})"


def sinks_of(addresses: str, events: str) -> tuple[Sink, ...]:
    """The sinks of a list of addresses; `events` is the choice of those without their own.

    Raises:
        ValueError: something in the list is no address, or an event has no such name. Its words
            show no address.
    """
    usual = Choice.parse(events)
    found = (_sink(text, usual) for text in _BETWEEN.split(addresses.strip()) if text)
    return tuple({sink.name: sink for sink in found}.values())


def secrets_of(sink: Sink) -> Iterator[str]:
    """What must never be seen of an address: all of it, its passwords, what looks like a token."""
    yield sink.address
    for named in (_PASSWORD, _QUERY_SECRET):
        yield from named.findall(sink.address)
    for part in re.split(r"[/:@?&=#,]+", sink.address):
        hidden = len(part) >= SHORTEST_SECRET and re.search(r"\d", part)
        if hidden and not _HOST.fullmatch(part):
            yield part


def _names(word: str, kind: EventKind) -> bool:
    return word == kind or kind.startswith(f"{word}_") or kind.endswith(f"_{word}")


def _sink(text: str, usual: Choice) -> Sink:
    match = _ADDRESS.fullmatch(text)
    if match is None:
        raise ValueError("must be addresses like `tgram://token/chat`, parted by spaces")
    own = CHOICE.search(text)
    address = CHOICE.sub("", text).rstrip("?&")
    digest = hashlib.sha256(address.encode()).hexdigest()[:6]
    name = f"{match[1].lower()}-{digest}"
    return Sink(name, address, Choice.parse(own[1]) if own else usual)
