"""Rows as CSV: what is written is read back exactly, and what is not understood is named."""

import io
import time
from dataclasses import fields, replace
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.cli.rows import BadFile, read_rows, write_rows
from app.domain.order import Level, LevelKind
from app.domain.strategy import AfterStop, Sides, Sizing, Strategy, Sync
from app.engine.accounts import Account, Accounts
from tests.fakes.broker import FakeBroker

POSITIVE = st.decimals("0.000001", 10**9, places=6)
LEVELS = st.builds(Level, st.sampled_from(LevelKind), POSITIVE)
ROWS = st.builds(
    Strategy,
    symbol=st.sampled_from(["AAPL", "BTCUSD", "ES1!", "NIFTY", "BRK.B"]),
    timeframe=st.sampled_from(["", "15m", "4h", "1d", "1M"]),
    position_size=st.none() | POSITIVE,
    sizing_type=st.sampled_from(Sizing),
    active=st.booleans(),
    account=st.sampled_from([None, "fake", "fake*0.5", "fake=$2000"]),
    sides=st.none() | st.sampled_from(Sides),
    stop_loss=st.none() | LEVELS,
    take_profit=st.none() | LEVELS,
    pyramiding=st.booleans(),
    max_quantity=st.none() | POSITIVE,
    shared=st.just(True),
    sync=st.sampled_from(Sync),
    after_stop=st.sampled_from(AfterStop),
)
UNCHOSEN = {"order_status", "last_updated"}


def accounts() -> Accounts:
    return Accounts([Account("fake", FakeBroker())], "fake")


def read(text: str, *known: Strategy) -> list[Strategy]:
    return read_rows(io.StringIO(text), known, accounts())


def faults(text: str, *known: Strategy) -> list[str]:
    with pytest.raises(BadFile) as error:
        read(text, *known)
    return list(error.value.faults)


@settings(deadline=None)
@given(st.lists(ROWS, unique_by=lambda row: (row.symbol, row.timeframe)))
def test_rows_go_out_and_come_back_as_they_were(rows: list[Strategy]) -> None:
    file = io.StringIO()
    write_rows(rows, file)
    assert read(file.getvalue()) == rows


def test_every_column_is_written() -> None:
    file = io.StringIO()
    write_rows([], file)
    assert file.getvalue().strip().split(",") == [
        field.name for field in fields(Strategy) if field.name not in UNCHOSEN
    ]


def test_an_empty_cell_is_the_default_and_a_missing_column_too() -> None:
    assert read("Symbol,sides\nNASDAQ:AAPL,\n\n") == [Strategy(symbol="AAPL")]


def test_an_empty_active_is_no_as_in_a_sheet() -> None:
    assert read("symbol,active\nAAPL,\n") == [Strategy(symbol="AAPL", active=False)]


def test_a_sheet_that_was_saved_as_csv_is_read() -> None:
    first = "symbol,position_size,active,Time Frame,Order Status,Last Updated,Stop Loss"
    row = Strategy(symbol="AAPL", timeframe="15m", position_size=Decimal(5000))
    row = replace(row, stop_loss=Level(LevelKind.PERCENT, Decimal(2)))
    line = "AAPL,5000,TRUE,15 Min,FILLED,2025-10-10 14:30:00 PST,2%"
    assert read(f"{first}\r\n{line}\r\n") == [row]


def test_what_the_server_notes_is_passed_over() -> None:
    assert read("symbol,order_status\nAAPL,FILLED\n") == [Strategy(symbol="AAPL")]


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        (",15m,,", "symbol"),
        ('"=HYPERLINK(""http://x"",1)",15m,,', "symbol"),
        ("=1+1,15m,,", "symbol"),
        ("@SUM(A1),15m,,", "symbol"),
        (f"{'A' * 65},15m,,", "symbol"),
        (f"{'A' * 200_000},15m,,", "field larger than"),
        ("AAPL,soon,,", "timeframe"),
        ("AAPL,15m,-1,", "position_size"),
        ("AAPL,15m,NaN,", "position_size"),
        ("AAPL,15m,1,none%", "stop_loss"),
        ("AAPL,15m,1,0", "stop_loss"),
        ("AAPL,15m,1", "3 cells, and 4 columns"),
    ],
)
def test_a_line_that_is_not_understood_is_named(line: str, fault: str) -> None:
    head = "symbol,timeframe,position_size,stop_loss\n"
    (told,) = faults(f"{head}MSFT,15m,1,2%\n{line}\n")
    assert told.startswith("line 3: ")
    assert fault in told


@pytest.mark.parametrize(
    "text", ["", "timeframe\n15m\n", "symbol,colour\nAAPL,red\n", "symbol,symbol\nA,A\n"]
)
def test_a_heading_that_does_not_fit_is_told(text: str) -> None:
    assert faults(text)[0].startswith("line 1: ")


def test_an_account_that_there_is_not_is_refused() -> None:
    (fault,) = faults("symbol,account\nAAPL,other\n")
    assert fault.startswith("line 2: account: must be one of fake, or several")


def test_one_row_twice_is_refused() -> None:
    text = "symbol,timeframe\nAAPL,15\nNASDAQ:AAPL,15m\n"
    assert faults(text) == ["line 3: the row of line 2 again"]


def test_rule_17_a_row_beside_another_active_one_is_refused() -> None:
    (told,) = faults("symbol,timeframe\nAAPL,1h\n", Strategy(symbol="AAPL", timeframe="15m"))
    assert "AAPL/15m is active" in told


def test_ten_thousand_rows_are_read_in_moments() -> None:
    text = "symbol,timeframe\n" + "".join(f"S{number},15m\n" for number in range(10_000))
    begun = time.process_time()
    assert len(read(text)) == 10_000
    assert time.process_time() - begun < 3
