"""The playbook in the embedded database."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import groupby
from pathlib import Path

from pydantic import TypeAdapter

from app.adapters.sql import Database, Row, from_db, load_queries
from app.domain.row_word import RowWord, most_telling
from app.domain.strategy import Strategy
from app.ports.playbook import Standing

Q = load_queries(Path(__file__).with_name("queries.sql"))
_STRATEGY = TypeAdapter(Strategy)


class LocalPlaybook:
    """The playbook port on SQL. Rows are read anew each time: several processes may write them."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def find(self, symbol: str, timeframe: str | None) -> Strategy | None:
        """The row of a symbol key and canonical timeframe; else the row of any timeframe."""
        with self._db.reading() as tx:
            params = {"symbol": symbol, "timeframe": timeframe or ""}
            lines = tx.run(Q["find"], params).fetchall()
        return next(_strategies(lines), None)

    def rows(self) -> Sequence[Strategy]:
        """All rows, by symbol and timeframe."""
        with self._db.reading() as tx:
            return list(_strategies(tx.run(Q["rows"], {}).fetchall()))

    def put(self, row: Strategy) -> None:
        """Write a row, replacing the one of the same key; its status stays."""
        self.put_all([row])

    def put_all(self, rows: Sequence[Strategy]) -> None:
        """Write rows as `put` does, all of them or none."""
        with self._db.transaction() as tx:
            for row in rows:
                bare = stored(replace(row, order_status=RowWord.READY))
                params = {"symbol": row.symbol, "timeframe": row.timeframe, "strategy": bare}
                tx.run(Q["put"], params)

    def standing(self) -> Standing | None:
        """None: the rows are kept here."""
        return None

    def delete(self, symbol: str, timeframe: str) -> bool:
        """Remove a row; whether there was one."""
        params = {"symbol": symbol, "timeframe": timeframe}
        with self._db.transaction() as tx:
            tx.run(Q["forget_words"], params)
            return tx.run(Q["delete"], params).rowcount > 0


def stored(row: Strategy) -> str:
    """A row as the database keeps it: without when its word was told."""
    return _STRATEGY.dump_json(replace(row, last_updated=None), exclude_defaults=True).decode()


def _strategies(lines: Sequence[Row]) -> Iterator[Strategy]:
    """Rows, each with its words: of all its accounts that the latest alert was of."""
    for _, group in groupby(lines, lambda line: (line["symbol"], line["timeframe"])):
        of_row = list(group)
        known = _STRATEGY.validate_json(of_row[0]["strategy"])
        told = [line for line in of_row if line["word"] is not None]
        if not told or known.order_status == RowWord.REFUSED:
            yield known
            continue
        latest = max(line["alert_id"] for line in told)
        words = {line["word"] for line in told if line["alert_id"] == latest}
        at = from_db(max(line["at"] for line in told))
        yield replace(known, order_status=most_telling(words), last_updated=at)
