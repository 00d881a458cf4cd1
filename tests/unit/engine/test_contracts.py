"""Which lane an alert of a derivative is worked on in, and which contracts its exit is about."""

from typing import Any

import pytest

from app.domain.alert import Alert
from app.domain.instrument import AssetClass, Instrument
from app.engine.contracts import Family, place_of
from tests.builders import an_alert
from tests.integration.nse import EXPIRY, future, option


def named(symbol: str, **fields: Any) -> Alert:
    return an_alert(symbol=symbol, **fields)


CALL = {"strike": "atm", "option_type": "CE", "expiry": "weekly"}


@pytest.mark.parametrize(
    ("alert", "lane"),
    [
        (named("AAPL"), "paper:AAPL "),
        (named("BINANCE:BTC/USDT"), "paper:BTCUSDT "),
        (named("NSE:NIFTY", **CALL), "paper:NIFTY CE"),
        (named("NIFTY50", **CALL), "paper:NIFTY CE"),
        (named("NSE:NIFTYBANK-INDEX", option_type="PE"), "paper:BANKNIFTY PE"),
        (named("NSE:NIFTY1!"), "paper:NIFTY FUT"),
        (named("NIFTY1!", **CALL), "paper:NIFTY CE"),
        (named("NFO:NIFTY26D0126000PE"), "paper:NIFTY PE"),
        (named("NSE:M_M1!"), "paper:MM FUT"),
        (named("NSE:M&M26JANFUT"), "paper:MM FUT"),
        (named("NSE:M_M", strike="3000"), "paper:MM "),
        (named("ES1!"), "paper:ES FUT"),
    ],
)
def test_rule_28_the_lane_is_the_underlyings_and_its_part_is_told(alert: Alert, lane: str) -> None:
    place = place_of(alert)
    assert f"{place.lane('paper')} {place.part}" == lane


@pytest.mark.parametrize(
    ("alert", "contract", "belongs"),
    [
        (named("NIFTY", option_type="CE"), option(26000), True),
        (named("NIFTY50", **CALL), option(26100), True),
        (named("NIFTY", option_type="PE"), option(26000), False),
        (named("BANKNIFTY", option_type="CE"), option(26000), False),
        (named("NIFTY1!"), future("NOV"), True),
        (named("NIFTY2!"), future("NOV", EXPIRY), True),
        (named("NIFTY1!"), option(26000), False),
        (named("NIFTY", option_type="CE"), option(26000, asset_class=AssetClass.FUTURE), False),
        (named("NIFTY", option_type="CE"), option(26000, underlying=None), False),
    ],
)
def test_rule_28_an_exit_is_about_a_family(
    alert: Alert, contract: Instrument, *, belongs: bool
) -> None:
    family = Family.of(alert)
    assert family is not None
    assert family.has(contract) is belongs


@pytest.mark.parametrize(
    "alert", [named("AAPL"), named("NFO:NIFTY26D0126000PE"), named("NIFTY", strike="26000")]
)
def test_what_names_one_contract_or_none_has_no_family(alert: Alert) -> None:
    assert Family.of(alert) is None
