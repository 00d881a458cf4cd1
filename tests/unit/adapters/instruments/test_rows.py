"""A row of a list, on every real row that we have."""

import csv
from collections import defaultdict
from collections.abc import Iterator
from datetime import date, datetime

import pytest

from app.adapters.instruments.rows import Kind, SymbolRow, Unreadable, fold, read_row
from app.domain.contract import MONTHS, WEEK_MONTHS
from app.domain.listing import IST
from tests.unit.adapters.instruments.lists import DATA, real_bse

OPTION = (
    "101126070735400,NIFTY 07 Jul 26 24350 CE,14,65,0.05,,0915-1530|1815-1915:,2026-07-03,"
    "1783418400,NSE:NIFTY2670724350CE,10,11,35400,NIFTY,26000,24350.0,CE,101000000026000,None,0,0.0"
)


def real_rows() -> Iterator[SymbolRow]:
    for cells in csv.reader(real_bse().splitlines()):
        yield read_row(cells, "BSE", {})
    with (DATA / "NSE_FO.2026-07.csv").open(encoding="utf-8") as file:
        for cells in csv.reader(file):
            yield read_row(cells, "NSE", {"NIFTY": 1800})


def day_of(row: SymbolRow) -> date:
    return datetime.fromtimestamp(row.expiry, IST).date()


def by_the_rule(row: SymbolRow, *, ends_its_month: bool) -> str:
    """The symbol that the exchanges' rule gives a contract."""
    day = day_of(row)
    month = f"{day:%y}{MONTHS[day.month - 1]}"
    if row.kind == Kind.FUTURE:
        return f"{row.exchange}:{row.root}{month}FUT"
    when = month if ends_its_month else f"{day:%y}{WEEK_MONTHS[day.month - 1]}{day:%d}"
    return f"{row.exchange}:{row.root}{when}{row.strike / 10_000:g}{row.option_type}"


def test_the_rule_of_symbols_derives_each_real_row_anew() -> None:
    rows = list(real_rows())
    last: dict[tuple[str, str, int, int], date] = defaultdict(lambda: date.min)
    for row in rows:
        day = day_of(row)
        key = (row.exchange, row.root, day.year, day.month)
        last[key] = max(last[key], day)
    for row in rows:
        day = day_of(row)
        ends = last[row.exchange, row.root, day.year, day.month] == day
        assert row.symbol == by_the_rule(row, ends_its_month=ends)
    assert len(rows) == 6708 + 9


def test_every_real_contract_is_over_at_half_past_three() -> None:
    assert {datetime.fromtimestamp(row.expiry, IST).time().isoformat() for row in real_rows()} == {
        "15:30:00"
    }


def test_a_row_is_read() -> None:
    row = read_row(OPTION.split(","), "NSE", {"NIFTY": 1800})
    assert row == SymbolRow(
        symbol="NSE:NIFTY2670724350CE",
        exchange="NSE",
        root="NIFTY",
        folded="NIFTY",
        kind=Kind.OPTION,
        option_type="CE",
        expiry=1783418400,
        strike=243_500_000,
        lot=65,
        tick="0.05",
        freeze=1800,
        delivered=False,
    )


def test_more_columns_than_were_known_are_no_trouble() -> None:
    assert read_row([*OPTION.split(","), "new"], "NSE", {}).symbol == "NSE:NIFTY2670724350CE"


@pytest.mark.parametrize(
    ("column", "text", "why"),
    [
        (3, "0", "lot"),
        (3, "many", "number"),
        (3, "1.5", "lot"),
        (4, "0", "tick"),
        (4, "NaN", "number"),
        (8, "1783418400000", "seconds"),
        (9, "BSE:NIFTY2670724350CE", "no symbol"),
        (13, "", "no symbol"),
        (15, "-1.0", "strike"),
        (15, "0.00001", "strike"),
    ],
)
def test_a_row_that_does_not_hold_what_it_should_is_refused(
    column: int, text: str, why: str
) -> None:
    cells = [*OPTION.split(",")[:column], text, *OPTION.split(",")[column + 1 :]]
    with pytest.raises(Unreadable, match=why):
        read_row(cells, "NSE", {})


def test_a_cut_row_is_refused() -> None:
    with pytest.raises(Unreadable, match="5 columns instead of 21"):
        read_row(OPTION.split(",")[:5], "NSE", {})


@pytest.mark.parametrize(
    ("name", "folded"),
    [("M&M", "M_M"), ("BAJAJ-AUTO", "BAJAJ_AUTO"), ("SBIN", "SBIN"), ("NIFTY 500", "NIFTY_500")],
)
def test_a_name_is_folded_as_tradingview_writes_it(name: str, folded: str) -> None:
    assert fold(name) == folded == fold(folded)
