"""The paper broker dies at every statement, and afterwards nothing is lost and nothing is twice.

Two ways to die: the process is killed, so that only what its file holds at that moment is left;
or the disk fails, and the process lives on. Each time the same call is made again.
"""

import shutil
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from app.adapters.brokers.paper.broker import PaperBroker, open_broker
from app.adapters.brokers.registry import Resources
from app.adapters.sql import Database
from app.domain.errors import BrokerUnavailable
from app.domain.order import OrderRole, OrderType, Side
from tests.contracts.venues import copy_file
from tests.fakes.addresses import AddressPages
from tests.fakes.budget import NoLimit
from tests.fakes.clock import START, FakeClock
from tests.unit.adapters.brokers.desk import Desk, dump, intent_of, percent

Act = Callable[[PaperBroker], object]

NOW = START + timedelta(hours=1)
BRACKET = {"stop": percent("5"), "target": percent("5")}
BELOW = {"order_type": OrderType.LIMIT, "limit_price": "95"}


def prepare(desk: Desk) -> None:
    """A position with legs, and a bracket entry that rests below the market."""
    desk.quote("100")
    desk.buy("HELD", "10", **BRACKET)
    desk.buy("REST", "5", **BELOW, **BRACKET)
    desk.clock.jump(NOW - desk.clock.now())
    desk.broker.take_quote("AAPL", Decimal(100), NOW)


ACTS: Mapping[str, Act] = {
    "market bracket": lambda broker: broker.submit(intent_of("NEW", Side.BUY, "3", **BRACKET)),
    "resting bracket": lambda broker: broker.submit(
        intent_of("NEW", Side.BUY, "3", **BELOW, **BRACKET)
    ),
    "partial exit": lambda broker: broker.submit(
        intent_of("NEW", Side.SELL, "4", role=OrderRole.EXIT)
    ),
    "full exit": lambda broker: broker.submit(
        intent_of("NEW", Side.SELL, "10", role=OrderRole.EXIT)
    ),
    "quote that changes nothing": lambda broker: broker.take_quote("AAPL", Decimal(101), NOW),
    "quote that fills stop and entry": lambda broker: broker.take_quote(
        "AAPL", Decimal("94.5"), NOW
    ),
    "quote that fills the target": lambda broker: broker.take_quote("AAPL", Decimal(106), NOW),
    "cancel of an entry": lambda broker: broker.cancel("REST"),
    "cancel of a leg": lambda broker: broker.cancel("THELD"),
}


@dataclass
class Lab:
    """Books to experiment on: `before` an act, and what they are `after` it."""

    folder: Path
    before: Path
    databases: list[Database] = field(default_factory=list[Database])

    def open(self, path: Path, observe: Callable[[str], None] | None = None) -> PaperBroker:
        database = Database(path, observe)
        self.databases.append(database)
        resources = Resources(
            database=database, clock=FakeClock(NOW), addresses=AddressPages(), budgets=NoLimit()
        )
        return open_broker("paper", {}, resources)

    def copy(self, name: str) -> Path:
        return copy_file(self.before, self.folder / name)


@pytest.fixture
def lab(empty_books: Path, tmp_path: Path) -> Iterator[Lab]:
    desk = Desk(copy_file(empty_books, tmp_path / "before.db"))
    prepare(desk)
    desk.close()
    made = Lab(tmp_path, desk.path)
    yield made
    for database in made.databases:
        database.close()


class Images:
    """What the file holds at each statement: what a kill there would leave."""

    def __init__(self, folder: Path, source: Path) -> None:
        self.taken: list[Path] = []
        self._folder = folder
        self._source = source

    def take(self, _: str) -> None:
        image = self._folder / f"image{len(self.taken)}.db"
        shutil.copy(self._source, image)
        log = Path(f"{self._source}-wal")
        if log.exists():
            shutil.copy(log, f"{image}-wal")
        self.taken.append(image)


@pytest.mark.parametrize("act", ACTS.values(), ids=ACTS)
def test_killed_at_any_statement_and_sent_again_it_happens_once(lab: Lab, act: Act) -> None:
    path = lab.copy("run.db")
    images = Images(lab.folder, path)
    answer = act(lab.open(path, images.take))
    wanted = dump(path)
    assert wanted != dump(lab.before)

    assert len(images.taken) >= 5
    for image in images.taken:
        again = act(lab.open(image))
        assert dump(image) == wanted
        assert again in (answer, ())


@pytest.mark.parametrize("act", ACTS.values(), ids=ACTS)
def test_a_disk_that_fails_at_any_statement_is_unavailable_and_it_happens_once(
    lab: Lab, act: Act
) -> None:
    path = lab.copy("run.db")
    names: list[str] = []
    act(lab.open(path, names.append))
    wanted = dump(path)

    for number in range(len(names)):
        countdown = list(range(number + 1))

        def fail(_: str, countdown: list[int] = countdown) -> None:
            if countdown and countdown.pop() == 0:
                raise sqlite3.OperationalError("disk I/O error")

        broker = lab.open(lab.copy(f"run{number}.db"), fail)
        with pytest.raises(BrokerUnavailable):
            act(broker)
        act(broker)
        assert dump(lab.folder / f"run{number}.db") == wanted
