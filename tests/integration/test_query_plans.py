"""No hot statement reads more of the journal when the journal grows."""

import re
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Executable, RowMapping, Select
from sqlalchemy.dialects import sqlite

from app.adapters.brokers.paper.store import Q as PAPER
from app.adapters.journal.cold_queries import ColdQueries
from app.adapters.journal.statements import Q as JOURNAL
from app.adapters.sql import Query, open_sqlite
from app.ports.records import EventFilter, FillFilter, TradeFilter
from tests.fakes.clock import START

SCAN = (
    r"SCAN (alerts|days|events|fills|jobs?|open_lots|orders|paper_fills|paper_orders|steps"
    r"|tallies|trades)\b"
)
"""A statement that reads all rows of a table that grows."""

OPEN_ONLY = r"USING (COVERING )?INDEX jobs_(open|due|running)\b"
"""Indexes that hold only what has not ended."""

READS_ALL = {"every_fill", "every_trade", "every_lot", "every_tally", "every_day"} | {
    "drop_trades",
    "drop_lots",
    "drop_tallies",
    "empty_days",
    "every_extreme",
}
"""They count the ledger anew, when somebody asks for it."""

LANE_ALONE = "jobs_by_fire_time (lane=?)"
"""The index by fire time holds every job that a lane ever had."""


HOT = {
    f"{room} {name}": query
    for room, queries in (("journal", JOURNAL), ("paper", PAPER))
    for name, query in queries.items()
    if name not in READS_ALL
}


@pytest.mark.parametrize("query", HOT.values(), ids=HOT)
def test_a_hot_statement_finds_its_rows_by_an_index(migrated: Path, query: Query) -> None:
    connection = open_sqlite(migrated)
    names = re.findall(r":(\w+)", query.sql)
    plan = connection.execute(f"EXPLAIN QUERY PLAN {query.sql}", dict.fromkeys(names, 1))
    steps = [str(row["detail"]) for row in plan]
    connection.close()
    scans = [step for step in steps if re.match(SCAN, step) and not re.search(OPEN_ONLY, step)]
    assert not scans, steps
    assert not [step for step in steps if LANE_ALONE in step], steps


class Asked(ColdQueries):
    """Cold queries that are not run but looked at."""

    def __init__(self, file: Path) -> None:
        super().__init__(f"sqlite:///{file}")
        self.plan: list[str] = []

    def _all(self, query: Executable) -> Sequence[RowMapping]:
        assert isinstance(query, Select)
        sql = query.compile(dialect=sqlite.dialect(), compile_kwargs={"literal_binds": True})
        assert self._engine.url.database is not None
        connection = open_sqlite(Path(self._engine.url.database))
        self.plan = [row["detail"] for row in connection.execute(f"EXPLAIN QUERY PLAN {sql}")]
        connection.close()
        return []


LATELY: dict[str, Any] = {"since": START, "until": START + timedelta(days=1)}
SOME: list[dict[str, Any]] = [
    {},
    LATELY,
    {"account": "paper"},
    {"account": "paper", **LATELY},
    {"symbol": "AAPL"},
    {"symbol": "AAPL", "account": "paper", **LATELY},
    {"alert_id": "A"},
]
OF_ORDER: dict[str, Any] = {"client_order_id": "O"}
OF_KIND: dict[str, Any] = {"kind": "filled"}
BARE_SCAN = r"SCAN \w+$"
"""Every row of a table, in no order of use."""
LISTS: list[tuple[str, object, tuple[int, ...]]] = [
    *(("fills", FillFilter(**some), (1, 2)) for some in [*SOME, OF_ORDER]),
    *(("trades", TradeFilter(**some), (1, 2, 3)) for some in SOME),
    *(("events", EventFilter(**some), (1, 2)) for some in [*SOME, OF_KIND]),
    *(("events", EventFilter(problem=True, **some), (1, 2)) for some in SOME),
]


@pytest.mark.parametrize(("name", "wanted", "before"), LISTS)
def test_a_page_of_a_list_is_found_by_an_index(
    name: str, wanted: object, before: tuple[int, ...], migrated: Path
) -> None:
    for place in (None, before):
        asked = Asked(migrated)
        getattr(asked, name)(wanted, place)
        assert not [step for step in asked.plan if re.match(BARE_SCAN, step)], asked.plan
        few = any(re.search(r"_by_\w*(alert|order)\b", step) for step in asked.plan)
        assert few or not [step for step in asked.plan if "TEMP B-TREE" in step], asked.plan
