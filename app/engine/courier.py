"""The courier of one sink: from the events that it is to be told of to a letter that arrived.

Whatever is taken from the events is a letter in the database before it is sent, and stays there
until it has arrived: a process that dies repeats the same words, and loses none.
"""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from app.domain.alert import Amount, AmountUnit
from app.domain.errors import FencedOut, JournalError, NotSent
from app.domain.events import Event, EventKind
from app.domain.letters import Digest, Letter
from app.domain.sinks import Sink
from app.engine.ownership import Ownership
from app.ports.clock import Clock
from app.ports.journal import Journal
from app.ports.messenger import Messenger
from app.ports.outbox import Outbox, Standing

FEW = 500
"""Events that are read at once."""
MOST = 20_000
"""Events of one letter, at most; what comes after them is in the next one."""
FAR = 500
"""So many events without anything to tell, and the place is written down."""
FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=10), timedelta(minutes=10)
TRIES = 12
"""So often, in an hour, a letter is tried before it is given up."""
SHORTEST_GAP, LONGEST_GAP = 1, 30
"""Seconds between two letters: they grow while a flood lasts."""
CALM = 10
"""Seconds beyond the gap without anything to tell, and a flood is over."""

log = logging.getLogger(__name__)


class Courier:
    """Tells one sink. It runs on a thread of its own, so that a slow one holds back no other."""

    def __init__(
        self,
        sink: Sink,
        outbox: Outbox,
        messenger: Messenger,
        ownership: Ownership,
        clock: Clock,
        write: Callable[[Digest], Letter],
    ) -> None:
        self.sink = sink
        self._outbox = outbox
        self._messenger = messenger
        self._ownership = ownership
        self._clock = clock
        self._in_words = write
        self._seen = 0
        self._gathering = False

    def turn(self) -> None:
        """Write the next letter when there is something to tell; send the one that is due."""
        standing = self._outbox.standing(self.sink.name)
        if standing is not None and standing.letter is None and self._may(standing):
            standing = self._write(standing)
        if standing is not None and standing.letter is not None and self._may(standing):
            self._send(standing, standing.letter)

    def depth(self) -> int:
        """How many events it has not been told of yet."""
        standing = self._outbox.standing(self.sink.name)
        if standing is None:
            return 0
        digest, _ = self._read(max(standing.position, self._seen))
        return len(digest) + (standing.letter.events if standing.letter else 0)

    def _write(self, standing: Standing) -> Standing | None:
        digest, last = self._read(max(standing.position, self._seen))
        if not digest:
            self._seen, self._gathering = last, False
            if last - standing.position >= FAR:
                self._outbox.skip(self.sink.name, standing.position, last)
            return None
        # What belongs together happens within moments: the next turn tells it at once.
        self._gathering = not self._gathering
        if self._gathering:
            return None
        letter = self._in_words(digest)
        self._outbox.write(self.sink.name, standing.position, letter, last)
        return self._outbox.standing(self.sink.name)

    def _send(self, standing: Standing, letter: Letter) -> None:
        owner = self._ownership.id
        if not owner or not self._outbox.take(self.sink.name, owner):
            return
        try:
            self._ownership.check(owner)
            self._messenger.send(self.sink.address, letter)
        except FencedOut:
            return
        except NotSent as error:
            self._failed(standing, letter, owner, str(error))
        else:
            now = self._clock.now()
            self._outbox.sent(self.sink.name, owner, now, _next_gap(standing, now))

    def _failed(self, standing: Standing, letter: Letter, owner: str, error: str) -> None:
        facts = {"sink": self.sink.name, "why": error, "tries": standing.tries + 1}
        log.warning("a notification was not sent", extra=facts)
        now = self._clock.now()
        if standing.tries + 1 < TRIES:
            pause = min(FIRST_PAUSE * 2**standing.tries, LONGEST_PAUSE)
            self._outbox.failed(self.sink.name, owner, error, now + pause)
            return
        lost: dict[str, object] = {"sink": self.sink.name, "events": letter.events, "why": error}
        event = Event(kind=EventKind.LETTER_LOST, at=now, problem=True, facts=lost)
        self._outbox.give_up(self.sink.name, owner, error, event)

    def _read(self, position: int) -> tuple[Digest, int]:
        """What is to be told of the events after a position, and the last of those looked at."""
        digest, last = Digest(), position
        while len(digest) < MOST:
            events = self._outbox.events_after(last, FEW)
            for last, event in events:  # noqa: B007  # the number of the last one counts
                if self._is_told(event):
                    digest.add(event)
            if len(events) < FEW:
                break
        return digest, last

    def _is_told(self, event: Event) -> bool:
        """A sink is not told that it cannot be told: that would never end."""
        own = event.kind is EventKind.LETTER_LOST and event.facts.get("sink") == self.sink.name
        return self.sink.choice.wants(event) and not own

    def _may(self, standing: Standing) -> bool:
        """Whether its pause is over. One that a clock left far ahead counts for nothing."""
        left = standing.not_before - self._clock.now()
        return left <= timedelta(0) or left > LONGEST_PAUSE


_UNITS = {
    AmountUnit.UNITS: "",
    AmountUnit.LOTS: " lots",
    AmountUnit.CASH: " of money",
    AmountUnit.RISK_CASH: " at risk",
}


def trade_of(journal: Journal, alert_id: str) -> str:
    """What an alert wanted, in words: `buy 10`. Empty when it is not known."""
    try:
        record = journal.alert(alert_id)
    except JournalError:
        return ""
    if record is None or record.alert.action is None:
        return ""
    amount = record.alert.quantity
    return f"{record.alert.action} {_in_words(amount)}" if amount else str(record.alert.action)


def _in_words(amount: Amount) -> str:
    return f"{amount.value.normalize():f}{_UNITS.get(amount.unit, ' %')}"


def _next_gap(standing: Standing, now: datetime) -> int:
    """Seconds until the next letter: twice as many as before while there is always one to send."""
    calm = timedelta(seconds=standing.gap + CALM)
    if standing.sent_at is None or not timedelta(0) <= now - standing.sent_at <= calm:
        return SHORTEST_GAP
    return min(2 * standing.gap, LONGEST_GAP)
