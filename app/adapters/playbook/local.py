"""The playbook in the embedded database."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from pydantic import TypeAdapter

from app.adapters.sql import Database, Row, from_db, load_queries, to_db
from app.domain.strategy import Strategy

Q = load_queries(Path(__file__).with_name("queries.sql"))
_STRATEGY = TypeAdapter(Strategy)


class LocalPlaybook:
    """The playbook port on SQL. Rows are read anew each time: several processes may write them."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def find(self, symbol: str, timeframe: str | None) -> Strategy | None:
        """The row of a symbol key and canonical timeframe; else the row of any timeframe."""
        with self._db.reading() as tx:
            row = tx.one(Q["find"], {"symbol": symbol, "timeframe": timeframe or ""})
        return _strategy(row) if row else None

    def rows(self) -> Sequence[Strategy]:
        """All rows, by symbol and timeframe."""
        with self._db.reading() as tx:
            return [_strategy(row) for row in tx.run(Q["rows"], {}).fetchall()]

    def put(self, row: Strategy) -> None:
        """Write a row, replacing the one of the same key; its status stays."""
        self.put_all([row])

    def put_all(self, rows: Sequence[Strategy]) -> None:
        """Write rows as `put` does, all of them or none."""
        with self._db.transaction() as tx:
            for row in rows:
                bare = replace(row, order_status="READY", last_updated=None)
                text = _STRATEGY.dump_json(bare, exclude_defaults=True).decode()
                params = {"symbol": row.symbol, "timeframe": row.timeframe, "strategy": text}
                tx.run(Q["put"], params)

    def delete(self, symbol: str, timeframe: str) -> bool:
        """Remove a row; whether there was one."""
        params = {"symbol": symbol, "timeframe": timeframe}
        with self._db.transaction() as tx:
            return tx.run(Q["delete"], params).rowcount > 0

    def set_status(self, symbol: str, timeframe: str, status: str, at: datetime) -> None:
        """Note how the row's last order stands."""
        params = {"symbol": symbol, "timeframe": timeframe, "status": status, "at": to_db(at)}
        with self._db.transaction() as tx:
            tx.run(Q["set_status"], params)


def _strategy(row: Row) -> Strategy:
    known = _STRATEGY.validate_json(row["strategy"])
    at = row["last_updated"]
    return replace(
        known, order_status=row["order_status"], last_updated=None if at is None else from_db(at)
    )
