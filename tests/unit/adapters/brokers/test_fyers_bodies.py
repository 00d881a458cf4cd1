"""What is sent to Fyers: slices, prices on the tick, stops with limits, pairs."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.adapters.brokers.fyers.bodies import (
    LETTERS,
    Part,
    Terms,
    gtt_body,
    order_body,
    parts_of,
    plain,
    protected,
)
from app.adapters.brokers.fyers.options import FyersOptions, read_options
from app.domain.errors import ConfigError
from app.domain.instrument import AssetClass, Instrument
from app.domain.order import Leg, Level, LevelKind, OrderIntent, OrderRole, OrderType, Side

D = Decimal
NAME = "ENTRY00000000000000000000A"
GIVEN = {
    "APP_ID": "X-100",
    "API_URL": "http://x",
    "DATA_URL": "http://x",
    "STREAM_URL": "ws://x",
}
SHARE = Instrument(
    symbol="NSE:SBIN-EQ",
    key="NSE:SBIN-EQ",
    asset_class=AssetClass.EQUITY,
    tick=D("0.05"),
    step=D(1),
)
NIFTY = replace(SHARE, asset_class=AssetClass.FUTURE, tick=D("0.1"), lot=D(65), freeze=D(1800))
OPTION = replace(NIFTY, asset_class=AssetClass.OPTION, tick=D("0.05"))


def options(**given: str) -> FyersOptions:
    return read_options("fyers", GIVEN | given)


def body_of(price: str | None = "100", **changes: Any) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "client_order_id": NAME,
        "account": "fyers",
        "symbol": SHARE.symbol,
        "instrument": SHARE.key,
        "side": Side.BUY,
        "quantity": D(10),
        "role": OrderRole.ENTRY,
    }
    intent = OrderIntent(**(fields | changes))
    terms = Terms(options=options(), instrument=SHARE, price=D(price) if price else None)
    make = gtt_body if intent.role is OrderRole.STOP_LOSS and intent.take_profit else order_body
    return dict(make(intent, Part(NAME, "CNC", intent.quantity), terms))


@given(st.integers(1, 3000), st.integers(1, 200), st.integers(1, 3000))
def test_slices_are_whole_lots_within_the_freeze_quantity_and_lose_nothing(
    lots: int, lot: int, freeze: int
) -> None:
    instrument = replace(NIFTY, lot=D(lot), freeze=D(freeze))
    quantity = D(lots * lot)
    most = freeze // lot * lot
    if not most or -(-lots * lot // most) > 10:
        with pytest.raises(ValueError, match=r"freeze quantity|10 orders"):
            parts_of(NAME, [("MARGIN", quantity)], instrument)
        return
    parts = parts_of(NAME, [("MARGIN", quantity)], instrument)
    assert sum(part.quantity for part in parts) == quantity
    assert all(part.quantity <= freeze and part.quantity % lot == 0 for part in parts)
    assert len({part.tag for part in parts}) == len(parts)


def test_the_example_of_nifty_is_27_lots_a_slice() -> None:
    parts = parts_of(NAME, [("MARGIN", D(65 * 60))], NIFTY)

    assert [part.quantity for part in parts] == [1755, 1755, 390]
    assert [part.tag for part in parts] == [f"{NAME}{letter}" for letter in LETTERS[:3]]


def test_what_is_no_more_than_the_freeze_quantity_keeps_its_id() -> None:
    assert parts_of(NAME, [("CNC", D(9))], SHARE) == [Part(NAME, "CNC", D(9))]


@pytest.mark.parametrize(
    ("price", "side", "instrument", "limit"),
    [
        ("100", Side.BUY, SHARE, "101"),
        ("100", Side.SELL, SHARE, "99"),
        ("825.35", Side.BUY, SHARE, "833.60"),
        ("825.35", Side.SELL, SHARE, "817.10"),
        ("0.05", Side.SELL, SHARE, "0.05"),
        ("1.00", Side.BUY, SHARE, "1.05"),
        ("100", Side.BUY, OPTION, "105"),
    ],
)
def test_a_protected_limit_lies_a_little_beyond_the_price_on_the_tick(
    price: str, side: Side, instrument: Instrument, limit: str
) -> None:
    terms = Terms(options=options(), instrument=instrument, price=None)
    assert protected(D(price), side, terms) == D(limit)


@given(st.decimals(D("0.05"), D(99999), places=2), st.sampled_from(Side))
def test_a_protected_limit_is_never_worse_for_filling_than_the_price(
    price: Decimal, side: Side
) -> None:
    price -= price % D("0.05")
    limit = protected(price, side, Terms(options=options(), instrument=SHARE, price=None))

    assert (limit - price) * side.sign >= 0
    assert limit % D("0.05") == 0
    assert Decimal(str(plain(limit))) == limit


@pytest.mark.parametrize(
    ("changes", "prices"),
    [
        ({}, (1, 101, 0)),
        ({"order_type": OrderType.LIMIT, "limit_price": D("90.07")}, (1, 90.05, 0)),
        ({"order_type": OrderType.STOP, "stop_price": D(105)}, (4, 106.05, 105)),
        (
            {"order_type": OrderType.STOP, "stop_price": D(95), "side": Side.SELL},
            (4, 94.05, 95),
        ),
        (
            {
                "order_type": OrderType.STOP_LIMIT,
                "stop_price": D(105),
                "limit_price": D("105.5"),
            },
            (4, 105.5, 105),
        ),
    ],
)
def test_each_type_of_order_has_its_number_and_its_prices(
    changes: dict[str, Any], prices: tuple[float, ...]
) -> None:
    body = body_of(**changes)
    assert (body["type"], body["limitPrice"], body["stopPrice"]) == prices


def test_a_trailing_stop_there_is_none() -> None:
    with pytest.raises(ValueError, match="trailing_stop"):
        body_of(order_type=OrderType.TRAILING_STOP, trail=D(5))


def test_without_a_price_legs_cannot_be_reckoned() -> None:
    stop = Leg("S", Level(LevelKind.PERCENT, D(5)))
    with pytest.raises(ValueError, match="no price"):
        body_of(None, stop_loss=stop)


@pytest.mark.parametrize(
    ("side", "stop", "target", "first", "second"),
    [
        (Side.SELL, "95", "110", (110, 110), (95, 94.05)),
        (Side.BUY, "105", "90", (105, 106.05), (90, 90)),
    ],
)
def test_of_a_pair_what_is_above_comes_first(
    side: Side, stop: str, target: str, first: tuple[float, ...], second: tuple[float, ...]
) -> None:
    body = body_of(
        side=side,
        role=OrderRole.STOP_LOSS,
        order_type=OrderType.STOP,
        stop_price=D(stop),
        take_profit=Leg("T", Level(LevelKind.PRICE, D(target))),
    )

    legs = [(leg["triggerPrice"], leg["price"]) for leg in body["orderInfo"].values()]
    assert legs == [first, second]


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"PRODUCT": "BO"}, "FYERS_PRODUCT"),
        ({"BAND_PERCENT": "0"}, "FYERS_BAND_PERCENT"),
        ({"MARKET_ORDERS": "wild"}, "FYERS_MARKET_ORDERS"),
        ({"APP_ID": " "}, "FYERS_APP_ID is not set"),
    ],
)
def test_an_option_that_cannot_be_used_is_named(given: dict[str, str], named: str) -> None:
    with pytest.raises(ConfigError, match=named):
        options(**given)


def test_options_are_read_in_any_case() -> None:
    read = options(PRODUCT="cnc", MARKET_ORDERS="Plain")
    assert (read.product, read.protects) == ("CNC", False)
