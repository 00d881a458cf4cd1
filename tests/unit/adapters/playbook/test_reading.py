"""What the tab `Config` says, and what it does not say clearly never trades."""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.adapters.playbook.sheets.reading import (
    Key,
    Reader,
    Reading,
    Value,
    as_text,
    may_be_percents,
    with_percents,
)
from app.domain.errors import PlaybookRefused, PlaybookUnavailable
from app.domain.order import Level, LevelKind
from app.domain.row_word import RowWord
from app.domain.strategy import Strategy
from app.engine.accounts import Account, Accounts
from tests.fakes.broker import FakeBroker

HEADER = ("symbol", "position_size", "active", "Time Frame", "Order Status", "Last Updated")
AAPL: Sequence[Value] = ("AAPL", 5000, True, "15 Min")
KEY = ("AAPL", "15m")


def accounts() -> Accounts:
    return Accounts([Account(name, FakeBroker()) for name in ("fake", "second")], "fake")


def read(
    *rows: Sequence[Value], more: Sequence[str] = (), known: dict[Key, Strategy] | None = None
) -> Reading:
    return Reader(accounts(), known or {}).read([[*HEADER, *more], *rows])


def why(reading: Reading) -> dict[int, str]:
    return {row.number: row.why for row in reading.refused}


def test_rows_of_the_seed_are_understood() -> None:
    reading = read(AAPL, ("HOOD", 40000.0, False, "45 Min", "FILLED", "2025-10-10 14:30:00 PST"))
    assert list(reading.rows.values()) == [
        Strategy(symbol="AAPL", timeframe="15m", position_size=Decimal(5000)),
        Strategy(symbol="HOOD", timeframe="45m", position_size=Decimal(40000), active=False),
    ]
    assert not reading.refused


def test_more_columns_are_those_of_a_row() -> None:
    more = ("account", "sizing type", "stop_loss", "take_profit", "max_quantity")
    row = (*AAPL, "", "", "second", "quantity", "2%", 250.5, 10)
    assert read(row, more=more).rows[KEY] == Strategy(
        symbol="AAPL",
        timeframe="15m",
        position_size=Decimal(5000),
        account="second",
        sizing_type="quantity",  # type: ignore[arg-type]
        stop_loss=Level(LevelKind.PERCENT, Decimal(2)),
        take_profit=Level(LevelKind.PRICE, Decimal("250.5")),
        max_quantity=Decimal(10),
    )


def test_an_empty_line_is_none_whatever_its_status_says() -> None:
    assert not read(("", "", "", "", "FILLED", "2025-10-10"), ("", "")).lines


@pytest.mark.parametrize("active", ["", None])
def test_a_row_that_is_being_typed_does_not_trade(active: str | None) -> None:
    row = ("AAPL", 5000) if active is None else ("AAPL", 5000, active, "15 Min")
    assert not any(row.active for row in read(row).rows.values())


BAD: Sequence[tuple[Sequence[Value], str]] = [
    (("AAPL", "much", True, "15 Min"), "AAPL 15 Min: position_size: 'much'"),
    (("AAPL", -5, True, "15 Min"), "AAPL 15 Min: position_size: '-5' is not positive"),
    (("AAPL", "#REF!", True, "15 Min"), "AAPL 15 Min: position_size: '#REF!'"),
    (("AAPL", 5000, "perhaps", "15 Min"), "AAPL 15 Min: active: 'perhaps'"),
]


@pytest.mark.parametrize(("row", "told"), BAD)
def test_a_row_that_is_not_understood_is_told_by_its_number_and_never_trades(
    row: Sequence[Value], told: str
) -> None:
    reading = read(("HOOD", 1, True, "1h"), row)
    assert why(reading)[3].startswith(told)
    assert reading.rows[KEY].active is False
    assert reading.rows[KEY].order_status == RowWord.REFUSED
    assert reading.rows["HOOD", "1h"].active, "the others trade"


def test_of_a_row_that_is_refused_the_exits_still_find_their_account() -> None:
    good = Strategy(symbol="AAPL", timeframe="15m", account="second")
    reading = read(("AAPL", "much", True, "15 Min"), known={KEY: good})
    assert reading.rows[KEY] == replace(good, active=False, order_status=RowWord.REFUSED)


def test_and_also_when_it_never_was_a_good_one() -> None:
    row = ("AAPL", "much", True, "15 Min", "", "", "second")
    assert read(row, more=["account"]).rows[KEY].account == "second"


def test_a_timeframe_that_is_none_keeps_the_symbol_from_entering_as_if_without_a_row() -> None:
    reading = read(("AAPL", 5000, True, "15 Mn"))
    assert why(reading) == {2: "AAPL 15 Mn: timeframe: '15 Mn' is none"}
    assert reading.rows["AAPL", ""].active is False


def test_but_not_the_row_of_any_timeframe_that_there_is() -> None:
    reading = read(("AAPL", 5000, True, "15 Mn"), ("AAPL", 1, True, "any"))
    assert reading.rows["AAPL", ""].active
    assert list(why(reading)) == [2]


def test_a_line_without_a_symbol_is_told() -> None:
    assert why(read(("", 5000, True, "15 Min"))) == {2: "15 Min: symbol: '' is none"}


@pytest.mark.parametrize("symbol", ["#REF!", "#N/A", "=1+1", "@SUM(A1)", "-2+3", "X:=1", "A" * 65])
def test_a_line_whose_symbol_is_a_formula_or_a_fault_of_one_is_told(symbol: str) -> None:
    reading = read((symbol, 5000, True, "15 Min"))
    assert why(reading) == {2: f"{symbol} 15 Min: symbol: {symbol!r} is none"}
    assert not reading.rows


def test_two_lines_of_one_row_are_both_refused() -> None:
    reading = read(AAPL, ("HOOD", 1, True, "1h"), ("aapl", 1, True, "15m"))
    assert why(reading) == {
        2: "AAPL 15 Min: line 4 is of the same symbol and timeframe",
        4: "aapl 15m: line 2 is of the same symbol and timeframe",
    }
    assert reading.rows[KEY].active is False
    assert reading.lines_of(KEY) == [2, 4]


def test_of_a_line_that_was_filled_down_over_the_whole_sheet_a_few_are_named() -> None:
    reading = read(*[AAPL] * 3000)
    told = why(reading)
    assert len(told) == 3000
    same = "and 2996 more are of the same symbol and timeframe"
    assert told[2] == f"AAPL 15 Min: lines 3, 4, 5 {same}"
    assert told[3001] == f"AAPL 15 Min: lines 2, 3, 4 {same}"
    assert reading.rows[KEY].active is False


def test_rule_17_two_active_rows_of_one_instrument_are_refused_unless_both_share_it() -> None:
    other = ("AAPL", 1, True, "1h")
    reading = read(AAPL, other)
    assert why(reading) == {
        2: "AAPL 15 Min: shared: the row AAPL 1h is active on the same account",
        3: "AAPL 1h: shared: the row AAPL 15m is active on the same account",
    }
    assert not any(row.active for row in reading.rows.values())
    shared = [(*row, "", "", "yes") for row in (AAPL, other)]
    assert not read(*shared, more=["shared"]).refused
    assert not read(AAPL, ("AAPL", 1, False, "1h")).refused


def test_something_in_a_column_that_looks_like_protection_is_not_passed_over() -> None:
    reading = read((*AAPL, "", "", "2%"), ("HOOD", 1, True, "1h", "", "", ""), more=["stop_los"])
    assert why(reading) == {2: "AAPL 15 Min: stop_los: there is no such column"}
    assert reading.rows["HOOD", "1h"].active


def test_a_sheet_whose_first_line_is_not_understood_says_nothing() -> None:
    with pytest.raises(PlaybookRefused):
        Reader(accounts(), {}).read([["symbol", "size"], AAPL])


@pytest.mark.parametrize(
    ("value", "text"),
    [(5000.0, "5000"), (0.1, "0.1"), (1e9, "1000000000"), (True, "true"), (" a ", "a")],
)
def test_a_cell_is_read_as_its_owner_would_write_it(value: Value, text: str) -> None:
    assert as_text(value) == text


@given(st.decimals("0.000001", "1000000000", places=6))
def test_a_number_is_the_same_after_its_way_through_a_sheet(number: Decimal) -> None:
    if Decimal(repr(float(number))) == number:
        assert Decimal(as_text(float(number))) == number


def test_a_number_that_is_shown_in_percent_is_one() -> None:
    cells: list[Sequence[Value]] = [[*HEADER, "stop_loss"], [*AAPL, "", "", 0.07]]
    shown: list[Sequence[Value]] = [
        [*HEADER, "stop_loss"],
        ["AAPL", "$5,000.00", "TRUE", "15 Min", "", "", "7.00%"],
    ]
    assert may_be_percents(cells)
    assert with_percents(cells, shown)[1] == [*AAPL, "", "", "7%"]


def test_a_sheet_that_changed_between_two_looks_is_looked_at_again() -> None:
    with pytest.raises(PlaybookUnavailable):
        with_percents([HEADER, AAPL], [HEADER, ("HOOD", "$5,000.00", "TRUE", "15 Min")])
    with pytest.raises(PlaybookUnavailable):
        with_percents([HEADER, AAPL], [HEADER])


def test_a_size_in_percent_of_equity_may_be_shown_in_percent() -> None:
    row = ("AAPL", "5%", True, "15 Min", "", "", "percent_of_equity")
    assert read(row, more=["sizing_type"]).rows[KEY].position_size == 5


CELLS = st.one_of(
    st.sampled_from(
        ["", "AAPL", "HOOD", "15 Min", "1h", "any", "TRUE", "fake", "2%", "=1+1", "#REF!"]
    ),
    st.text(max_size=8),
    st.booleans(),
    st.integers(-10, 10**12),
    st.floats(allow_nan=False, allow_infinity=False),
)


@given(st.lists(st.lists(CELLS, max_size=9), max_size=8))
def test_whatever_the_sheet_holds_each_line_is_understood_or_refused(
    lines: list[list[Value]],
) -> None:
    reading = read(*lines, more=["account", "stop_loss", "sl"])
    active = [row for row in reading.rows.values() if row.active]
    for line in reading.lines:
        key = reading.keys[line.number]
        assert key or line.number in reading.refused_lines
        if key is not None and line.number in reading.refused_lines:
            assert reading.rows[key] not in active
    keys = [(row.symbol, row.timeframe) for row in active]
    assert all(len(reading.lines_of(key)) == 1 for key in keys)
