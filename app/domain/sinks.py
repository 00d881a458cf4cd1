"""Where notifications go: each address is a sink with a name and a choice of events."""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass

from app.domain.events import ABOUT, Event, EventKind

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
    """Which events a sink is told of."""

    kinds: frozenset[EventKind]
    problems: bool

    @classmethod
    def parse(cls, text: str) -> "Choice":
        """`all`, `problems`, names of events; several parted by commas.

        Raises:
            ValueError: it names an event that there is not.
        """
        words = {word.strip().lower() for word in text.split(",") if word.strip()}
        unknown = sorted(words - {ALL, PROBLEMS, *EventKind})
        if unknown:
            raise ValueError(f"names events that there are not: {', '.join(unknown)}")
        every = EventKind if ALL in words else words - {PROBLEMS}
        return cls(frozenset(EventKind(word) for word in every), PROBLEMS in words)

    def wants(self, event: Event) -> bool:
        """Whether the sink is told of an event."""
        of_problems = event.problem or ABOUT[event.kind].told
        return event.kind in self.kinds or (self.problems and of_problems)


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


def _sink(text: str, usual: Choice) -> Sink:
    match = _ADDRESS.fullmatch(text)
    if match is None:
        raise ValueError("must be addresses like `tgram://token/chat`, parted by spaces")
    own = CHOICE.search(text)
    address = CHOICE.sub("", text).rstrip("?&")
    digest = hashlib.sha256(address.encode()).hexdigest()[:6]
    name = f"{match[1].lower()}-{digest}"
    return Sink(name, address, Choice.parse(own[1]) if own else usual)
