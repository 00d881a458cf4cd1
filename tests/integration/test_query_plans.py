"""No hot statement reads more of the journal when the journal grows."""

import re
from pathlib import Path

import pytest

from app.adapters.brokers.paper.store import Q as PAPER
from app.adapters.journal.statements import Q as JOURNAL
from app.adapters.sql import Query, open_sqlite

SCAN = r"SCAN (alerts|events|fills|jobs?|orders|paper_fills|paper_orders|steps)\b"
"""A statement that reads all rows of a table that grows."""

OPEN_ONLY = r"USING (COVERING )?INDEX jobs_(open|due)\b"
"""Indexes that hold only what has not ended."""

READS_ON = {"fills_after"}
"""It reads what is new since a number, and is told the number."""

LANE_ALONE = "jobs_by_fire_time (lane=?)"
"""The index by fire time holds every job that a lane ever had."""


HOT = {
    f"{room} {name}": query
    for room, queries in (("journal", JOURNAL), ("paper", PAPER))
    for name, query in queries.items()
    if name not in READS_ON
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
