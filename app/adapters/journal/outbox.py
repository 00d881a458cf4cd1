"""The outbox on SQLite. The events are rows already: a sink is a place in them, and one letter."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from app.adapters.journal.rows import Row, event_of_row, event_params
from app.adapters.journal.statements import Q
from app.adapters.sql import Database, from_db, to_db
from app.domain.events import Event
from app.domain.letters import Letter
from app.ports.outbox import DeadLetter, Standing


class SqlOutbox:
    """The outbox port. `publish` hears the events that it records itself."""

    def __init__(self, database: Database, publish: Callable[[Sequence[Event]], None]) -> None:
        self._db = database
        self._publish = publish

    def open(self, sinks: Sequence[str]) -> None:
        """Have these sinks and no others; a new one is told of what happens from now on."""
        known = {standing.sink for standing in self.standings()}
        with self._db.transaction() as tx:
            for sink in known.difference(sinks):
                tx.run(Q["drop_sink"], {"sink": sink})
            for sink in sinks:
                tx.run(Q["add_sink"], {"sink": sink})

    def standing(self, sink: str) -> Standing | None:
        """How a sink stands."""
        with self._db.reading() as tx:
            row = tx.one(Q["sink"], {"sink": sink})
        return _standing(row) if row is not None else None

    def standings(self) -> Sequence[Standing]:
        """All sinks."""
        with self._db.reading() as tx:
            return [_standing(row) for row in tx.run(Q["sinks"], {}).fetchall()]

    def events_after(self, position: int, most: int) -> Sequence[tuple[int, Event]]:
        """The next events, each with its number."""
        with self._db.reading() as tx:
            rows = tx.run(Q["events_after"], {"position": position, "most": most}).fetchall()
        return [(row["id"], event_of_row(row)) for row in rows]

    def skip(self, sink: str, position: int, to: int) -> None:
        """Note that there was nothing to tell between two positions."""
        self._change("skip_events", sink=sink, position=position, to=to)

    def write(self, sink: str, position: int, letter: Letter, to: int) -> bool:
        """Put a letter on its way, and the sink behind the events that it tells of."""
        text = {"title": letter.title, "body": letter.text, "events": letter.events}
        return self._change("write_letter", sink=sink, position=position, to=to, **text)

    def take(self, sink: str, owner: str) -> bool:
        """Take the letter in hand; False while another living process has it."""
        return self._change("take_letter", sink=sink, owner=owner)

    def sent(self, sink: str, owner: str, at: datetime, gap: int) -> None:
        """The letter arrived."""
        then = to_db(at + timedelta(seconds=gap))
        self._change("letter_sent", sink=sink, owner=owner, now=to_db(at), gap=gap, not_before=then)

    def failed(self, sink: str, owner: str, error: str, not_before: datetime) -> None:
        """The letter did not arrive; it is tried again after a moment."""
        then = to_db(not_before)
        self._change("letter_failed", sink=sink, owner=owner, error=error, not_before=then)

    def give_up(self, sink: str, owner: str, error: str, event: Event) -> None:
        """Put the letter aside as a dead one, and record that."""
        params = {"sink": sink, "owner": owner, "error": error, "now": to_db(event.at)}
        with self._db.transaction() as tx:
            if not tx.run(Q["bury_letter"], params).rowcount:
                return
            tx.run(Q["clear_letter"], params)
            tx.run(Q["add_event"], event_params(event))
        self._publish([event])

    def dead_letters(self, most: int) -> Sequence[DeadLetter]:
        """What was given up, the newest first."""
        with self._db.reading() as tx:
            rows = tx.run(Q["dead_letters"], {"most": most}).fetchall()
        return [_dead_letter(row) for row in rows]

    def dead_by_sink(self) -> Mapping[str, int]:
        """How many were given up, of each sink."""
        with self._db.reading() as tx:
            return {row["sink"]: row["n"] for row in tx.run(Q["dead_by_sink"], {}).fetchall()}

    def forget(self, number: int) -> None:
        """Drop a dead letter."""
        self._change("forget_letter", id=number)

    def _change(self, query: str, **params: Any) -> bool:
        with self._db.transaction() as tx:
            return tx.run(Q[query], params).rowcount > 0


def _standing(row: Row) -> Standing:
    return Standing(
        sink=row["sink"],
        position=row["position"],
        letter=Letter(row["title"], row["body"], row["events"]) if row["title"] else None,
        tries=row["tries"],
        not_before=from_db(row["not_before"]),
        gap=row["gap"],
        error=row["error"],
        sent_at=from_db(row["sent_at"]) if row["sent_at"] is not None else None,
    )


def _dead_letter(row: Row) -> DeadLetter:
    return DeadLetter(
        number=row["id"],
        sink=row["sink"],
        at=from_db(row["at"]),
        tries=row["tries"],
        error=row["error"],
        letter=Letter(row["title"], row["body"], row["events"]),
    )
