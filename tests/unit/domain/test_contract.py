"""What an alert says of an option or a future."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.alert import Alert
from app.domain.contract import (
    MONTHS,
    Ahead,
    Expiry,
    Moneyness,
    Month,
    OptionType,
    Series,
    Strike,
    Wish,
    read_expiry,
    read_strike,
    wish_named,
    wish_of,
)
from app.domain.decision import Denial, Denied
from app.domain.instrument import AssetClass, Ticker

NIFTY = Ticker("NSE", "NIFTY")


def alert(**fields: str) -> Alert:
    return Alert(symbol=fields.pop("symbol", "NSE:NIFTY"), **fields)  # type: ignore[arg-type]  # texts


def test_option_fields_are_a_wish_for_an_option() -> None:
    wish = Wish(
        underlying=NIFTY,
        option_type=OptionType.PUT,
        strike=Decimal(48400),
        expiry=Series.WEEKLY,
    )
    assert wish_of(alert(strike="48400", option_type="PE", expiry="weekly")) == wish
    assert wish.asset_class is AssetClass.OPTION
    assert str(wish) == "NIFTY WEEKLY 48400 PE"


def test_a_continuous_future_with_option_fields_is_an_option_of_its_underlying() -> None:
    wish = wish_of(alert(symbol="NSE:NIFTY1!", strike="atm", option_type="CE", expiry="+1"))
    assert wish == Wish(
        underlying=NIFTY, option_type=OptionType.CALL, strike=Moneyness(0), expiry=Ahead(1)
    )


def test_a_name_without_a_contract_in_it_is_no_wish() -> None:
    for symbol in ("NSE:SBIN", "NSE:NIFTY50", "AAPL", "BTC/USD", "ES!", "NQM5", "360ONE", ""):
        assert wish_of(alert(symbol=symbol)) is None


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"strike": "48400", "expiry": "weekly"}, "without option_type"),
        ({"option_type": "CE", "expiry": "weekly"}, "without strike"),
        ({"strike": "atm", "option_type": "CE"}, "without expiry"),
        ({"expiry": "weekly"}, "without strike and option_type"),
        ({"symbol": "NIFTY1!", "expiry": "weekly"}, "without strike and option_type"),
        ({"symbol": "NIFTY260127C26000", "option_type": "CE"}, "by itself"),
        ({"strike": "near", "option_type": "CE", "expiry": "weekly"}, "ATM, ITM1, OTM2"),
        ({"strike": "atm", "option_type": "CE", "expiry": "soon"}, "a date like"),
    ],
)
def test_fields_that_name_no_contract_are_told(fields: dict[str, str], words: str) -> None:
    denied = wish_of(alert(**fields))
    assert isinstance(denied, Denied)
    assert denied.reason is Denial.UNCLEAR_CONTRACT
    assert words in denied.detail


@pytest.mark.parametrize(
    ("name", "root", "expiry", "strike", "option_type"),
    [
        ("NIFTY1!", "NIFTY", Ahead(0), None, None),
        ("BANKNIFTY2!", "BANKNIFTY", Ahead(1), None, None),
        ("NIFTYNXT501!", "NIFTYNXT50", Ahead(0), None, None),
        ("M&M1!", "M&M", Ahead(0), None, None),
        ("NIFTYF2026", "NIFTY", Month(2026, 1), None, None),
        ("NIFTYZ2026", "NIFTY", Month(2026, 12), None, None),
        ("NIFTY26JULFUT", "NIFTY", Month(2026, 7), None, None),
        ("NIFTYNXT5026JULFUT", "NIFTYNXT50", Month(2026, 7), None, None),
        ("360ONE26JULFUT", "360ONE", Month(2026, 7), None, None),
        ("NIFTY260127C26000", "NIFTY", date(2026, 1, 27), "26000", OptionType.CALL),
        ("NIFTYNXT50260127P69000", "NIFTYNXT50", date(2026, 1, 27), "69000", OptionType.PUT),
        ("SBIN260127P407.5", "SBIN", date(2026, 1, 27), "407.5", OptionType.PUT),
        ("NIFTY26JAN26000CE", "NIFTY", Month(2026, 1), "26000", OptionType.CALL),
        ("BAJAJ-AUTO26JAN9000PE", "BAJAJ-AUTO", Month(2026, 1), "9000", OptionType.PUT),
        ("NIFTY2670724350CE", "NIFTY", date(2026, 7, 7), "24350", OptionType.CALL),
        ("SENSEX25N1374700CE", "SENSEX", date(2025, 11, 13), "74700", OptionType.CALL),
        ("SENSEX25D0374700PE", "SENSEX", date(2025, 12, 3), "74700", OptionType.PUT),
    ],
)
def test_a_name_can_be_a_wish_by_itself(
    name: str, root: str, expiry: Expiry, strike: str | None, option_type: OptionType | None
) -> None:
    ticker = Ticker("NSE", name)
    assert wish_named(ticker) == Wish(
        underlying=Ticker("NSE", root),
        expiry=expiry,
        strike=None if strike is None else Decimal(strike),
        option_type=option_type,
        name=ticker,
    )


def test_a_day_that_there_is_not_is_no_contract() -> None:
    assert wish_named(Ticker("", "NIFTY260231C26000")) is None
    assert wish_named(Ticker("", "NIFTY0!")) is None


@pytest.mark.parametrize(
    ("text", "strike"),
    [("atm", Moneyness(0)), ("ITM1", Moneyness(1)), ("otm12", Moneyness(-12)), ("407.50", "407.5")],
)
def test_strikes(text: str, strike: Strike | str) -> None:
    assert read_strike(text) == (Decimal(strike) if isinstance(strike, str) else strike)


@pytest.mark.parametrize("text", ["", "itm", "OTM0", "0", "-5", "NaN", "inf", "100 CE"])
def test_what_is_no_strike_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="ATM, ITM1, OTM2"):
        read_strike(text)


@pytest.mark.parametrize(
    ("text", "expiry"),
    [
        ("weekly", Series.WEEKLY),
        ("Monthly", Series.MONTHLY),
        ("+0", Ahead(0)),
        ("2026-08-25", date(2026, 8, 25)),
    ],
)
def test_expiries(text: str, expiry: Expiry) -> None:
    assert read_expiry(text) == expiry


@pytest.mark.parametrize("text", ["", "daily", "+100", "1", "2026-02-30", "25AUG26", "+\u0661"])
def test_what_is_no_expiry_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not WEEKLY, MONTHLY"):
        read_expiry(text)


@given(st.integers(-99, 99))
def test_moneyness_reads_back(steps: int) -> None:
    assert read_strike(str(Moneyness(steps))) == Moneyness(steps)


@given(st.text(max_size=30))
def test_any_text_is_read_or_refused(text: str) -> None:
    for read in (read_strike, read_expiry):
        try:
            read(text)
        except ValueError as error:
            assert str(error)  # noqa: PT017  # it must be no other error
    wish_named(Ticker.parse(text))


numbered_roots = st.from_regex(r"[A-Z0-9][A-Z&-]{0,6}[A-Z][0-9]{0,2}", fullmatch=True)
days = st.dates(date(2020, 1, 1), date(2039, 12, 31))
strikes = st.decimals(Decimal("0.5"), 200_000, places=1).map(lambda price: f"{price.normalize():f}")
rights = st.sampled_from(OptionType)


@given(numbered_roots, days, strikes, rights)
def test_an_option_as_tradingview_writes_it_reads_back(
    root: str, day: date, strike: str, right: OptionType
) -> None:
    wish = wish_named(Ticker("NSE", f"{root}{day:%y%m%d}{right.value[0]}{strike}"))
    assert wish is not None
    assert (wish.underlying.name, wish.expiry, wish.strike, wish.option_type) == (
        root,
        day,
        Decimal(strike),
        right,
    )


@given(numbered_roots, days, strikes, rights)
def test_an_option_of_a_month_reads_back(
    root: str, day: date, strike: str, right: OptionType
) -> None:
    month = MONTHS[day.month - 1]
    wish = wish_named(Ticker("NSE", f"{root}{day:%y}{month}{strike}{right}"))
    assert wish is not None
    assert (wish.underlying.name, wish.expiry, wish.strike, wish.option_type) == (
        root,
        Month(day.year, day.month),
        Decimal(strike),
        right,
    )


@given(numbered_roots, st.integers(1, 9))
def test_a_continuous_future_reads_back(root: str, place: int) -> None:
    wish = wish_named(Ticker("NSE", f"{root}{place}!"))
    assert wish is not None
    assert (wish.underlying.name, wish.expiry) == (root, Ahead(place - 1))
