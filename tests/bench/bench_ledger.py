"""How long it takes to count a ledger anew, in memory and from its rows.

Seconds of the processor, so that others on the machine count little. The ratio is against a loop
that multiplies the same fills' numbers in the same run. `python -m tests.bench.bench_ledger`.
"""

import random
import resource
import sys
from collections.abc import Iterator, Sequence
from datetime import timedelta
from decimal import Decimal
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from time import process_time

from app.adapters.journal.ledger import book_fill
from app.adapters.journal.migrate import migrate
from app.adapters.journal.rebuild import SqlLedger
from app.adapters.sql import Database, Query, to_db
from app.domain.grains import from_grains, from_money_grains, grains, money_grains
from app.domain.ledger import BookedFill, Ledger
from app.domain.order import Side
from tests.fakes.clock import START

SYMBOLS = 20
CHUNK = 5_000
FILLS = 2_000
"""Fills that are booked one by one on top of the others."""
ONE = grains(Decimal(1))
ADD_FILL = Query(
    "add_fill",
    "INSERT INTO fills (id, account, fill_id, client_order_id, symbol, instrument, side, quantity,"
    " price, fee, multiplier, alert_id, strategy, at)"
    " VALUES (:id, 'paper', :id, :id, :symbol, :symbol, :side, :quantity, :price, :fee, '1', 'A',"
    " 'bench', :at)",
)


def run(short: bool) -> dict[str, float]:
    """Measure both; fills are made outside of the time, a few at once."""
    count = 100_000 if short else 1_000_000
    found = _in_memory(count)
    with TemporaryDirectory() as folder:
        return found | _from_rows(Path(folder), count // 10)


def _in_memory(count: int) -> dict[str, float]:
    ledger, trades, took, calibration = Ledger(), 0, 0.0, 0.0
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    stream = _fills(count)
    while chunk := list(islice(stream, CHUNK)):
        began = process_time()
        _multiply(chunk)
        calibrated = process_time()
        for fill in chunk:
            trades += len(ledger.apply(fill))
        took += process_time() - calibrated
        calibration += calibrated - began
    began = process_time()
    counted = sum(day.trades for day in ledger.days.values())
    took += process_time() - began
    assert counted == trades
    return {
        "fills": count,
        "trades": trades,
        "seconds": took,
        "fills_per_second": count / took,
        "ratio": took / calibration,
        "megabytes": (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024,
    }


def _multiply(fills: Sequence[BookedFill]) -> int:
    total = 0
    for fill in fills:
        total += fill.units * fill.price * fill.multiplier - fill.fee
    return total


def _from_rows(folder: Path, count: int) -> dict[str, float]:
    migrate(f"sqlite:///{folder / 'bench.db'}")
    database = Database(folder / "bench.db")
    with database.transaction() as tx:
        for fill in _fills(count):
            tx.run(ADD_FILL, _columns(fill))
    ledger = SqlLedger(database)
    began = process_time()
    assert ledger.rebuild()
    written = process_time()
    assert not ledger.rebuild()
    checked = process_time()
    more = list(islice(_fills(count + FILLS), count, None))
    with database.transaction() as tx:
        for fill in more:
            tx.run(ADD_FILL, _columns(fill))
            book_fill(tx, fill)
    booked = process_time()
    database.close()
    return {
        "fill_seconds": (booked - checked) / FILLS,
        "stored_fills": count,
        "write_seconds": written - began,
        "check_seconds": checked - written,
    }


def _fills(count: int) -> Iterator[BookedFill]:
    """A walk of prices on some symbols; long and short, flips, partial closes, and fees."""
    chance = random.Random(7)  # noqa: S311  # the same fills in every run
    cents = [chance.randrange(5_000, 50_000) for _ in range(SYMBOLS)]
    names = [f"S{number}" for number in range(SYMBOLS)]
    for number in range(1, count + 1):
        symbol = chance.randrange(SYMBOLS)
        cents[symbol] = max(100, cents[symbol] + chance.randrange(-9, 10))
        yield BookedFill(
            number=number,
            account="paper",
            instrument=names[symbol],
            symbol=names[symbol],
            strategy="bench",
            alert_id="A",
            units=grains(Decimal(chance.randrange(1, 20))) * chance.choice((1, -1)),
            price=grains(Decimal(cents[symbol]).scaleb(-2)),
            fee=money_grains(Decimal(chance.randrange(200)).scaleb(-2)),
            multiplier=ONE,
            at=START + timedelta(seconds=number),
        )


def _columns(fill: BookedFill) -> dict[str, object]:
    return {
        "id": fill.number,
        "symbol": fill.symbol,
        "side": Side.BUY.value if fill.units > 0 else Side.SELL.value,
        "quantity": str(from_grains(abs(fill.units))),
        "price": str(from_grains(fill.price)),
        "fee": str(from_money_grains(fill.fee)),
        "at": to_db(fill.at),
    }


if __name__ == "__main__":
    for name, figure in run(short="--short" in sys.argv[1:]).items():
        print(f"{name:28}{figure:>16,.3f}")
