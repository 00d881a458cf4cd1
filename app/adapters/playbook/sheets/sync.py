"""Keeps sheet and database alike: rows come from there, words of orders go there.

What is to be told in the sheet is the journal's own word of each row. The sheet is compared with it
at every read, so there is no list of writes that could be lost, repeated or brought out of order:
what a crash, an outage or a hand in the sheet left undone is seen at the next look.
"""

import logging
import threading
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta, tzinfo

from app.adapters.playbook.local import stored
from app.adapters.playbook.sheets.copy import SheetCopy, Words
from app.adapters.playbook.sheets.heading import CONFIG
from app.adapters.playbook.sheets.reading import (
    Reader,
    Reading,
    may_be_percents,
    with_percents,
)
from app.adapters.playbook.sheets.wire import Patch, Wire
from app.domain.errors import PlaybookUnavailable
from app.domain.row_word import RowWord
from app.domain.strategy import Strategy
from app.engine.accounts import Accounts
from app.ports.clock import Clock
from app.ports.playbook import RefusedRow

log = logging.getLogger(__name__)

READ_EVERY = timedelta(seconds=30)
NEVER = float("-inf")
PATIENCE = 5.0
"""Seconds that the owner waits while the background is at the sheet."""

Tell = Callable[[Sequence[RefusedRow]], None]


class Sync:
    """The tab `Config`. `tell` hears of lines that are newly refused."""

    def __init__(
        self,
        wire: Callable[[], Wire],
        copy: SheetCopy,
        accounts: Accounts,
        clock: Clock,
        zone: tzinfo,
        tell: Tell,
    ) -> None:
        self._wire = wire
        self._copy = copy
        self._accounts = accounts
        self._clock = clock
        self._zone = zone
        self._tell = tell
        self._told: Words | None = None
        self._read_at = NEVER
        self.lock = threading.Lock()

    @contextmanager
    def alone(self) -> Generator[None, None, None]:
        """Nobody else is at the sheet meanwhile: for who does not want to wait long for it.

        Raises:
            PlaybookUnavailable: somebody else is, and stays.
        """
        if not self.lock.acquire(timeout=PATIENCE):
            raise PlaybookUnavailable("the sheet is being read, and Google is slow")
        try:
            yield
        finally:
            self.lock.release()

    def forget(self) -> None:
        """Another process looks after the sheet: what we knew of it is old."""
        self._told = None

    def behind(self) -> bool:
        """Whether the sheet has to be looked at: it is time, or it does not show what is told."""
        late = self._clock.monotonic() - self._read_at >= READ_EVERY.total_seconds()
        return late or self._told is None or self._told != self._copy.words()

    def run(self) -> None:
        """Read the sheet into the copy, and write into it what it does not show; two requests.

        Raises:
            PlaybookError: it could not be read or written.
            JournalError: the copy could not be written.
        """
        with self.lock:
            words = self._copy.words()
            reading = self.read()
            self._keep(reading)
            patches = [*self._patches(reading)]
            if patches:
                self._wire().write(CONFIG, patches)
            self._told = words
            self._read_at = self._clock.monotonic()

    def read(self) -> Reading:
        """What the sheet says now; the lock must be held."""
        wire = self._wire()
        cells = wire.read(CONFIG)
        if may_be_percents(cells):
            cells = with_percents(cells, wire.read(CONFIG, as_shown=True))
        return Reader(self._accounts, self._copy.rows()).read(cells)

    def _keep(self, reading: Reading) -> None:
        before = self._copy.standing()
        known = {row.why for row in before.refused}
        if self._read_at == NEVER:
            self._tell_of_lost(reading)
        news = [row for row in reading.refused if row.why not in known]
        if news:
            self._tell(news)  # first: twice is better than never
        self._copy.keep(reading, self._clock.now())

    def _tell_of_lost(self, reading: Reading) -> None:
        """At our first read: the rows that the database had, and the sheet has not, or otherwise.

        They may have been written while the rows were kept here.
        """
        kept, read = self._copy.rows(), {key: _bare(row) for key, row in reading.rows.items()}
        lost = [bare for key, row in kept.items() if (bare := _bare(row)) != read.get(key)]
        if lost:
            log.warning("rows of the database gave way to the sheet's", extra={"rows": lost})

    def _patches(self, reading: Reading) -> Iterator[Patch]:
        """What the sheet has to show otherwise, cell by cell: a row may be anywhere by now."""
        rows, refused = self._copy.rows(), reading.refused_lines
        for line in reading.lines:
            key = reading.keys[line.number]
            row = rows.get(key) if key else None
            if line.number in refused:
                wanted = {"order_status": RowWord.REFUSED.value}
            elif row is not None:
                wanted = {"order_status": row.order_status, "last_updated": self._stamp(row)}
            else:
                continue
            for name, text in wanted.items():
                if line.texts[name] != text:
                    yield Patch(line.number, reading.heading.at[name], [[text]])

    def _stamp(self, row: Strategy) -> str:
        return "" if row.last_updated is None else stamp(row.last_updated, self._zone)


def _bare(row: Strategy) -> str:
    return stored(replace(row, order_status=RowWord.READY))


def stamp(moment: datetime, zone: tzinfo) -> str:
    """A moment as the sheet shows it: `2025-10-10 14:30:00 PST`."""
    return moment.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S %Z")
