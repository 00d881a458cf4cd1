"""The outbox: how far each sink was told of the events, and the letter that is on its way to it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from app.domain.events import Event
from app.domain.letters import Letter


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How a sink stands. `position`: the number of the last event that it was told of.

    `letter`: what is on its way; None = nothing. `tries`: how often it failed. `gap`: seconds from
    the last letter to the next one.
    """

    sink: str
    position: int
    letter: Letter | None
    tries: int
    not_before: datetime
    gap: int
    error: str
    sent_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetter:
    """A letter that was given up, and why."""

    number: int
    sink: str
    at: datetime
    tries: int
    error: str
    letter: Letter


class Outbox(Protocol):
    """Durable; of many processes one at a time works for a sink. Methods raise JournalError."""

    def open(self, sinks: Sequence[str]) -> None:
        """Have these sinks and no others; a new one is told of what happens from now on."""
        ...

    def standing(self, sink: str) -> Standing | None:
        """How a sink stands; None when there is no such sink."""
        ...

    def standings(self) -> Sequence[Standing]:
        """All sinks."""
        ...

    def events_after(self, position: int, most: int) -> Sequence[tuple[int, Event]]:
        """The next events, each with its number, the oldest first."""
        ...

    def skip(self, sink: str, position: int, to: int) -> None:
        """Note that there was nothing to tell between two positions."""
        ...

    def write(self, sink: str, position: int, letter: Letter, to: int) -> bool:
        """Put a letter on its way that tells of the events up to `to`, in one commit.

        False: another process was quicker.
        """
        ...

    def take(self, sink: str, owner: str) -> bool:
        """Take the letter in hand, to send it; False while another living process has it."""
        ...

    def sent(self, sink: str, owner: str, at: datetime, gap: int) -> None:
        """The letter arrived."""
        ...

    def failed(self, sink: str, owner: str, error: str, not_before: datetime) -> None:
        """The letter did not arrive; it is tried again after a moment."""
        ...

    def give_up(self, sink: str, owner: str, error: str, event: Event) -> None:
        """Put the letter aside as a dead one, and record that; the next one has its turn."""
        ...

    def dead_letters(self, most: int) -> Sequence[DeadLetter]:
        """What was given up, the newest first."""
        ...

    def dead_by_sink(self) -> Mapping[str, int]:
        """How many were given up, of each sink."""
        ...

    def forget(self, number: int) -> None:
        """Drop a dead letter: it was sent by hand."""
        ...
