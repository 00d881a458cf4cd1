"""The states of logins that were begun, in the database: any process may see a login end."""

from datetime import datetime
from pathlib import Path

from app.adapters.sql import Database, load_queries, to_db
from app.ports.clock import Clock

_Q = load_queries(Path(__file__).with_name("queries.sql"))


class SqlLoginStates:
    """The LoginStates over a table of digests."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._db = database
        self._clock = clock

    def begin(self, digest: str, account: str, until: datetime) -> None:
        """Remember a state, and forget those that are too old."""
        params = {"digest": digest, "account": account, "until": to_db(until)}
        with self._db.transaction() as tx:
            tx.run(_Q["forget_logins"], {"now": to_db(self._clock.now())})
            tx.run(_Q["begin_login"], params)

    def take(self, digest: str, now: datetime) -> str | None:
        """The account of a state, once. A stranger's guess costs a read, and no write."""
        params = {"digest": digest, "now": to_db(now)}
        with self._db.reading() as tx:
            if tx.one(_Q["login_state"], params) is None:
                return None
        with self._db.transaction() as tx:
            row = tx.one(_Q["take_login"], params)
        return None if row is None else row["account"]
