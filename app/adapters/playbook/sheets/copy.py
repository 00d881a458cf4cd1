"""The last good copy of the sheet's rows in the database, and how it stands."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path

from app.adapters.playbook.local import LocalPlaybook, stored
from app.adapters.playbook.sheets.reading import Key, Reading
from app.adapters.sql import Database, from_db, load_queries, to_db
from app.domain.strategy import Strategy
from app.ports.playbook import RefusedRow, Standing

Q = load_queries(Path(__file__).with_name("queries.sql"))
Words = Sequence[tuple[object, ...]]


class SheetCopy:
    """What all processes know of one sheet."""

    def __init__(self, database: Database, sheet_id: str) -> None:
        self._db = database
        self._sheet_id = sheet_id
        self.local = LocalPlaybook(database)

    def rows(self) -> Mapping[Key, Strategy]:
        """The rows by their keys, with the words that they are to show."""
        return {(row.symbol, row.timeframe): row for row in self.local.rows()}

    def keep(self, reading: Reading, at: datetime) -> None:
        """Let the copy be what was read. The words of a row that is gone stay: it may come back."""
        after = {key: stored(row) for key, row in reading.rows.items()}
        with self._db.transaction() as tx:
            before = {
                (line["symbol"], line["timeframe"]): line["strategy"]
                for line in tx.run(Q["kept"], {}).fetchall()
            }
            for symbol, timeframe in before.keys() - after.keys():
                tx.run(Q["drop"], {"symbol": symbol, "timeframe": timeframe})
            for (symbol, timeframe), text in after.items():
                if before.get((symbol, timeframe)) != text:
                    params = {"symbol": symbol, "timeframe": timeframe, "strategy": text}
                    tx.run(Q["keep"], params)
            refused = json.dumps([[row.number, row.why] for row in reading.refused])
            tx.run(Q["note_read"], {"id": self._sheet_id, "at": to_db(at), "refused": refused})

    def note_trouble(self, why: str) -> None:
        """Keep why the sheet cannot be read, or that it can again."""
        with self._db.transaction() as tx:
            tx.run(Q["note_trouble"], {"id": self._sheet_id, "trouble": why})

    def standing(self) -> Standing:
        """How the copy stands."""
        with self._db.reading() as tx:
            row = tx.one(Q["standing"], {"id": self._sheet_id})
        if row is None:
            return Standing()
        return Standing(
            read_at=None if row["read_at"] is None else from_db(row["read_at"]),
            trouble=row["trouble"],
            refused=[RefusedRow(number, why) for number, why in json.loads(row["refused"])],
        )

    def words(self) -> Words:
        """All that is told of rows: when it is another, the sheet is behind."""
        with self._db.reading() as tx:
            return [tuple(row) for row in tx.run(Q["words"], {}).fetchall()]

    def forget(self, key: Key) -> None:
        """Forget what was told of a row."""
        with self._db.transaction() as tx:
            tx.run(Q["forget"], {"symbol": key[0], "timeframe": key[1]})
