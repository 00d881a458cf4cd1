"""Makes a generation: `python -m app.adapters.instruments.build ORDER`, in a child process.

Parsing a hundred thousand rows would hold up the threads of the server, and its memory would stay
with it. The order and the answer are JSON; the answer is one line on standard output.
"""

import fcntl
import json
import os
import sqlite3
import sys
from collections.abc import Generator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from app.adapters.instruments.age import is_due
from app.adapters.instruments.fetching import NotFetched, NotThere, fetch
from app.adapters.instruments.generation import Draft, Source, current, purge, sources_of
from app.adapters.instruments.reading import NotAList, Reading

LISTS = {"NSE_CM": "NSE", "NSE_FO": "NSE", "BSE_CM": "BSE", "BSE_FO": "BSE", "MCX_COM": "MCX"}
"""The lists, and the exchange of each."""
FREEZES = Path(__file__).with_name("freeze.csv")
FREEZES_OF = "NSE"
LOCK = "lock"
NICENESS = 10
"""The server goes first: it answers while we read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What is to be made.

    `force` believes a list that has become much shorter. `when_due`: only if it is not done yet, by
    another process, when our turn comes.
    """

    folder: str
    base: str
    now: float
    force: bool = False
    when_due: bool = False

    @property
    def at(self) -> datetime:
        """The moment of the refresh."""
        return datetime.fromtimestamp(self.now, UTC)


@dataclass(slots=True, kw_only=True)
class Answer:
    """What came of it: the lists that are of now, and why the others are not.

    `failed` are old, or could not be had yet; `missing` were never there. `busy`: another process
    is at it, or was. `generation` is empty when none was made.
    """

    generation: str = ""
    rows: int = 0
    fresh: list[str] = field(default_factory=list[str])
    failed: dict[str, str] = field(default_factory=dict[str, str])
    missing: dict[str, str] = field(default_factory=dict[str, str])
    busy: bool = False


def build(order: Order) -> Answer:
    """Make a generation of all lists that can be had; of the others, it keeps what there was."""
    folder = Path(order.folder)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with alone_in(folder) as alone:
        if not alone:
            return Answer(busy=True)
        before = current(folder)
        known = {} if before is None else sources_of(before)
        if order.when_due and known and not is_due(known.values(), order.at):
            return Answer(busy=True)
        draft, answer = Draft(folder, order.at), Answer()
        try:
            for name in LISTS:
                _add(draft, name, order, known.get(name), before, answer)
            if answer.fresh:
                answer.generation = draft.publish().name
                purge(folder, order.at)
        finally:
            draft.discard()
    return answer


def _add(
    draft: Draft,
    name: str,
    order: Order,
    known: Source | None,
    before: Path | None,
    answer: Answer,
) -> None:
    """One list: the new one; the one from before where it is the same, or there is no other."""
    try:
        found = _new(draft, name, order, known)
        answer.fresh.append(name)
    except (NotFetched, NotAList) as error:
        absent = known is None and isinstance(error, NotThere)
        (answer.missing if absent else answer.failed)[name] = str(error)
        found = known
    else:
        if found is None and known is not None:
            found = replace(known, checked_at=order.at)
    if found is None:
        return
    answer.rows += found.rows
    if before is not None and known is not None and found.digest == known.digest:
        with draft.writing():
            draft.keep(name, before)
            draft.note(found)


def _new(draft: Draft, name: str, order: Order, known: Source | None) -> Source | None:
    """A list that is not the one from before; None when it is."""
    target = draft.path.with_suffix(f".draft-{name}")
    etag, modified = (known.etag, known.modified) if known is not None else ("", "")
    try:
        fetched = fetch(order.base, name, target, etag, modified)
        if fetched is None or (known is not None and fetched.digest == known.digest):
            return None
        reading = Reading(fetched.path, LISTS[name], _freezes(LISTS[name], Path(order.folder)))
        with draft.writing():
            rows = draft.put(name, reading)
            reading.check(rows, 0 if known is None or order.force else known.rows)
            source = Source(
                name=name,
                digest=fetched.digest,
                etag=fetched.etag,
                modified=fetched.modified,
                checked_at=order.at,
                rows=rows,
            )
            draft.note(source)
    finally:
        target.unlink(missing_ok=True)
    return source


def _freezes(exchange: str, folder: Path) -> Mapping[str, int]:
    """Ours, and the owner's, which go before them."""
    if exchange != FREEZES_OF:
        return {}
    own = folder / FREEZES.name
    return {**read_freezes(FREEZES), **(read_freezes(own) if own.exists() else {})}


def read_freezes(path: Path) -> Mapping[str, int]:
    """The freeze quantity of each underlying, from lines that end in `NAME,QUANTITY`.

    So is our file, and so is the one that the exchange publishes.
    """
    lines = path.read_text("utf-8", errors="replace").splitlines()
    cells = ([cell.strip() for cell in line.split(",")] for line in lines)
    return {row[-2]: int(row[-1]) for row in cells if len(row) > 1 and row[-1].isdecimal()}


@contextmanager
def alone_in(folder: Path) -> Generator[bool, None, None]:
    """Whether nobody else makes one; the lock dies with its process."""
    handle = os.open(folder / LOCK, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    try:
        yield _is_locked(handle)
    finally:
        os.close(handle)


def _is_locked(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def main() -> None:
    """Do what the order on the command line says."""
    with suppress(OSError):  # a service manager may forbid it
        os.nice(NICENESS)
    try:
        answer = build(Order(**json.loads(sys.argv[1])))
    except (OSError, sqlite3.Error) as error:
        sys.exit(f"{type(error).__name__}: {error}")
    sys.stdout.write(json.dumps(asdict(answer)) + "\n")


if __name__ == "__main__":
    main()
