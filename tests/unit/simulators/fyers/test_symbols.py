"""The symbol master: real rows, as they are or in the months to come."""

import csv
from collections import defaultdict
from datetime import UTC, date, datetime
from typing import Any

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from tests.fakes.clock import FakeClock
from tests.simulators.fyers import FyersSimulator
from tests.simulators.fyers.instruments import IST, MASTER, Row, redated, rows_of

DERIVATIVES = ("NSE_FO.csv", "BSE_FO.csv")


def day_of(row: Row) -> date:
    return datetime.fromtimestamp(int(row[8]), IST).date()


def check_names(rows: list[Row]) -> None:
    """The name of a contract tells its expiry; monthly is what is the last one of its month."""
    lasts: dict[Any, date] = defaultdict(lambda: date.min)
    for row in rows:
        key = (row[13], day_of(row).year, day_of(row).month)
        lasts[key] = max(lasts[key], day_of(row))
    for row in rows:
        day = day_of(row)
        monthly = lasts[row[13], day.year, day.month] == day
        month = f"{day:%b}".upper() if monthly else f"{'123456789OND'[day.month - 1]}{day:%d}"
        rest = "FUT" if row[15] == "-1.0" else f"{row[15].removesuffix('.0')}{row[16]}"
        exchange = "NSE" if row[10] == "10" else "BSE"
        assert row[9] == f"{exchange}:{row[13]}{day:%y}{month}{rest}"
        assert row[0][4:10] == f"{day:%y%m%d}"


@pytest.mark.parametrize("name", DERIVATIVES)
def test_the_rows_of_the_data_are_named_by_the_rule(name: str) -> None:
    check_names(list(rows_of(MASTER, None)[name]))


@given(st.dates(date(2026, 1, 1), date(2032, 12, 31)), st.sampled_from(DERIVATIVES))
def test_redated_rows_lie_ahead_and_are_named_by_the_rule(today: date, name: str) -> None:
    rows = list(redated(rows_of(MASTER, None)[name], today))
    check_names(rows)
    assert len({row[9] for row in rows}) == len(rows) > 250
    ahead = {day_of(row) for row in rows if day_of(row) >= today}
    assert len(ahead) >= 3
    assert (min(ahead) - today).days < 31
    closes = {datetime.fromtimestamp(int(row[8]), IST).strftime("%H:%M") for row in rows}
    assert closes == {"15:30"}


def test_a_day_has_the_contracts_that_one_expects() -> None:
    rows = rows_of(MASTER, date(2026, 11, 20))["NSE_FO.csv"]
    [future] = [row for row in rows if row[9] == "NSE:NIFTY26NOVFUT"]
    assert future[:5] == ["101126112653001"[:10] + future[0][10:], future[1], "11", "65", "0.1"]
    assert future[1] == "NIFTY 26 Nov 26 FUT"
    weekly = {row[9] for row in rows if row[13] == "NIFTY" and row[9].endswith("24650CE")}
    assert {"NSE:NIFTY26D0124650CE", "NSE:NIFTY26DEC24650CE"} <= weekly


def test_the_files_are_served(fyers: FyersSimulator) -> None:
    for name in (*DERIVATIVES, "NSE_CM.csv", "BSE_CM.csv"):
        answer = requests.get(f"{fyers.symbols_url}/{name}", timeout=20)
        rows = list(csv.reader(answer.text.splitlines()))
        assert {len(row) for row in rows} == {21}
        assert {row[9] for row in rows} <= fyers.state.instruments.keys()
    assert requests.get(f"{fyers.symbols_url}/MCX_COM.csv", timeout=20).status_code == 404


def test_they_are_served_as_they_are_written_on_request(clock: FakeClock) -> None:
    with FyersSimulator(clock=clock, redates=False) as fyers:
        answer = requests.get(f"{fyers.symbols_url}/NSE_FO.csv", timeout=20)
    assert answer.text == (MASTER / "NSE_FO.csv").read_text()


def test_contracts_are_redated_when_time_has_passed(
    fyers: FyersSimulator, clock: FakeClock
) -> None:
    clock.advance(90 * 86_400)
    assert "NSE:NIFTY27FEBFUT" not in fyers.state.instruments
    fyers.redate()
    assert "NSE:NIFTY27FEBFUT" in fyers.state.instruments


def test_options_cost_what_their_underlying_says(fyers: FyersSimulator) -> None:
    def price(symbol: str) -> float:
        instrument = fyers.state.instruments[symbol]
        return float(fyers.state.last(instrument))

    fyers.quote("NSE:NIFTY50-INDEX", "24700")
    inner, outer = price("NSE:NIFTY26NOV24650CE"), price("NSE:NIFTY26NOV25050CE")
    assert inner > max(50, outer) > 0
    assert price("NSE:NIFTY26NOVFUT") == 24700
    assert price("NSE:SBIN26NOV820PE") > 0
    assert datetime(2026, 11, 20, 5, tzinfo=UTC) == fyers.state.now()
