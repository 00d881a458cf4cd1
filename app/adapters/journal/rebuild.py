"""The ledger counted anew from the fills, held against what is stored, and mended if it differs."""

import logging
import sqlite3
from collections.abc import Generator, Iterator, Mapping
from contextlib import closing, contextmanager
from datetime import date, datetime
from decimal import Decimal
from itertools import zip_longest
from typing import Any

from app.adapters.journal.ledger import (
    booked_fill,
    day_of,
    day_params,
    day_stamp,
    lot_params,
    tally_key,
    tally_of,
    tally_params,
    trade_params,
)
from app.adapters.journal.rows import Row, decimal, text
from app.adapters.journal.statements import Q
from app.adapters.sql import Database, Transaction, from_db, open_sqlite, to_db
from app.domain.errors import JournalError
from app.domain.grains import grains, money_grains
from app.domain.ledger import BookedFill, ClosedTrade, Ledger, OpenLot
from app.domain.tally import Day, Tally, TallyKey

log = logging.getLogger(__name__)

Numbers = tuple[int, int, int, int, int]
"""The numbers of a trade: exit, entry, quantity, fees, profit."""


class SqlLedger:
    """The ledger port."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def rebuild(self) -> bool:
        """Count everything anew from the fills; whether what was stored differed and was mended.

        It is held against the stored beside the engine, which goes on. Only where something differs
        the engine has to wait until it is written.
        """
        with _snapshot(self._db) as tx:
            if _is_whole(tx):
                return False
        log.warning("the ledger differs from its fills: it is written anew")
        with self._db.transaction() as tx:
            _write(tx)
        return True

    def note_equity(self, account: str, equity: Decimal, at: datetime) -> None:
        """Keep what an account is worth; of each day (UTC) the last."""
        params = {
            "account": account,
            "day": day_stamp(at.date()),
            "equity": text(equity),
            "at": to_db(at),
        }
        with self._db.transaction() as tx:
            tx.run(Q["set_equity"], params)

    def note_prices(self, account: str, prices: Mapping[str, Decimal]) -> None:
        """Keep how far the prices went of what is open; nothing is written where they did not."""
        with self._db.reading() as tx:
            news = [
                news
                for instrument, price in prices.items()
                for news in _further(tx, account, instrument, price)
            ]
        if news:
            with self._db.transaction() as tx:
                for params in news:
                    tx.run(Q["see_lot"], params)


@contextmanager
def _snapshot(database: Database) -> Generator[Transaction, None, None]:
    """Reads of one moment, on a connection of their own."""
    try:
        with closing(open_sqlite(database.path)) as connection:
            connection.execute("BEGIN")
            yield Transaction(connection, None)
    except sqlite3.Error as error:
        raise JournalError(str(error)) from error


def _further(
    tx: Transaction, account: str, instrument: str, price: Decimal
) -> Iterator[dict[str, Any]]:
    """The lots of which no price so low, or none so high, was seen before."""
    params = {"account": account, "instrument": instrument}
    for row in tx.run(Q["lots_seen"], params).fetchall():
        low, high = decimal(row["low"]), decimal(row["high"])
        seen = (
            min(price, price if low is None else low),
            max(price, price if high is None else high),
        )
        if seen != (low, high):
            yield {"fill": row["fill"], "low": text(seen[0]), "high": text(seen[1])}


def _is_whole(tx: Transaction) -> bool:
    """Whether what is stored is what its fills come to."""
    ledger = Ledger()
    counted = (_numbers(trade) for fill in _fills(tx) for trade in ledger.apply(fill))
    stored = map(_stored_numbers, tx.run(Q["every_trade"], {}))
    if any(ours != theirs for ours, theirs in zip_longest(counted, stored)):
        return False
    return (
        _lots_of(tx) == {lot.entry.number: (lot.units, lot.fee_grains) for lot in _lots(ledger)}
        and _tallies_of(tx) == ledger.tallies
        and _days_of(tx) == ledger.days
    )


def _write(tx: Transaction) -> None:
    """All of it anew; but what was seen of prices, which no fill tells, is kept."""
    seen = {
        (row["exit_fill"], row["entry_fill"]): {"low": row["low"], "high": row["high"]}
        for row in tx.run(Q["every_extreme"], {})
    }
    seen_open = {
        row["fill"]: {"low": row["low"], "high": row["high"]} for row in tx.run(Q["every_lot"], {})
    }
    for query in ("drop_trades", "drop_lots", "drop_tallies", "empty_days"):
        tx.run(Q[query], {})
    ledger = Ledger()
    for fill in _fills(tx):
        for trade in ledger.apply(fill):
            kept: dict[str, Any] = seen.get((trade.exit.number, trade.entry.number), {})
            tx.run(Q["add_trade"], trade_params(trade) | kept)
    for lot in _lots(ledger):
        tx.run(Q["add_lot"], lot_params(lot) | seen_open.get(lot.entry.number, {}))
    for key, tally in ledger.tallies.items():
        tx.run(Q["set_tally"], tally_params(key, tally))
    for (account, day), figures in ledger.days.items():
        tx.run(Q["set_day"], day_params(account, day, figures))


def _fills(tx: Transaction) -> Iterator[BookedFill]:
    """All fills in the order in which they were journaled: it is the ledger's order."""
    return map(booked_fill, tx.run(Q["every_fill"], {}))


def _lots(ledger: Ledger) -> Iterator[OpenLot]:
    return (lot for book in ledger.books.values() for lot in book.lots)


def _numbers(trade: ClosedTrade) -> Numbers:
    way_in, way_out = trade.entry.number, trade.exit.number
    return way_out, way_in, trade.units, trade.fee_grains, trade.pnl_grains


def _stored_numbers(row: Row) -> Numbers:
    quantity, fees, pnl = (Decimal(row[name]) for name in ("quantity", "fees", "pnl"))
    fills = row["exit_fill"], row["entry_fill"]
    return *fills, grains(quantity), money_grains(fees), money_grains(pnl)


def _lots_of(tx: Transaction) -> dict[int, tuple[int, int]]:
    rows = tx.run(Q["every_lot"], {})
    return {
        row["fill"]: (grains(Decimal(row["quantity"])), money_grains(Decimal(row["fee"])))
        for row in rows
    }


def _tallies_of(tx: Transaction) -> dict[TallyKey, Tally]:
    rows = tx.run(Q["every_tally"], {})
    return {tally_key(row): tally_of(row) for row in rows}


def _days_of(tx: Transaction) -> dict[tuple[str, date], Day]:
    """The days on which something was closed; of others we know at most the equity."""
    rows = tx.run(Q["every_day"], {})
    return {(row["account"], from_db(row["day"]).date()): day_of(row) for row in rows}
