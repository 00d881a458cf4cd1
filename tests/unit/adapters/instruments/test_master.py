"""Which contract a wish means, on lists of August 2025."""

import csv
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from app.adapters.instruments.master import SymbolMaster
from app.domain.contract import (
    Ahead,
    Expiry,
    Moneyness,
    OptionType,
    Series,
    Strike,
    Wish,
    wish_named,
)
from app.domain.decision import Denial, Denied
from app.domain.instrument import AssetClass, Instrument, Ticker
from tests.unit.adapters.instruments.lists import SUNDAY, loaded, make_lists, real_bse, refreshed

CALL, PUT = OptionType.CALL, OptionType.PUT
NIFTY = Ticker("NSE", "NIFTY")
PRICES = {
    "NSE:NIFTY50-INDEX": Decimal("24631.3"),
    "NSE:NIFTYBANK-INDEX": Decimal("55341.85"),
    "NSE:M&M-EQ": Decimal(3265),
    "NSE:SBIN-EQ": Decimal("826.55"),
}


def option(
    underlying: Ticker, expiry: Expiry, strike: Strike, option_type: OptionType = CALL
) -> Wish:
    return Wish(underlying=underlying, expiry=expiry, strike=strike, option_type=option_type)


AT_MONEY = option(NIFTY, Series.WEEKLY, Moneyness(0))


def find(master: SymbolMaster, wish: Wish, at: datetime = SUNDAY) -> Instrument:
    found = master.contract(wish, at, PRICES.get)
    assert isinstance(found, Instrument), found
    return found


def denied(master: SymbolMaster, wish: Wish, at: datetime = SUNDAY) -> Denied:
    told = master.contract(wish, at, PRICES.get)
    assert isinstance(told, Denied), told
    return told


def test_a_contract_brings_all_that_an_order_needs(master: SymbolMaster) -> None:
    wish = option(Ticker("", "BANKNIFTY"), Series.WEEKLY, Decimal(55300), PUT)
    assert find(master, wish) == Instrument(
        symbol="NSE:BANKNIFTY25AUG55300PE",
        key="NSE:BANKNIFTY25AUG55300PE",
        asset_class=AssetClass.OPTION,
        tick=Decimal("0.05"),
        step=Decimal(35),
        lot=Decimal(35),
        underlying="BANKNIFTY",
        expiry=datetime(2025, 8, 28, 10, 0, tzinfo=UTC),
        strike=Decimal(55300),
        option_type="PE",
        freeze=Decimal(600),
    )


@pytest.mark.parametrize(
    ("underlying", "expiry", "strike", "option_type", "symbol"),
    [
        ("NIFTY", Series.WEEKLY, Moneyness(0), CALL, "NSE:NIFTY2582124650CE"),
        ("NIFTY", Series.WEEKLY, Moneyness(1), CALL, "NSE:NIFTY2582124600CE"),
        ("NIFTY", Series.WEEKLY, Moneyness(1), PUT, "NSE:NIFTY2582124700PE"),
        ("NIFTY", Series.MONTHLY, Moneyness(-2), PUT, "NSE:NIFTY25AUG24550PE"),
        ("NIFTY", Ahead(2), Moneyness(0), PUT, "NSE:NIFTY2590224650PE"),
        ("NIFTY", date(2025, 9, 9), Decimal(24500), PUT, "NSE:NIFTY2590924500PE"),
        ("NIFTY50", Series.WEEKLY, Moneyness(0), CALL, "NSE:NIFTY2582124650CE"),
        ("NIFTYBANK", Series.MONTHLY, Moneyness(0), CALL, "NSE:BANKNIFTY25AUG55300CE"),
        ("M_M", Series.MONTHLY, Moneyness(0), CALL, "NSE:M&M25AUG3250CE"),
        ("M&M", Series.MONTHLY, Moneyness(0), CALL, "NSE:M&M25AUG3250CE"),
        ("SBIN", Series.WEEKLY, Moneyness(0), PUT, "NSE:SBIN25AUG830PE"),
    ],
)
def test_an_option_is_chosen(
    master: SymbolMaster,
    underlying: str,
    expiry: Expiry,
    strike: Strike,
    option_type: OptionType,
    symbol: str,
) -> None:
    for exchange in ("", "NSE", "NFO"):
        wish = option(Ticker(exchange, underlying), expiry, strike, option_type)
        assert find(master, wish).symbol == symbol


@pytest.mark.parametrize(
    ("name", "symbol"),
    [
        ("NIFTY1!", "NSE:NIFTY25AUGFUT"),
        ("NIFTY2!", "NSE:NIFTY25SEPFUT"),
        ("NIFTYV2025", "NSE:NIFTY25OCTFUT"),
        ("NIFTY25SEPFUT", "NSE:NIFTY25SEPFUT"),
        ("M_M1!", "NSE:M&M25AUGFUT"),
        ("BAJAJ_AUTO1!", "NSE:BAJAJ-AUTO25AUGFUT"),
        ("NIFTY250821C24650", "NSE:NIFTY2582124650CE"),
        ("NIFTY250828P24650", "NSE:NIFTY25AUG24650PE"),
        ("NIFTY2582124650CE", "NSE:NIFTY2582124650CE"),
        ("NIFTYNXT50250828C66500", "NSE:NIFTYNXT5025AUG66500CE"),
    ],
)
def test_a_name_is_a_contract(master: SymbolMaster, name: str, symbol: str) -> None:
    wish = wish_named(Ticker("NSE", name))
    assert wish is not None
    assert find(master, wish).symbol == symbol


def test_after_its_last_moment_a_future_is_rolled(tmp_path: Path) -> None:
    day = datetime(2025, 8, 28, 4, 0, tzinfo=UTC)
    master = loaded(tmp_path, day)
    front = wish_named(Ticker("NSE", "NIFTY1!"))
    assert front is not None
    last_moment = datetime(2025, 8, 28, 9, 59, 59, tzinfo=UTC)
    assert find(master, front, last_moment).symbol == "NSE:NIFTY25AUGFUT"
    assert find(master, front, last_moment + timedelta(seconds=1)).symbol == "NSE:NIFTY25SEPFUT"


def test_the_names_of_all_real_contracts_of_bse_mean_themselves(master: SymbolMaster) -> None:
    generation = master.generation()
    assert generation is not None
    for cells in csv.reader(real_bse().splitlines()):
        wish = wish_named(Ticker.parse(cells[9]))
        assert wish is not None, cells
        assert find(master, wish).symbol == cells[9]


@pytest.mark.parametrize(
    ("wish", "reason", "detail"),
    [
        (
            option(Ticker("", "BANKNIFTY"), date(2025, 8, 21), Moneyness(0)),
            Denial.UNKNOWN_SYMBOL,
            (
                "BANKNIFTY 2025-08-21 ATM CE: no such expiry; "
                "the nearest: 2025-08-28, 2025-09-30, 2025-10-28"
            ),
        ),
        (
            option(NIFTY, Series.WEEKLY, Decimal(24655)),
            Denial.UNKNOWN_SYMBOL,
            "NIFTY WEEKLY 24655 CE: no such strike of 2025-08-21; the nearest: 24600, 24650, 24700",
        ),
        (
            option(NIFTY, Series.WEEKLY, Moneyness(99)),
            Denial.UNKNOWN_SYMBOL,
            "NIFTY WEEKLY ITM99 CE: no strike is listed so far from 24631.3",
        ),
        (
            option(Ticker("", "BANKNFTY"), Series.WEEKLY, Moneyness(0)),
            Denial.UNKNOWN_SYMBOL,
            "'BANKNFTY' is no underlying of options; the nearest: NSE:BANKNIFTY",
        ),
        (
            option(Ticker("NSE", "INFY"), Series.WEEKLY, Moneyness(0)),
            Denial.UNKNOWN_SYMBOL,
            "INFY has no options",
        ),
        (
            option(Ticker("NASDAQ", "AAPL"), Series.WEEKLY, Moneyness(0)),
            Denial.UNKNOWN_SYMBOL,
            "'AAPL' is no underlying of options",
        ),
        (
            option(Ticker("BSE", "SENSEX"), Series.WEEKLY, Moneyness(0)),
            Denial.NO_QUOTE,
            "a strike by moneyness needs the price of SENSEX, and there is none",
        ),
        (
            option(Ticker("NSE", "MIDCPNIFTY"), Series.WEEKLY, Moneyness(0)),
            Denial.NO_QUOTE,
            "a strike by moneyness needs the price of NSE:MIDCPNIFTY-INDEX, and there is none",
        ),
    ],
)
def test_what_there_is_not_is_told_with_what_there_is(
    master: SymbolMaster, wish: Wish, reason: Denial, detail: str
) -> None:
    told = denied(master, wish)
    assert told.reason is reason
    assert told.detail.startswith(detail)


@pytest.mark.parametrize(
    "strike", ["1E+999999", "1E+15", "24650.00000000000000000000000000001", "0.00001"]
)
def test_a_strike_that_no_list_could_hold_is_not_listed(master: SymbolMaster, strike: str) -> None:
    told = denied(master, option(NIFTY, Series.WEEKLY, Decimal(strike)))
    assert "no such strike of 2025-08-21; the nearest: " in told.detail


@pytest.mark.parametrize(("price", "strike"), [("1E+999999", 25050), ("0.000001", 24200)])
def test_at_an_absurd_price_the_outermost_strike_is_at_the_money(
    master: SymbolMaster, price: str, strike: int
) -> None:
    found = master.contract(AT_MONEY, SUNDAY, lambda _: Decimal(price))
    assert isinstance(found, Instrument)
    assert found.strike == strike


def test_from_nine_the_next_morning_old_lists_trade_no_contracts(master: SymbolMaster) -> None:
    wish = option(NIFTY, Series.WEEKLY, Decimal(24650))
    nine = datetime(2025, 8, 18, 3, 30, tzinfo=UTC)
    find(master, wish, nine - timedelta(seconds=1))
    told = denied(master, wish, nine)
    assert told.reason is Denial.SYMBOLS_STALE
    assert told.detail.startswith("the list NSE_FO is of 2025-08-17 15:30 IST")
    assert master.trouble(nine - timedelta(seconds=1)) is None
    assert master.trouble(nine) == told.detail
    assert master.named(Ticker("NSE", "SBIN")) is not None, "shares stay what they are"


@pytest.mark.parametrize(
    ("symbol", "found"),
    [
        ("NSE:SBIN", "NSE:SBIN-EQ"),
        ("NSE:SBIN-EQ", "NSE:SBIN-EQ"),
        ("sbin", "NSE:SBIN-EQ"),
        ("NSE:M_M", "NSE:M&M-EQ"),
        ("NSE:GOLDSTAR", "NSE:GOLDSTAR-SM"),
        ("NSE:NIFTYBEES", "NSE:NIFTYBEES-EQ"),
        ("NSE:656MH32-SG", "NSE:656MH32-SG"),
        ("NSE:656MH32", None),
        ("NSE:NIFTY", None),
        ("NSE:NIFTY50-INDEX", None),
        ("NASDAQ:SBIN", None),
        ("AAPL", None),
        ("", None),
    ],
)
def test_a_share_is_found_by_its_name(master: SymbolMaster, symbol: str, found: str | None) -> None:
    instrument = master.named(Ticker.parse(symbol))
    assert (instrument and instrument.symbol) == found


def test_the_grid_of_a_share_is_that_of_its_list(master: SymbolMaster) -> None:
    assert master.named(Ticker("NSE", "SBIN")) == Instrument(
        symbol="NSE:SBIN-EQ",
        key="NSE:SBIN-EQ",
        asset_class=AssetClass.EQUITY,
        tick=Decimal("0.05"),
        step=Decimal(1),
    )
    small = master.named(Ticker("NSE", "GOLDSTAR"))
    assert small is not None
    assert small.lot == small.step == 11250


def test_the_price_of_an_underlying_has_a_symbol(master: SymbolMaster) -> None:
    quoted = {name: master.quoted(Ticker("", name)) for name in ("NIFTY", "SBIN", "M_M", "AAPL")}
    assert quoted == {
        "NIFTY": "NSE:NIFTY50-INDEX",
        "SBIN": "NSE:SBIN-EQ",
        "M_M": "NSE:M&M-EQ",
        "AAPL": None,
    }


def test_the_nearest_names_are_told(master: SymbolMaster) -> None:
    assert master.near(Ticker("NSE", "SBINN"))[0] == "NSE:SBIN"
    assert "NSE:NIFTY" in master.near(Ticker("", "NIFTI"))
    assert master.near(Ticker("", "ZZZZZZ")) == []


def test_goods_are_priced_by_their_future(tmp_path: Path) -> None:
    day, later = 1755768600 + 6 * 3600, 1756373400  # an option ends before its future does
    rows = [
        (
            f"1,CRUDEOIL FUT,30,100,1.0,,,2025-08-17,{later},MCX:CRUDEOIL25AUGFUT,11,20,1,CRUDEOIL,"
            ",-1.0,XX,,None,0,0.0"
        ),
        (
            f"2,CRUDEOIL CE,31,100,0.1,,,2025-08-17,{day},MCX:CRUDEOIL25AUG5500CE,11,20,2,CRUDEOIL,"
            ",5500.0,CE,,None,0,0.0"
        ),
        (
            f"3,CRUDEOIL CE,31,100,0.1,,,2025-08-17,{day},MCX:CRUDEOIL25AUG5600CE,11,20,3,CRUDEOIL,"
            ",5600.0,CE,,None,0,0.0"
        ),
    ]
    (tmp_path / "MCX_COM.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    refreshed(tmp_path / "var", tmp_path)
    wish = option(Ticker("MCX", "CRUDEOIL"), Series.MONTHLY, Moneyness(0))
    prices = {"MCX:CRUDEOIL25AUGFUT": Decimal(5590)}
    found = SymbolMaster(tmp_path / "var").contract(wish, SUNDAY, prices.get)
    assert isinstance(found, Instrument)
    assert found.symbol == "MCX:CRUDEOIL25AUG5600CE"


def test_without_lists_nothing_is_known(tmp_path: Path) -> None:
    master = SymbolMaster(tmp_path)
    wish = option(NIFTY, Series.WEEKLY, Moneyness(0))
    assert master.named(Ticker("NSE", "SBIN")) is None
    assert master.quoted(NIFTY) is None
    assert master.near(NIFTY) == ()
    assert denied(master, wish).detail == "NIFTY WEEKLY ATM CE: no list of contracts is loaded"
    assert master.trouble(SUNDAY) == "no list is loaded"
    assert not master.loaded


def test_a_list_of_contracts_that_is_missing_is_told(tmp_path: Path) -> None:
    (make_lists(tmp_path / "lists") / "NSE_FO.csv").unlink()
    refreshed(tmp_path / "var", tmp_path / "lists")
    told = denied(SymbolMaster(tmp_path / "var"), AT_MONEY)
    assert told.reason is Denial.SYMBOLS_STALE
    assert told.detail.startswith("the list NSE_FO is missing")


def test_a_new_generation_is_seen_by_who_looks(tmp_path: Path) -> None:
    master = loaded(tmp_path)
    wish = option(NIFTY, Series.WEEKLY, Decimal(24650))
    monday = SUNDAY + timedelta(days=1)
    assert denied(master, wish, monday).reason is Denial.SYMBOLS_STALE
    refreshed(tmp_path / "var", tmp_path / "lists", monday)
    assert find(master, wish, monday).symbol == "NSE:NIFTY2582124650CE"


def damage(folder: Path) -> None:
    """Let the link point to what is no generation."""
    (folder / "current").unlink()
    (folder / "broken.db").write_bytes(b"SQLite format 3\0" + b"\xff" * 4096)
    (folder / "current").symlink_to("broken.db")


def test_while_the_newest_lists_are_damaged_those_before_count(tmp_path: Path) -> None:
    master = loaded(tmp_path)
    damage(tmp_path / "var" / "symbols")
    assert find(master, AT_MONEY).symbol
    (tmp_path / "var" / "symbols" / "current").unlink()
    assert find(master, AT_MONEY).symbol


def test_damaged_lists_alone_are_none(tmp_path: Path) -> None:
    (tmp_path / "symbols").mkdir()
    (tmp_path / "symbols" / "current").symlink_to("nothing.db")
    damage(tmp_path / "symbols")
    told = denied(SymbolMaster(tmp_path), AT_MONEY)
    assert told.detail.endswith("is loaded")


@pytest.mark.parametrize(
    ("name", "delivered"),
    [("NIFTY1!", False), ("SBIN1!", True), ("NSE:M_M25AUG3300CE", True), ("BSE:SENSEX1!", False)],
)
def test_what_is_of_a_share_is_settled_by_delivery(
    master: SymbolMaster, name: str, *, delivered: bool
) -> None:
    wish = wish_named(Ticker.parse(name))
    assert wish is not None
    assert find(master, wish).delivered is delivered
